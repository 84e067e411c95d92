package shell

import (
	"net/http"
	"slices"
	"strings"

	"callbook/internal/addressbook"
)

// Entry is a page of the dashboard that a search finds by its name.
type Entry struct {
	Path, Label string
	// More are further words by which a search finds it.
	More string
	// Reference means that the page is about the API.
	Reference bool
}

// AddEntries adds pages that searches find, beside those of the navigation. Each search
// calls make.
func (d *Dashboard) AddEntries(make func() []Entry) { d.entries = append(d.entries, make) }

// Entries returns the pages whose names have each word of a search, first those of the
// navigation, in the order in which they were added. It compares the
// [addressbook.SearchText] of both. The visitor is that of r.
func (d *Dashboard) Entries(r *http.Request, search string) []Entry {
	var all []Entry
	for _, item := range d.navOf(r) {
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
