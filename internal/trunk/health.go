package trunk

import "time"

// Health is the state of a trunk, as one process that calls over the trunk knows it.
type Health struct {
	Trunk string // the trunk's name
	Up    bool
	// Reason says in words why the trunk is down, or why it may not be up; it may be "".
	Reason string
	Since  time.Time // when the state began
	Calls  int       // calls of this process in flight
	Hosts  []HostHealth
}

// HostHealth is the state of one host of a trunk.
type HostHealth struct {
	Host   string // host and port
	Up     bool
	Reason string
	Since  time.Time
	// Trip is how long the last answer to OPTIONS took; 0 if there was none.
	Trip time.Duration
}

// Sound tells how well a process keeps pace with the sound of its calls.
type Sound struct {
	Sent uint64 // packets, since the process began
	Late uint64 // those sent more than 20 ms after their time
	// Behind means that the machine cannot do so many calls. It begins when too many packets
	// have been late for two seconds, and ends when hardly any have.
	Behind bool
}

// Message is a SIP message of a call, as a process has sent or received it.
type Message struct {
	At   time.Time `json:"date"`
	Sent bool      `json:"sent"` // by this side; otherwise it was received
	// Text is the message without secrets. It contains telephone numbers.
	Text string `json:"text"`
}
