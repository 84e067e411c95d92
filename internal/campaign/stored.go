package campaign

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// This file encodes values that stores keep in one column. Databases contain these
// formats, so they must not change, except for new keys in JSON.

// storedSettings is the JSON of [Settings]. Name, Throttle and From are columns of
// their own.
type storedSettings struct {
	CallerID             string            `json:"caller_id"`
	Dynamic              bool              `json:"dynamic,omitempty"`
	Lists                []addressbook.SID `json:"lists,omitempty"`
	URL                  string            `json:"url,omitempty"`
	Text                 string            `json:"text,omitempty"`
	FlowType             string            `json:"flow_type,omitempty"`
	RepeatMenu           int               `json:"repeat_menu,omitempty"`
	Duplicates           bool              `json:"duplicates,omitempty"`
	Retries              *storedRetries    `json:"retries,omitempty"`
	SendAt               int64             `json:"send_at"` // Unix nanoseconds; 0 for none
	EndAt                int64             `json:"end_at"`
	CallStatusCallback   string            `json:"call_status_callback,omitempty"`
	CallScheduleCallback string            `json:"call_schedule_callback,omitempty"`
	StatusCallback       string            `json:"status_callback,omitempty"`
	Vars                 []string          `json:"vars,omitempty"`
	CustomField          *string           `json:"custom_field,omitempty"`

	CallingHours *storedCallingHours `json:"calling_hours,omitempty"`
	Record       bool                `json:"record,omitempty"`
	Language     string              `json:"language,omitempty"`
}

// storedCallingHours is the JSON of [CallingHours].
type storedCallingHours struct {
	Hours  *Hours   `json:"hours,omitempty"`
	Days   *[7]bool `json:"days,omitempty"`
	Reason string   `json:"reason"`
	By     string   `json:"by"`
	Since  int64    `json:"since"` // Unix nanoseconds
}

// storedRetries is the JSON of [Retries].
type storedRetries struct {
	Number      int           `json:"number"`
	Interval    time.Duration `json:"interval"` // nanoseconds
	Exponential bool          `json:"exponential,omitempty"`
	Busy        bool          `json:"busy,omitempty"`
	NoAnswer    bool          `json:"no_answer,omitempty"`
	Failed      bool          `json:"failed,omitempty"`
}

// Encode returns the settings as JSON, without Name, Throttle and From.
func (s *Settings) Encode() string {
	stored := storedSettings{
		CallerID: s.CallerID, Dynamic: s.Dynamic, Lists: s.Lists, URL: s.URL, Text: s.Text, FlowType: s.FlowType,
		RepeatMenu: s.RepeatMenu, Duplicates: s.Duplicates, Retries: (*storedRetries)(s.Retries),
		SendAt: nanos(s.SendAt), EndAt: nanos(s.EndAt),
		CallStatusCallback: s.CallStatusCallback, CallScheduleCallback: s.CallScheduleCallback, StatusCallback: s.StatusCallback,
		Vars: s.Vars, Record: s.Record, Language: s.Language,
	}
	if s.CustomField != nil {
		text := string(s.CustomField)
		stored.CustomField = &text
	}
	if h := s.CallingHours; h != nil {
		stored.CallingHours = &storedCallingHours{h.Hours, h.Days, h.Reason, h.By, nanos(h.Since)}
	}
	return encode(stored)
}

// DecodeSettings reads what [Settings.Encode] returned. The caller must set Name,
// Throttle and From.
func DecodeSettings(text []byte) (Settings, error) {
	var stored storedSettings
	if err := json.Unmarshal(text, &stored); err != nil {
		return Settings{}, fmt.Errorf("read the settings of a campaign: %w", err)
	}
	s := Settings{
		CallerID: stored.CallerID, Dynamic: stored.Dynamic, Lists: stored.Lists, URL: stored.URL, Text: stored.Text, FlowType: stored.FlowType,
		RepeatMenu: stored.RepeatMenu, Duplicates: stored.Duplicates, Retries: (*Retries)(stored.Retries),
		SendAt: moment(stored.SendAt), EndAt: moment(stored.EndAt),
		CallStatusCallback: stored.CallStatusCallback, CallScheduleCallback: stored.CallScheduleCallback, StatusCallback: stored.StatusCallback,
		Vars: stored.Vars, Record: stored.Record, Language: stored.Language,
	}
	if stored.CustomField != nil {
		s.CustomField = []byte(*stored.CustomField)
	}
	if h := stored.CallingHours; h != nil {
		s.CallingHours = &CallingHours{h.Hours, h.Days, h.Reason, h.By, moment(h.Since)}
	}
	return s, nil
}

