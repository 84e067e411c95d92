// Package sip places calls over SIP trunks (RFC 3261). It has its own INVITE loop and its
// own records of dialogs; the library sipgo parses messages, repeats them and matches
// answers to requests. Package media plays sounds and reads keys.
//
// The record of a call is stored before its INVITE leaves, so that after a crash the next
// process knows which calls to end. A call without a record has never left.
package sip

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip/media"
	"callbook/internal/clock"
	"callbook/internal/trunk"
)

// Trunks lists the trunks of the installation, with their passwords.
type Trunks interface {
	List(ctx context.Context) ([]trunk.Trunk, error)
}

// Options configure a [Carrier]. Options with a default may be zero.
type Options struct {
	Log *slog.Logger
	// Clock tells the times of calls. Everything that waits uses the machine's clock.
	Clock clock.Clock
	// Addr is where SIP messages arrive over UDP and TCP. Port 0 is any free port.
	Addr netip.AddrPort
	// Public is the address that trunks are told to send to. By default it is the local
	// address of the route to each trunk.
	Public netip.Addr
	// Media sends and receives the sound of calls. [Carrier.Run] runs it.
	Media   *media.Engine
	Trunks  Trunks
	Dialogs trunk.Dialogs
	// Shares divides the channels and the pace of trunks between servers; nil means that
	// this is the only server.
	Shares trunk.Shares
	// Ring is how long a telephone rings at most, by default 30 seconds. Longest is how long
	// an answered call lasts at most, by default 3 minutes.
	Ring, Longest time.Duration
	// TLS configures connections to trunks with TLS. Nil means the roots of the machine.
	TLS *tls.Config
	// Resolver looks up the hosts of trunks; nil means the machine's.
	Resolver *net.Resolver
	// Probe is how often each host of a trunk gets an OPTIONS request, by default every 30
	// seconds. Reload is how often the trunks are read, by default every 3 seconds.
	Probe, Reload time.Duration
	// TraceAll keeps the messages of all calls, and not only of those that fail; see
	// [Carrier.Trace].
	TraceAll bool
}

// Carrier is a [carrier.Carrier] over SIP trunks.
type Carrier struct {
	opts   Options
	net    *endpoint
	lines  lines
	traces traces
	server string        // names this process among all that share the trunks
	hungry chan struct{} // makes Run renew the shares of trunks

	working sync.WaitGroup
	ready   chan struct{} // closed when Run takes calls
	woken   chan struct{} // makes Run read the trunks

	mu     sync.Mutex
	tell   func(carrier.Progress) // set by Run
	life   context.Context        // of the calls; ends when Run gives them up
	down   bool                   // Run is ending or has ended
	calls  map[addressbook.SID]*call
	ghosts map[addressbook.SID]*late // calls of earlier processes that are being ended
	ends   kept[carrier.Progress]    // of calls; the zero Progress if one has not left
	lates  kept[*late]
	drops  []drop // the oldest first
	made   time.Time
	// recalls counts the records that are being read; see recall.
	recalls int
}

var _ carrier.Carrier = (*Carrier)(nil)

// New opens the sockets. The caller must call [Carrier.Run], which closes them.
func New(opts Options) (*Carrier, error) {
	if opts.Clock == nil {
		opts.Clock = clock.System
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Resolver == nil {
		opts.Resolver = net.DefaultResolver
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&opts.Ring, 30 * time.Second}, {&opts.Longest, 3 * time.Minute}, {&opts.Probe, 30 * time.Second}, {&opts.Reload, 3 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.standard
		}
	}
	c := &Carrier{
		opts: opts, traces: traces{all: opts.TraceAll}, ready: make(chan struct{}), woken: make(chan struct{}, 1),
		server: newTag(), hungry: make(chan struct{}, 1),
		calls: make(map[addressbook.SID]*call), ghosts: make(map[addressbook.SID]*late),
		ends: newKept[carrier.Progress](keepPast, maxPast), lates: newKept[*late](keepLate, maxPast), made: time.Now(),
	}
	var err error
	if c.net, err = newEndpoint(&opts, c.lines.known, c.mine, c.lines.garbage, c.request, c.stray); err != nil {
		return nil, fmt.Errorf("open the port of SIP: %w", err)
	}
	return c, nil
}

// Addr returns the address at which SIP messages arrive.
func (c *Carrier) Addr() netip.AddrPort { return c.net.local }

// Real implements [carrier.Carrier]: people hear the calls.
func (c *Carrier) Real() bool { return true }

// Wake makes Run read the trunks at once, after one was changed.
func (c *Carrier) Wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

const (
	// stopWithin is how long Run waits at its end for the answers to CANCEL and BYE.
	stopWithin = 700 * time.Millisecond
	// readyWithin is how long Place and Resolve wait for Run.
	readyWithin = 5 * time.Second
)

// Run implements [carrier.Carrier]. When ctx ends it hangs up all calls and waits up to
// 0.7 seconds for the trunks to confirm that.
func (c *Carrier) Run(ctx context.Context, tell func(carrier.Progress)) {
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	c.mu.Lock()
	c.tell, c.life = tell, life
	c.mu.Unlock()
	var sockets sync.WaitGroup
	sockets.Go(c.net.serve)
	sockets.Go(func() { c.opts.Media.Run(life) })
	select {
	case <-c.net.ready():
	case <-ctx.Done():
	}
	c.reload(ctx)
	if err := c.share(ctx); err != nil && ctx.Err() == nil {
		c.opts.Log.Warn("the trunks could not be shared with other servers; it will be tried again", "error", err)
	}
	c.lines.awaitProbes(ctx)
	close(c.ready)
	var chores sync.WaitGroup
	chores.Go(func() { c.reloadAll(ctx) })
	if c.opts.Shares != nil {
		chores.Go(func() { c.shareAll(ctx) })
	}
	chores.Go(func() { c.dropAll(ctx) })
	chores.Go(func() { c.endTests(ctx) })
	<-ctx.Done()
	c.stop()
	kill()
	c.working.Wait()
	chores.Wait()
	c.leaveShares(ctx)
	c.lines.wait()
	c.net.close()
	sockets.Wait()
}

// stop hangs up all calls, and waits for their ends.
func (c *Carrier) stop() {
	c.mu.Lock()
	c.down = true
	var live []*call
	for _, l := range c.calls {
		live = append(live, l)
	}
	c.mu.Unlock()
	for _, l := range live {
		l.hangUp()
	}
	late := time.NewTimer(stopWithin)
	defer late.Stop()
	for _, l := range live {
		select {
		case <-l.done:
		case <-late.C:
			return
		}
	}
}

// await waits until Run takes calls.
func (c *Carrier) await(ctx context.Context) error {
	select {
	case <-c.ready:
	default:
		late := time.NewTimer(readyWithin)
		defer late.Stop()
		select {
		case <-c.ready:
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			return carrier.ErrDown
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return carrier.ErrDown
	}
	return nil
}

// Hangup implements [carrier.Carrier].
func (c *Carrier) Hangup(ctx context.Context, sid addressbook.SID) error {
	c.mu.Lock()
	l := c.calls[sid]
	c.mu.Unlock()
	if l != nil {
		l.hangUp()
	}
	return nil
}
