package web

import (
	"net/http"

	"callbook/internal/addressbook"
)

// listData is what the template list.html shows.
type listData struct {
	addressbook.List
	Table     contactTable
	Countries []option
	Sorts     []option
}

// Dynamic tells whether the list's contacts came with variables.
func (l listData) Dynamic() bool { return l.Type == addressbook.Dynamic }

func (room *listsRoom) listPage(r *http.Request) (answer, error) {
	list, err := room.Book.List(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return answer{}, err
	}
	path := "/lists/" + list.SID.String()
	table, err := tableOf(r, room.Book, path, &list)
	if err != nil {
		return answer{}, err
	}
	a := pages.show("list", list.Name, listData{List: list, Table: table, Countries: countries(), Sorts: contactSorts})
	a.fragment, a.url = "contact-results", table.Filter.URL(path)
	return a, nil
}

// removeSelected takes the contacts that are selected in a list's table out of
// it.
func (room *listsRoom) removeSelected(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	ctx, acct, s := r.Context(), accountOf(r), selectionIn(r.PostForm)
	list := sidIn(r, "sid")
	s.List = &list
	n, err := s.size(ctx, room.Book, acct)
	if err != nil {
		return s.refused(err)
	}
	removed := 0
	worked, err := s.each(ctx, room.Book, acct, func(sids []addressbook.SID) error {
		n, err := removeMembers(ctx, room.Book, acct, list, sids)
		removed += n
		return err
	})
	if err != nil {
		return stopped(r, err, stoppedData{selection: s, Doing: "Taking out of the list", Worked: worked, Count: n,
			Path: "/lists/" + list.String() + "/remove"}), nil
	}
	return goTo(s.Back()).saying("Took " + plural(removed, "contact", "contacts") + " out of the list. The contacts themselves stay."), nil
}

func (room *listsRoom) deleteListPage(r *http.Request) (answer, error) {
	list, err := room.Book.List(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return answer{}, err
	}
	return pages.show("list-delete", "Delete "+list.Name, list), nil
}

func (room *listsRoom) deleteList(r *http.Request) (answer, error) {
	results, err := room.Book.DeleteLists(r.Context(), accountOf(r), []addressbook.SID{sidIn(r, "sid")}, nil)
	if err == nil {
		err = results[0].Fault
	}
	if err != nil {
		return answer{}, err
	}
	return goTo("/lists").saying("Deleted the list " + results[0].List.Name + ". Its contacts are still in the address book."), nil
}

func (room *listsRoom) export(r *http.Request) (answer, error) {
	list := sidIn(r, "sid")
	return exportTable(r, room.Book, &list)
}