// nanos returns a time in Unix nanoseconds, or 0 for the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// moment reads what nanos returned.
func moment(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos)
}

// EncodeNumbers returns the numbers in 8 bytes each. It is empty for none.
func EncodeNumbers(numbers []phone.Number) []byte {
	b := make([]byte, 0, 8*len(numbers))
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// DecodeNumbers reads what EncodeNumbers returned.
func DecodeNumbers(b []byte) []phone.Number {
	if len(b) == 0 {
		return nil
	}
	numbers := make([]phone.Number, len(b)/8)
	for i := range numbers {
		numbers[i] = phone.Number(binary.BigEndian.Uint64(b[8*i:]))
	}
	return numbers
}

// AttemptBytes is how many bytes EncodeHistory takes for a call.
const AttemptBytes = len(addressbook.SID{}) + 1

// EncodeHistory appends the sid and the outcome of each of a target's calls to b.
func EncodeHistory(b []byte, history []Attempt) []byte {
	for _, a := range history {
		b = append(append(b, a.Call[:]...), byte(a.Outcome))
	}
	return b
}

// errHistory means that an encoded history is truncated.
var errHistory = errors.New("read the calls of a target: they are cut off")

// DecodeHistory reads what EncodeHistory appended.
func DecodeHistory(b []byte) ([]Attempt, error) {
	if len(b)%AttemptBytes != 0 {
		return nil, errHistory
	}
	if len(b) == 0 {
		return nil, nil
	}
	history := make([]Attempt, len(b)/AttemptBytes, len(b)/AttemptBytes+1) // with room for a claim
	for i := range history {
		part := b[AttemptBytes*i:]
		history[i] = Attempt{Call: addressbook.SID(part[:16]), Outcome: Outcome(part[16])}
	}
	return history, nil
}

// EncodeVars returns a target's Vars as JSON, or "" for none.
func EncodeVars(vars map[string]string) string {
	if len(vars) == 0 {
		return ""
	}
	return encode(vars)
}

// DecodeVars reads what EncodeVars returned.
func DecodeVars(text []byte) (vars map[string]string, err error) {
	if len(text) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(text, &vars); err != nil {
		return nil, fmt.Errorf("read what a campaign says of a target: %w", err)
	}
	return vars, nil
}

// Encode returns the policy as JSON.
func (p *Policy) Encode() string { return encode(p) }

// DecodePolicy reads what [Policy.Encode] returned.
func DecodePolicy(text []byte) (p Policy, err error) {
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("read what an account has set for its campaigns: %w", err)
	}
	return p, nil
}

// encode returns a value as JSON.
func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of texts, numbers and sids
	}
	return string(text)
}

// CountColumns are the columns in which stores keep [Counts], in the order of
// [Counts.Fields].
var CountColumns = []string{
	"waiting_first", "calling_first", "waiting_again", "calling_again",
	"reached", "failed", "suppressed", "invalid", "not_attempted",
	"called", "calls", "calls_reached", "calls_busy", "calls_no_answer", "calls_failed",
}

// Fields returns all numbers, in the order of [CountColumns].
func (n *Counts) Fields() [15]*int {
	return [...]*int{
		&n.New, &n.First, &n.Retry, &n.Retrying,
		&n.Reached, &n.Failed, &n.Suppressed, &n.Invalid, &n.NotAttempted,
		&n.Called, &n.Calls, &n.CallsReached, &n.CallsBusy, &n.CallsNoAnswer, &n.CallsFailed,
	}
}
