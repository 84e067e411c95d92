package addressbook

import (
	"cmp"
	"context"
	"encoding/binary"
	"maps"
	"slices"

	"callbook/internal/account"
)

// CustomKeys looks at a sample of these sizes.
const (
	keyEnds      = 500 // contacts at either end of the address book
	keyPlaces    = 10  // places between the ends
	keySample    = 100 // contacts at each place
	maxKeys      = 100
	maxKeyLength = 100 // bytes
)

// CustomKeys returns the names of the members of contacts' custom fields, the most
// frequent first. If the account has more than 1,000 contacts, it looks only at the first
// and the last ones, and at some in between. So its cost is bounded, but it may miss rare
// names.
func (b *Book) CustomKeys(ctx context.Context, acct account.Account) ([]string, error) {
	seen := make(map[SID]bool)
	counts := make(map[string]int)
	read := func(w Window) (Page, error) {
		page, err := b.store.Contacts(ctx, acct.ID, Query{Window: w, NoTotal: true})
		for i := range page.Contacts {
			if c := &page.Contacts[i]; !seen[c.SID] {
				seen[c.SID] = true
				countKeys(counts, c)
			}
		}
		return page, err
	}
	first, err := read(Window{Limit: keyEnds})
	if err == nil && first.Next != nil {
		var last Page
		if last, err = read(Window{Limit: keyEnds, Desc: true}); err == nil && last.Next != nil {
			from, to := binary.BigEndian.Uint64(first.Next.SID[:]), binary.BigEndian.Uint64(last.Next.SID[:])
			for i := uint64(0); i < keyPlaces && from < to && err == nil; i++ {
				after := new(Position) // a sid's beginning is a date
				binary.BigEndian.PutUint64(after.SID[:], from+(to-from)/keyPlaces*i)
				_, err = read(Window{Limit: keySample, After: after})
			}
		}
	}
	if err != nil {
		return nil, err
	}
	keys := slices.SortedFunc(maps.Keys(counts), func(x, y string) int {
		return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y))
	})
	return keys[:min(len(keys), maxKeys)], nil
}

func countKeys(counts map[string]int, c *Contact) {
	eachMember([]byte(c.CustomField), func(name, _ []byte) bool {
		if key := appendJSONText(nil, name); len(key) > 0 && len(key) <= maxKeyLength {
			counts[string(key)]++
		}
		return false
	})
}
