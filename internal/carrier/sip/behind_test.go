package sip_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip/media"
	"callbook/internal/fault"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// TestBehind: while the sound of calls leaves late, those in progress go on and no other
// call leaves.
func TestBehind(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	var lag atomic.Int64
	r := open(t, callee, func(s *setup) {
		var err error
		s.Media, err = media.Open(media.Options{First: 20000, Last: 31999, Bind: loopback, Now: func() time.Time { return time.Now().Add(time.Duration(lag.Load())) }})
		if err != nil {
			t.Fatal(err)
		}
	})
	await := func(behind bool) {
		t.Helper()
		for late := time.Now().Add(siptest.Patience); r.Sound().Behind != behind; time.Sleep(time.Millisecond) {
			if time.Now().After(late) {
				t.Fatalf("%+v", r.Sound())
			}
		}
	}
	o, call := r.talk(callee.Line(t, nil), nil)
	lag.Store(int64(50 * time.Millisecond))
	await(true)
	waits := callee.Line(t, nil)
	later := order(waits, callflow.Greeting("100"))
	err := r.Place(t.Context(), later)
	if not, ok := errors.AsType[*carrier.NotSentError](err); !ok || not.After <= 0 || not.Only || not.Number || !strings.Contains(err.Error(), "pace") {
		t.Errorf("another call: %v", err)
	}
	if _, err := r.TestCall(t.Context(), "test", order(waits, callflow.Greeting("100")), "", func(trunk.Message) {}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a test call: %v", err)
	}
	call.Media.Press("4", siptest.Sender{})
	r.awaitKeys(o, "4")
	lag.Store(-int64(time.Hour))
	await(false)
	if err := r.Place(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	r.end(later, campaign.Reached)
	if n := waits.Calls(); n != 1 {
		t.Errorf("%d calls left", n)
	}
	call.Media.Press("#", siptest.Sender{})
	r.end(o, campaign.Reached)
}
