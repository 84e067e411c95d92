package trunk

import "time"

// Trace is a call over a trunk that has ended, with its messages. "callbook trunk trace"
// gets it from a server as JSON.
type Trace struct {
	Call    string    `json:"call_sid"`
	Trunk   string    `json:"trunk"`
	Number  string    `json:"number"` // in E.164
	Placed  time.Time `json:"date_placed"`
	Ended   time.Time `json:"date_ended"`
	Outcome string    `json:"status"` // the word of the API
	// Code, Cause and CauseText are those of the call; see package campaign.
	Code      int    `json:"sip_code"`
	Cause     int    `json:"cause"`
	CauseText string `json:"cause_text"`
	// Messages is nil where only the calls are listed.
	Messages []Message `json:"messages,omitempty"`
}

// Traces are the calls whose messages a server keeps, the last one first. Real is false
// if the telephone of the server is simulated, and so there is none.
type Traces struct {
	Real  bool    `json:"real"`
	Calls []Trace `json:"calls"`
}
