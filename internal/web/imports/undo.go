package imports

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/upload"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

const (
	// countedUsed bounds the count of contacts that an undo would keep. namedUsed is how
	// many of them are named.
	countedUsed = 1000
	namedUsed   = 20
	// typicalWeight bounds the usual [addressbook.Contact.Weight], in bytes.
	typicalWeight = 2000
)

// undoing is the data of the template undo.html.
type undoing struct {
	words.ImportRow
	Used     []person // the first contacts that would be kept
	UsedMore bool     // there are more than countedUsed
	UsedSome bool     // the import is large, so only its first contacts were checked
	UsedRest int      // how many are counted, but not named
	ListGone bool
	Typed    shell.Field // the number to type; without a name, none is needed
}

// UsedCount returns how many contacts would be kept, up to countedUsed.
func (u undoing) UsedCount() int { return len(u.Used) + u.UsedRest }

// person is a contact in a short list of names.
type person struct {
	SID  addressbook.SID
	Name string
}

// peopleOf returns the names of contacts.
func peopleOf(contacts []upload.AddedContact) []person {
	all := make([]person, len(contacts))
	for i := range contacts {
		all[i] = person{contacts[i].SID, words.ContactTitle(contacts[i].Contact)}
	}
	return all
}

// undoPage explains what undoing an import will do, and asks for confirmation.
func (room *Room) undoPage(r *http.Request) (shell.Answer, error) {
	return room.showUndo(r, "")
}

func (room *Room) showUndo(r *http.Request, wrong string) (shell.Answer, error) {
	u, err := room.uploadOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	if !canUndo(&u) {
		return shell.GoTo("/imports/" + u.SID.String()), nil
	}
	data := undoing{ImportRow: words.ImportRowOf(u)}
	// The store claims each contact's weight.
	if err := budget.Of(r.Context()).Reserve(r.Context(), (countedUsed+1)*typicalWeight); err != nil {
		return shell.Answer{}, err
	}
	used, all, err := room.Imports.UsedContacts(r.Context(), &u, countedUsed+1)
	if err != nil {
		return shell.Answer{}, err
	}
	data.UsedMore, data.UsedSome = len(used) > countedUsed, !all
	used = used[:min(len(used), countedUsed)]
	data.Used = peopleOf(used[:min(len(used), namedUsed)])
	data.UsedRest = len(used) - len(data.Used)
	if data.ListGone, err = room.listGone(r, u.List); err != nil {
		return shell.Answer{}, err
	}
	if n := u.Tally.Added.Contacts; shell.LargeDeletion(n) {
		data.Typed = shell.Field{Name: "typed", Label: "To be sure, type how many contacts it added: " + words.Count(n), Required: true, Error: wrong}
	}
	return pages.Show("undo", "Undo the import of "+words.FileName(u.FileName), data), nil
}

// canUndo reports whether an import can be undone and was not undone yet.
func canUndo(u *upload.Upload) bool {
	return u.State != upload.Running && !u.DryRun && !u.Tally.Added.IsZero() && u.Undo.IsZero()
}

func (room *Room) undoImport(r *http.Request) (shell.Answer, error) {
	u, err := room.uploadOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	if n := u.Tally.Added.Contacts; canUndo(&u) && !shell.TypedNumber(r.PostForm, n) {
		a, err := room.showUndo(r, "Type "+words.Count(n)+" to undo the import.")
		return a.Invalid(), err
	}
	if _, err := room.Imports.Undo(r.Context(), shell.AccountOf(r), u.SID, r.PostForm.Get("used") == "delete"); err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/imports/" + u.SID.String()), nil
}

// Undone is the progress of undoing an import.
type Undone struct {
	upload.Undo
	SID   addressbook.SID
	Added upload.Additions
	Kept  []person // the first contacts that still exist
}

// Trash returns the URL of the contacts that went into the trash; "" means none.
func (u *Undone) Trash() string {
	if u.Added.Contacts == u.Undo.Kept || u.Deletion == addressbook.ForGood {
		return ""
	}
	return "/trash?deletion=" + u.Deletion.String()
}

// undoneOf returns the progress of undoing an import, or nil if nobody has asked for
// that.
func (room *Room) undoneOf(r *http.Request, u *upload.Upload) (*Undone, error) {
	if u.Undo.IsZero() {
		return nil, nil
	}
	data := &Undone{Undo: u.Undo, SID: u.SID, Added: u.Tally.Added}
	if u.Undo.Running || u.Undo.Kept == 0 {
		return data, nil
	}
	kept, _, err := room.Imports.UsedContacts(r.Context(), u, namedUsed)
	data.Kept = peopleOf(kept)
	return data, err
}

// undoProgress returns the part of the page that htmx loads repeatedly while an import is
// undone.
func (room *Room) undoProgress(r *http.Request) (shell.Answer, error) {
	u, err := room.uploadOf(r)
	if err != nil {
		return shell.Answer{}, err
	}
	if !u.Undo.Running || !shell.ByHTMX(r) {
		return shell.GoTo("/imports/" + u.SID.String()), nil
	}
	undone, err := room.undoneOf(r, &u)
	return pages.Show("import", "", undone).Piece("undo-progress"), err
}
