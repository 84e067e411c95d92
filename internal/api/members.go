package api

import (
	"net/http"

	"callbook/internal/addressbook"
)

func (a *API) addMembers(r *http.Request, refs []addressbook.ContactRef) (reply, error) {
	answer := pending{r: r}
	_, err := a.book.AddToList(r.Context(), accountOf(r), sidIn(r, "sid"), refs, membershipKind(r).each(&answer))
	return answer.end(err)
}

func (a *API) removeMembers(r *http.Request, refs []addressbook.ContactRef) (reply, error) {
	answer := pending{r: r}
	_, err := a.book.RemoveFromList(r.Context(), accountOf(r), sidIn(r, "sid"), refs, membershipKind(r).each(&answer))
	return answer.end(err)
}

func (a *API) removeMember(r *http.Request) (reply, error) {
	refs := []addressbook.ContactRef{{SID: sidIn(r, "contact_sid")}}
	answer := pending{r: r}
	_, err := a.book.RemoveFromList(r.Context(), accountOf(r), sidIn(r, "sid"), refs, membershipKind(r).only(&answer))
	return answer.end(err)
}

func (a *API) getMembers(r *http.Request) (reply, error) {
	list := sidIn(r, "sid")
	query, w, err := parseContactQuery(r, membersPath(accountOf(r), list), maxMembersLimit)
	if err != nil {
		return reply{}, err
	}
	// Answer 404 if the list does not exist, and an empty page if it is empty.
	if _, err := a.book.List(r.Context(), accountOf(r), list); err != nil {
		return reply{}, err
	}
	query.Lists = []addressbook.SID{list}
	return a.contactsPage(r, query, w)
}
