package campaign

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/speech"
)

// checker makes settings of a draft. Each step checks a field. Steps have the order of
// Exotel's documentation, because only the first fault is reported.
type checker struct {
	ctx   context.Context
	book  *addressbook.Book
	acct  account.Account
	draft *Draft
	now   time.Time
	// started means that the campaign has started. Then its settings must not change, and
	// lists or flows that they name may be gone.
	started bool
	// movable means that the schedule may change although the campaign has started.
	movable bool
	s       Settings
	// flowThere is Campaigns.flowThere, and mayShow is Options.MayShow.
	flowThere func(context.Context, account.Account, string) (bool, error)
	mayShow   func(ctx context.Context, callerID string) (bool, error)
}

// step checks one field, or some that belong together.
type step struct {
	field fault.Field
	name  string // of the field, in Exotel's messages
	free  bool   // the field may change at any time
	check func(*checker) error
}

// steps are in the order of Exotel's documentation.
var steps = []step{
	{FieldCallerID, "CallerId", false, (*checker).callerID},
	{FieldFrom, "From", false, (*checker).from},
	{FieldLists, "Lists", false, (*checker).lists},
	{FieldCampaignType, "CampaignType", false, (*checker).campaignType},
	{FieldURL, "Url", false, (*checker).url},
	{FieldText, "ReadViaText", false, (*checker).text},
	{FieldFlowType, "FlowType", false, (*checker).flowType},
	{FieldRepeatMenu, "RepeatMenuAttempts", false, (*checker).repeatMenu},
	{FieldName, "Name", false, (*checker).name},
	{FieldType, "Type", false, (*checker).kind},
	{FieldDuplicates, "CallDuplicateNumbers", false, (*checker).duplicates},
	{FieldRetries, "Retries", false, (*checker).retries},
	{FieldSchedule, "Schedule", false, (*checker).schedule},
	{FieldCallStatus, "CallStatusCallback", true, (*checker).callStatus},
	{FieldCallSchedule, "CallScheduleCallback", true, (*checker).callSchedule},
	{FieldStatus, "StatusCallback", true, (*checker).status},
	{FieldThrottle, "Throttle", false, (*checker).throttle},
	{FieldCustom, "CustomField", false, (*checker).customField},
	// Exotel does not have the fields that follow.
	{FieldCallingHours, "CallingHours", true, (*checker).callingHours},
	{FieldRecord, "Record", true, (*checker).record},
	{FieldLanguage, "Language", false, (*checker).language},
}

// run checks all fields. If the campaign has started, a change of a field that is not
// free is a fault.
func (k *checker) run() (Settings, error) {
	for _, step := range steps {
		before := k.s
		if err := step.check(k); err != nil {
			return Settings{}, err
		}
		free := step.free || step.field == FieldSchedule && k.movable
		if k.started && !free && !reflect.DeepEqual(before, k.s) {
			return Settings{}, errStarted(step.field, step.name)
		}
	}
	return k.s, nil
}

func errStarted(field fault.Field, name string) error {
	return sentence(fault.Invalid, field, name+" can not be updated after send_at")
}

func (k *checker) repeatMenu() error {
	if v := k.draft.RepeatMenu; v.Given {
		k.s.RepeatMenu = orZero(v)
	}
	if k.s.RepeatMenu < 0 || k.s.RepeatMenu > MaxRepeatMenu {
		return fault.InvalidField(FieldRepeatMenu, fmt.Sprintf("it must be 0 to %d", MaxRepeatMenu))
	}
	return nil
}

func (k *checker) name() error {
	if v := k.draft.Name; v.Given && (v.Value != nil || !k.started) {
		k.s.Name = strings.TrimSpace(orZero(v))
		if v.Value != nil {
			if err := checkText(FieldName, k.s.Name, MinName, MaxName); err != nil {
				return err
			}
		}
	}
	if k.s.Name == "" {
		k.s.Name = k.acct.SID + " " + k.now.In(k.acct.TimeZone).Format(time.DateTime)
	}
	return nil
}

// checkText returns a fault unless a text has least to most characters.
func checkText(field fault.Field, text string, least, most int) error {
	if utf8.RuneCountInString(text) < least {
		return fault.InvalidField(field, fmt.Sprintf("it has less than %d characters", least))
	}
	return fault.CheckText(field, text, most)
}

func (k *checker) kind() error {
	if v := k.draft.Type; v.Value != nil && *v.Value != "trans" {
		return fault.InvalidField(FieldType, "it must be trans")
	}
	return nil
}

func (k *checker) duplicates() error {
	if v := k.draft.Duplicates; v.Given {
		k.s.Duplicates = orZero(v)
	}
	return nil
}

func (k *checker) throttle() error {
	d := k.draft
	custom := k.s.Throttle > 0
	if d.Mode.Given {
		switch orZero(d.Mode) {
		case "", "auto":
			custom = false
		case "custom":
			custom = true
		default:
			return fault.InvalidField(FieldMode, "it must be auto or custom")
		}
	}
	if !custom {
		k.s.Throttle = 0
		return nil
	}
	if d.Throttle.Given {
		k.s.Throttle = orZero(d.Throttle)
		if d.Throttle.Value != nil && k.s.Throttle < 1 {
			return fault.InvalidField(FieldThrottle, "it must be 1 or more")
		}
	}
	if k.s.Throttle == 0 {
		return fault.Mandatory(FieldThrottle)
	}
	return nil
}

func (k *checker) customField() error {
	if v := k.draft.CustomField; v.Given && !sameJSON(k.s.CustomField, orZero(v)) {
		k.s.CustomField = bytes.Clone(orZero(v))
	}
	if customBytes(k.s.CustomField) > MaxCustomField {
		return fault.TooLong(FieldCustom, MaxCustomField)
	}
	return nil
}

func (k *checker) record() error {
	if v := k.draft.Record; v.Given {
		k.s.Record = orZero(v)
	}
	return nil
}

func (k *checker) language() error {
	if v := k.draft.Language; v.Given {
		k.s.Language = strings.TrimSpace(orZero(v))
	}
	if k.s.Language != "" && !speech.IsLanguage(k.s.Language) {
		return fault.InvalidField(FieldLanguage, "it must be a code like hi or en-IN")
	}
	return nil
}

// customBytes returns how long a custom field is: of a string what it says, and of other
// values their JSON.
func customBytes(field []byte) int {
	if len(field) > 0 && field[0] == '"' {
		var text string
		if json.Unmarshal(field, &text) == nil {
			return len(text)
		}
	}
	return len(field)
}

// sameJSON reports whether two JSON values differ only in white space.
func sameJSON(x, y []byte) bool {
	var a, b bytes.Buffer
	return len(x) > 0 && len(y) > 0 && json.Compact(&a, x) == nil && json.Compact(&b, y) == nil && bytes.Equal(a.Bytes(), b.Bytes())
}

// orZero returns the value, or the zero value for null.
func orZero[T any](v Optional[T]) (zero T) {
	if v.Value == nil {
		return zero
	}
	return *v.Value
}
