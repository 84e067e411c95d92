package api

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
)

func (a *API) createLists(r *http.Request, drafts []addressbook.ListDraft) (reply, error) {
	answer := pending{r: r}
	_, err := a.book.CreateLists(r.Context(), accountOf(r), drafts, listKind(r).each(&answer))
	return answer.end(err)
}

func (a *API) updateLists(r *http.Request, patches []addressbook.ListPatch) (reply, error) {
	answer := pending{r: r}
	_, err := a.book.UpdateLists(r.Context(), accountOf(r), patches, listKind(r).each(&answer))
	return answer.end(err)
}

func (a *API) updateList(r *http.Request, patch addressbook.ListPatch) (reply, error) {
	patch.SID = sidIn(r, "sid")
	answer := pending{r: r}
	_, err := a.book.UpdateLists(r.Context(), accountOf(r), []addressbook.ListPatch{patch}, listKind(r).only(&answer))
	return answer.end(err)
}

func (a *API) deleteList(r *http.Request) (reply, error) {
	deletion, err := a.deletion(r)
	if err != nil {
		return reply{}, err
	}
	answer := pending{r: r}
	_, err = a.book.DeleteLists(r.Context(), accountOf(r), deletion, []addressbook.SID{sidIn(r, "sid")}, listKind(r).only(&answer))
	return answer.end(err)
}

func (a *API) getList(r *http.Request) (reply, error) {
	list, err := a.book.List(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return reply{}, err
	}
	return listKind(r).single(r, &list), nil
}

func (a *API) getLists(r *http.Request) (reply, error) {
	w, err := parseWindow(r, listsPath(accountOf(r)), maxLimit)
	if err != nil {
		return reply{}, err
	}
	name, err := w.text("name")
	if err != nil {
		return reply{}, err
	}
	if err := budget.Of(r.Context()).Reserve(r.Context(), int64(w.Limit)*usualWeight); err != nil {
		return reply{}, err
	}
	page, err := a.book.Lists(r.Context(), accountOf(r), addressbook.ListQuery{Window: w.Window, Name: name})
	if err != nil {
		return reply{}, err
	}
	w.next = page.Next
	e := newEncoder(accountOf(r))
	return pageReply(r, w, len(page.Lists), page.Total, func(b []byte, i int) []byte {
		return e.list(b, &page.Lists[i])
	}), nil
}
