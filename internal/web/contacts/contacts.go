// Package contacts has the pages of contacts: their table, a contact and its form, and
// actions on selected contacts.
package contacts

import (
	"embed"
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/auditlog"
	"callbook/internal/campaign"
	"callbook/internal/person"
	"callbook/internal/summary"
	"callbook/internal/trash"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files, contacttable.Pages)

// Room has the pages of contacts.
type Room struct {
	Audit   *auditlog.Log
	Book    *addressbook.Book
	Summary *summary.Keeper
	Trash   *trash.Keeper
	// Campaigns are the campaigns that call the contacts.
	Campaigns *campaign.Campaigns
	Persons   *person.Persons
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	d.AddNav(shell.NavItem{Path: "/contacts", Label: "Contacts", Icon: shell.Drawing(`<circle cx="10" cy="6.5" r="3"/><path d="M4 17c.4-3.3 2.8-5 6-5s5.6 1.7 6 5"/>`)})
	d.AddEntries(func() []shell.Entry {
		return []shell.Entry{
			{Path: "/contacts/new", Label: "Add a contact", More: "new create"},
			{Path: "/contacts/person", Label: "A person's data", More: "privacy erase forget export GDPR"},
		}
	})
	d.Handle("GET /contacts", room.contactsPage)
	d.Handle("GET /contacts/new", room.newContactPage)
	d.HandleTyped("POST /contacts", "/contacts/new", room.createContact)
	d.Handle("GET /contacts/export", room.export)
	d.Handle("GET /contacts/number", room.numberPreview)
	d.Handle("GET /contacts/tags", room.offerTags)
	d.Handle("GET /contacts/lists", room.offerLists)
	d.Handle("GET /contacts/fields", room.customChoices)
	d.Handle("GET /contacts/deleted", room.deletedPage)
	d.HandleForm("POST /contacts/columns", room.chooseColumns)
	d.Handle("GET /contacts/person", room.personPage)
	d.Handle("GET /contacts/person/export", room.exportPerson)
	d.HandleTyped("POST /contacts/person", "/contacts/person", room.erasePerson)
	d.Handle("GET /contacts/person/erased", room.personErasedPage)
	d.Handle("GET /contacts/{sid}", room.contactPage)
	d.Handle("GET /contacts/{sid}/edit", room.editContactPage)
	d.Handle("GET /contacts/{sid}/beside/{beside}", room.contactBeside)
	d.HandleTyped("POST /contacts/{sid}", "/contacts/{sid}/edit", room.saveContact)
	d.Handle("POST /contacts/{sid}/delete", room.deleteContact)
	d.HandleTyped("POST /contacts/{sid}/lists", "/contacts/{sid}", room.joinList)
	d.Handle("POST /contacts/{sid}/lists/{list}/leave", room.leaveList)
	d.HandleForm("POST /contacts/selected", room.keepSelected)
	d.Handle("GET /contacts/selected", room.selectedPage)
	d.HandleTyped("POST /contacts/selected/list", "/contacts/selected", room.addSelectedToList)
	d.HandleTyped("POST /contacts/selected/tag", "/contacts/selected", room.tagSelected)
	d.HandleForm("POST "+contacttable.UndoPath, room.undoSelected)
	d.HandleForm("POST /contacts/selected/export", room.exportSelected)
	d.HandleForm("POST /contacts/selected/delete", room.deleteSelected)
}

// contactsData is the data of the template contacts.html.
type contactsData struct {
	Table contacttable.Table
	// Nothing means that the account has no contacts.
	Nothing bool
}

func (room *Room) contactsPage(r *http.Request) (shell.Answer, error) {
	if a, ok := contacttable.Resized(r, "/contacts"); ok {
		return a, nil
	}
	table, err := contacttable.Read(r, room.Book, "/contacts", nil)
	if err != nil {
		return shell.Answer{}, err
	}
	data := contactsData{Table: table, Nothing: table.Total == 0 && !table.Filter.Narrows()}
	return pages.Show("contacts", "Contacts", data).PieceAt("contact-results", table.Here).WithStatus(table.Status), nil
}

// chooseColumns stores in the browser which columns its tables have.
func (room *Room) chooseColumns(r *http.Request) (shell.Answer, error) {
	back := shell.GoTo(contacttable.From(r.PostForm))
	return contacttable.RememberColumns(back, contacttable.ColumnsIn(r.PostForm)), nil
}

func (room *Room) export(r *http.Request) (shell.Answer, error) {
	return contacttable.Export(r, room.Book, nil)
}

// customChoices returns the part of the page that offers names of custom fields.
func (room *Room) customChoices(r *http.Request) (shell.Answer, error) {
	if !shell.ByHTMX(r) {
		return shell.GoTo("/contacts"), nil
	}
	keys, err := room.Book.CustomKeys(r.Context(), shell.AccountOf(r))
	return pages.Show("contacts", "", keys).Piece("custom-choices"), err
}
