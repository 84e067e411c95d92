package contacts

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

func (room *Room) addSelectedToList(r *http.Request) (shell.Answer, error) {
	ctx, acct, s := r.Context(), shell.AccountOf(r), contacttable.SelectionIn(r.PostForm)
	name := strings.TrimSpace(r.PostForm.Get("name"))
	again := selectedData{Selection: s, Do: "list", Field: shell.Field{Value: name}}
	n, err := s.Size(ctx, room.Book, acct)
	if err != nil {
		return s.Refused(err)
	}
	list, made, err := room.listFor(ctx, acct, name)
	if f := fault.As(err); f != nil {
		again.Field.Error = words.Sentence(f)
		return room.askSelected(r, again)
	}
	if err != nil {
		return shell.Answer{}, err
	}
	var all contacttable.Joined
	worked, err := s.Each(ctx, room.Book, acct, func(sids []addressbook.SID) error {
		done, err := contacttable.AddMembers(ctx, room.Book, acct, list.SID, sids)
		all.Added += done.Added
		all.Already += done.Already
		all.Gone += done.Gone
		all.SIDs = append(all.SIDs, done.SIDs...)
		return err
	})
	if err != nil {
		return contacttable.Stopped(r, err, contacttable.StoppedData{Selection: s, Doing: "Adding to " + list.Name, Worked: worked, Count: n,
			Path: "/contacts/selected/list", More: []shell.Option{{Value: "name", Label: name}}, Undo: contacttable.Undo{List: list.SID.String(), Joined: all.SIDs}}), nil
	}
	text := "Added " + words.Plural(all.Added, "contact", "contacts") + " to " + list.Name
	if made {
		text += ", which is a new list"
	}
	text += "."
	if all.Already > 0 {
		text += " " + words.Plural(all.Already, "was", "were") + " in it already."
	}
	a := shell.GoTo("/lists/" + list.SID.String()).Saying(text + gone(all.Gone))
	return contacttable.KeepUndo(r, a, contacttable.Undo{List: list.SID.String(), Joined: all.SIDs}), nil
}

// gone returns a sentence about contacts that somebody else has deleted in the meantime.
func gone(n int) string {
	if n == 0 {
		return ""
	}
	return " " + words.Plural(n, "contact", "contacts") + " had been deleted meanwhile."
}

func (room *Room) tagSelected(r *http.Request) (shell.Answer, error) {
	ctx, acct, s := r.Context(), shell.AccountOf(r), contacttable.SelectionIn(r.PostForm)
	tag := strings.TrimSpace(r.PostForm.Get("value"))
	again := selectedData{Selection: s, Do: "tag", Field: shell.Field{Value: tag}}
	n, err := s.Size(ctx, room.Book, acct)
	if err != nil {
		return s.Refused(err)
	}
	change := addressbook.Change{Set: true, Text: addressbook.Text{Value: tag, Given: tag != ""}}
	tagged := 0
	var undo contacttable.Undo
	worked, err := s.EachContact(ctx, room.Book, acct, func(contacts []addressbook.Contact) error {
		done, refused, err := room.setTag(ctx, acct, contacts, change, &undo)
		if err == nil && refused != nil {
			return refused
		}
		tagged += done
		return err
	})
	missing := worked - tagged
	if f := fault.As(err); f != nil && f.Kind == fault.Invalid {
		again.Field.Error = words.Sentence(f)
		return room.askSelected(r, again)
	}
	if err != nil {
		return contacttable.Stopped(r, err, contacttable.StoppedData{Selection: s, Doing: "Tagging", Worked: worked, Count: n,
			Path: "/contacts/selected/tag", More: []shell.Option{{Value: "value", Label: tag}}, Undo: undo}), nil
	}
	text := "Tagged " + words.Plural(tagged, "contact", "contacts") + " “" + tag + "”."
	if tag == "" {
		text = "Removed the tags of " + words.Plural(tagged, "contact", "contacts") + "."
	}
	return contacttable.KeepUndo(r, shell.GoTo(s.Back()).Saying(text+gone(missing)), undo), nil
}

