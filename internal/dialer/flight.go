package dialer

import (
	"sync"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
)

// flight is a call in flight that this server knows.
type flight struct {
	a     *dialing
	ref   CallRef
	asked carrier.Asked
	// known is what the carrier told. It is recorded when dirty.
	known carrier.Progress
	dirty bool
	// unsent says that the call never left, and that its claim is taken back.
	unsent bool
	// askAt is when the carrier is asked about the call, unless it tells something.
	askAt time.Time
}

// patience is how long a call may be silent before the carrier is asked about it.
const patience = 3 * time.Minute

// over tells whether nothing more is to come of the call.
func (f *flight) over() bool { return f.unsent || f.known.State == campaign.CallEnded }

// flights are all calls in flight of this server. They are recorded by the accounts to
// which they belong.
type flights struct {
	mu sync.Mutex
	of map[addressbook.SID]*flight
}

// add adds a call.
func (fs *flights) add(f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.of[f.ref.Call] = f
	f.a.flights[f.ref.Call] = f
}

// has tells whether a call is in flight here.
func (fs *flights) has(call addressbook.SID) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return fs.of[call] != nil
}

// tell takes what a carrier tells.
func (fs *flights) tell(p carrier.Progress) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.of[p.Call]
	if f == nil {
		return // it has ended, or is another server's
	}
	f.askAt = f.a.d.now().Add(patience)
	if !f.unsent && p.Beyond(&f.known) {
		f.known = p
		f.change()
	}
}

// takeBack notes that a call never left.
func (fs *flights) takeBack(call addressbook.SID) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.of[call]
	if f == nil {
		return
	}
	f.askAt = f.a.d.now().Add(patience)
	if f.known.State == 0 {
		f.unsent = true
		f.change()
	}
}

// doubt lets the carrier be asked about a call which has perhaps left.
func (fs *flights) doubt(call addressbook.SID) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.of[call]; f != nil && f.known.State == 0 {
		f.askAt = f.a.d.now()
	}
}

// change lets the call be recorded.
func (f *flight) change() {
	if !f.dirty {
		f.dirty = true
		f.a.changed = append(f.a.changed, f)
		f.a.records.wake()
	}
}

// take takes calls of an account that are to be recorded, limit at most.
func (fs *flights) take(a *dialing, limit int) []flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	n := min(limit, len(a.changed))
	taken := make([]flight, n)
	for i, f := range a.changed[:n] {
		f.dirty = false
		taken[i] = *f
	}
	a.changed = a.changed[n:]
	if len(a.changed) == 0 {
		a.changed = nil
	}
	return taken
}

// recorded forgets the calls of which nothing more is to come.
func (fs *flights) recorded(taken []flight, gone func(i int) bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i := range taken {
		f := fs.of[taken[i].ref.Call]
		if f != nil && (taken[i].over() || gone(i)) {
			delete(fs.of, f.ref.Call)
			delete(f.a.flights, f.ref.Call)
		}
	}
}

// failed puts calls that could not be recorded back.
func (fs *flights) failed(taken []flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i := range taken {
		if f := fs.of[taken[i].ref.Call]; f != nil {
			f.change()
		}
	}
}

// load returns how many calls of an account are in flight, and how many of them are to
// be recorded.
func (fs *flights) load(a *dialing) (inFlight, changed int) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return len(a.flights), len(a.changed)
}

// silent returns calls of an account about which the carrier is to be asked, limit at
// most.
func (fs *flights) silent(a *dialing, now time.Time, limit int) (asked []carrier.Asked) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range a.flights {
		if len(asked) == limit {
			break
		}
		if !f.over() && !f.askAt.After(now) {
			asked = append(asked, f.asked)
		}
	}
	return asked
}

// drop forgets all calls of an account.
func (fs *flights) drop(a *dialing) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for sid := range a.flights {
		delete(fs.of, sid)
	}
	a.changed, a.flights = nil, nil
}
