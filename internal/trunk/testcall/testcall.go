// Package testcall places test calls over trunks for people who watch them, one at a time.
package testcall

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/callflow"
	"callbook/internal/carrier"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/phone"
	"callbook/internal/trunk"
)

const (
	// MaxMessages bounds the messages of a call that are kept.
	MaxMessages = 200
	// maxText bounds the text of a message that is kept, in bytes.
	maxText = 16 << 10
)

// Placer places a test call and waits for its end, as TestCall of [sip.Carrier] says.
type Placer interface {
	TestCall(ctx context.Context, trunk string, o carrier.Order, keys string, told func(trunk.Message)) (carrier.Progress, error)
}

// Options configure [Calls].
type Options struct {
	Placer Placer
	Clock  clock.Clock
	Log    *slog.Logger
	// Sound makes what the callee hears; nil means silence.
	Sound func(ctx context.Context, s callflow.Sound) ([]int16, error)
}

// Calls places test calls, and keeps the last one until there is another.
type Calls struct {
	opts Options
	work sync.WaitGroup

	mu   sync.Mutex
	life context.Context // nil before and after Run
	last *State
	hang context.CancelFunc // hangs up the last call
}

// Request says which test call to place.
type Request struct {
	Trunk    string
	To       phone.Number
	CallerID string
	Text     string // what the callee hears where there is a voice
}

// State is a test call with what has happened so far.
type State struct {
	ID addressbook.SID
	Request
	Begun time.Time
	// Messages are the first messages of the call. Left is how many followed and were not
	// kept.
	Messages []trunk.Message
	Left     int
	Over     bool
	// End is how the call ended, unless Trouble says why there was none.
	End     carrier.Progress
	Trouble string
}

// New returns a Calls. The caller must call [Calls.Run].
func New(opts Options) *Calls { return &Calls{opts: opts} }

// Run lets calls be placed until ctx ends. Then it hangs up and waits.
func (c *Calls) Run(ctx context.Context) {
	c.mu.Lock()
	c.life = ctx
	c.mu.Unlock()
	<-ctx.Done()
	c.mu.Lock()
	c.life = nil // Begin adds no work to what Wait waits for
	c.mu.Unlock()
	c.work.Wait()
}

// Voice reports whether callees hear the text of a request.
func (c *Calls) Voice() bool { return c.opts.Sound != nil }

var (
	errBusy = fault.New(fault.InProgress, "A test call is being made, and there is one at a time. Wait for its end, or hang it up.")
	errDown = fault.New(fault.Unavailable, "The server is starting or stopping. Try again in a moment.")
)

// Begin places a call and returns at once. A call with the id of the last one is not
// placed again. The error is an InProgress fault while there is another call.
func (c *Calls) Begin(id addressbook.SID, q Request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.life == nil || c.life.Err() != nil:
		return errDown
	case c.last != nil && c.last.ID == id:
		return nil
	case c.last != nil && !c.last.Over:
		return errBusy
	}
	s := &State{ID: id, Request: q, Begun: c.opts.Clock.Now()}
	ctx, hang := context.WithCancel(c.life)
	c.last, c.hang = s, hang
	c.work.Go(func() {
		defer hang()
		c.place(ctx, s)
	})
	return nil
}

// place places the call and waits for its end.
func (c *Calls) place(ctx context.Context, s *State) {
	o := carrier.Order{Call: s.ID, To: s.To, CallerID: s.CallerID, Attempt: 1}
	if c.Voice() && s.Text != "" {
		o.Flow, o.Sound = callflow.Greeting(s.Text), c.opts.Sound
	}
	end, err := c.opts.Placer.TestCall(ctx, s.Trunk, o, "", func(m trunk.Message) { c.note(s, m) })
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Over, s.End = true, end
	if err == nil {
		return
	}
	if errors.Is(err, carrier.ErrTwice) {
		s.Trouble = "it was placed before, and is not placed again"
		return
	}
	if f := fault.As(err); f != nil {
		s.Trouble = f.Detail
		return
	}
	s.Trouble = "the server could not place it; its log says why"
	c.opts.Log.Error("a test call could not be placed", "trunk", s.Trunk, "error", err)
}

// note keeps a message of the call.
func (c *Calls) note(s *State, m trunk.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(s.Messages) == MaxMessages {
		s.Left++
		return
	}
	if len(m.Text) > maxText {
		m.Text = m.Text[:maxText] + "…"
	}
	s.Messages = append(s.Messages, m)
}

// Call returns the call with this id if it is the last one.
func (c *Calls) Call(id addressbook.SID) (State, bool) {
	s, ok := c.Last()
	return s, ok && s.ID == id
}

// Last returns the last call, or false if there was none.
func (c *Calls) Last() (State, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		return State{}, false
	}
	s := *c.last
	s.Messages = slices.Clip(s.Messages)
	return s, true
}

// HangUp hangs up the call with this id, unless it is over. It does not wait.
func (c *Calls) HangUp(id addressbook.SID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil && c.last.ID == id {
		c.hang()
	}
}
