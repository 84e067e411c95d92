package web

import (
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// listsRoom is the pages of lists.
type listsRoom struct {
	Book *addressbook.Book
}

// Routes implements shell.Room.
func (room *listsRoom) Routes(d *Dashboard) {
	pages.Parse()
	d.navigation(navItem{Path: "/lists", Label: "Lists", Icon: drawing(`<path d="M7.5 5H17M7.5 10H17M7.5 15H17M3.5 5h.01M3.5 10h.01M3.5 15h.01"/>`)})
	d.handle("GET /lists", room.listsPage)
	d.handle("GET /lists/new", room.newListPage)
	d.handle("POST /lists", room.createList)
	d.handle("GET /lists/{sid}", room.listPage)
	d.handle("GET /lists/{sid}/export", room.export)
	d.handle("GET /lists/{sid}/edit", room.editListPage)
	d.handle("POST /lists/{sid}", room.saveList)
	d.handle("GET /lists/{sid}/delete", room.deleteListPage)
	d.handle("POST /lists/{sid}/delete", room.deleteList)
	d.handle("POST /lists/{sid}/remove", room.removeSelected)
	d.handle("GET /lists/{sid}/add", room.addNumbersPage)
	d.handle("POST /lists/{sid}/add", room.addNumbers)
}

// listsData is what the template lists.html shows.
type listsData struct {
	Search         string
	Sort           string
	Sorts          []option
	Rows           []addressbook.List
	Total          int
	Previous, Next string
}

func (room *listsRoom) listsPage(r *http.Request) (answer, error) {
	words := r.URL.Query()
	filter := filterOf(url.Values{"q": words["q"], "sort": words["sort"]})
	data := listsData{Search: filter.Search, Sort: filter.Sort, Sorts: contactSorts}
	q := addressbook.ListQuery{Window: filter.order(), Name: filter.Search}
	q.Limit = tableRows
	read := func(w addressbook.Window) ([]addressbook.List, *addressbook.Position, error) {
		q.Window = w
		page, err := room.Book.Lists(r.Context(), accountOf(r), q)
		data.Total = page.Total
		return page.Lists, page.Next, err
	}
	position := func(l addressbook.List) addressbook.Position {
		return addressbook.Position{Key: q.SortKey(l.Updated, addressbook.NameKey(l.Name, "")), SID: l.SID}
	}
	address := func(word, place string) string { return filter.URL("/lists", word, place) }
	var err error
	data.Rows, data.Previous, data.Next, err = turn(words, q.Window, read, position, address)
	if err != nil {
		return answer{}, err
	}
	a := pages.show("lists", "Lists", data)
	a.fragment, a.url = "list-results", filter.URL("/lists")
	return a, nil
}

// listForm is what the template list-form.html shows.
type listForm struct {
	SID       string // "" for a new one
	Updated   string // when the list that is being edited was changed, in Unix nanoseconds
	Name, Tag field
	// Conflict is what differs between what was typed and what somebody else
	// saved meanwhile; empty when nobody did.
	Conflict []difference
	// Deleted tells that somebody deleted the list meanwhile.
	Deleted bool
}

func newListForm(name, tag string) listForm {
	return listForm{
		Name: field{Name: "name", Label: "Name", Value: name, Required: true, MaxLength: addressbook.MaxTextLength},
		Tag:  field{Name: "tag", Label: "Tag", Value: tag, MaxLength: addressbook.MaxTextLength},
	}
}

// typedListForm is the form as it was sent.
func typedListForm(form url.Values) listForm {
	return newListForm(strings.TrimSpace(form.Get("name")), strings.TrimSpace(form.Get("tag")))
}

func (f listForm) page() answer {
	title := "Make a list"
	if f.SID != "" {
		title = "Edit the list"
	}
	a := pages.show("list-form", title, f)
	if f.Name.Error != "" || f.Tag.Error != "" {
		a = a.invalid()
	}
	return a
}

// refused puts a fault beside the field that it is about.
func (f listForm) refused(err *fault.Error) listForm {
	if err.Field == addressbook.FieldTag {
		f.Tag.Error = sentence(err)
	} else {
		f.Name.Error = sentence(err)
	}
	return f
}

func (room *listsRoom) newListPage(*http.Request) (answer, error) {
	return newListForm("", "").page(), nil
}

func (room *listsRoom) createList(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	form := typedListForm(r.PostForm)
	list, err := makeList(r.Context(), room.Book, accountOf(r), form.Name.Value, form.Tag.Value)
	if f := fault.As(err); f != nil {
		return form.refused(f).page(), nil
	}
	if err != nil {
		return answer{}, err
	}
	return goTo("/lists/" + list.SID.String()).saying("Made the list " + list.Name + "."), nil
}
