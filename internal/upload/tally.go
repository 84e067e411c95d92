package upload

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Tally counts what came out of the rows that were worked, beside [Stats].
type Tally struct {
	// Countries are how many rows have a number of each region, by its ISO 3166-1
	// code; "" are those whose region is not known, and "001" numbers of no country.
	Countries map[string]int `json:"countries,omitempty"`
	// LeftOut is how many further numbers stood in cells that have several.
	LeftOut int `json:"left_out,omitempty"`
	// BadEmails are how many contacts have an e-mail that cannot be one, and
	// BadEmailLines the lines of the first of them, up to [MaxEmailLines].
	BadEmails     int     `json:"bad_emails,omitempty"`
	BadEmailLines []int64 `json:"bad_email_lines,omitempty"`
	// Added is what the rows have added.
	Added Additions `json:"added,omitzero"`
}

// MaxEmailLines is how many lines a tally names of those whose e-mail cannot be one.
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

// Encode returns the tally as the text that stores have of it; "" for an empty one.
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
