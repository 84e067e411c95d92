package campaign

import (
	"encoding/json"
	"fmt"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// stored is how Settings are stored. Its names must not change.
type stored struct {
	Name         string            `json:"name"`
	CallerID     string            `json:"caller_id"`
	Dynamic      bool              `json:"dynamic,omitempty"`
	From         []phone.Number    `json:"from,omitempty"`
	Lists        []addressbook.SID `json:"lists,omitempty"`
	URL          string            `json:"url,omitempty"`
	Text         string            `json:"text,omitempty"`
	FlowType     string            `json:"flow_type,omitempty"`
	RepeatMenu   int               `json:"repeat_menu,omitempty"`
	Duplicates   bool              `json:"duplicates,omitempty"`
	Retries      *storedRetries    `json:"retries,omitempty"`
	SendAt       time.Time         `json:"send_at,omitzero"`
	EndAt        time.Time         `json:"end_at,omitzero"`
	CallStatus   string            `json:"call_status_callback,omitempty"`
	CallSchedule string            `json:"call_schedule_callback,omitempty"`
	Status       string            `json:"status_callback,omitempty"`
	Throttle     int               `json:"throttle,omitempty"`
	Vars         []string          `json:"vars,omitempty"`
	CustomField  []byte            `json:"custom_field,omitempty"` // in base64, so that it stays byte for byte
}

type storedRetries struct {
	Number      int           `json:"number"`
	Interval    time.Duration `json:"interval"`
	Exponential bool          `json:"exponential,omitempty"`
	Busy        bool          `json:"busy,omitempty"`
	NoAnswer    bool          `json:"no_answer,omitempty"`
	Failed      bool          `json:"failed,omitempty"`
}

// Encode returns the settings as JSON for a store.
func (s *Settings) Encode() string {
	text, err := json.Marshal(stored{
		s.Name, s.CallerID, s.Dynamic, s.From, s.Lists, s.URL, s.Text, s.FlowType, s.RepeatMenu, s.Duplicates,
		(*storedRetries)(s.Retries), s.SendAt, s.EndAt,
		s.CallStatusCallback, s.CallScheduleCallback, s.StatusCallback, s.Throttle, s.Vars, s.CustomField,
	})
	if err != nil { // only a year after 9999 cannot be written
		panic(fmt.Sprintf("settings of a campaign: %v", err))
	}
	return string(text)
}

// DecodeSettings reads what [Settings.Encode] has written.
func DecodeSettings(text string) (Settings, error) {
	var s stored
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return Settings{}, fmt.Errorf("the settings of a campaign cannot be read: %T", err)
	}
	return Settings{
		s.Name, s.CallerID, s.Dynamic, s.From, s.Lists, s.URL, s.Text, s.FlowType, s.RepeatMenu, s.Duplicates,
		(*Retries)(s.Retries), s.SendAt, s.EndAt, s.CallStatus, s.CallSchedule, s.Status, s.Throttle, s.Vars, s.CustomField,
	}, nil
}

// EncodeVars returns a target's Vars as JSON for a store; "" when there are none.
func EncodeVars(vars map[string]string) string {
	if len(vars) == 0 {
		return ""
	}
	text, _ := json.Marshal(vars) // texts can always be written
	return string(text)
}

// DecodeVars reads what [EncodeVars] has written.
func DecodeVars(text string) (vars map[string]string, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &vars); err != nil {
		return nil, fmt.Errorf("the variables of a target cannot be read: %T", err)
	}
	return vars, nil
}

// attemptSize is how many bytes an attempt takes as it is stored: its call's sid and
// its outcome.
const attemptSize = len(addressbook.SID{}) + 1

// EncodeHistory returns a target's History for a store; for no calls it is empty, and
// not nil.
func EncodeHistory(history []Attempt) []byte {
	b := make([]byte, 0, attemptSize*len(history))
	for _, a := range history {
		b = append(append(b, a.Call[:]...), byte(a.Outcome))
	}
	return b
}

// DecodeHistory reads what [EncodeHistory] has written.
func DecodeHistory(b []byte) ([]Attempt, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if len(b)%attemptSize != 0 {
		return nil, fmt.Errorf("the history of a target has %d bytes", len(b))
	}
	history := make([]Attempt, len(b)/attemptSize)
	for i := range history {
		at := b[i*attemptSize:]
		history[i].Call = addressbook.SID(at[:attemptSize-1])
		history[i].Outcome = Outcome(at[attemptSize-1])
	}
	return history, nil
}
