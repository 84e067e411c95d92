package dialer_test

import (
	"context"
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
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/store"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/test/servertest"
)

// TestModel drives campaigns through random actions, times, crashes and faults of the
// carrier and the store, and holds what happens against a model: no call in a pause or
// outside the campaign's time, no call that the account's hours, daily cap or countries
// forbid, no number above its budget, no call placed twice, the pace kept in every minute,
// counts that equal a recount at every step, and for each end its event, which is
// delivered at least once and in order, whatever one of the receivers does.
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
				if seed%2 == 1 && !servertest.OnPostgres() {
					time.Sleep(18*time.Hour + 20*time.Minute) // a new day begins in India meanwhile
				}
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

	mu           sync.Mutex
	plans        []*plan
	claims       map[addressbook.SID]*plan // by call
	calls        map[addressbook.SID]bool
	times        []time.Time
	byNumber     map[phone.Number][]time.Time // when calls to it were claimed
	suppressed   map[phone.Number]time.Time
	policies     []policy
	events       map[addressbook.SID]map[what]int
	owed         map[told]owed
	acknowledged map[told]bool
	manner       manner
	unsteady     time.Time // when the server last was in trouble
}

// plan is a campaign of the model.
type plan struct {
	sid       addressbook.SID
	calls     int // that each number may get, besides those that a trunk fails
	send, end time.Time
	rate      int
	paused    bool // and nothing may leave
	over      bool // somebody ended it
	checked   bool // after it was closed
	deleted   bool
	called    map[phone.Number]int
	faults    map[phone.Number]int // calls that a trunk failed
	times     []time.Time
	numbers   []phone.Number
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
		t: t, dice: rand.New(rand.NewPCG(seed, 7)), set: set, acct: acct, clock: clock.System, speed: 1,
		claims: make(map[addressbook.SID]*plan), calls: make(map[addressbook.SID]bool), byNumber: make(map[phone.Number][]time.Time),
		suppressed: make(map[phone.Number]time.Time), policies: make([]policy, 1), events: make(map[addressbook.SID]map[what]int),
		owed: make(map[told]owed), acknowledged: make(map[told]bool),
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
	callbacks := event.New(deliveries{w.set.Events, p}, event.Options{
		Log: quiet, Clock: clock.NewFast(clock.System, time.Time{}, callbackSpeed()), Transport: p,
		Secret: func(context.Context, account.ID) ([]byte, error) {
			return []byte("0123456789abcdef0123456789abcdef"), nil
		},
	})
	w.process, w.d = p, dialer.New(p, p, dialer.Options{
		Log: quiet, Clock: clock.System, Calls: w.clock, Speed: w.speed, Gate: dialer.Rules{}, Told: callbacks.Told,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.d.Run(ctx) })
	running.Go(func() { callbacks.Run(ctx) })
	p.stop = func() {
		cancel()
		running.Wait()
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
	case n < 35:
		w.setPolicy()
	case n < 38:
		w.setManner()
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
	w.sleep(0) // a server that was just started has begun to work
	w.check()
	w.late()
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
