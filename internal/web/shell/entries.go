package shell

import (
	"slices"
	"strings"

	"callbook/internal/addressbook"
)

// Entry is a page of the dashboard that can be found by its name.
type Entry struct {
	Path, Label string
	// More are words that find it too.
	More string
	// Reference tells that it is about the API.
	Reference bool
}

// AddEntries adds pages that can be found, beside those of the navigation. Make is
// called for each search.
func (d *Dashboard) AddEntries(make func() []Entry) { d.entries = append(d.entries, make) }

// Entries returns the pages whose name has each word of a search, in the order in
// which they were added, those of the navigation first. Texts compare by their
// [addressbook.SearchText].
func (d *Dashboard) Entries(search string) []Entry {
	var all []Entry
	for _, item := range d.nav {
		all = append(all, Entry{Path: item.Path, Label: item.Label + item.More})
	}
	for _, make := range d.entries {
		all = append(all, make()...)
	}
	words := strings.Fields(addressbook.SearchText(search))
	return slices.DeleteFunc(all, func(e Entry) bool {
		text := addressbook.SearchText(e.Label + " " + e.More)
		return slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
	})
}
