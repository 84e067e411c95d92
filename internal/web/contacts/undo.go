package contacts

import (
	"context"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// Bounds of what can be brought back: it travels in a page's form, and the form
// that brings it back has one too.
const (
	maxUndo      = 100       // contacts
	maxUndoBytes = 256 << 10 // of JSON; a form may take three times as much
)

// keptContact is a deleted contact as the page that tells of it keeps it: all
// that is needed to create it again.
type keptContact struct {
	Number      string             `json:"number"`
	Texts       map[string]*string `json:",embed"` // by their keys, those that were given
	CustomField string             `json:"custom_field,omitzero"`
	Lists       []string           `json:"lists,omitempty"` // by their sids
}

func keep(c addressbook.Contact, lists []addressbook.ListRef) keptContact {
	kept := keptContact{Number: c.Number.String(), Texts: make(map[string]*string), CustomField: c.CustomField}
	for i, key := range addressbook.TextKeys() {
		if c.Texts[i].Given {
			kept.Texts[key] = &c.Texts[i].Value
		}
	}
	for _, l := range lists {
		kept.Lists = append(kept.Lists, l.SID.String())
	}
	return kept
}

// undoOf writes contacts for the form that brings them back; "" when they are
// too many or too large for that.
func undoOf(kept []keptContact) (string, error) {
	if len(kept) == 0 || len(kept) > maxUndo {
		return "", nil
	}
	text, err := json.Marshal(kept, json.Deterministic(true))
	if err != nil || len(text) > maxUndoBytes {
		return "", err
	}
	return string(text), nil
}

func (k keptContact) draft() addressbook.Draft {
	d := addressbook.Draft{Number: addressbook.Given(k.Number), CustomField: k.CustomField}
	for i, key := range addressbook.TextKeys() {
		if text := k.Texts[key]; text != nil {
			d.Texts[i] = addressbook.Given(*text)
		}
	}
	if k.CustomField != "" && jsonObjectFault(k.CustomField) != "" {
		d.Fault = fault.InvalidField(addressbook.FieldCustomField, "not a JSON object")
	}
	return d
}

// deletedData is what the template contact-deleted.html shows.
type deletedData struct {
	Count int
	Name  string // of the only one
	Undo  string // for the form that brings them back; "" when none can
	Back  string // the page to go back to
}

func (room *Room) deleteContact(r *http.Request) (shell.Answer, error) {
	acct := shell.AccountOf(r)
	c, lists, err := room.contactWithLists(r.Context(), acct, shell.PathSID(r, "sid"))
	if err != nil {
		return shell.Answer{}, err
	}
	deleted, err := room.deleteContacts(r.Context(), acct, []addressbook.SID{c.SID})
	if err != nil {
		return shell.Answer{}, err
	}
	if len(deleted) == 0 {
		return shell.Answer{}, addressbook.ErrNoContact
	}
	return keepDeleted(r, []addressbook.Contact{deleted[0]}, map[addressbook.SID][]addressbook.ListRef{c.SID: lists}, 1, "/contacts")
}

// keepDeleted leads to the page that tells of contacts that were deleted, and that
// offers to bring them back where all of them are known.
func keepDeleted(r *http.Request, deleted []addressbook.Contact, lists map[addressbook.SID][]addressbook.ListRef, count int, back string) (shell.Answer, error) {
	data := deletedData{Count: count, Back: back}
	if count == 1 && len(deleted) == 1 {
		data.Name = contacttable.Title(deleted[0])
	}
	if len(deleted) == count && count <= maxUndo {
		kept := make([]keptContact, len(deleted))
		for i, c := range deleted {
			kept[i] = keep(c, lists[c.SID])
		}
		var err error
		if data.Undo, err = undoOf(kept); err != nil {
			return shell.Answer{}, err
		}
	}
	page, err := shell.Keep(r, data)
	if err != nil { // they are deleted in any case
		return shell.GoTo(back).Saying("Deleted " + words.Plural(count, "contact", "contacts") + "."), nil
	}
	return shell.GoTo("/contacts/deleted?page=" + page), nil
}

func (room *Room) deletedPage(r *http.Request) (shell.Answer, error) {
	var data deletedData
	there, err := shell.Kept(r, r.URL.Query().Get("page"), &data)
	if err != nil {
		return shell.Answer{}, err
	}
	if !there {
		return shell.GoTo("/contacts"), nil
	}
	return pages.Show("contact-deleted", "Deleted", data), nil
}

// deleteContacts deletes those that are there, and returns them.
func (room *Room) deleteContacts(ctx context.Context, acct account.Account, sids []addressbook.SID) (deleted []addressbook.Contact, err error) {
	results, err := room.Book.DeleteContacts(ctx, acct, room.Book.NewDeletion(), contacttable.Refs(sids), nil)
	for _, r := range results {
		if r.Fault == nil {
			deleted = append(deleted, *r.Contact)
		}
	}
	return deleted, err
}

// undoDelete creates contacts again, with the fields that they had, and puts
// them into their lists. What comes is treated as anybody's.
func (room *Room) undoDelete(r *http.Request) (shell.Answer, error) {
	var kept []keptContact
	err := json.Unmarshal([]byte(r.PostForm.Get("contacts")), &kept)
	if err != nil || len(kept) == 0 || len(kept) > maxUndo {
		return shell.Answer{}, fault.New(fault.Invalid, "This form does not say what to bring back.")
	}
	drafts := make([]addressbook.Draft, len(kept))
	for i, k := range kept {
		drafts[i] = k.draft()
	}
	ctx, acct := r.Context(), shell.AccountOf(r)
	results, err := room.Book.CreateContacts(ctx, acct, drafts, addressbook.CreateOptions{}, nil)
	if err != nil {
		return shell.Answer{}, err
	}
	members := make(map[addressbook.SID][]addressbook.SID)
	count, missing := 0, 0
	var last addressbook.SID
	for i, result := range results {
		if result.Fault != nil {
			missing++
			continue
		}
		count++
		last = result.Contact.SID
		for _, text := range kept[i].Lists {
			if list, ok := addressbook.ParseSID(text); ok {
				members[list] = append(members[list], last)
			}
		}
	}
	lost, unjoined := 0, 0
	for list, sids := range members {
		_, err := contacttable.AddMembers(ctx, room.Book, acct, list, sids)
		switch {
		case fault.Is(err, fault.NotFound):
			lost++
		case err != nil:
			// They are back, and to bring them back again would not do it.
			if f := fault.As(err); f == nil || f.Cause != nil {
				shell.RecordOf(r).Err = err
			}
			unjoined++
		}
	}
	text := fmt.Sprintf("Brought back %s, with new sids.", words.Plural(count, "contact", "contacts"))
	to := "/contacts"
	switch count {
	case 0:
		return shell.GoTo(to).Noting("Nothing was brought back: other contacts have the numbers by now."), nil
	case 1:
		text = "Brought back, with a new sid."
		to += "/" + last.String()
	}
	if missing > 0 {
		text += " Left out: " + words.Plural(missing, "contact", "contacts") + ", since others have the numbers by now."
	}
	if lost > 0 {
		text += " Left out: " + words.Plural(lost, "list", "lists") + ", gone by now."
	}
	if unjoined > 0 {
		text += " The server could not put them back into " + words.Plural(unjoined, "list", "lists") + ": do that by hand."
		return shell.GoTo(to).Warning(text), nil
	}
	return shell.GoTo(to).Saying(text), nil
}
