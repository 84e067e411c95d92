package trunk

import "time"

// Health is the state of a trunk, as a process knows it that calls over it.
type Health struct {
	Trunk string
	Up    bool
	// Reason says in words why the trunk is down, or what is not certain about it; it may
	// be empty.
	Reason string
	Since  time.Time // of the present state
	Calls  int       // in flight, of this process
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
	// Behind means that too many packets have been late for two seconds: the machine cannot
	// do so many calls. It ends when hardly any was late for two seconds.
	Behind bool
}

// Message is a SIP message of a call, as a process has sent or received it.
type Message struct {
	At   time.Time `json:"date"`
	Sent bool      `json:"sent"` // by this side; otherwise it was received
	// Text is the message without secrets. It contains telephone numbers.
	Text string `json:"text"`
}
