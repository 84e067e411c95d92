package contacts

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/trash"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// deletedData is the data of the template contact-deleted.html.
type deletedData struct {
	Count    int
	Name     string // of a single contact
	Deletion string // for the form that restores them; "" if they were deleted for good
	Kept     string // how long they stay in the trash
	Back     string // the page to go back to
}

func (room *Room) deleteContact(r *http.Request) (shell.Answer, error) {
	deletion := room.Book.NewDeletion()
	deleted, err := room.deleteContacts(r.Context(), shell.AccountOf(r), deletion, []addressbook.SID{shell.PathSID(r, "sid")})
	if err != nil {
		return shell.Answer{}, err
	}
	if len(deleted) == 0 {
		return shell.Answer{}, addressbook.ErrNoContact
	}
	return room.tellDeleted(r, deletion, words.ContactTitle(deleted[0]), 1, contacttable.From(r.URL.Query()))
}

// deletionIn returns the deletion that a form names, so that an interrupted deletion
// continues and can be restored as one. If the form names none, or one older than an
// hour, it returns a new one.
func (room *Room) deletionIn(form url.Values) addressbook.SID {
	deletion := room.Book.NewDeletion()
	named, ok := addressbook.ParseSID(form.Get("deletion"))
	if !ok || bytes.Compare(named[:], deletion[:]) > 0 || named.Time().Before(deletion.Time().Add(-time.Hour)) {
		return deletion
	}
	return named
}

// deletedUnder counts the contacts in the trash that belong to a deletion.
func (room *Room) deletedUnder(r *http.Request, deletion addressbook.SID) (int, error) {
	if deletion == addressbook.ForGood {
		return 0, nil
	}
	page, err := room.Trash.Contacts(r.Context(), shell.AccountOf(r), trash.Query{Deletion: deletion, Limit: 1})
	return page.Total, err
}

// tellDeleted redirects to the page about deleted contacts, which offers to restore them.
func (room *Room) tellDeleted(r *http.Request, deletion addressbook.SID, name string, count int, back string) (shell.Answer, error) {
	done := "Deleted " + words.Plural(count, "contact", "contacts")
	if deletion == addressbook.ForGood {
		return shell.GoTo(back).Saying(done + " for good."), nil
	}
	page, err := shell.Keep(r, deletedData{Count: count, Name: name, Deletion: deletion.String(), Kept: contacttable.Kept(room.Trash), Back: back})
	if err != nil { // the contacts are deleted anyway
		return shell.GoTo(back).Saying(done + ". They are in the trash."), nil
	}
	return shell.GoTo("/contacts/deleted?page=" + page), nil
}

func (room *Room) deletedPage(r *http.Request) (shell.Answer, error) {
	return shell.ShowKept(r, r.URL.Query().Get("page"), "/contacts", func(data deletedData) shell.Answer {
		return pages.Show("contact-deleted", "Deleted", data)
	})
}

// deleteContacts deletes the contacts that still exist, and returns them.
func (room *Room) deleteContacts(ctx context.Context, acct account.Account, deletion addressbook.SID, sids []addressbook.SID) (deleted []addressbook.Contact, err error) {
	results, err := room.Book.DeleteContacts(ctx, acct, deletion, contacttable.Refs(sids), nil)
	for _, r := range results {
		if r.Fault == nil {
			deleted = append(deleted, *r.Contact)
		}
	}
	return deleted, err
}
