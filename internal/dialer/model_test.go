package dialer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/store"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/suppression"
	"callbook/internal/test/servertest"
)

// TestModel drives campaigns through random actions, times, crashes and faults of the
// carrier and the store, and holds what happens against a model: no call in a pause or
// outside the time, no number above its budget, no call placed twice, the pace kept in
// every minute, counts that equal a recount at every step, and for each end its event.
//
// CALLBOOK_DIALER_STEPS is how many steps each run has, and CALLBOOK_DIALER_SEED repeats
// one.
func TestModel(t *testing.T) {
	t.Parallel()
	steps, seeds := 2500, []uint64{1, 2, 3, 4}
	if testing.Short() || servertest.OnPostgres() {
		steps, seeds = 250, seeds[:1]
	}
	if n, err := strconv.Atoi(os.Getenv("CALLBOOK_DIALER_STEPS")); err == nil {
		steps = n
	}
	if seed, err := strconv.ParseUint(os.Getenv("CALLBOOK_DIALER_SEED"), 10, 64); err == nil {
		seeds = []uint64{seed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			database := servertest.NewDatabase(t)
			model := func(t *testing.T) {
				w := newWorld(t, database, seed)
				for i := 0; i < steps && !t.Failed(); i++ {
					w.step()
				}
				w.finish()
			}
			if servertest.OnPostgres() {
				model(t)
			} else {
				synctest.Test(t, model)
			}
		})
	}
}

// On SQLite, time is that of a bubble, and each step ends when nothing more happens in
// it. Connections to PostgreSQL do not work in one: there, time is the machine's, and the
// clock of the calls is speedOnPostgres times as fast.
const speedOnPostgres = 60

// world is an account, the server that dials for it, and what ought to happen.
type world struct {
	t         *testing.T
	dice      *rand.Rand
	set       *store.Set
	acct      account.Account
	campaigns *campaign.Campaigns
	clock     clock.Clock // of the calls
	speed     int         // of the clock
	d         *dialer.Dialer
	process   *process
	died      time.Time // the last server; zero when this one has the account
	next      int       // of the numbers

	mu     sync.Mutex
	plans  []*plan
	byNo   map[phone.Number]*plan
	calls  map[addressbook.SID]bool
	times  []time.Time
	events map[addressbook.SID]map[what]int
}

// plan is a campaign of the model.
type plan struct {
	sid         addressbook.SID
	calls       int // that each number may get
	send, end   time.Time
	rate        int
	paused      bool // and nothing may leave
	over        bool // somebody ended it
	checked     bool // after it was closed
	called      map[phone.Number]int
	suppressed  map[phone.Number]time.Time
	times       []time.Time
	numbers     int
	first, last phone.Number
}

// what an event is about.
type what struct {
	kind     event.Kind
	call     addressbook.SID
	position int
	last     bool
}

const callsAMinute = 60 // of the account

