package contacts

import (
	"cmp"
	"net/http"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// maxOffers bounds the tags or lists that a field offers.
const maxOffers = 20

// Offer is a tag or a list that a field offers.
type Offer struct{ Name, More string }

// offeredFor returns what the visitor has typed, whatever the field's name.
func offeredFor(r *http.Request) string {
	query := r.URL.Query()
	return strings.Trim(strings.TrimSpace(cmp.Or(query.Get("tag"), query.Get("list"), query.Get("value"), query.Get("name"))), `"`)
}

// offerTags offers the account's tags that contain what was typed, in any case, the most
// frequent first. It searches the cached summary, and not the contacts.
func (room *Room) offerTags(r *http.Request) (shell.Answer, error) {
	if !shell.ByHTMX(r) {
		return shell.GoTo("/contacts"), nil
	}
	ctx, acct := r.Context(), shell.AccountOf(r)
	all, err := room.Book.Contacts(ctx, acct, addressbook.Query{Window: addressbook.Window{Limit: 1}})
	if err != nil {
		return shell.Answer{}, err
	}
	s, err := room.Summary.Summary(ctx, acct, all.Total)
	if err != nil {
		return shell.Answer{}, err
	}
	alike := make(map[string]string) // by tag
	for _, group := range s.Alike() {
		for i, share := range group {
			alike[share.Of] = group[(i+1)%len(group)].Of
		}
	}
	part := addressbook.SearchText(offeredFor(r))
	var offers []Offer
	for _, share := range s.Tags {
		if len(offers) == maxOffers {
			break
		}
		if !strings.Contains(addressbook.SearchText(share.Of), part) {
			continue
		}
		more := words.Plural(share.Contacts, "contact", "contacts")
		if other := alike[share.Of]; other != "" {
			more += ", and there is “" + other + "”"
		}
		offers = append(offers, Offer{share.Of, more})
	}
	return pages.Show("contacts", "", offers).Piece("offers"), nil
}

// offerLists offers the lists whose names contain what was typed, the newest first.
func (room *Room) offerLists(r *http.Request) (shell.Answer, error) {
	if !shell.ByHTMX(r) {
		return shell.GoTo("/lists"), nil
	}
	w := addressbook.Window{Desc: true, Limit: maxOffers}
	page, err := room.Book.Lists(r.Context(), shell.AccountOf(r), addressbook.ListQuery{Window: w, Name: offeredFor(r)})
	if err != nil {
		return shell.Answer{}, err
	}
	alike := make(map[addressbook.SID]bool)
	for _, group := range addressbook.Alike(page.Lists, func(l addressbook.List) string { return l.Name }) {
		for _, list := range group {
			alike[list.SID] = true
		}
	}
	offers := make([]Offer, len(page.Lists))
	for i, list := range page.Lists {
		offers[i] = Offer{list.Name, words.Plural(list.ContactCount, "contact", "contacts")}
		if alike[list.SID] {
			offers[i].More += ", and another differs only in case"
		}
	}
	return pages.Show("contacts", "", offers).Piece("offers"), nil
}
