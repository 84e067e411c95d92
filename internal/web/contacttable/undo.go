package contacttable

import (
	"net/http"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// UndoPath is the URL of the form that undoes an action, given the name under which
// [KeepUndo] has stored it.
const UndoPath = "/contacts/selected/undo"

// maxUndo bounds the contacts of an action that can be undone.
const maxUndo = 20_000

// Undo has what is needed to undo an action on many contacts.
type Undo struct {
	// Tagged are the contacts whose tags were changed.
	Tagged []Tagged `json:",omitempty"`
	// List is the list to which the contacts in Joined were added, or from which those in
	// Left were removed.
	List         string   `json:",omitempty"`
	Joined, Left []string `json:",omitempty"` // sids
}

// Tagged is a contact whose tag was changed.
type Tagged struct {
	SID    string
	Before *string `json:",omitempty"` // the tag before; nil means none
	// Updated is when the action has changed the contact, in Unix nanoseconds. If the
	// contact was changed later, its tag is not restored.
	Updated int64
}

// KeepUndo stores what is needed to undo an action for a day, and adds an undo button to
// the answer's notice. If it cannot be stored, there is no button.
func KeepUndo(r *http.Request, a shell.Answer, u Undo) shell.Answer {
	if name := u.keep(r); name != "" {
		return a.Undoing(UndoPath, name)
	}
	return a
}

// keep stores u and returns its name, or "" if it is empty, too large, or cannot be
// stored. The action itself is done already.
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

// UndoKept undoes the action that [KeepUndo] has stored under the name in the form, and
// redirects to the page of the button.
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

// untag restores the tags of contacts, unless somebody has changed the contacts since.
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
