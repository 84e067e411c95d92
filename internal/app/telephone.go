package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/carrier/sip"
	"callbook/internal/carrier/sip/media"
	"callbook/internal/clock"
	"callbook/internal/phone"
	"callbook/internal/store"
	"callbook/internal/trunk"
	"callbook/internal/web"
)

// CarrierKind says what places the calls of campaigns.
type CarrierKind uint8

// The kinds.
const (
	Auto      CarrierKind = iota // SIP trunks if there are any when the server starts, else the simulator
	Simulated                    // the simulator, which calls nobody
	SIPTrunks                    // SIP trunks, even if there are none yet
)

// SIP configures calls over SIP trunks.
type SIP struct {
	// Addr is where SIP messages arrive. The zero Addr means port 5060 of all addresses.
	Addr netip.AddrPort
	// Public is the address at which trunks reach the server; zero means its own.
	Public netip.Addr
	// FirstPort and LastPort bound the ports for sound; zero means 20000 and 20999.
	FirstPort, LastPort int
	// Ring is how long telephones ring, and Longest how long an answered call lasts; see
	// [sip.Options].
	Ring, Longest time.Duration
	// TraceAll keeps the messages of all calls, and not only of those that fail.
	TraceAll bool
	// Now tells whether packets of sound leave late; see [media.Options].
	Now func() time.Time
}

// Simulator configures the simulated telephone. The zero value is the default.
type Simulator struct {
	// Speed is how many times faster than real time campaigns and their calls run; zero
	// means 1.
	Speed int
	// Seed is the seed of random durations.
	Seed uint64
	// Instant lets calls end as soon as they begin.
	Instant bool
}

// telephone is what places calls, and the clock that they go by.
type telephone struct {
	carrier.Carrier
	clock clock.Clock
	speed int    // of the simulated clock; 0 if people are called
	sip   string // where SIP messages arrive, or ""
	// mayShow reports whether callees may be shown a caller id; nil means any.
	mayShow func(ctx context.Context, callerID string) (bool, error)
}

// telephone returns what places the calls. Last is the latest time in the database: that
// of an earlier simulation may be ahead of the real time.
func (cfg Config) telephone(ctx context.Context, stores *store.Set, last time.Time) (*telephone, error) {
	if cfg.Carrier != nil {
		return &telephone{Carrier: cfg.Carrier, clock: cfg.Clock, speed: cfg.Simulator.speed(cfg.Carrier.Real())}, nil
	}
	trunks := trunk.New(stores.Trunks, cfg.TrunkKeys, cfg.Clock)
	simulated := cfg.Kind == Simulated
	if cfg.Kind == Auto {
		all, err := trunks.Overview(ctx)
		if err != nil {
			return nil, err
		}
		simulated = len(all) == 0
	}
	if !simulated {
		if _, err := trunks.List(ctx); err != nil { // such as a file with a key that is not there
			return nil, err
		}
		return cfg.sip(stores, trunks)
	}
	calls := cfg.Clock
	if ahead := last.Sub(cfg.Clock.Now()); cfg.Simulator.Speed > 1 || ahead > mostSkew {
		calls = clock.NewFast(cfg.Clock, last, max(1, cfg.Simulator.Speed))
	}
	t := &telephone{clock: calls, speed: cfg.Simulator.speed(false)}
	t.Carrier = simulator.New(simulator.Options{Clock: calls, Seed: cfg.Simulator.Seed, Instant: cfg.Simulator.Instant})
	if cfg.Kind == Auto {
		t.Carrier = &untilTrunk{Carrier: t.Carrier, trunks: trunks, log: cfg.Log, clock: cfg.Clock}
	}
	return t, nil
}

