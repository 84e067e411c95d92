package lists

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/auditlog"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// listData is the data of the template list.html.
type listData struct {
	addressbook.List
	Table   contacttable.Table
	History []words.Entry // the newest entries of the audit log
}

// Dynamic reports whether the list's contacts have variables.
func (l listData) Dynamic() bool { return l.Type == addressbook.Dynamic }

func (room *Room) listPage(r *http.Request, list addressbook.List) (shell.Answer, error) {
	path := "/lists/" + list.SID.String()
	if a, ok := contacttable.Resized(r, path); ok {
		return a, nil
	}
	table, err := contacttable.Read(r, room.Book, path, &list)
	if err != nil {
		return shell.Answer{}, err
	}
	history, err := room.Audit.Page(r.Context(), shell.AccountOf(r).ID, auditlog.Query{Of: list.SID, Limit: shownHistory})
	if err != nil {
		return shell.Answer{}, err
	}
	data := listData{List: list, Table: table, History: words.Entries(history.Entries, nil)}
	return pages.Show("list", list.Name, data).PieceAt("contact-results", table.Here).WithStatus(table.Status), nil
}

// shownHistory bounds the entries of the audit log on a list's page.
const shownHistory = 5

// removeSelected removes the selected contacts from the list.
func (room *Room) removeSelected(r *http.Request) (shell.Answer, error) {
	ctx, acct, s := r.Context(), shell.AccountOf(r), contacttable.SelectionIn(r.PostForm)
	list := shell.PathSID(r, "sid")
	s.List = &list
	n, err := s.Size(ctx, room.Book, acct)
	if err != nil {
		return s.Refused(err)
	}
	var removed []string
	worked, err := s.Each(ctx, room.Book, acct, func(sids []addressbook.SID) error {
		some, err := contacttable.RemoveMembers(ctx, room.Book, acct, list, sids)
		removed = append(removed, some...)
		return err
	})
	if err != nil {
		return contacttable.Stopped(r, err, contacttable.StoppedData{Selection: s, Doing: "Removing from the list", Worked: worked, Count: n,
			Path: "/lists/" + list.String() + "/remove", Undo: contacttable.Undo{List: list.String(), Left: removed}}), nil
	}
	a := shell.GoTo(s.Back()).Saying("Removed " + words.Plural(len(removed), "contact", "contacts") + " from the list. The contacts themselves stay.")
	return contacttable.KeepUndo(r, a, contacttable.Undo{List: list.String(), Left: removed}), nil
}

// listDelete is the data of the template list-delete.html.
type listDelete struct {
	addressbook.List
	Kept string // how long it stays in the trash; "" means that it is deleted at once
}

func (room *Room) deleteListPage(_ *http.Request, list addressbook.List) (shell.Answer, error) {
	return pages.Show("list-delete", "Delete the list "+list.Name, listDelete{list, contacttable.Kept(room.Trash)}), nil
}

func (room *Room) deleteList(r *http.Request) (shell.Answer, error) {
	deletion := room.Book.NewDeletion()
	if r.PostForm.Get("for_good") != "" {
		deletion = addressbook.ForGood
	}
	results, err := room.Book.DeleteLists(r.Context(), shell.AccountOf(r), deletion, []addressbook.SID{shell.PathSID(r, "sid")}, nil)
	if err == nil {
		err = results[0].Fault
	}
	if err != nil {
		return shell.Answer{}, err
	}
	to := "/lists"
	if deletion != addressbook.ForGood {
		to = "/trash/lists?deletion=" + deletion.String() // where it can be restored
	}
	return shell.GoTo(to).Saying("Deleted the list " + results[0].List.Name + ". Its contacts are still in the address book."), nil
}

func (room *Room) export(r *http.Request) (shell.Answer, error) {
	list := shell.PathSID(r, "sid")
	return contacttable.Export(r, room.Book, &list)
}
