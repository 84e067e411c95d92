package clock

import (
	"context"
	"log/slog"
	"time"
)

// Job is work that a server repeats as long as it runs, such as deleting what has
// expired.
type Job struct {
	Clock Clock
	Every time.Duration // the interval between two calls of Do
	Do    func(context.Context) error
	// Flushes means that Do stores what has accumulated in memory. Its first call then
	// comes after an interval instead of at once, and one more call after the end.
	Flushes bool
	// Log receives the first error of an outage, with Failed as the message. An outage
	// lasts until Do succeeds.
	Log    *slog.Logger
	Failed string
}

// Run repeats Do until ctx ends.
func (j Job) Run(ctx context.Context) {
	failing := false
	do := func(ctx context.Context) {
		err := j.Do(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			j.Log.Error(j.Failed, "error", err)
		}
		failing = err != nil
	}
	tick := j.Clock.Tick(j.Every)
	if !j.Flushes {
		do(ctx)
	}
	for {
		select {
		case <-tick:
			do(ctx)
		case <-ctx.Done():
			if j.Flushes {
				do(context.WithoutCancel(ctx))
			}
			return
		}
	}
}
