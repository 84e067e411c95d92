package campaign

// DefaultCallsAMinute is how many calls a minute all campaigns of an account make
// together, unless the account has set something else. It is the platform's.
const DefaultCallsAMinute = 60

// MaxRunning is how many campaigns of an account may not have ended.
const MaxRunning = 100

// Policy is what an account has set for all of its campaigns. Its zero fields are not
// set.
type Policy struct {
	CallsAMinute int      `json:"calls_a_minute,omitempty"`
	Countries    []string `json:"countries,omitempty"` // ISO 3166-1 codes of those that may be called
	DailyCap     int      `json:"daily_cap,omitempty"` // calls to a number a day, over all campaigns
	// Hours are the calling hours in the callee's own time, and Days its days of the
	// week, Sunday first. Both nil mean always.
	Hours *Hours   `json:"hours,omitempty"`
	Days  *[7]bool `json:"days,omitempty"`
}

// Hours is a part of the day, in minutes since midnight. It begins at From and ends
// before Until.
type Hours struct {
	From  int `json:"from"`
	Until int `json:"until"`
}

// Rate returns how many calls a minute the account may make.
func (p *Policy) Rate() int {
	if p.CallsAMinute > 0 {
		return p.CallsAMinute
	}
	return DefaultCallsAMinute
}
