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

func (room *contactsRoom) contactPage(r *http.Request) (answer, error) {
	return room.showContact(r, field{})
}

// showContact shows a contact's page. Join has what was typed there and is
// wrong with it, if anything.
func (room *contactsRoom) showContact(r *http.Request, join field) (answer, error) {
	acct := accountOf(r)
	c, lists, err := room.contactWithLists(r.Context(), acct, sidIn(r, "sid"))
	if err != nil {
		return answer{}, err
	}
	choices, err := room.listChoices(r)
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
	a := pages.show("contact", data.Title, data)
	if join.Error != "" {
		a = a.invalid()
	}
	return a, nil
}

// contactWithLists reads a contact and the lists that it is in.
func (room *contactsRoom) contactWithLists(ctx context.Context, acct account.Account, sid addressbook.SID) (addressbook.Contact, []addressbook.ListRef, error) {
	c, err := room.Book.Contact(ctx, acct, sid)
	if err != nil {
		return c, nil, err
	}
	page, err := room.Book.Contacts(ctx, acct, addressbook.Query{
		Window: addressbook.Window{Limit: 1}, Number: c.Number.String(), WithLists: true,
	})
	if err != nil || len(page.Lists) == 0 {
		return c, nil, err
	}
	return c, page.Lists[0], nil
}

func (room *contactsRoom) joinList(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	sid := sidIn(r, "sid")
	name := strings.TrimSpace(r.PostForm.Get("name"))
	wrong := func(text string) (answer, error) { return room.showContact(r, field{Value: name, Error: text}) }
	list, made, err := room.listFor(r.Context(), accountOf(r), name)
	if f := fault.As(err); f != nil {
		return wrong(sentence(f))
	}
	if err != nil {
		return answer{}, err
	}
	done, err := addMembers(r.Context(), room.Book, accountOf(r), list.SID, []addressbook.SID{sid})
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

func (room *contactsRoom) leaveList(r *http.Request) (answer, error) {
	sid := sidIn(r, "sid")
	removed, err := removeMembers(r.Context(), room.Book, accountOf(r), sidIn(r, "list"), []addressbook.SID{sid})
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
func (room *contactsRoom) listFor(ctx context.Context, acct account.Account, name string) (list addressbook.List, made bool, err error) {
	there, err := listNamed(ctx, room.Book, acct, name)
	if err != nil {
		return list, false, err
	}
	if there != nil {
		return *there, false, nil
	}
	list, err = makeList(ctx, room.Book, acct, name, "")
	return list, err == nil, err
}
