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
	// countedUsed is how many contacts that an undoing would keep are counted, and
	// namedUsed how many of them are named.
	countedUsed = 1000
	namedUsed   = 20
	// typicalWeight is what most contacts weigh at most, as [addressbook.Contact.Weight].
	typicalWeight = 2000
)

// undoing is what the template undo.html shows.
type undoing struct {
	words.ImportRow
	Used     []person // that would be kept, the first ones
	UsedMore bool     // there are more of them than are counted
	UsedSome bool     // the import is large, and only its first contacts were looked at
	UsedRest int      // how many are counted and not named
	ListGone bool
	Typed    shell.Field // the number to be typed; without a name, none is
}

// UsedCount is how many contacts would be kept, as far as they are counted.
func (u undoing) UsedCount() int { return len(u.Used) + u.UsedRest }

// person is a contact as a list of some names it.
type person struct {
	SID  addressbook.SID
	Name string
}

// peopleOf returns what contacts are called.
func peopleOf(contacts []upload.AddedContact) []person {
	all := make([]person, len(contacts))
	for i := range contacts {
		all[i] = person{contacts[i].SID, words.ContactTitle(contacts[i].Contact)}
	}
	return all
}

// undoPage says what undoing an import does, before it is done.
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
	// The store claims what each contact takes.
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

// canUndo reports whether an import can be undone, and is not yet.
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

// Undone tells how far an import is undone.
type Undone struct {
	upload.Undo
	SID   addressbook.SID
	Added upload.Additions
	Kept  []person // that are still there, the first ones
}

// Trash is the page of the contacts that went into the trash; "" when none did.
func (u *Undone) Trash() string {
	if u.Added.Contacts == u.Undo.Kept || u.Deletion == addressbook.ForGood {
		return ""
	}
	return "/trash?deletion=" + u.Deletion.String()
}

// undoneOf tells how far an import is undone; nil when nobody has asked for it.
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

// undoProgress is the piece of the page that is asked for again and again while an
// import is undone.
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
