package upload

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Tally counts properties of the processed rows that [Stats] does not count.
type Tally struct {
	// Countries counts the rows by the region of their number, an ISO 3166-1 code. The
	// key is "" if the region is unknown, and "001" for numbers of no country.
	Countries map[string]int `json:"countries,omitempty"`
	// LeftOut counts the numbers that were ignored because their cell has several.
	LeftOut int `json:"left_out,omitempty"`
	// BadEmails counts the contacts with an invalid e-mail. BadEmailLines are the lines
	// of the first of them, up to [MaxEmailLines].
	BadEmails     int     `json:"bad_emails,omitempty"`
	BadEmailLines []int64 `json:"bad_email_lines,omitempty"`
	// Added is what the rows have added.
	Added Additions `json:"added,omitzero"`
}

// MaxEmailLines bounds Tally.BadEmailLines.
const MaxEmailLines = 10

// Add returns the sum of two tallies.
func (t Tally) Add(more Tally) Tally {
	sum := Tally{
		Countries:     maps.Clone(t.Countries),
		LeftOut:       t.LeftOut + more.LeftOut,
		BadEmails:     t.BadEmails + more.BadEmails,
		BadEmailLines: slices.Concat(t.BadEmailLines, more.BadEmailLines),
		Added:         t.Added.plus(more.Added),
	}
	sum.BadEmailLines = sum.BadEmailLines[:min(len(sum.BadEmailLines), MaxEmailLines)]
	if sum.Countries == nil && len(more.Countries) > 0 {
		sum.Countries = make(map[string]int, len(more.Countries))
	}
	for country, rows := range more.Countries {
		sum.Countries[country] += rows
	}
	return sum
}

// Encode returns the tally as text for a database, or "" for an empty one.
func (t Tally) Encode() string {
	if len(t.Countries) == 0 && t.LeftOut == 0 && t.BadEmails == 0 && t.Added.IsZero() {
		return ""
	}
	text, err := json.Marshal(t)
	if err != nil { // texts and numbers
		panic(err)
	}
	return string(text)
}

// DecodeTally reads what [Tally.Encode] returned.
func DecodeTally(text string) (t Tally, err error) {
	if text == "" {
		return t, nil
	}
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return t, fmt.Errorf("read the tally of an upload: %w", err)
	}
	return t, nil
}
