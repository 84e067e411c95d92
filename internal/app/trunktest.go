package app

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/netip"
	"slices"
	"sync"

	"callbook/internal/callflow"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/phone"
	"callbook/internal/speech"
	"callbook/internal/store"
	"callbook/internal/trunk"
	"callbook/internal/trunk/testcall"
)

// TrunkTest tries a trunk from a command, beside a server that may be running.
type TrunkTest struct {
	Trunks *trunk.Trunks
	Name   string
	SIP    SIP // port 0 of Addr is any free port
	// To is the number to call; zero only asks whether the trunk is there. CallerID is
	// shown to the callee, who hears Text, spoken by VoiceCommand, or else silence.
	// Before that, Keys are pressed.
	To           phone.Number
	CallerID     string
	Keys         string
	Text         string
	VoiceCommand []string
	// Health is told of the trunk's state, and Told of each message of the call.
	Health func(trunk.Health)
	Told   func(trunk.Message)
}

// Run asks the trunk whether it is there, and places the call. It returns how the call
// ended, or a zero Progress if there was none. When ctx ends, the call is hung up.
func (t TrunkTest) Run(ctx context.Context) (end carrier.Progress, err error) {
	all, err := t.Trunks.List(ctx)
	if err != nil {
		return end, err
	}
	i := slices.IndexFunc(all, func(of trunk.Trunk) bool { return of.Name == t.Name })
	if i < 0 {
		return end, trunk.ErrNotThere
	}
	tested := all[i]
	if tested.Locked != "" {
		return end, fault.New(fault.Invalid, tested.Locked)
	}
	if !t.SIP.Addr.IsValid() {
		t.SIP.Addr = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	cfg := Config{Clock: clock.System, Log: slog.New(slog.DiscardHandler), SIP: t.SIP}
	phone, err := cfg.sip(&store.Set{Dialogs: &sip.Memory{}}, t.Trunks)
	if err != nil {
		return end, err
	}
	c := phone.Carrier.(*sip.Carrier)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { c.Run(running, func(carrier.Progress) {}) })
	defer work.Wait()
	defer stop()
	health, err := c.Check(ctx, tested)
	if err != nil {
		return end, err
	}
	t.Health(health)
	if t.To == 0 {
		return end, nil
	}
	var seed [10]byte
	_, _ = rand.Read(seed[:])
	o := carrier.Order{Call: trunk.TestCall(seed), To: t.To, CallerID: t.CallerID, Attempt: 1}
	if voice := speech.New(t.VoiceCommand); voice != nil && t.Text != "" {
		o.Flow, o.Sound = callflow.Greeting(t.Text), spoken(voice)
	}
	return c.TestCall(ctx, t.Name, o, t.Keys, t.Told)
}

// testCalls returns what makes the test calls of the dashboard, or nil if people are not
// called over trunks.
func (cfg Config) testCalls(phone *telephone, voice *speech.Voice) *testcall.Calls {
	c, ok := phone.Carrier.(*sip.Carrier)
	if !ok {
		return nil
	}
	opts := testcall.Options{Placer: c, Clock: cfg.Clock, Log: cfg.Log}
	if voice != nil {
		opts.Sound = spoken(voice)
	}
	return testcall.New(opts)
}

// spoken returns what makes the sounds of test calls, which are texts.
func spoken(voice *speech.Voice) func(context.Context, callflow.Sound) ([]int16, error) {
	return func(ctx context.Context, s callflow.Sound) ([]int16, error) {
		return voice.Say(ctx, 0, speech.LanguageOf(s.Text), s.Text)
	}
}
