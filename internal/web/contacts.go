package web

import (
	"net/http"

	"callbook/internal/addressbook"
)

// contactRoutes adds the routes of the address book's pages.
func (d *Dashboard) contactRoutes() {
	d.handle("GET /contacts", d.contactsPage)
	d.handle("GET /contacts/new", d.newContactPage)
	d.handle("POST /contacts", d.createContact)
	d.handle("GET /contacts/export", d.exportContacts)
	d.handle("GET /contacts/number", d.numberPreview)
	d.handle("GET /contacts/tags", d.tagChoices)
	d.handle("POST /contacts/undo", d.undoDelete)
	d.handle("GET /contacts/{sid}", d.contactPage)
	d.handle("GET /contacts/{sid}/edit", d.editContactPage)
	d.handle("POST /contacts/{sid}", d.saveContact)
	d.handle("POST /contacts/{sid}/delete", d.deleteContact)
	d.handle("POST /contacts/{sid}/lists", d.joinList)
	d.handle("POST /contacts/{sid}/lists/{list}/leave", d.leaveList)
	d.handle("POST /contacts/selected", d.selectedPage)
	d.handle("POST /contacts/selected/list", d.addSelectedToList)
	d.handle("POST /contacts/selected/tag", d.tagSelected)
	d.handle("POST /contacts/selected/export", d.exportSelected)
	d.handle("POST /contacts/selected/delete", d.deleteSelected)
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

func (d *Dashboard) contactsPage(r *http.Request) (answer, error) {
	table, err := d.contactTable(r, "/contacts", nil)
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
		if data.Lists, err = d.listChoices(r); err != nil {
			return answer{}, err
		}
	}
	a := show("contacts", "Contacts", data)
	a.fragment, a.url = "contact-results", table.Filter.URL("/contacts")
	return a, nil
}

// tagChoices is the piece of the page that offers the tags which most contacts
// have.
func (d *Dashboard) tagChoices(r *http.Request) (answer, error) {
	if !byHTMX(r) {
		return goTo("/contacts"), nil
	}
	s, err := d.summary(r)
	if err != nil {
		return answer{}, err
	}
	tags := make([]string, len(s.Tags))
	for i, share := range s.Tags {
		tags[i] = share.Of
	}
	a := show("contacts", "", tags)
	a.fragment = "tag-choices"
	return a, nil
}

// listChoices are the lists that a field for a name offers: the newest, since
// all might be thousands.
func (d *Dashboard) listChoices(r *http.Request) ([]addressbook.List, error) {
	const most = 100
	w := addressbook.Window{Desc: true, Limit: most}
	page, err := d.cfg.Book.Lists(r.Context(), accountOf(r), addressbook.ListQuery{Window: w})
	return page.Lists, err
}

// sidIn reads a sid of the path; what is none is one that nobody has.
func sidIn(r *http.Request, name string) addressbook.SID {
	sid, _ := addressbook.ParseSID(r.PathValue(name))
	return sid
}
