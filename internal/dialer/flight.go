package dialer

import (
	"cmp"
	"sync"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
)

// flight is a call in flight that this server tracks.
type flight struct {
	a     *dialing
	ref   CallRef
	asked carrier.Asked
	// known is the carrier's last report. It is dirty until it is recorded.
	known carrier.Progress
	dirty bool
	// unsent means that the call never left, so its claim has to be undone in the store.
	// The number is then called at the time due at the earliest, or at once if that is
	// zero.
	unsent bool
	due    time.Time
	// askAt is when to ask the carrier about the call. Each report moves it.
	askAt time.Time
}

// patience is how long a call may be silent before this server asks the carrier about it.
const patience = 3 * time.Minute

// over reports whether the call has ended or never left.
func (f *flight) over() bool { return f.unsent || f.known.State == campaign.CallEnded }

// flights are the calls in flight of this server, of all its accounts. Each account
// records its own.
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

// has reports whether a call is in flight on this server.
func (fs *flights) has(call addressbook.SID) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return fs.of[call] != nil
}

// tell takes a report of the carrier.
func (fs *flights) tell(p carrier.Progress) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.of[p.Call]
	if f == nil {
		return // the call has ended, or another server has it
	}
	f.askAt = f.a.d.now().Add(patience)
	if !f.unsent && p.Beyond(&f.known) {
		// If the carrier has forgotten the call, its report has no times. The times of
		// earlier reports may not be recorded yet.
		p.Placed, p.Rang, p.Answered = cmp.Or(p.Placed, f.known.Placed), cmp.Or(p.Rang, f.known.Rang), cmp.Or(p.Answered, f.known.Answered)
		p.Digits = cmp.Or(p.Digits, f.known.Digits)
		f.known = p
		f.change()
	}
}

// takeBack notes that a call never left. The number is called again at the time due at the
// earliest, or at once if due is zero.
func (fs *flights) takeBack(call addressbook.SID, due time.Time) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.of[call]
	if f == nil {
		return
	}
	f.askAt = f.a.d.now().Add(patience)
	if f.known.State == 0 {
		f.unsent, f.due = true, due
		f.change()
	}
}

// doubt makes resolve ask the carrier at once about a call that may have left.
func (fs *flights) doubt(call addressbook.SID) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.of[call]; f != nil && f.known.State == 0 {
		f.askAt = f.a.d.now()
	}
}

// change queues the call for recording. The caller must hold the mutex of flights.
func (f *flight) change() {
	if !f.dirty {
		f.dirty = true
		f.a.changed = append(f.a.changed, f)
		f.a.records.wake()
	}
}

// take dequeues up to limit calls of an account that have something to record.
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

// recorded forgets the recorded calls that are over, and those that are gone from the
// store.
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

// failed queues calls again after they could not be recorded.
func (fs *flights) failed(taken []flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i := range taken {
		if f := fs.of[taken[i].ref.Call]; f != nil {
			f.change()
		}
	}
}

// load returns how many calls of an account are in flight, and how many of them wait to
// be recorded.
func (fs *flights) load(a *dialing) (inFlight, changed int) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return len(a.flights), len(a.changed)
}

// count returns how many calls of all accounts are in flight.
func (fs *flights) count() int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return len(fs.of)
}

// silent returns up to limit calls of an account that are due to be asked about.
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