// sip opens the ports of SIP.
func (cfg Config) sip(stores *store.Set, trunks *trunk.Trunks) (*telephone, error) {
	addr := cfg.SIP.Addr
	if !addr.IsValid() {
		addr = netip.AddrPortFrom(netip.IPv4Unspecified(), 5060)
	}
	engine, err := media.Open(media.Options{
		First: cmp.Or(cfg.SIP.FirstPort, 20000), Last: cmp.Or(cfg.SIP.LastPort, 20999), Bind: addr.Addr(), Public: cfg.SIP.Public, Now: cfg.SIP.Now,
	})
	if err != nil {
		return nil, err
	}
	c, err := sip.New(sip.Options{
		Log: cfg.Log, Clock: cfg.Clock, Addr: addr, Public: cfg.SIP.Public, Media: engine, Trunks: trunks, Dialogs: stores.Dialogs, Shares: stores.Shares,
		Ring: cfg.SIP.Ring, Longest: cfg.SIP.Longest, TraceAll: cfg.SIP.TraceAll,
	})
	if err != nil {
		return nil, fmt.Errorf("listen at %v for the trunks: %w; choose another with --sip-addr", addr, err)
	}
	return &telephone{Carrier: c, clock: cfg.Clock, sip: c.Addr().String(), mayShow: trunks.MayShow}, nil
}

// speed returns the speed of the simulated telephone, or 0 if a carrier calls people.
func (s Simulator) speed(real bool) int {
	if real {
		return 0
	}
	return max(1, s.Speed)
}

// line returns what the dashboard sees of the trunks, or nil if people are not called over
// trunks.
func (t *telephone) line() web.Line {
	if c, ok := t.Carrier.(*sip.Carrier); ok {
		return c
	}
	return nil
}

// sound tells how well the sound of calls over trunks keeps pace.
func (t *telephone) sound() trunk.Sound {
	if c, ok := t.Carrier.(*sip.Carrier); ok {
		return c.Sound()
	}
	return trunk.Sound{}
}

// forget forgets the messages of the calls to a number.
func (t *telephone) forget(number phone.Number) {
	if c, ok := t.Carrier.(*sip.Carrier); ok {
		c.ForgetTraces(number)
	}
}

// announce logs what places the calls.
func (t *telephone) announce(log *slog.Logger) {
	switch {
	case !t.Real():
		log.Info("the telephone is simulated: campaigns run, and nobody is called", "speed", t.speed)
	case t.sip != "":
		log.Info("campaigns call real telephones, over the trunks that \"callbook trunk list\" shows", "sip", t.sip)
	}
}

// mostSkew is how far the clocks of several servers may be apart. A later time is that of
// a simulation which was faster than the clock.
const mostSkew = 5 * time.Second

// untilTrunk is a simulator that places no more calls once there is a trunk, because
// campaigns are meant for real telephones then. They wait for the next start of the server.
type untilTrunk struct {
	carrier.Carrier
	trunks *trunk.Trunks
	log    *slog.Logger
	clock  clock.Clock
	over   atomic.Bool
}

var errTrunkAdded = errors.New("a trunk was added: start the server again, so that campaigns are called over it")

// Run implements [carrier.Carrier].
func (u *untilTrunk) Run(ctx context.Context, tell func(carrier.Progress)) {
	const every = 2 * time.Second
	looking, stop := context.WithCancel(ctx)
	look := clock.Job{Clock: u.clock, Every: every, Log: u.log, Failed: "the trunks could not be read; it will be tried again", Do: u.look}
	done := make(chan struct{})
	go func() {
		defer close(done)
		look.Run(looking)
	}()
	u.Carrier.Run(ctx, tell)
	stop()
	<-done
}

func (u *untilTrunk) look(ctx context.Context) error {
	all, err := u.trunks.Overview(ctx)
	if len(all) > 0 && !u.over.Swap(true) {
		u.log.Warn("a trunk was added, and campaigns wait: start the server again, so that they are called over it")
	}
	return err
}

// Place implements [carrier.Carrier].
func (u *untilTrunk) Place(ctx context.Context, o carrier.Order) error {
	if u.over.Load() {
		return &carrier.NotSentError{After: time.Minute, Cause: errTrunkAdded}
	}
	return u.Carrier.Place(ctx, o)
}
