package campaign

import (
	"encoding/json"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// Optional is a field of a request, which may be missing or null.
type Optional[T any] struct {
	Given bool // the request has it, perhaps as null
	Value *T   // nil means null
}

// Some returns an Optional with a value.
func Some[T any](v T) Optional[T] { return Optional[T]{Given: true, Value: &v} }

// Draft is a request to create or change a campaign. Null counts as missing in a new
// campaign, and clears the field in a change. Name and Schedule are never empty: there, null
// stands for the default, and counts as missing once the campaign has started, because
// clients send all fields again with each change.
type Draft struct {
	CallerID     Optional[string]
	From         Optional[[]string]
	Lists        Optional[[]string]
	CampaignType Optional[string]
	URL, Text    Optional[string]
	FlowType     Optional[string]
	RepeatMenu   Optional[int]
	Name         Optional[string]
	Type         Optional[string]
	Duplicates   Optional[bool]
	Retries      Optional[RetriesDraft]
	Schedule     Optional[ScheduleDraft]

	CallStatusCallback, CallScheduleCallback, StatusCallback Optional[string]

	Mode        Optional[string]
	Throttle    Optional[int]
	CustomField Optional[json.RawMessage]

	CallingHours Optional[CallingHoursDraft]
	Record       Optional[bool]
	Language     Optional[string]
	// By names the sender of the draft, for the record of who has set calling hours.
	By string

	// Action, if given, is what the change does. It may also change the callbacks, and
	// the schedule if it resumes the campaign.
	Action Optional[string]
}

// RetriesDraft are the retries of a [Draft].
type RetriesDraft struct {
	Number    Optional[int]
	Interval  Optional[int] // minutes
	Mechanism Optional[string]
	OnStatus  Optional[[]string]
}

// ScheduleDraft is the schedule of a [Draft], with dates in the format of RFC 3339.
type ScheduleDraft struct {
	SendAt, EndAt Optional[string]
}

// The fields of campaigns that faults are about, by their names in the API.
const (
	FieldCallerID     = fault.Field("caller_id")
	FieldFrom         = fault.Field("from")
	FieldLists        = fault.Field("lists")
	FieldCampaignType = fault.Field("campaign_type")
	FieldURL          = fault.Field("url")
	FieldText         = fault.Field("read_via_text")
	FieldFlowType     = fault.Field("flow_type")
	FieldRepeatMenu   = fault.Field("repeat_menu_attempts")
	FieldName         = addressbook.FieldName
	FieldType         = fault.Field("type")
	FieldDuplicates   = fault.Field("call_duplicate_numbers")
	FieldRetries      = fault.Field("retries")
	FieldInterval     = fault.Field("interval_mins")
	FieldSchedule     = fault.Field("schedule")
	FieldSendAt       = fault.Field("send_at")
	FieldEndAt        = fault.Field("end_at")
	FieldCallStatus   = fault.Field("call_status_callback")
	FieldCallSchedule = fault.Field("call_schedule_callback")
	FieldStatus       = fault.Field("status_callback")
	FieldMode         = fault.Field("mode")
	FieldThrottle     = fault.Field("throttle")
	FieldCustom       = addressbook.FieldCustomField
	FieldCallingHours = fault.Field("calling_hours")
	FieldReason       = fault.Field("reason")
	FieldRecord       = fault.Field("record")
	FieldLanguage     = fault.Field("language")
)

// Fields returns the fields that faults of campaigns may be about.
func Fields() []fault.Field {
	fields := []fault.Field{FieldMode, FieldReason}
	for _, s := range steps {
		fields = append(fields, s.field)
	}
	return fields
}

// These bound the fields of a campaign.
const (
	MaxFrom         = 5000
	MaxCallerID     = 64 // bytes, with what people put between the digits
	MaxStaticLists  = 5
	MaxDynamicLists = 1
	MinText         = 10   // characters
	MaxText         = 3000 // characters
	MinName         = 3    // characters
	MaxName         = 255  // characters
	MaxCallback     = 2048 // bytes of a URL
	MaxCustomField  = 4096 // bytes
	MaxRepeatMenu   = 5
	MaxRetries      = MaxCalls - 1
	MaxInterval     = 1440 // minutes
	DefaultInterval = 15   // minutes
	MaxDays         = 366  // between SendAt and EndAt
	DefaultDays     = 30   // between SendAt and EndAt
)

// sentence returns the fault of a field. Its words are Exotel's own, or similar.
func sentence(kind fault.Kind, field fault.Field, words string) error {
	return &fault.Error{Kind: kind, Field: field, Detail: words}
}

// fields returns the names in the API of the fields that the draft gives, or only its
// action.
func (d *Draft) fields() (names []string) {
	if d.Action.Given {
		return []string{orZero(d.Action)}
	}
	for _, f := range []struct {
		name  fault.Field
		given bool
	}{
		{FieldCallerID, d.CallerID.Given}, {FieldFrom, d.From.Given}, {FieldLists, d.Lists.Given},
		{FieldCampaignType, d.CampaignType.Given}, {FieldURL, d.URL.Given}, {FieldText, d.Text.Given},
		{FieldFlowType, d.FlowType.Given}, {FieldRepeatMenu, d.RepeatMenu.Given}, {FieldName, d.Name.Given},
		{FieldType, d.Type.Given}, {FieldDuplicates, d.Duplicates.Given}, {FieldRetries, d.Retries.Given},
		{FieldSchedule, d.Schedule.Given}, {FieldCallStatus, d.CallStatusCallback.Given},
		{FieldCallSchedule, d.CallScheduleCallback.Given}, {FieldStatus, d.StatusCallback.Given},
		{FieldMode, d.Mode.Given}, {FieldThrottle, d.Throttle.Given}, {FieldCustom, d.CustomField.Given},
		{FieldCallingHours, d.CallingHours.Given}, {FieldRecord, d.Record.Given}, {FieldLanguage, d.Language.Given},
	} {
		if f.given {
			names = append(names, string(f.name))
		}
	}
	return names
}
