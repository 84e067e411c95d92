package api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/trash"
)

// This file has callbook's own routes for the trash.

func (a *API) handleTrash(base string) {
	a.handle("GET "+base+"/trash/contacts", a.getTrashedContacts)
	a.write("DELETE "+base+"/trash/contacts", bodied(a, contactRefs.decode, a.eraseContacts))
	a.write("POST "+base+"/trash/contacts/restore", bodied(a, contactRefs.decode, a.restoreContacts))
	a.handle("GET "+base+"/trash/lists", a.getTrashedLists)
	a.write("DELETE "+base+"/trash/lists", bodied(a, listRefs.decode, a.eraseLists))
	a.write("POST "+base+"/trash/lists/restore", bodied(a, listRefs.decode, a.restoreLists))
}

func trashPath(acct account.Account) string { return "/v2/accounts/" + acct.SID + "/trash" }

// parseTrash reads limit, cursor, deletion_sid, and the parameter named search.
func parseTrash(r *http.Request, path, search string) (trash.Query, window, error) {
	w, err := parseUnsorted(r, path, maxLimit)
	if err != nil {
		return trash.Query{}, w, err
	}
	q := trash.Query{Limit: w.Limit}
	if w.words.Has("offset") {
		return q, w, fault.New(fault.Invalid, "Invalid offset: pages of the trash go by cursor")
	}
	if q.Search, err = w.text(search); err != nil {
		return q, w, err
	}
	if w.words.Has("deletion_sid") {
		var ok bool
		if q.Deletion, ok = addressbook.ParseSID(w.words.Get("deletion_sid")); !ok || q.Deletion == addressbook.ForGood {
			return q, w, fault.New(fault.Invalid, "Invalid deletion_sid: it must be the deletion_sid of something in the trash")
		}
	}
	if w.words.Has("cursor") {
		at := new(trash.Position)
		raw, err := base64.RawURLEncoding.DecodeString(w.words.Get("cursor"))
		if err != nil || len(raw) != len(at.Deletion)+len(at.SID) {
			return q, w, errCursor
		}
		copy(at.SID[:], raw[copy(at.Deletion[:], raw):])
		q.After = at
	}
	return q, w, budget.Of(r.Context()).Reserve(r.Context(), int64(q.Limit)*usualWeight)
}

// trashReply answers with a page of the trash. Item appends the i-th item without its
// closing brace, and returns the item's deletion.
func trashReply[T any](r *http.Request, w window, page trash.Page[T], item func(b []byte, i int) (open []byte, deletion addressbook.SID)) reply {
	answer := newReplyOf(r, http.StatusOK, usualItem*len(page.Items))
	b := append(answer.body, `,"metadata":{"count":`...)
	b = strconv.AppendInt(b, int64(len(page.Items)), 10)
	b = strconv.AppendInt(append(b, `,"limit":`...), int64(w.Limit), 10)
	b = strconv.AppendInt(append(b, `,"total":`...), int64(page.Total), 10)
	b = strconv.AppendInt(append(b, `,"page_size":`...), int64(w.Limit), 10)
	if page.Next == nil {
		b = append(b, `,"next_page_uri":null,"next_cursor":null`...)
	} else {
		cursor := base64.RawURLEncoding.EncodeToString(append(page.Next.Deletion[:], page.Next.SID[:]...))
		b = appendString(append(b, `,"next_page_uri":`...), w.uri("cursor", cursor))
		b = appendString(append(b, `,"next_cursor":`...), cursor)
	}
	b = append(b, `},"response":[`...)
	e := newEncoder(accountOf(r))
	for i := range page.Items {
		if i > 0 {
			b = append(b, ',')
		}
		var deletion addressbook.SID
		b, deletion = item(append(b, successItem...), i)
		b = append(e.dates.append(append(b, `,"date_deleted":"`...), deletion.Time()), `","deletion_sid":"`...)
		b = append(deletion.AppendTo(b), `"}}`...)
	}
	answer.body = append(b, `]}`...)
	return answer
}

func (a *API) getTrashedContacts(r *http.Request) (reply, error) {
	q, w, err := parseTrash(r, trashPath(accountOf(r))+"/contacts", "q")
	if err != nil {
		return reply{}, err
	}
	page, err := a.trash.Contacts(r.Context(), accountOf(r), q)
	if err != nil {
		return reply{}, err
	}
	e := newEncoder(accountOf(r))
	return trashReply(r, w, page, func(b []byte, i int) ([]byte, addressbook.SID) {
		b = e.contact(b, &page.Items[i].Contact)
		return b[:len(b)-1], page.Items[i].Deletion
	}), nil
}

func (a *API) getTrashedLists(r *http.Request) (reply, error) {
	q, w, err := parseTrash(r, trashPath(accountOf(r))+"/lists", "name")
	if err != nil {
		return reply{}, err
	}
	page, err := a.trash.Lists(r.Context(), accountOf(r), q)
	if err != nil {
		return reply{}, err
	}
	e := newEncoder(accountOf(r))
	return trashReply(r, w, page, func(b []byte, i int) ([]byte, addressbook.SID) {
		b = e.list(b, &page.Items[i].List)
		return b[:len(b)-1], page.Items[i].Deletion
	}), nil
}

func trashedContactKind(r *http.Request) kind[trash.ContactResult, addressbook.Contact] {
	return kind[trash.ContactResult, addressbook.Contact]{
		outcome: func(r *trash.ContactResult) (*addressbook.Contact, error) {
			if r.Full != nil {
				return nil, fault.New(fault.Duplicate, fmt.Sprintf("The list %s, which the contact was in, is full by now", r.Full.SID))
			}
			return r.Contact, r.Fault
		},
		append: newEncoder(accountOf(r)).contact,
	}
}

func trashedListKind(r *http.Request) kind[trash.ListResult, addressbook.List] {
	return kind[trash.ListResult, addressbook.List]{
		outcome: func(r *trash.ListResult) (*addressbook.List, error) { return r.List, r.Fault },
		append:  newEncoder(accountOf(r)).list,
	}
}

func (a *API) restoreContacts(r *http.Request, refs []addressbook.ContactRef) (reply, error) {
	answer := pending{r: r}
	_, err := a.trash.RestoreContacts(r.Context(), accountOf(r), refs, trashedContactKind(r).each(&answer))
	return answer.end(err)
}

func (a *API) eraseContacts(r *http.Request, refs []addressbook.ContactRef) (reply, error) {
	answer := pending{r: r}
	_, err := a.trash.EraseContacts(r.Context(), accountOf(r), refs, trashedContactKind(r).each(&answer))
	return answer.end(err)
}

func (a *API) restoreLists(r *http.Request, refs []addressbook.ContactRef) (reply, error) {
	answer := pending{r: r}
	_, err := a.trash.RestoreLists(r.Context(), accountOf(r), refs, trashedListKind(r).each(&answer))
	return answer.end(err)
}

func (a *API) eraseLists(r *http.Request, refs []addressbook.ContactRef) (reply, error) {
	answer := pending{r: r}
	_, err := a.trash.EraseLists(r.Context(), accountOf(r), refs, trashedListKind(r).each(&answer))
	return answer.end(err)
}
