package dialer_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/test/servertest"
)

// TestCarrierDown: while a carrier takes no calls, the log says so now and then, without
// a number, and no call is lost.
func TestCarrierDown(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 600, many(20))
		phone := simulator.New(simulator.Options{Clock: clock.System, Instant: true})
		phone.SetFaults(simulator.Faults{Down: true})
		var log bytes.Buffer
		d := dialer.New(r.set.Dialing, phone, dialer.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Clock: clock.System})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.Run(ctx)
		}()
		time.Sleep(5*time.Minute - time.Second)
		synctest.Wait()
		if n := strings.Count(log.String(), "the carrier did not take a call"); n != 5 || strings.Contains(log.String(), "9198") {
			t.Errorf("in five minutes, the log says %d times that the carrier is down:\n%s", n, log.String())
		}
		phone.SetFaults(simulator.Faults{})
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := r.campaign(t); got.Counts.Reached != 20 || got.Counts.Calls != 20 {
			t.Errorf("the campaign is %v, with %+v", got.State, got.Counts)
		}
		stop()
		<-done
		r.close(t)
	})
}
