package sip

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip/media"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// TestKept: whatever comes, there are never more values than may be, the last ones are there
// for their time, and none is for more than twice that.
func TestKept(t *testing.T) {
	t.Parallel()
	type one struct {
		call    addressbook.SID
		value   int
		at      time.Time
		removed bool
	}
	for seed := range uint64(50) {
		source := rand.New(rand.NewPCG(13, seed))
		k := newKept[int](time.Duration(1+source.IntN(20))*time.Second, 2+2*source.IntN(10))
		now := k.since
		var puts []one // the last one of each call, in their order
		for i := range 300 {
			now = now.Add(time.Duration(source.IntN(2000)) * time.Millisecond)
			call := addressbook.SID{byte(source.IntN(40))}
			before := slices.IndexFunc(puts, func(p one) bool { return p.call == call })
			removes := source.IntN(4) == 0
			switch {
			case removes:
				k.remove(call)
				k.age(now)
				if before >= 0 {
					puts[before].removed = true
				}
			case before >= 0:
				puts = slices.Delete(puts, before, before+1)
				fallthrough
			default:
				k.put(call, i, now)
				puts = append(puts, one{call, i, now, false})
			}
			if n := len(k.young) + len(k.old); n > k.most {
				t.Fatalf("seed %d: there are %d of %d values", seed, n, k.most)
			}
			for j, p := range puts {
				v, ok := k.get(p.call)
				age, newer := now.Sub(p.at), len(puts)-1-j
				if ok && (p.removed || v != p.value || age > 2*k.lasts+4*time.Second) || !ok && !p.removed && age < k.lasts && newer < k.most/2 {
					t.Fatalf("seed %d: after %v of %v and %d of %d newer values, %d is %d, %v", seed, age, k.lasts, newer, k.most, p.value, v, ok)
				}
			}
			if _, ok := k.get(call); ok == removes {
				t.Fatalf("seed %d: a value is there after it was removed, or is not although it was just put", seed)
			}
		}
	}
}

// TestLate: of a dialog, what is kept is short, whatever the peer has sent.
func TestLate(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 60_000)
	d := Dialog{
		Trunk: "one", Transport: trunk.UDP, CallID: callIDOf(addressbook.SID{7}), From: "<sip:+918047112233@trunk>;tag=a", To: "<sip:+919876543210@trunk>;tag=b",
		Target: "sip:+919876543210@127.0.0.1", Dest: "127.0.0.1:5060", Routes: []string{"<sip:one;lr;x=" + long + ">"}, Branch: newBranch(), Answered: true,
	}
	if l := newLate(d, "Authorization: x", true); len(l.record) > 500 || l.proof == "" || !l.hungUp {
		t.Errorf("of a long route: %d bytes, %+v", len(l.record), l)
	} else if _, err := parseDialog(l.record); err != nil {
		t.Error(err)
	}
	if l := newLate(d, "Authorization: "+long, true); l.record != nil || l.proof != "" {
		t.Errorf("long credentials: %d bytes", len(l.record)+len(l.proof))
	}
	d.To = "<sip:+919876543210@trunk>;tag=" + long
	if l := newLate(d, "", true); l.record != nil {
		t.Errorf("a long tag: %d bytes", len(l.record))
	}
}

// one lists one trunk.
type one trunk.Trunk

func (o one) List(context.Context) ([]trunk.Trunk, error) { return []trunk.Trunk{trunk.Trunk(o)}, nil }

// TestManyEnds: of more calls than are known after their ends, the oldest are forgotten. A
// telephone of such a call that is picked up nevertheless is hung up by its record.
func TestManyEnds(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	local := netip.MustParseAddr("127.0.0.1")
	engine, err := media.Open(media.Options{First: 20000, Last: 60000, Bind: local})
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{Addr: netip.AddrPortFrom(local, 0), Media: engine, Dialogs: &Memory{}, Trunks: one{
		Name: "one", Host: callee.Addr.Addr().String(), Port: int(callee.Addr.Port()), Transport: trunk.UDP, Format: trunk.Plus,
	}})
	if err != nil {
		t.Fatal(err)
	}
	const most = 4
	c.ends.most, c.lates.most = most, most
	ctx, stop := context.WithCancel(context.Background())
	ends, done := make(chan carrier.Progress, 1), make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx, func(p carrier.Progress) {
			if p.State == campaign.CallEnded {
				ends <- p
			}
		})
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	var first *siptest.Call
	var calls []carrier.Asked
	for i := range byte(3 * most) {
		line := callee.Line(t, nil)
		o := carrier.Order{Call: addressbook.SID{1, i}, To: line.Number, CallerID: "+918047112233", Flow: &callflow.Flow{Start: "end", Steps: map[string]callflow.Step{"end": {Kind: callflow.HangUp}}}}
		if err := c.Place(ctx, o); err != nil {
			t.Fatal(err)
		}
		if p := <-ends; p.Outcome != campaign.Reached {
			t.Fatalf("%+v", p)
		}
		if first == nil {
			first = line.Call()
		}
		calls = append(calls, carrier.Asked{Order: o})
	}
	c.mu.Lock()
	known, answered := len(c.ends.young)+len(c.ends.old), len(c.lates.young)+len(c.lates.old)
	c.mu.Unlock()
	if known > most || answered > most {
		t.Errorf("%d ends are known, and %d calls are answered for", known, answered)
	}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for late := time.After(siptest.Patience); first.Count("BYE") < 2; {
		callee.SendUDP(c.Addr(), string(first.Invite().Answer(200, "other", fmt.Sprintf("sip:%v", callee.Addr), nil, "")))
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("the telephone was not hung up: %q", first.Requests())
		}
	}
	if ack, bye := first.Await("ACK", 2), first.Await("BYE", 2); ack.ToTag() != "other" || bye.ToTag() != "other" {
		t.Errorf("they are for the tags %q and %q", ack.ToTag(), bye.ToTag())
	}
	answers, err := c.Resolve(ctx, []carrier.Asked{calls[1], calls[len(calls)-1]})
	if err != nil || answers[0].Fate != carrier.Unknown || answers[1].Fate != carrier.Over {
		t.Errorf("%+v, %v", answers, err)
	}
}
