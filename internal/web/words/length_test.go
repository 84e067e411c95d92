package words

import (
	"testing"
	"time"
)

// TestDurations: durations are in units that people write.
func TestDurations(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]string{1: "1 s", 59: "59 s", 60: "1 min 0 s", 65: "1 min 5 s", 3599: "59 min 59 s", 3725: "1 h 2 min 5 s"} {
		if got := Talk(seconds); got != want {
			t.Errorf("a talk of %d seconds: %q, want %q", seconds, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0.0 ms", 1240 * time.Microsecond: "1.2 ms", 999 * time.Millisecond: "999.0 ms", 2340 * time.Millisecond: "2.3 s", 65 * time.Second: "1 min 5 s",
	} {
		if got := Took(d); got != want {
			t.Errorf("what took %v: %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		29 * time.Second: "less than a minute", time.Minute: "1 minute", 90 * time.Minute: "1 hour 30 minutes", 36 * time.Hour: "1 day 12 hours", 90 * 24 * time.Hour: "90 days",
	} {
		if got := Length(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
