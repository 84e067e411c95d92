package api

import (
	"net/http"
	"net/url"
	"slices"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/fault"
)

func (a *API) createContacts(r *http.Request, drafts []addressbook.Draft) (reply, error) {
	opts, err := parseCreateOptions(r)
	if err != nil {
		return reply{}, err
	}
	kind := contactKind(r)
	kind.ref = func(i int) addressbook.Text { return drafts[i].Ref }
	answer := pending{r: r}
	_, err = a.book.CreateContacts(r.Context(), accountOf(r), drafts, opts, kind.each(&answer))
	return answer.end(err)
}

// The values of on_duplicate.
var onDuplicate = map[string]addressbook.OnDuplicate{
	"reject": addressbook.RejectDuplicate,
	"skip":   addressbook.SkipDuplicate,
	"update": addressbook.UpdateDuplicate,
}

// createWords are the query parameters that Exotel's API does not have.
var createWords = []string{"on_duplicate", "dry_run"}

func parseCreateOptions(r *http.Request) (addressbook.CreateOptions, error) {
	words, err := parseWords(r)
	if err != nil {
		return addressbook.CreateOptions{}, err
	}
	return createOptions(words)
}

// createOptions reads the parameters in createWords.
func createOptions(words url.Values) (opts addressbook.CreateOptions, err error) {
	if err := checkTwice(words, "on_duplicate"); err != nil {
		return opts, err
	}
	if words.Has("on_duplicate") {
		var known bool
		if opts.OnDuplicate, known = onDuplicate[words.Get("on_duplicate")]; !known {
			return opts, fault.New(fault.Invalid, "Invalid on_duplicate: it must be reject, skip or update")
		}
	}
	opts.DryRun, err = boolWord(words, "dry_run")
	return opts, err
}

// checkTwice returns a fault if a parameter is given twice with different values: with
// dry_run=true and dry_run=false, nobody could tell which is meant.
func checkTwice(words url.Values, name string) error {
	for _, again := range words[name] {
		if again != words.Get(name) {
			return fault.New(fault.Invalid, "Invalid "+name+": it is given twice, and differs")
		}
	}
	return nil
}

// boolWord reads a parameter that is true or false; a missing one is false.
func boolWord(words url.Values, name string) (bool, error) {
	if err := checkTwice(words, name); err != nil {
		return false, err
	}
	word := words.Get(name)
	if words.Has(name) && word != "true" && word != "false" {
		return false, fault.New(fault.Invalid, "Invalid "+name+": it must be true or false")
	}
	return word == "true", nil
}

func (a *API) updateContacts(r *http.Request, patches []addressbook.Patch) (reply, error) {
	answer := pending{r: r}
	_, err := a.book.UpdateContacts(r.Context(), accountOf(r), patches, contactKind(r).each(&answer))
	return answer.end(err)
}

func (a *API) updateContact(r *http.Request, patch addressbook.Patch) (reply, error) {
	patch.SID = sidIn(r, "sid")
	answer := pending{r: r}
	_, err := a.book.UpdateContacts(r.Context(), accountOf(r), []addressbook.Patch{patch}, contactKind(r).only(&answer))
	return answer.end(err)
}

func (a *API) deleteContacts(r *http.Request, refs []addressbook.ContactRef) (reply, error) {
	deletion, err := a.deletion(r)
	if err != nil {
		return reply{}, err
	}
	answer := pending{r: r}
	_, err = a.book.DeleteContacts(r.Context(), accountOf(r), deletion, refs, contactKind(r).each(&answer))
	return answer.end(err)
}

// deletion returns the deletion for a request: a new one, or ForGood if the request asks
// for that.
func (a *API) deletion(r *http.Request) (addressbook.SID, error) {
	words, err := parseWords(r)
	if err != nil {
		return addressbook.SID{}, err
	}
	forGood, err := boolWord(words, "for_good")
	if err != nil || forGood {
		return addressbook.ForGood, err
	}
	return a.book.NewDeletion(), nil
}

func (a *API) deleteContact(r *http.Request) (reply, error) {
	deletion, err := a.deletion(r)
	if err != nil {
		return reply{}, err
	}
	refs := []addressbook.ContactRef{{SID: sidIn(r, "sid")}}
	answer := pending{r: r}
	_, err = a.book.DeleteContacts(r.Context(), accountOf(r), deletion, refs, contactKind(r).only(&answer))
	return answer.end(err)
}

func (a *API) getContact(r *http.Request) (reply, error) {
	contact, err := a.book.Contact(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return reply{}, err
	}
	return contactKind(r).single(r, &contact), nil
}

func (a *API) getContacts(r *http.Request) (reply, error) {
	query, w, err := parseContactQuery(r, contactsPath(accountOf(r)), maxLimit)
	if err != nil {
		return reply{}, err
	}
	if query.Lists, err = w.listSIDs(); err != nil {
		return reply{}, err
	}
	return a.contactsPage(r, query, w)
}

// usualWeight is the usual Weight of a contact or list.
const usualWeight = 2000

// heavyPage is from how many contacts on a page takes turns with other accounts' heavy
// requests.
const heavyPage = 200

// contactsPage answers with the contacts that the query finds.
func (a *API) contactsPage(r *http.Request, query addressbook.Query, w window) (reply, error) {
	// Reserve memory for usual contacts, and wait for it. Larger contacts claim the rest
	// while they are read, and are refused if there is none.
	if err := budget.Of(r.Context()).Reserve(r.Context(), int64(query.Limit)*usualWeight); err != nil {
		return reply{}, err
	}
	if query.Limit > heavyPage {
		share := budget.Of(r.Context())
		if err := share.BeginTurn(r.Context()); err != nil {
			return reply{}, err
		}
		defer share.EndTurn()
	}
	page, err := a.book.Contacts(r.Context(), accountOf(r), query)
	if err != nil {
		return reply{}, err
	}
	w.next = page.Next
	e := newEncoder(accountOf(r))
	if slices.Contains(page.MoreLists, true) {
		return a.streamPage(r, w, page)
	}
	return pageReply(r, w, len(page.Contacts), page.Total, func(b []byte, i int) []byte {
		if query.WithLists {
			return e.contactWithLists(b, &page.Contacts[i], page.Lists[i])
		}
		return e.contact(b, &page.Contacts[i])
	}), nil
}
