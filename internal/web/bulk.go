package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

func (room *contactsRoom) addSelectedToList(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	ctx, acct, s := r.Context(), accountOf(r), selectionIn(r.PostForm)
	name := strings.TrimSpace(r.PostForm.Get("name"))
	again := selectedData{selection: s, Do: "list", Field: field{Value: name}}
	n, err := s.size(ctx, room.Book, acct)
	if err != nil {
		return s.refused(err)
	}
	list, made, err := room.listFor(ctx, acct, name)
	if f := fault.As(err); f != nil {
		again.Field.Error = sentence(f)
		return room.askSelected(r, again)
	}
	if err != nil {
		return answer{}, err
	}
	var all joined
	worked, err := s.each(ctx, room.Book, acct, func(sids []addressbook.SID) error {
		done, err := addMembers(ctx, room.Book, acct, list.SID, sids)
		all.added += done.added
		all.already += done.already
		all.gone += done.gone
		return err
	})
	if err != nil {
		return stopped(r, err, stoppedData{selection: s, Doing: "Adding to " + list.Name, Worked: worked, Count: n,
			Path: "/contacts/selected/list", More: []option{{"name", name}}}), nil
	}
	text := "Added " + plural(all.added, "contact", "contacts") + " to " + list.Name
	if made {
		text += ", which is a new list"
	}
	text += "."
	if all.already > 0 {
		text += " " + plural(all.already, "was", "were") + " in it already."
	}
	return goTo("/lists/" + list.SID.String()).saying(text + gone(all.gone)), nil
}

// gone tells of contacts that somebody else deleted meanwhile.
func gone(n int) string {
	if n == 0 {
		return ""
	}
	return " " + plural(n, "contact", "contacts") + " had been deleted meanwhile."
}

func (room *contactsRoom) tagSelected(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	ctx, acct, s := r.Context(), accountOf(r), selectionIn(r.PostForm)
	tag := strings.TrimSpace(r.PostForm.Get("value"))
	again := selectedData{selection: s, Do: "tag", Field: field{Value: tag}}
	n, err := s.size(ctx, room.Book, acct)
	if err != nil {
		return s.refused(err)
	}
	change := addressbook.Change{Set: true, Text: addressbook.Text{Value: tag, Given: tag != ""}}
	tagged, missing := 0, 0
	worked, err := s.each(ctx, room.Book, acct, func(sids []addressbook.SID) error {
		done, refused, err := room.setTag(ctx, acct, sids, change)
		if err == nil && refused != nil {
			return refused
		}
		tagged += done
		missing += len(sids) - done
		return err
	})
	if f := fault.As(err); f != nil && f.Kind == fault.Invalid {
		again.Field.Error = sentence(f)
		return room.askSelected(r, again)
	}
	if err != nil {
		return stopped(r, err, stoppedData{selection: s, Doing: "Tagging", Worked: worked, Count: n,
			Path: "/contacts/selected/tag", More: []option{{"value", tag}}}), nil
	}
	text := "Tagged " + plural(tagged, "contact", "contacts") + " “" + tag + "”."
	if tag == "" {
		text = "Took the tags of " + plural(tagged, "contact", "contacts") + " away."
	}
	return goTo(s.Back()).saying(text + gone(missing)), nil
}

// setTag changes the tags of contacts that are there. Refused is why the tag
// can be no contact's.
func (room *contactsRoom) setTag(ctx context.Context, acct account.Account, sids []addressbook.SID, tag addressbook.Change) (done int, refused, err error) {
	patches := make([]addressbook.Patch, len(sids))
	for i, sid := range sids {
		patches[i] = addressbook.Patch{SID: sid, Tag: tag}
	}
	results, err := room.Book.UpdateContacts(ctx, acct, patches, nil)
	for _, r := range results {
		switch {
		case r.Fault == nil:
			done++
		case r.Fault != addressbook.ErrNoContact:
			refused = r.Fault
		}
	}
	return done, refused, err
}

func (room *contactsRoom) deleteSelected(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	ctx, acct, s := r.Context(), accountOf(r), selectionIn(r.PostForm)
	again := selectedData{selection: s, Do: "delete"}
	n, err := s.size(ctx, room.Book, acct)
	if err != nil {
		return s.refused(err)
	}
	// What was confirmed is what is deleted: where more contacts match by now,
	// or others, that is to be confirmed again.
	if confirmed, err := strconv.Atoi(r.PostForm.Get("count")); err != nil || confirmed != n {
		again.Before = max(confirmed, 1)
		return room.askSelected(r, again)
	}
	lists := make(map[addressbook.SID][]addressbook.ListRef)
	if !s.All && n <= maxUndo {
		for _, sid := range s.SIDs {
			_, in, err := room.contactWithLists(ctx, acct, sid)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return answer{}, err
			}
			lists[sid] = in
		}
	}
	var first []addressbook.Contact // as many as can be brought back
	deleted := 0
	worked, err := s.each(ctx, room.Book, acct, func(sids []addressbook.SID) error {
		some, err := room.deleteContacts(ctx, acct, sids)
		deleted += len(some)
		if !s.All && n <= maxUndo {
			first = some
		}
		return err
	})
	if err != nil {
		// How many are left is to be confirmed anew.
		return stopped(r, err, stoppedData{selection: s, Doing: "Deleting", Worked: worked, Count: n,
			Path: "/contacts/selected", More: []option{{"do", "delete"}}}), nil
	}
	return deletedPage(first, lists, deleted, s.Back())
}
