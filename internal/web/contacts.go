package web

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/summary"
)

// contactsRoom is the pages of contacts.
type contactsRoom struct {
	Book    *addressbook.Book
	Summary *summary.Keeper
}

// Routes implements shell.Room.
func (room *contactsRoom) Routes(d *Dashboard) {
	pages.Parse()
	d.navigation(navItem{Path: "/contacts", Label: "Contacts", Icon: drawing(`<circle cx="10" cy="6.5" r="3"/><path d="M4 17c.4-3.3 2.8-5 6-5s5.6 1.7 6 5"/>`)})
	d.handle("GET /contacts", room.contactsPage)
	d.handle("GET /contacts/new", room.newContactPage)
	d.handle("POST /contacts", room.createContact)
	d.handle("GET /contacts/export", room.export)
	d.handle("GET /contacts/number", room.numberPreview)
	d.handle("GET /contacts/tags", room.tagChoices)
	d.handle("POST /contacts/undo", room.undoDelete)
	d.handle("GET /contacts/{sid}", room.contactPage)
	d.handle("GET /contacts/{sid}/edit", room.editContactPage)
	d.handle("POST /contacts/{sid}", room.saveContact)
	d.handle("POST /contacts/{sid}/delete", room.deleteContact)
	d.handle("POST /contacts/{sid}/lists", room.joinList)
	d.handle("POST /contacts/{sid}/lists/{list}/leave", room.leaveList)
	d.handle("POST /contacts/selected", room.selectedPage)
	d.handle("POST /contacts/selected/list", room.addSelectedToList)
	d.handle("POST /contacts/selected/tag", room.tagSelected)
	d.handle("POST /contacts/selected/export", room.exportSelected)
	d.handle("POST /contacts/selected/delete", room.deleteSelected)
}

// contactsData is what the template contacts.html shows.
type contactsData struct {
	Table     contactTable
	Lists     []addressbook.List // to choose from
	Countries []option
	Sorts     []option
	// Nothing tells that the account has no contact at all.
	Nothing bool
}

func (room *contactsRoom) contactsPage(r *http.Request) (answer, error) {
	table, err := tableOf(r, room.Book, "/contacts", nil)
	if err != nil {
		return answer{}, err
	}
	data := contactsData{
		Table:     table,
		Countries: countries(),
		Sorts:     contactSorts,
		Nothing:   table.Total == 0 && !table.Filter.Narrows(),
	}
	if !byHTMX(r) {
		if data.Lists, err = room.listChoices(r); err != nil {
			return answer{}, err
		}
	}
	a := pages.show("contacts", "Contacts", data)
	a.fragment, a.url = "contact-results", table.Filter.URL("/contacts")
	return a, nil
}

func (room *contactsRoom) export(r *http.Request) (answer, error) {
	return exportTable(r, room.Book, nil)
}

// tagChoices is the piece of the page that offers the tags which most contacts
// have.
func (room *contactsRoom) tagChoices(r *http.Request) (answer, error) {
	if !byHTMX(r) {
		return goTo("/contacts"), nil
	}
	ctx, acct := r.Context(), accountOf(r)
	all, err := room.Book.Contacts(ctx, acct, addressbook.Query{Window: addressbook.Window{Limit: 1}})
	if err != nil {
		return answer{}, err
	}
	s, err := room.Summary.Summary(ctx, acct, all.Total)
	if err != nil {
		return answer{}, err
	}
	tags := make([]string, len(s.Tags))
	for i, share := range s.Tags {
		tags[i] = share.Of
	}
	a := pages.show("contacts", "", tags)
	a.fragment = "tag-choices"
	return a, nil
}

// listChoices are the lists that a field for a name offers: the newest, since
// all might be thousands.
func (room *contactsRoom) listChoices(r *http.Request) ([]addressbook.List, error) {
	const most = 100
	w := addressbook.Window{Desc: true, Limit: most}
	page, err := room.Book.Lists(r.Context(), accountOf(r), addressbook.ListQuery{Window: w})
	return page.Lists, err
}
