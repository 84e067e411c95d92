// Package summary counts the contacts of an address book by day of creation,
// country, kind of line and tag.
//
// [Keeper] makes summaries, one at a time, and caches them. [Store] is what it
// needs of a database.
package summary

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// Fact is the part of a contact that a summary counts.
type Fact struct {
	SID     addressbook.SID
	Number  phone.Number
	Tag     string // or ""
	Created time.Time
}

// Store is what [Keeper] needs of a database.
type Store interface {
	// AppendFacts appends to facts those of the account's contacts whose sids are
	// greater than after, in ascending order and at most limit of them, and
	// returns the result. It must not block writes.
	AppendFacts(ctx context.Context, facts []Fact, account account.ID, after addressbook.SID, limit int) ([]Fact, error)
}

// Summary counts the contacts of an account, as they were at Made.
type Summary struct {
	Made     time.Time
	Contacts int
	// Days counts contacts by day of creation in the account's time zone, in
	// order. It omits days without any.
	Days []Day
	// Regions counts contacts by the ISO 3166-1 code of the number's region, most
	// first; see [phone.Number.Origin].
	Regions []Share[string]
	Lines   []Share[phone.Line] // by kind of line, most first
	// Tags counts contacts by tag, for the most frequent tags, most first.
	// Untagged counts those without a tag, OtherTags those with any other tag.
	Tags                []Share[string]
	Untagged, OtherTags int
}

// Day counts the contacts that were created on a day.
type Day struct {
	Date     time.Time // midnight at its beginning, UTC
	Contacts int
}

// Share counts the contacts that have the value Of.
type Share[T any] struct {
	Of       T
	Contacts int
}

const (
	// maxTags is the length of Summary.Tags.
	maxTags = 500
	// maxCounted bounds the memory for tags, since each contact may have its own.
	// Further tags count as OtherTags.
	maxCounted = 20_000
	// factsAtOnce bounds each read, so that no long transaction keeps the
	// write-ahead log from being checkpointed.
	factsAtOnce = 10_000
)

// count makes a summary in one pass over the contacts. It is not a snapshot:
// contacts that are created or deleted meanwhile may be counted or not.
func count(ctx context.Context, store Store, acct account.Account) (Summary, error) {
	c := counter{
		zone:    acct.TimeZone,
		regions: make(map[string]int),
		lines:   make(map[phone.Line]int),
		tags:    make(map[string]int),
	}
	var after addressbook.SID
	facts := make([]Fact, 0, factsAtOnce)
	for {
		var err error
		if facts, err = store.AppendFacts(ctx, facts[:0], acct.ID, after, factsAtOnce); err != nil {
			return Summary{}, err
		}
		for i := range facts {
			c.add(&facts[i])
		}
		if len(facts) < factsAtOnce {
			return c.summary(), nil
		}
		last := facts[len(facts)-1].SID
		if bytes.Compare(last[:], after[:]) <= 0 {
			return Summary{}, addressbook.ErrNoAdvance
		}
		after = last
	}
}

type counter struct {
	zone     *time.Location
	from, to time.Time // the bounds of the last day in s.Days
	s        Summary
	regions  map[string]int
	lines    map[phone.Line]int
	tags     map[string]int
}

func (c *counter) add(f *Fact) {
	c.s.Contacts++
	// Contacts arrive in order of creation, so each day is computed once.
	if f.Created.Before(c.from) || !f.Created.Before(c.to) {
		year, month, day := f.Created.In(c.zone).Date()
		c.from = time.Date(year, month, day, 0, 0, 0, 0, c.zone)
		c.to = time.Date(year, month, day+1, 0, 0, 0, 0, c.zone)
		// Where clocks go forward at midnight, time.Date may return 23:00 of the
		// day before, so that c.to comes before the day is over.
		date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
		if n := len(c.s.Days); n == 0 || !c.s.Days[n-1].Date.Equal(date) {
			c.s.Days = append(c.s.Days, Day{Date: date})
		}
	}
	c.s.Days[len(c.s.Days)-1].Contacts++
	region, line := f.Number.Origin()
	c.regions[region]++
	c.lines[line]++
	if f.Tag == "" {
		c.s.Untagged++
	} else if _, ok := c.tags[f.Tag]; ok || len(c.tags) < maxCounted {
		c.tags[f.Tag]++
	} else {
		c.s.OtherTags++
	}
}

func (c *counter) summary() Summary {
	c.s.Regions, c.s.Lines, c.s.Tags = shares(c.regions), shares(c.lines), shares(c.tags)
	for len(c.s.Tags) > maxTags {
		last := len(c.s.Tags) - 1
		c.s.OtherTags += c.s.Tags[last].Contacts
		c.s.Tags = c.s.Tags[:last]
	}
	c.s.Tags = slices.Clone(c.s.Tags) // to free the memory of the others
	return c.s
}

// shares sorts counts in descending order, and equal counts by name.
func shares[T cmp.Ordered](counts map[T]int) []Share[T] {
	var all []Share[T]
	for _, of := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, Share[T]{of, counts[of]})
	}
	slices.SortStableFunc(all, func(a, b Share[T]) int { return cmp.Compare(b.Contacts, a.Contacts) })
	return all
}
