package api

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/idempotency"
)

func (a *API) addMembers(r *http.Request) (reply, error) {
	return answerBody(a, r, contactReferences.decode, func(refs []addressbook.ContactRef) (reply, error) {
		return membershipKind(r).bulkOf(r, func(ready idempotency.Ready[[]addressbook.MembershipResult]) error {
			_, err := a.book.AddToList(r.Context(), accountOf(r), sidIn(r, "sid"), refs, ready)
			return err
		})
	})
}

func (a *API) removeMembers(r *http.Request) (reply, error) {
	return answerBody(a, r, contactReferences.decode, func(refs []addressbook.ContactRef) (reply, error) {
		return membershipKind(r).bulkOf(r, func(ready idempotency.Ready[[]addressbook.MembershipResult]) error {
			_, err := a.book.RemoveFromList(r.Context(), accountOf(r), sidIn(r, "sid"), refs, ready)
			return err
		})
	})
}

func (a *API) removeMember(r *http.Request) (reply, error) {
	refs := []addressbook.ContactRef{{SID: sidIn(r, "contact_sid")}}
	return membershipKind(r).onlyOf(r, func(ready idempotency.Ready[[]addressbook.MembershipResult]) error {
		_, err := a.book.RemoveFromList(r.Context(), accountOf(r), sidIn(r, "sid"), refs, ready)
		return err
	})
}

func (a *API) getMembers(r *http.Request) (reply, error) {
	list := sidIn(r, "sid")
	query, w, err := parseContactQuery(r, membersPath(accountOf(r), list))
	if err != nil {
		return reply{}, err
	}
	// A list that is not there is told apart from one that is empty.
	if _, err := a.book.List(r.Context(), accountOf(r), list); err != nil {
		return reply{}, err
	}
	query.Lists = []addressbook.SID{list}
	return a.contactsPage(r, query, w)
}
