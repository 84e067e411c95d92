package clock_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/clock"
)

// TestJob: a job is done at its times, its last call can still write, and each
// outage is logged once.
func TestJob(t *testing.T) {
	t.Parallel()
	for flushes, want := range map[bool][]time.Duration{
		false: {0, time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute},
		true:  {time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute, 270 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 270*time.Second)
			defer cancel()
			var log bytes.Buffer
			var calls []time.Duration
			clock.Job{
				Clock: clock.System, Every: time.Minute, Flushes: flushes,
				Log: slog.New(slog.NewTextHandler(&log, nil)), Failed: "it failed",
				Do: func(ctx context.Context) error {
					calls = append(calls, time.Since(begun))
					// The third call succeeds, between two outages.
					if len(calls) == 3 {
						return ctx.Err()
					}
					return errors.Join(errors.New("away"), ctx.Err())
				},
			}.Run(ctx)
			if !slices.Equal(calls, want) {
				t.Errorf("flushes %v: done at %v, want %v", flushes, calls, want)
			}
			if told := strings.Count(log.String(), "it failed"); told != 2 || strings.Contains(log.String(), "context") {
				t.Errorf("flushes %v: the log tells of %d outages, want 2:\n%s", flushes, told, &log)
			}
		})
	}
}

// TestJobStopped: an error of the end is none of the store's, and is not logged.
func TestJobStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var log bytes.Buffer
	clock.Job{
		Clock: clock.System, Every: time.Minute, Log: slog.New(slog.NewTextHandler(&log, nil)), Failed: "it failed",
		Do: func(ctx context.Context) error { cancel(); return ctx.Err() },
	}.Run(ctx)
	if log.Len() > 0 {
		t.Errorf("the log has %s", &log)
	}
}
