package dialer

import (
	"context"
	"errors"
	"testing"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/fault"
)

// TestMaker: a target's own text that cannot be spoken is given up after some tries, but
// only if the voice speaks other texts, and at once if the text is at fault. What all
// targets hear is never given up.
func TestMaker(t *testing.T) {
	t.Parallel()
	const name = "Hello Asha, your rent is due."
	text := callflow.Greeting("Hello @@first_name, your rent is due.")
	prompt := &callflow.Flow{Start: "a", Steps: map[string]callflow.Step{"a": {Kind: callflow.Say, Prompt: "hello"}}}
	broken := fault.New(fault.Unavailable, "The program of the voice has failed")
	for what, tt := range map[string]struct {
		flow, common *callflow.Flow
		fails        func(*callflow.Sound) error
		after        time.Duration // when it is given up; 0 for never
		reason       campaign.Reason
		own          bool
	}{
		"one text":   {callflow.Greeting(name), text, only(name, broken), 35 * time.Second, campaign.NotSpoken, true},
		"all texts":  {callflow.Greeting(name), text, func(*callflow.Sound) error { return broken }, 0, campaign.NotSpoken, true},
		"wrong":      {callflow.Greeting(name), text, only(name, fault.New(fault.TooLarge, "Too long")), time.Nanosecond, campaign.NotSpoken, true},
		"common":     {callflow.Greeting(name), callflow.Greeting(name), only(name, fault.New(fault.TooLarge, "Too long")), 0, campaign.NotSpoken, false},
		"recording":  {prompt, prompt, func(*callflow.Sound) error { return fault.New(fault.NotFound, "Gone") }, 0, campaign.NoRecording, false},
		"a database": {callflow.Greeting(name), text, func(*callflow.Sound) error { return errors.New("away") }, 0, campaign.NotSpoken, true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_753_000_000, 0)
			tries := 0
			m := &maker{
				of: make(map[soundKey]*made), now: func() time.Time { return now }, warn: func(error) {},
				make: func(_ context.Context, s *callflow.Sound) error {
					if s.Text == name || s.Prompt != "" {
						tries++
					}
					return tt.fails(s)
				},
			}
			if h := m.hears(t.Context(), tt.flow, tt.common); h != (hearing{}) {
				t.Fatalf("before it was tried, got %+v", h)
			}
			m.working.Wait()
			for begun := now; now.Sub(begun) < 10*time.Minute; now = now.Add(time.Second) {
				h := m.hears(t.Context(), tt.flow, tt.common)
				m.working.Wait()
				if h.over {
					if took := now.Sub(begun); tt.after == 0 || took > tt.after {
						t.Errorf("it was given up after %v", took)
					}
					return
				}
				if h.until.IsZero() && h.reason != tt.reason {
					t.Fatalf("while it is tried again, got %+v", h)
				}
				if !h.until.IsZero() && (h.reason != tt.reason || h.own != tt.own || h.ready) {
					t.Fatalf("got %+v", h)
				}
			}
			if tt.after != 0 || tries < 8 || tries > 16 {
				t.Errorf("it was not given up, after %d tries", tries)
			}
		})
	}
}

// only fails for one text.
func only(text string, err error) func(*callflow.Sound) error {
	return func(s *callflow.Sound) error {
		if s.Text == text {
			return err
		}
		return nil
	}
}
