// Package summary tells what an address book is made of: how many contacts came
// when, from which countries, on what kinds of lines, under which tags.
//
// [Keeper] makes summaries, one at a time, and keeps each for a while; [Store] is
// what it needs of a database.
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

// Fact is what a summary needs to know of one contact.
type Fact struct {
	SID     addressbook.SID
	Number  phone.Number
	Tag     string // "" for none
	Created time.Time
}

// Store is what [Keeper] needs of a database.
type Store interface {
	// AppendFacts appends to facts those of the account's contacts behind this
	// sid, in the order of the sids and limit at most, and returns the result. A
	// zero sid is before all. It must not keep a contact from being written.
	AppendFacts(ctx context.Context, facts []Fact, account int64, after addressbook.SID, limit int) ([]Fact, error)
}

// Summary is what the contacts of an account are made of, at a time.
type Summary struct {
	Made     time.Time
	Contacts int
	// Days is how many came on each day that any came on, in the account's time
	// zone, by day.
	Days []Day
	// Regions is how many numbers are in each region, by its ISO 3166-1 code,
	// most first; see [phone.Number.Origin].
	Regions []Share[string]
	Lines   []Share[phone.Line] // on each kind of line, most first
	// Tags is how many have each of the tags that most have, most first.
	// Untagged have none, OtherTags one that is not among Tags.
	Tags                []Share[string]
	Untagged, OtherTags int
}

// Day is how many contacts came on a day.
type Day struct {
	Date     time.Time // midnight at its beginning, UTC
	Contacts int
}

// Share is how many contacts have something in common.
type Share[T any] struct {
	Of       T
	Contacts int
}

const (
	// maxTags is how many tags a summary tells.
	maxTags = 12
	// maxCounted bounds the tags that are counted one by one: somebody may give
	// each contact its own. The others are OtherTags.
	maxCounted = 20_000
	// factsAtOnce keeps each read short, so that none holds the database's log
	// back for long.
	factsAtOnce = 10_000
)

// count makes a summary in one pass over the contacts. Those that come or go
// meanwhile may be counted or not.
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
	from, to time.Time // of the last day of s.Days
	s        Summary
	regions  map[string]int
	lines    map[phone.Line]int
	tags     map[string]int
}

func (c *counter) add(f *Fact) {
	c.s.Contacts++
	// Contacts come in the order of their days, so that each day is looked up
	// once.
	if f.Created.Before(c.from) || !f.Created.Before(c.to) {
		year, month, day := f.Created.In(c.zone).Date()
		c.from = time.Date(year, month, day, 0, 0, 0, 0, c.zone)
		c.to = time.Date(year, month, day+1, 0, 0, 0, 0, c.zone)
		// Where clocks are put forward at midnight, time.Date may give the hour
		// before for it, so that c.to comes before the day is over.
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
	c.s.Tags = slices.Clone(c.s.Tags) // without the others' memory
	return c.s
}

// shares sorts counts: most first, and what is equal by its name.
func shares[T cmp.Ordered](counts map[T]int) []Share[T] {
	var all []Share[T]
	for _, of := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, Share[T]{of, counts[of]})
	}
	slices.SortStableFunc(all, func(a, b Share[T]) int { return cmp.Compare(b.Contacts, a.Contacts) })
	return all
}
