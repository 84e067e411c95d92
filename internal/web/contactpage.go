package web

import (
	"context"
	"net/http"
	"strings"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// contactData is what the template contact.html shows.
type contactData struct {
	addressbook.Contact
	Title   string
	Name    string
	Number  string // in groups
	Country string
	URI     string // of the API
	Lists   []addressbook.ListRef
	Custom  *jsonNode // nil when there is no custom field
	JSON    string    // the custom field on several lines
	Choices []addressbook.List
	Join    field // of the form that adds it to a list
}

func (d *Dashboard) contactPage(r *http.Request) (answer, error) {
	return d.showContact(r, field{})
}

// showContact shows a contact's page. Join has what was typed there and is
// wrong with it, if anything.
func (d *Dashboard) showContact(r *http.Request, join field) (answer, error) {
	acct := accountOf(r)
	c, lists, err := d.contactWithLists(r.Context(), acct, sidIn(r, "sid"))
	if err != nil {
		return answer{}, err
	}
	choices, err := d.listChoices(r)
	if err != nil {
		return answer{}, err
	}
	data := contactData{
		Contact: c,
		Title:   title(c),
		Name:    personName(c),
		Number:  c.Number.International(),
		Country: countryName(c.Number.Region()),
		URI:     "/v2/accounts/" + acct.SID + "/contacts/" + c.SID.String(),
		Lists:   lists,
		Choices: choices,
		Join:    field{Name: "name", Label: "Add to a list", Value: join.Value, Error: join.Error},
	}
	if c.CustomField != "" {
		data.Custom = parseTree(c.CustomField)
		data.JSON = string(indented([]byte(c.CustomField), maxShown))
	}
	a := show("contact", data.Title, data)
	if join.Error != "" {
		a = a.invalid()
	}
	return a, nil
}

// contactWithLists reads a contact and the lists that it is in.
func (d *Dashboard) contactWithLists(ctx context.Context, acct account.Account, sid addressbook.SID) (addressbook.Contact, []addressbook.ListRef, error) {
	c, err := d.cfg.Book.Contact(ctx, acct, sid)
	if err != nil {
		return c, nil, err
	}
	page, err := d.cfg.Book.Contacts(ctx, acct, addressbook.Query{
		Window: addressbook.Window{Limit: 1}, Number: c.Number.String(), WithLists: true,
	})
	if err != nil || len(page.Lists) == 0 {
		return c, nil, err
	}
	return c, page.Lists[0], nil
}

func (d *Dashboard) joinList(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	sid := sidIn(r, "sid")
	name := strings.TrimSpace(r.PostForm.Get("name"))
	wrong := func(text string) (answer, error) { return d.showContact(r, field{Value: name, Error: text}) }
	list, made, err := d.listFor(r.Context(), accountOf(r), name)
	if f := fault.As(err); f != nil {
		return wrong(sentence(f))
	}
	if err != nil {
		return answer{}, err
	}
	done, err := d.addMembers(r.Context(), accountOf(r), list.SID, []addressbook.SID{sid})
	switch {
	case err != nil:
		return answer{}, err
	case done.already > 0:
		return wrong("It is in this list already.")
	case done.gone > 0:
		return answer{}, addressbook.ErrNoContact
	}
	text := "Added to " + list.Name + "."
	if made {
		text = "Added to " + list.Name + ", which is a new list."
	}
	return goTo("/contacts/" + sid.String()).saying(text), nil
}

func (d *Dashboard) leaveList(r *http.Request) (answer, error) {
	sid := sidIn(r, "sid")
	removed, err := d.removeMembers(r.Context(), accountOf(r), sidIn(r, "list"), []addressbook.SID{sid})
	if err != nil {
		return answer{}, err
	}
	text := "Taken out of the list. The contact itself stays."
	if removed == 0 {
		text = "It was not in that list any more."
	}
	return goTo("/contacts/" + sid.String()).saying(text), nil
}

// listFor returns the list of this name, which it makes where there is none. A
// name that no list can have is a fault.
func (d *Dashboard) listFor(ctx context.Context, acct account.Account, name string) (list addressbook.List, made bool, err error) {
	there, err := d.listNamed(ctx, acct, name)
	if err != nil {
		return list, false, err
	}
	if there != nil {
		return *there, false, nil
	}
	list, err = d.makeList(ctx, acct, name, "")
	return list, err == nil, err
}

// joined is what became of contacts that were put into a list.
type joined struct{ added, already, gone int }

func (d *Dashboard) addMembers(ctx context.Context, acct account.Account, list addressbook.SID, sids []addressbook.SID) (done joined, err error) {
	results, err := d.cfg.Book.AddToList(ctx, acct, list, refs(sids), nil)
	for _, r := range results {
		switch r.Fault {
		case nil:
			done.added++
		case addressbook.ErrMember:
			done.already++
		default:
			done.gone++
		}
	}
	return done, err
}

func (d *Dashboard) removeMembers(ctx context.Context, acct account.Account, list addressbook.SID, sids []addressbook.SID) (removed int, err error) {
	results, err := d.cfg.Book.RemoveFromList(ctx, acct, list, refs(sids), nil)
	for _, r := range results {
		if r.Fault == nil {
			removed++
		}
	}
	return removed, err
}

func refs(sids []addressbook.SID) []addressbook.ContactRef {
	all := make([]addressbook.ContactRef, len(sids))
	for i, sid := range sids {
		all[i].SID = sid
	}
	return all
}
