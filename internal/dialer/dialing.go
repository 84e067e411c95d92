package dialer

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/work"
)

// dialing places the calls of one account. This server has the account's lease.
type dialing struct {
	d  *Dialer
	id account.ID
	// owner is the account as refresh last read it.
	owner atomic.Pointer[owner]
	// These wake placeAll, record and doChores.
	places, records, chores signal
	// lose stops the dialing after its lease was lost. IsLost logs once that another
	// server has taken over.
	lose   context.CancelFunc
	isLost sync.Once

	// Only the goroutine of placeAll uses these.
	pace      pace      // of all campaigns together
	turn      int       // index in runs of the campaign that is asked first for its next calls
	idle      bool      // no campaign had anybody to call
	hold      time.Time // the carrier asked to get no call before this time
	warned    time.Time // when a refusal of the carrier was last logged
	recovered bool      // the calls of the account's last server were taken over
	doubt     bool      // a claim failed, but the store may have committed it

	maker *maker // of the sounds that callees hear

	mute bool // the carrier's last answer was an error; used by doChores only

	told atomic.Bool // events were made of which Options.Told was not called yet

	mu     sync.Mutex
	runs   []*run // the open campaigns, by sid
	policy campaign.Policy
	// stopped means that the account may not be used, and places no calls.
	stopped bool
	flows   map[string]*library.Flow // those that open campaigns name, by name
	paces   map[addressbook.SID]pace // of calls that were placed before this server took over

	// The mutex of Dialer.flights guards these.
	flights map[addressbook.SID]*flight
	changed []*flight
}

// owner is an account, and what renders its events.
type owner struct {
	account.Account
	render *event.Renderer
}

// acct returns the account.
func (a *dialing) acct() account.Account { return a.owner.Load().Account }

// render returns what renders the account's events.
func (a *dialing) render() *event.Renderer { return a.owner.Load().render }

// run is an open campaign.
type run struct {
	// section is a mutex. It is locked from the claim of calls until they have left.
	section chan struct{}
	// Only the goroutine of placeAll uses these.
	pace pace
	idle bool
	hold time.Time // no call may be placed before, because a sound is missing or the carrier has asked

	// The dialing's mu guards these.
	c    campaign.Campaign // as refresh last read it
	due  time.Time         // when the next target may be called; zero if unknown
	news int               // counts what may make due wrong: targets to call again, and changes of state
	// unasked is the first position that askAgain has not worked since the rules changed.
	unasked int
}

func newDialing(d *Dialer, acct account.Account) *dialing {
	a := &dialing{
		d: d, id: acct.ID, places: newSignal(), records: newSignal(), chores: newSignal(),
		flights: make(map[addressbook.SID]*flight), maker: newMaker(d, acct),
	}
	a.owner.Store(&owner{acct, event.NewRenderer(acct)})
	return a
}

// run dials until no campaign is open or ctx ends. Calling lose ends ctx.
func (a *dialing) run(ctx context.Context) {
	defer a.lose()
	var others sync.WaitGroup
	recording, stopRecording := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRecording()
	if a.begin(ctx) {
		others.Go(func() { a.record(recording) })
		placing, stopPlacing := context.WithCancel(ctx)
		var placer sync.WaitGroup
		placer.Go(func() { a.placeAll(placing) })
		a.doChores(ctx)
		stopPlacing()
		placer.Wait()
		a.maker.working.Wait()
	}
	stopRecording()
	others.Wait()
	a.d.flights.drop(a)
	a.d.forget(a.id)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := a.d.store.ReleaseAccount(last, a.d.server, a.id); err != nil {
		a.d.opts.Log.Warn("the lease of an account's dialing could not be given back; it runs out", "account", a.acct().SID, "error", err)
	}
}

// inProgress returns how many of the campaigns are in progress.
func (a *dialing) inProgress() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.runs {
		if r.c.State == campaign.InProgress {
			n++
		}
	}
	return n
}

// tell notes that a rule has made events.
func (a *dialing) tell(events []event.Event) []event.Event {
	if len(events) > 0 {
		a.told.Store(true)
	}
	return events
}

// committed lets events be sent that were made in the transaction which has just ended.
func (a *dialing) committed() {
	if a.told.Swap(false) {
		a.d.opts.Told(a.id)
	}
}

// begin reads what the account's last server has left. It tries until it succeeds, and
// reports false if ctx ends before.
func (a *dialing) begin(ctx context.Context) bool {
	return a.try(ctx, "the calls in flight of an account could not be read; it will be tried again", func() error {
		if err := a.readPaces(ctx); err != nil {
			return err
		}
		if err := a.refresh(ctx); err != nil {
			return err
		}
		return a.recover(ctx)
	})
}

// try calls do until it succeeds, and then returns true. It gives up when ctx ends or the
// lease is lost.
func (a *dialing) try(ctx context.Context, failed string, do func() error) bool {
	for logged := false; ctx.Err() == nil; logged = true {
		err := do()
		if err == nil {
			return true
		}
		if !a.failed(ctx, err, failed, logged) {
			break
		}
		a.pause(ctx)
	}
	return false
}

// failed handles an error and reports whether to try again. It logs the error unless an
// earlier one in a row was logged, and stops the dialing if the lease is lost.
func (a *dialing) failed(ctx context.Context, err error, what string, logged bool) bool {
	switch {
	case errors.Is(err, work.ErrLost):
		a.isLost.Do(func() {
			a.d.opts.Log.Warn("another server has taken over the dialing of an account", "account", a.acct().SID)
		})
		a.lose()
		return false
	case ctx.Err() != nil:
		return false
	case !logged:
		a.d.opts.Log.Error(what, "account", a.acct().SID, "error", err)
	}
	return true
}

// pause waits 200 ms before the next try.
func (a *dialing) pause(ctx context.Context) {
	const pause = 200 * time.Millisecond
	select {
	case <-ctx.Done():
	case <-a.d.opts.Clock.Tick(pause):
	}
}

// runOf returns the run of a campaign, or nil if the campaign is not open. The caller
// must hold mu.
func (a *dialing) runOf(sid addressbook.SID) *run {
	i := slices.IndexFunc(a.runs, func(r *run) bool { return r.c.SID == sid })
	if i < 0 {
		return nil
	}
	return a.runs[i]
}

// settled waits until no call of a paused campaign can leave from this server any more, or
// until it is late.
func (a *dialing) settled(ctx context.Context, late <-chan time.Time, sid addressbook.SID) {
	a.mu.Lock()
	r := a.runOf(sid)
	a.mu.Unlock()
	if r == nil {
		return // this server has claimed no call of it
	}
	select {
	case r.section <- struct{}{}:
		<-r.section
	case <-late:
	case <-ctx.Done():
	}
}
