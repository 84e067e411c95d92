package dialer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/suppression"
	"callbook/internal/test/servertest"
)

// TestSettled: after a pause, nobody is told so before the calls that were claimed have
// left, on this server and on another one. Those that would leave late do not leave.
func TestSettled(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	for name, elsewhere := range map[string]bool{"here": false, "elsewhere": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, hold := newRig(t, 600_000, many(1000)), make(chan struct{})
				d, c, stop := r.start(hold)
				time.Sleep(100 * time.Millisecond)
				hold <- struct{}{}
				synctest.Wait() // while the next ones are leaving, which were claimed at once
				sid := r.campaigns[0]
				if n := r.campaign(t).Counts.InFlight(); n < 100 {
					t.Fatalf("%d calls are in flight", n)
				}
				r.pause(t, sid)
				if elsewhere {
					d = dialer.New(r.set.Dialing, simulator.New(simulator.Options{Clock: clock.System}), dialer.Options{Log: quiet, Clock: clock.System})
				}
				settled := make(chan struct{})
				go func() {
					d.Settled(t.Context(), r.acct.ID, sid)
					close(settled)
				}()
				time.Sleep(1500 * time.Millisecond)
				select {
				case <-settled:
					t.Error("the pause is told while a call is leaving")
				default:
				}
				released := time.Now()
				close(hold)
				<-settled
				if d := time.Since(released); d > 100*time.Millisecond {
					t.Errorf("the pause is told %v after the last call has left", d)
				}
				left := len(c.left())
				time.Sleep(time.Minute)
				if now := len(c.left()); left != 2 || now != left {
					t.Errorf("%d calls left before the end of the pause, and then %d", left, now-left)
				}
				if n := r.campaign(t).Counts; n.Calls != left || n.Called != left || n.InFlight() != 0 {
					t.Errorf("the counts are %+v", n)
				}
				stop()
				r.close(t)
			})
		})
	}
}

// TestSettledBound: a carrier that does not say whether a call has left holds up a pause
// for two seconds, on this server and on another one.
func TestSettledBound(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r, hold := newRig(t, 60, many(10)), make(chan struct{})
		here, _, stop := r.start(hold)
		time.Sleep(time.Second)
		elsewhere := dialer.New(r.set.Dialing, simulator.New(simulator.Options{Clock: clock.System}), dialer.Options{Log: quiet, Clock: clock.System})
		for where, d := range map[string]*dialer.Dialer{"here": here, "elsewhere": elsewhere} {
			begun := time.Now()
			d.Settled(t.Context(), r.acct.ID, r.campaigns[0])
			if d := time.Since(begun); d != 2*time.Second {
				t.Errorf("%s the pause took %v", where, d)
			}
		}
		close(hold)
		stop()
		r.close(t)
	})
}

// TestNeverCalled: numbers of services, and those that are suppressed, have their results
// without a call.
func TestNeverCalled(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 60, []phone.Number{91112, 19002345678, 919800000001, 919800000002})
		err := r.set.Suppressions.AddSuppressions(t.Context(), r.acct.ID,
			[]suppression.Suppression{{Number: 919800000001, Source: "api", Created: time.Now()}}, journal.Ready[[]suppression.Added](nil))
		if err != nil {
			t.Fatal(err)
		}
		_, c, stop := r.start(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		got := r.campaign(t)
		if want := (campaign.Counts{Reached: 1, Suppressed: 1, Invalid: 2, Called: 1, Calls: 1, CallsReached: 1}); got.Counts != want || got.State != campaign.Completed || !got.Closed {
			t.Errorf("the campaign is %v, with %+v", got.State, got.Counts)
		}
		if n := len(c.left()); n != 1 {
			t.Errorf("%d calls left", n)
		}
		stop()
		r.close(t)
	})
}
