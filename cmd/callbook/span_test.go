package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbook/internal/trash"
)

func TestParseSpan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90d": 90 * day, "12h": 12 * time.Hour, "5m": 5 * time.Minute, "5 min": 5 * time.Minute, "1h30m": 90 * time.Minute,
		"3mo": 90 * day, "3 months": 90 * day, "1 Month": 30 * day, "2w": 14 * day, "1y": 365 * day, "1y 6mo": 545 * day, "30s": 30 * time.Second,
	} {
		if got, err := parseSpan(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", " ", "5", "x", "d", "-1d", "1.5d", "5q", "5ms", "5mos", "3 3d", "1d,", "٣d"} {
		if got, err := parseSpan(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestKeepDeleted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"0": trash.None, "forever": trash.Forever, "30d": 30 * day, "1h": time.Hour} {
		var got keepDeleted
		if err := got.UnmarshalText([]byte(text)); err != nil || time.Duration(got) != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

// FuzzParseSpan: a span is never negative, and said in words it is the same span.
func FuzzParseSpan(f *testing.F) {
	for _, text := range []string{"90d", "1h30m", "99999999999999999999y", "9223372036s9223372036s", "3 months"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseSpan(text)
		if err != nil || d%time.Second != 0 {
			return
		}
		if again, err := parseSpan(spanWords(d)); d < 0 || err != nil || again != d {
			t.Errorf("%q is %v, as words %q, which is %v, %v", text, d, spanWords(d), again, err)
		}
	})
}

// TestKeyCreated: what is printed of a new key has its name, and the time that it is good
// for.
func TestKeyCreated(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "book.db")
	mustRunHere(t, "account", "create", "acme", "--db", db)
	var key struct{ Name string }
	got := mustRunHere(t, "key", "create", "--account", "acme", "--name", "nightly sync", "--json", "--db", db)
	if err := json.Unmarshal([]byte(got.out), &key); err != nil || key.Name != "nightly sync" {
		t.Errorf("%v, %s", err, got.out)
	}
	for text, want := range map[string]string{"3m": "(in 3 minutes)", "3mo": "(in 90 days)", "1h": "(in 1 hour)"} {
		if got := mustRunHere(t, "key", "create", "--account", "acme", "--expires", text, "--db", db); !strings.Contains(got.out, want) {
			t.Errorf("%s: %s", text, got.out)
		}
	}
}
