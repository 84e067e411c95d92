package api

import (
	"net/http"

	"callbook/internal/addressbook"
)

// createContacts answers 207 even when every item succeeds, as the platform
// does.
func (a *API) createContacts(r *http.Request) (reply, error) {
	body, free, err := a.readBody(r)
	if err != nil {
		return reply{}, err
	}
	answered := false
	defer func() {
		if !answered {
			free()
		}
	}()
	answer, err := a.create(r, body)
	if err != nil {
		return reply{}, err
	}
	answer.leave, answered = free, true
	return answer, nil
}

// create works on a body that is there, when it is its turn. It gives the body
// back to the pool.
func (a *API) create(r *http.Request, body []byte) (answer reply, err error) {
	done, err := a.gate.begin(r.Context(), len(body))
	if err != nil {
		bodies.put(body)
		return reply{}, err
	}
	defer done()
	drafts, err := decodeContacts(body)
	bodies.put(body)
	if err != nil {
		return reply{}, err
	}
	var failed int
	err = a.book.CreateContacts(r.Context(), accountOf(r), drafts, func(results []addressbook.Result) {
		answer, failed = bulkReply(r, results)
	})
	if err != nil {
		answers.put(answer.body)
		return reply{}, err
	}
	recordOf(r).Counted(len(drafts), failed)
	return answer, nil
}

// bulkReply encodes one item a result, in their order, and tells how many
// failed.
func bulkReply(r *http.Request, results []addressbook.Result) (answer reply, failed int) {
	for i := range results {
		if results[i].Fault != nil {
			failed++
		}
	}
	answer = newReply(r, http.StatusMultiStatus)
	encoder := newContactEncoder(accountOf(r))
	b := appendMetadata(answer.body, failed, len(results))
	b = append(b, `,"response":[`...)
	for i := range results {
		if i > 0 {
			b = append(b, ',')
		}
		result := &results[i]
		if result.Fault == nil {
			b = append(b, successItem...)
		} else {
			wire, detail, _ := describe(result.Fault)
			b = appendItem(b, wire, detail)
		}
		if result.Contact == nil {
			b = append(b, "null"...)
		} else {
			b = encoder.append(b, result.Contact)
		}
		b = append(b, '}')
	}
	answer.body = append(b, `]}`...)
	return answer, failed
}

func (a *API) getContact(r *http.Request) (reply, error) {
	sid, ok := addressbook.ParseSID(r.PathValue("sid"))
	if !ok {
		return reply{}, addressbook.ErrNoContact
	}
	contact, err := a.book.Contact(r.Context(), accountOf(r), sid)
	if err != nil {
		return reply{}, err
	}
	answer := newReply(r, http.StatusOK)
	b := append(answer.body, `,"response":`+successItem...)
	b = newContactEncoder(accountOf(r)).append(b, &contact)
	answer.body = append(b, `}}`...)
	return answer, nil
}

func (a *API) listContacts(r *http.Request) (reply, error) {
	window, err := parseWindow(r)
	if err != nil {
		return reply{}, err
	}
	page, err := a.book.Contacts(r.Context(), accountOf(r), window.query)
	if err != nil {
		return reply{}, err
	}
	answer := newReply(r, http.StatusOK)
	encoder := newContactEncoder(accountOf(r))
	b := window.appendMetadata(answer.body, contactsPath(accountOf(r)), len(page.Contacts), page.Total)
	b = append(b, `,"response":[`...)
	for i := range page.Contacts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, successItem...)
		b = encoder.append(b, &page.Contacts[i])
		b = append(b, '}')
	}
	answer.body = append(b, `]}`...)
	return answer, nil
}