func newWorld(t *testing.T, database string, seed uint64) *world {
	t.Helper()
	set := openStores(t, database)
	acct, err := set.Accounts.CreateAccount(t.Context(), account.Account{SID: "demo", Region: "IN", TimeZone: time.UTC, Created: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, dice: rand.New(rand.NewPCG(seed, 7)), set: set, acct: acct, byNo: make(map[phone.Number]*plan),
		calls: make(map[addressbook.SID]bool), events: make(map[addressbook.SID]map[what]int), clock: clock.System, speed: 1,
	}
	if servertest.OnPostgres() {
		w.speed = speedOnPostgres
		w.clock = clock.NewFast(clock.System, time.Time{}, w.speed)
	}
	w.campaigns = campaign.New(set.Campaigns, addressbook.New(set.Contacts, addressbook.Options{Clock: w.clock}), campaign.Options{Clock: w.clock, Dialer: w})
	w.start()
	return w
}

// openStores opens a database of the engine under test.
func openStores(t testing.TB, database string) (set *store.Set) {
	t.Helper()
	var err error
	if postgres.IsURL(database) {
		set, err = postgres.OpenStores(t.Context(), database, true, quiet)
	} else {
		set, err = sqlite.OpenStores(t.Context(), database, sqlite.Options{Log: quiet})
	}
	if err != nil {
		t.Fatal(err)
	}
	return set
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// start starts a server.
func (w *world) start() {
	p := &process{
		Store: w.set.Dialing, Simulator: simulator.New(simulator.Options{Clock: w.clock, Seed: 1}), w: w, fuse: -1,
		dice: rand.New(rand.NewPCG(w.dice.Uint64(), 1)),
	}
	w.process, w.d = p, dialer.New(p, p, dialer.Options{Log: quiet, Clock: clock.System, Calls: w.clock, Speed: w.speed})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.d.Run(ctx)
	}()
	p.stop = func() {
		cancel()
		<-done
	}
}

// Wake implements [campaign.Dialer], as Settled does, by the server of the moment.
func (w *world) Wake(id account.ID) { w.d.Wake(id) }

func (w *world) Settled(ctx context.Context, id account.ID, sid addressbook.SID) {
	w.d.Settled(ctx, id, sid)
}

// step does something, lets some time pass, and looks whether all is as it should be.
func (w *world) step() {
	switch n := w.dice.IntN(100); {
	case n < 4:
		w.create()
	case n < 9:
		w.change(campaign.Pause)
	case n < 17:
		w.change(campaign.Resume)
	case n < 18:
		w.change(campaign.Complete)
	case n < 19:
		w.change(campaign.Archive)
	case n < 20:
		w.remove()
	case n < 22:
		w.suppress()
	case n < 24:
		if w.bubble() || w.dice.IntN(4) == 0 {
			w.process.kill(w.dice.IntN(8))
		}
	case n < 25: // another server takes over in good order
		w.process.stop()
		w.start()
	case n < 27:
		w.process.setFlaky(float64(w.dice.IntN(2)) * 0.1)
	case n < 31:
		w.process.SetFaults(w.faults())
	}
	pause := time.Duration(w.dice.Int64N(int64(time.Second)))
	if !w.bubble() {
		pause *= 4 // for there are fewer steps
	}
	if w.dice.IntN(100) == 0 {
		pause *= 60
	}
	w.sleep(pause)
	w.restart()
	w.check()
}

// bubble tells whether time is that of a bubble.
func (w *world) bubble() bool { return w.speed == 1 }

// sleep lets some time of the calls pass.
func (w *world) sleep(d time.Duration) {
	time.Sleep(d / time.Duration(w.speed))
	if w.bubble() {
		synctest.Wait()
	}
}

// slack is how late a call may leave after it was found to be due: the clock of the calls
// does not stand still meanwhile.
func (w *world) slack() time.Duration { return time.Duration(w.speed-1) * 100 * time.Millisecond }

// restart starts a server after the last one has died.
func (w *world) restart() {
	dead, alive := w.process.state()
	if dead {
		w.process.stop()
		w.start()
		w.died = time.Now()
		return
	}
	if alive {
		w.died = time.Time{}
	} else if w.process.flaky > 0 || !w.open() {
		w.died = time.Now() // it counts from then on
	} else if time.Since(w.died) > 10*time.Second && !w.died.IsZero() {
		w.t.Errorf("nobody has taken over %v after a crash", time.Since(w.died))
		w.died = time.Time{}
	}
}

func (w *world) faults() (f simulator.Faults) {
	chance := func() float64 { return max(0, w.dice.Float64()*0.4-0.2) }
	if w.dice.IntN(3) == 0 {
		return f
	}
	return simulator.Faults{
		Lose: chance(), Double: chance(), Delay: chance(), MostDelay: 20 * time.Second, BreakOff: chance(), Refuse: chance(),
		Down: w.dice.IntN(8) == 0,
	}
}

// create makes a campaign, if there are not too many.
func (w *world) create() {
	open := 0
	for _, p := range w.plans {
		if !p.checked {
			open++
		}
	}
	if open >= 4 {
		return
	}
	now := w.clock.Now()
	p := &plan{
		send: now.Add(time.Duration(w.dice.IntN(90)) * time.Second), calls: 1, rate: callsAMinute,
		called: make(map[phone.Number]int), suppressed: make(map[phone.Number]time.Time), numbers: 1 + w.dice.IntN(30),
	}
	p.end = p.send.Add(time.Duration(60+w.dice.IntN(1500)) * time.Second)
	if !w.bubble() {
		p.end = p.end.Add(10 * time.Minute) // for a crash takes as long
	}
	d := campaign.Draft{
		CallerID: campaign.Some("08047000001"), Text: campaign.Some("Your rent is due on Monday."), FlowType: campaign.Some("ivr"),
		CallStatusCallback: campaign.Some("https://a.example/call"), CallScheduleCallback: campaign.Some("https://a.example/target"),
		StatusCallback: campaign.Some("https://a.example/campaign"), CustomField: campaign.Some(json.RawMessage(`{"run": 1}`)),
		Schedule: campaign.Some(campaign.ScheduleDraft{
			SendAt: campaign.Some(p.send.Format(time.RFC3339Nano)), EndAt: campaign.Some(p.end.Format(time.RFC3339Nano)),
		}),
	}
	if n := w.dice.IntN(4); n > 0 {
		p.calls += n
		d.Retries = campaign.Some(campaign.RetriesDraft{Number: campaign.Some(n), Interval: campaign.Some(1 + w.dice.IntN(3))})
	}
	if w.dice.IntN(2) == 0 {
		p.rate = 5 + w.dice.IntN(10)
		d.Mode, d.Throttle = campaign.Some("custom"), campaign.Some(p.rate)
	}
	var from []string
	p.first = phone.Number(919800000000 + w.next)
	for range p.numbers {
		from = append(from, phone.Number(919800000000+w.next).String())
		w.next++
	}
	p.last = phone.Number(919800000000 + w.next)
	d.From = campaign.Some(from)
	w.mu.Lock()
	w.plans = append(w.plans, p)
	for n := p.first; n < p.last; n++ {
		w.byNo[n] = p
	}
	w.mu.Unlock()
	c, err := w.campaigns.Create(w.t.Context(), w.acct, &d, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	p.sid = c.SID
}

// any returns a campaign that is not closed, or nil.
func (w *world) any() *plan {
	var open []*plan
	for _, p := range w.plans {
		if !p.checked {
			open = append(open, p)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return open[w.dice.IntN(len(open))]
}

// open tells whether a campaign is open.
func (w *world) open() bool { return w.any() != nil }

// change does an action, which the campaign's state may refuse.
func (w *world) change(a campaign.Action) {
	p := w.any()
	if p == nil {
		return
	}
	if a == campaign.Resume {
		w.set1(p, func() { p.paused = false })
	}
	c, err := w.campaigns.Update(w.t.Context(), w.acct, p.sid, &campaign.Draft{Action: campaign.Some(string(a))}, nil)
	switch {
	case err == nil && c.State == campaign.Paused:
		w.set1(p, func() { p.paused = true })
	case err == nil && c.State.Ended():
		w.set1(p, func() { p.over = true })
	}
}

func (w *world) set1(_ *plan, change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// remove deletes a campaign that has not started.
func (w *world) remove() {
	p := w.any()
	if p == nil {
		return
	}
	if _, err := w.campaigns.Delete(w.t.Context(), w.acct, p.sid, nil); err == nil {
		w.set1(p, func() { p.over, p.checked = true, true })
	}
}

// suppress adds a number to those that must not be called.
func (w *world) suppress() {
	p := w.any()
	if p == nil {
		return
	}
	n := p.first + phone.Number(w.dice.IntN(p.numbers))
	_ = w.set.Suppressions.AddSuppressions(w.t.Context(), w.acct.ID, []suppression.Suppression{{Number: n, Source: "api", Created: w.clock.Now()}}, nil)
	w.set1(p, func() { p.suppressed[n] = w.clock.Now() })
}

// placed is called when a call has left, and holds it against the model.
func (w *world) placed(o carrier.Order) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, p := w.clock.Now(), w.byNo[o.To]
	p.called[o.To]++
	p.times, w.times = append(p.times, now), append(w.times, now)
	at, suppressed := p.suppressed[o.To]
	for what, wrong := range map[string]bool{
		"in a pause":                        p.paused,
		"of a campaign that has ended":      p.over,
		"outside its time":                  now.Before(p.send) || !now.Add(-w.slack()).Before(p.end),
		"a second time":                     w.calls[o.Call],
		"more often than its number may":    p.called[o.To] > p.calls || o.Attempt > p.calls,
		"to a number that is suppressed":    suppressed && o.Call.Time().After(at.Add(w.slack())),
		"too early for its campaign's pace": lastMinute(p.times) > p.rate,
		"too early for the account's pace":  lastMinute(w.times) > callsAMinute,
	} {
		if wrong {
			w.t.Errorf("%v: a call was placed %s: %+v, %d a minute", now, what, o, p.rate)
		}
	}
	w.calls[o.Call] = true
}

// lastMinute counts the times within the minute before the last one.
func lastMinute(times []time.Time) (n int) {
	last := times[len(times)-1]
	for i := len(times) - 1; i >= 0 && last.Sub(times[i]) < time.Minute; i-- {
		n++
	}
	return n
}

// commit notes the events of a transaction.
func (w *world) commit(events map[int][]event.Event, err error) {
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, told := range events {
		for _, e := range told {
			if w.events[e.Campaign] == nil {
				w.events[e.Campaign] = make(map[what]int)
			}
			w.events[e.Campaign][what{e.Kind, e.Call, e.Position, e.Last}]++
		}
	}
}
