package contacttable

import (
	"net/http"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// UndoPath is what the form that undoes something is sent to, with the name of what
// [KeepUndo] kept.
const UndoPath = "/contacts/selected/undo"

// maxUndo is of how many contacts something can be undone.
const maxUndo = 20_000

// Undo is what was done with many contacts, as far as it takes to undo it.
type Undo struct {
	// Tagged are those whose tags were changed.
	Tagged []Tagged `json:",omitempty"`
	// List is the one that the contacts in Joined were put into, or those in Left taken
	// out of.
	List         string   `json:",omitempty"`
	Joined, Left []string `json:",omitempty"` // sids
}

// Tagged is a contact whose tag was changed.
type Tagged struct {
	SID    string
	Before *string `json:",omitempty"` // its tag; nil for none
	// Updated is when it was changed, in Unix nanoseconds: whoever changed it since has
	// the last word.
	Updated int64
}

// KeepUndo keeps what it takes to undo something for a day, and has the answer's notice
// offer it. Where that is too much, or cannot be kept, nothing is offered.
func KeepUndo(r *http.Request, a shell.Answer, u Undo) shell.Answer {
	if name := u.keep(r); name != "" {
		return a.Undoing(UndoPath, name)
	}
	return a
}

// keep stores it and returns its name; "" when it is nothing, or too much, or cannot be
// stored. What it would undo is done in any case.
func (u Undo) keep(r *http.Request) string {
	n := len(u.Tagged) + len(u.Joined) + len(u.Left)
	if n == 0 || n > maxUndo {
		return ""
	}
	name, err := shell.Keep(r, u)
	if err != nil {
		return ""
	}
	return name
}

// UndoKept undoes what [KeepUndo] kept under the name that the form says, and goes back
// to the page that it was offered on.
func UndoKept(r *http.Request, book *addressbook.Book) (shell.Answer, error) {
	back := shell.GoTo(From(r.PostForm))
	var u Undo
	there, err := shell.Kept(r, r.PostForm.Get("undo"), &u)
	if err != nil {
		return shell.Answer{}, err
	}
	if !there {
		return back.Noting("This cannot be undone any more."), nil
	}
	ctx, acct := r.Context(), shell.AccountOf(r)
	done, all := 0, len(u.Tagged)
	for from := 0; from < len(u.Tagged); from += bulk {
		n, err := untag(r, book, u.Tagged[from:min(from+bulk, len(u.Tagged))])
		done += n
		if err != nil {
			return shell.Answer{}, err
		}
	}
	list, _ := addressbook.ParseSID(u.List)
	listGone := shell.GoTo("/lists").Noting("This cannot be undone any more: the list was deleted.")
	joined, left := parseSIDs(u.Joined), parseSIDs(u.Left)
	all += len(joined) + len(left)
	for from := 0; from < len(joined); from += bulk {
		removed, err := RemoveMembers(ctx, book, acct, list, joined[from:min(from+bulk, len(joined))])
		done += len(removed)
		if fault.Is(err, fault.NotFound) {
			return listGone, nil
		}
		if err != nil {
			return shell.Answer{}, err
		}
	}
	for from := 0; from < len(left); from += bulk {
		members, err := AddMembers(ctx, book, acct, list, left[from:min(from+bulk, len(left))])
		done += members.Added
		if fault.Is(err, fault.NotFound) {
			return listGone, nil
		}
		if err != nil {
			return shell.Answer{}, err
		}
	}
	text := "Undone for " + words.Plural(done, "contact", "contacts") + "."
	if done < all {
		text += " " + words.Plural(all-done, "other was", "others were") + " changed or deleted since, and stayed as they are."
	}
	return back.Saying(text), nil
}

// untag gives contacts the tags that they had, unless somebody has changed them since.
func untag(r *http.Request, book *addressbook.Book, tagged []Tagged) (done int, err error) {
	patches := make([]addressbook.Patch, len(tagged))
	for i, t := range tagged {
		change := addressbook.Change{Set: true}
		if t.Before != nil {
			change.Text = addressbook.Given(*t.Before)
		}
		sid, _ := addressbook.ParseSID(t.SID)
		patches[i] = addressbook.Patch{SID: sid, Texts: addressbook.Changes{addressbook.Tag: change}, IfUpdated: time.Unix(0, t.Updated)}
	}
	results, err := book.UpdateContacts(r.Context(), shell.AccountOf(r), patches, nil)
	for _, result := range results {
		if result.Fault == nil {
			done++
		}
	}
	return done, err
}

func parseSIDs(texts []string) (sids []addressbook.SID) {
	for _, text := range texts {
		if sid, ok := addressbook.ParseSID(text); ok {
			sids = append(sids, sid)
		}
	}
	return sids
}
