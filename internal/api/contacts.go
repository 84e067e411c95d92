package api

import (
	"net/http"

	"callbook/internal/addressbook"
)

func (a *API) createContacts(r *http.Request) (reply, error) {
	return answerBody(a, r, newContacts.decode, func(drafts []addressbook.Draft) (answer reply, err error) {
		var failed int
		err = a.book.CreateContacts(r.Context(), accountOf(r), drafts, func(results []addressbook.Result) {
			answer, failed = contactKind(r).bulk(r, results)
		})
		if err != nil {
			answers.put(answer.body)
			return reply{}, err
		}
		recordOf(r).Counted(len(drafts), failed)
		return answer, nil
	})
}

func (a *API) updateContacts(r *http.Request) (reply, error) {
	return answerBody(a, r, contactPatches.decode, func(patches []addressbook.Patch) (reply, error) {
		results, err := a.book.UpdateContacts(r.Context(), accountOf(r), patches)
		return contactKind(r).bulkOf(r, results, err)
	})
}

func (a *API) updateContact(r *http.Request) (reply, error) {
	return answerBody(a, r, decodeContactPatch, func(patch addressbook.Patch) (reply, error) {
		patch.SID = sidIn(r, "sid")
		results, err := a.book.UpdateContacts(r.Context(), accountOf(r), []addressbook.Patch{patch})
		return contactKind(r).only(r, results, err)
	})
}

func (a *API) deleteContacts(r *http.Request) (reply, error) {
	return answerBody(a, r, contactRefs.decode, func(refs []addressbook.ContactRef) (reply, error) {
		results, err := a.book.DeleteContacts(r.Context(), accountOf(r), refs)
		return contactKind(r).bulkOf(r, results, err)
	})
}

func (a *API) deleteContact(r *http.Request) (reply, error) {
	results, err := a.book.DeleteContacts(r.Context(), accountOf(r), []addressbook.ContactRef{{SID: sidIn(r, "sid")}})
	return contactKind(r).only(r, results, err)
}

func (a *API) getContact(r *http.Request) (reply, error) {
	contact, err := a.book.Contact(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return reply{}, err
	}
	return contactKind(r).single(r, &contact), nil
}

func (a *API) getContacts(r *http.Request) (reply, error) {
	query, w, err := parseContactQuery(r, contactsPath(accountOf(r)))
	if err != nil {
		return reply{}, err
	}
	query.Lists = w.listSIDs()
	return a.contactsPage(r, query, w)
}

// contactsPage answers with the contacts that the query finds.
func (a *API) contactsPage(r *http.Request, query addressbook.Query, w window) (reply, error) {
	page, err := a.book.Contacts(r.Context(), accountOf(r), query)
	if err != nil {
		return reply{}, err
	}
	w.next = page.Next
	e := newEncoder(accountOf(r))
	return pageReply(r, w, len(page.Contacts), page.Total, func(b []byte, i int) []byte {
		if query.WithLists {
			return e.contactWithLists(b, &page.Contacts[i], page.Lists[i])
		}
		return e.contact(b, &page.Contacts[i])
	}), nil
}
