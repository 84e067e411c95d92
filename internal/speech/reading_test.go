package speech_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestReading: the voice gets dates and long numbers as people read them in the language.
func TestReading(t *testing.T) {
	t.Parallel()
	for _, tt := range [][3]string{
		{"en", "Due on 2026-06-01, Rs 12000.50.", "Due on 1 June 2026, Rs 12000.50."},
		{"hi-IN", "2026-12-31 तक", "31 दिसंबर 2026 तक"},
		{"mr", "2026-08-05", "5 ऑगस्ट 2026"},
		{"sw", "2026-06-01", "2026-06-01"},
		{"en", "2026-13-01 and 12026-06-01", "2026-13-01 and 12026-06-01"},
		{"en", "Call +919876543210, pin 123456.", "Call +9 1 9 8 7 6 5 4 3 2 1 0, pin 123456."},
		{"hi", "१२३४५६७", "१ २ ३ ४ ५ ६ ७"},
		{"en", "1234567", "1 2 3 4 5 6 7"},
	} {
		note := filepath.Join(t.TempDir(), "said")
		if _, err := voice(t, "well", "{lang}", note).Say(t.Context(), 1, tt[0], tt[1]); err != nil {
			t.Fatal(err)
		}
		said, err := os.ReadFile(note)
		if want := tt[0] + " " + strconv.Quote(tt[2]); err != nil || strings.TrimSpace(string(said)) != want {
			t.Errorf("the voice got %s, %v; want %s", said, err, want)
		}
	}
}

// TestWordless: what is left of a text whose variables have no values is a moment of silence,
// and no trouble of the voice.
func TestWordless(t *testing.T) {
	t.Parallel()
	for text, sound := range map[string]bool{" ": false, " , .\n": false, "।": false, "%": true, "7": true, "₹": true, "न": true} {
		samples, err := voice(t, "silent").Say(t.Context(), 1, "en", text)
		if sound != (err != nil) || sound != (len(samples) == 0) {
			t.Errorf("%q: got %d samples, %v", text, len(samples), err)
		}
	}
}
