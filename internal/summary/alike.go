package summary

import "callbook/internal/addressbook"

// Alike returns the groups of tags that differ only in case, the tag with the most
// contacts first.
func (s *Summary) Alike() [][]Share[string] {
	return addressbook.Alike(s.Tags, func(tag Share[string]) string { return tag.Of })
}
