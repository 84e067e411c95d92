// Package lists has the pages of lists: their table, a list with its contacts, and its
// form.
package lists

import (
	"embed"
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/auditlog"
	"callbook/internal/fault"
	"callbook/internal/trash"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files, contacttable.Pages)

// Room has the pages of lists.
type Room struct {
	Audit *auditlog.Log
	Book  *addressbook.Book
	Trash *trash.Keeper
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	d.AddNav(shell.NavItem{Path: "/lists", Label: "Lists", Icon: shell.Drawing(`<path d="M7.5 5H17M7.5 10H17M7.5 15H17M3.5 5h.01M3.5 10h.01M3.5 15h.01"/>`)})
	d.AddEntries(func() []shell.Entry {
		return []shell.Entry{{Path: "/lists/new", Label: "Make a list", More: "new create add"}}
	})
	d.Handle("GET /lists", room.listsPage)
	d.Handle("GET /lists/new", room.newListPage)
	d.HandleTyped("POST /lists", "/lists/new", room.createList)
	d.Handle("GET /lists/{sid}", room.of(room.listPage))
	d.Handle("GET /lists/{sid}/export", room.export)
	d.Handle("GET /lists/{sid}/edit", room.editListPage)
	d.HandleTyped("POST /lists/{sid}", "/lists/{sid}/edit", room.saveList)
	d.Handle("GET /lists/{sid}/delete", room.of(room.deleteListPage))
	d.HandleForm("POST /lists/{sid}/delete", room.deleteList)
	d.HandleForm("POST /lists/{sid}/remove", room.removeSelected)
	d.Handle("GET /lists/{sid}/add", room.of(room.addNumbersPage))
	d.HandleTyped("POST /lists/{sid}/add", "/lists/{sid}/add", room.of(room.addNumbers))
	d.Handle("GET /lists/{sid}/added/{page}", room.of(room.numbersAddedPage))
}

// of returns a handler that calls h with the list in the path.
func (room *Room) of(h func(*http.Request, addressbook.List) (shell.Answer, error)) shell.Handler {
	return func(r *http.Request) (shell.Answer, error) {
		list, err := room.Book.List(r.Context(), shell.AccountOf(r), shell.PathSID(r, "sid"))
		if err != nil {
			return shell.Answer{}, err
		}
		return h(r, list)
	}
}

// listsData is the data of the template lists.html.
type listsData struct {
	Search string
	Sort   string
	Sorts  []shell.Option
	Rows   []addressbook.List
	contacttable.Part
	// Alike are groups of lists whose names differ only in case.
	Alike [][]addressbook.List
}

func (room *Room) listsPage(r *http.Request) (shell.Answer, error) {
	query := r.URL.Query()
	filter := contacttable.FilterOf(url.Values{"q": query["q"], "sort": query["sort"]})
	data := listsData{Search: filter.Search, Sort: filter.Sort, Sorts: contacttable.ListSorts}
	q := addressbook.ListQuery{Window: filter.ListOrder(), Name: filter.Search}
	q.Limit = contacttable.PageRows
	read := func(w addressbook.Window) ([]addressbook.List, *addressbook.Position, int, error) {
		q.Window = w
		page, err := room.Book.Lists(r.Context(), shell.AccountOf(r), q)
		return page.Lists, page.Next, page.Total, err
	}
	position := func(l addressbook.List) addressbook.Position {
		return l.Position(q.Window)
	}
	address := func(words ...string) string { return filter.URL("/lists", words...) }
	var err error
	data.Rows, data.Part, err = contacttable.Turn(query, q.Window, read, position, address)
	if err != nil {
		return shell.Answer{}, err
	}
	if !shell.ByHTMX(r) {
		if data.Alike, err = room.alike(r); err != nil {
			return shell.Answer{}, err
		}
	}
	return pages.Show("lists", "Lists", data).PieceAt("list-results", filter.URL("/lists")), nil
}

// alike returns a few groups of lists whose names differ only in case. It looks only at
// the first lists by name if there are very many.
func (room *Room) alike(r *http.Request) ([][]addressbook.List, error) {
	const looked, most = 1000, 5
	w := addressbook.Window{Sort: addressbook.ByName, Limit: looked}
	page, err := room.Book.Lists(r.Context(), shell.AccountOf(r), addressbook.ListQuery{Window: w})
	groups := addressbook.Alike(page.Lists, func(l addressbook.List) string { return l.Name })
	return groups[:min(len(groups), most)], err
}

// listForm is the data of the template list-form.html.
type listForm struct {
	SID       string // "" for a new list
	Updated   string // when the edited list was last changed, in Unix nanoseconds
	Name, Tag shell.Field
	// Loaded are the values with which the form was loaded, by the names of the fields.
	Loaded []shell.Option
	// Deleted means that somebody has deleted the list in the meantime.
	Deleted bool
}

func newListForm(name, tag string) listForm {
	return listForm{
		Name: shell.Field{Name: "name", Label: "Name", Value: name, Required: true, Focus: true, MaxLength: addressbook.MaxTextLength},
		Tag:  shell.Field{Name: "tag", Label: "Tag", Value: tag, MaxLength: addressbook.MaxTextLength},
	}
}

// typedListForm returns a sent form.
func typedListForm(form url.Values) listForm {
	return newListForm(strings.TrimSpace(form.Get("name")), strings.TrimSpace(form.Get("tag")))
}

// Title returns the title of the form.
func (f listForm) Title() string {
	switch {
	case f.Deleted:
		return "The list was deleted meanwhile"
	case f.SID != "":
		return "Edit the list"
	}
	return "Make a list"
}

// Action returns the URL of the form, which is also the page of the list or of all lists.
func (f listForm) Action() string {
	if f.SID == "" {
		return "/lists"
	}
	return "/lists/" + f.SID
}

func (f listForm) page() shell.Answer {
	a := pages.Show("list-form", f.Title(), f)
	if f.Name.Error != "" || f.Tag.Error != "" {
		a = a.Invalid()
	}
	return a
}

// refused returns the form with a fault beside its field.
func (f listForm) refused(err *fault.Error) listForm {
	if err.Field == addressbook.FieldTag {
		f.Tag.Error, f.Name.Focus = words.Sentence(err), false
	} else {
		f.Name.Error = words.Sentence(err)
	}
	return f
}

func (room *Room) newListPage(r *http.Request) (shell.Answer, error) {
	values, err := shell.Typed(r)
	return typedListForm(values).page(), err
}

func (room *Room) createList(r *http.Request) (shell.Answer, error) {
	form := typedListForm(r.PostForm)
	list, err := contacttable.MakeList(r.Context(), room.Book, shell.AccountOf(r), form.Name.Value, form.Tag.Value)
	if f := fault.As(err); f != nil {
		return form.refused(f).page(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/lists/" + list.SID.String()).Saying("Made the list " + list.Name + "."), nil
}