// undoSelected undoes a change to many contacts.
func (room *Room) undoSelected(r *http.Request) (shell.Answer, error) {
	return contacttable.UndoKept(r, room.Book)
}

// setTag changes the tags of contacts, and records in undo how to undo that. Refused is
// the fault of an invalid tag.
func (room *Room) setTag(ctx context.Context, acct account.Account, contacts []addressbook.Contact, tag addressbook.Change, undo *contacttable.Undo) (done int, refused, err error) {
	patches := make([]addressbook.Patch, len(contacts))
	for i, c := range contacts {
		patches[i] = addressbook.Patch{SID: c.SID, Texts: addressbook.Changes{addressbook.Tag: tag}}
	}
	results, err := room.Book.UpdateContacts(ctx, acct, patches, nil)
	for i, r := range results {
		switch {
		case r.Fault == nil:
			done++
			if before := contacts[i].Texts[addressbook.Tag]; before != tag.Text {
				was := contacttable.Tagged{SID: r.Contact.SID.String(), Updated: r.Contact.Updated.UnixNano()}
				if before.Given {
					was.Before = &before.Value
				}
				undo.Tagged = append(undo.Tagged, was)
			}
		case r.Fault != addressbook.ErrNoContact:
			refused = r.Fault
		}
	}
	return done, refused, err
}

func (room *Room) deleteSelected(r *http.Request) (shell.Answer, error) {
	ctx, acct, s := r.Context(), shell.AccountOf(r), contacttable.SelectionIn(r.PostForm)
	again := selectedData{Selection: s, Do: "delete", Deletion: room.deletionIn(r.PostForm), ForGood: r.PostForm.Get("for_good") != ""}
	n, err := s.Size(ctx, room.Book, acct)
	if err != nil {
		return s.Refused(err)
	}
	// Ask again if the number of matching contacts has changed since the visitor has
	// confirmed.
	if confirmed, err := strconv.Atoi(r.PostForm.Get("count")); err != nil || confirmed != n {
		again.Before = max(confirmed, 1)
		return room.askSelected(r, again)
	}
	if !shell.TypedNumber(r.PostForm, n) {
		again.Mistyped = true
		return room.askSelected(r, again)
	}
	deletion := again.Deletion
	if again.ForGood {
		deletion = addressbook.ForGood
	}
	deleted, name := 0, ""
	worked, err := s.Each(ctx, room.Book, acct, func(sids []addressbook.SID) error {
		some, err := room.deleteContacts(ctx, acct, deletion, sids)
		if len(some) > 0 {
			name = words.ContactTitle(some[0])
		}
		deleted += len(some)
		return err
	})
	if err != nil {
		// The visitor must confirm the number that is left.
		stopped := contacttable.StoppedData{Selection: s, Doing: "Deleting", Worked: worked, Count: n, Path: "/contacts/selected", More: []shell.Option{
			{Value: "do", Label: "delete"}, {Value: "deletion", Label: deletion.String()}, {Value: "for_good", Label: r.PostForm.Get("for_good")}}}
		if done, err := room.deletedUnder(r, deletion); err == nil && done > worked { // an earlier request was interrupted
			stopped.Worked, stopped.Count = done, n-worked+done
		}
		if stopped.Worked > 0 && deletion != addressbook.ForGood {
			stopped.Deletion = deletion.String()
		}
		return contacttable.Stopped(r, err, stopped), nil
	}
	if done, err := room.deletedUnder(r, deletion); err == nil {
		deleted = max(deleted, done) // include those of an interrupted request, which are restored with them
	}
	if deleted > 1 {
		name = "" // only a single contact is named
	}
	return room.tellDeleted(r, deletion, name, deleted, s.Back())
}
