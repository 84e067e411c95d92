package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// listRoutes adds the routes of the lists' pages.
func (d *Dashboard) listRoutes() {
	d.handle("GET /lists", d.listsPage)
	d.handle("GET /lists/new", d.newListPage)
	d.handle("POST /lists", d.createList)
	d.handle("GET /lists/{sid}", d.listPage)
	d.handle("GET /lists/{sid}/export", d.exportContacts)
	d.handle("GET /lists/{sid}/edit", d.editListPage)
	d.handle("POST /lists/{sid}", d.saveList)
	d.handle("GET /lists/{sid}/delete", d.deleteListPage)
	d.handle("POST /lists/{sid}/delete", d.deleteList)
	d.handle("POST /lists/{sid}/remove", d.removeSelected)
	d.handle("GET /lists/{sid}/add", d.addNumbersPage)
	d.handle("POST /lists/{sid}/add", d.addNumbers)
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

func (d *Dashboard) listsPage(r *http.Request) (answer, error) {
	words := r.URL.Query()
	filter := filterOf(url.Values{"q": words["q"], "sort": words["sort"]})
	data := listsData{Search: filter.Search, Sort: filter.Sort, Sorts: contactSorts}
	q := addressbook.ListQuery{Window: filter.order(), Name: filter.Search}
	q.Limit = tableRows
	position := func(l addressbook.List) string {
		return place(addressbook.Position{Key: q.SortKey(l.Updated, addressbook.NameKey(l.Name, "")), SID: l.SID})
	}
	before := placeOf(words.Get("before"))
	back := q
	if back.Desc, back.After = !q.Desc, before; before != nil {
		page, err := d.cfg.Book.Lists(r.Context(), accountOf(r), back)
		if err != nil {
			return answer{}, err
		}
		if page.Next != nil { // or else it is the first page
			slices.Reverse(page.Lists)
			data.Rows, data.Total = page.Lists, page.Total
			data.Previous = filter.URL("/lists", "before", position(page.Lists[0]))
			data.Next = filter.URL("/lists", "after", position(page.Lists[len(page.Lists)-1]))
		}
	}
	if data.Rows == nil {
		q.After = placeOf(words.Get("after"))
		page, err := d.cfg.Book.Lists(r.Context(), accountOf(r), q)
		if err != nil {
			return answer{}, err
		}
		data.Rows, data.Total = page.Lists, page.Total
		if q.After != nil && len(page.Lists) > 0 {
			data.Previous = filter.URL("/lists", "before", position(page.Lists[0]))
		}
		if page.Next != nil {
			data.Next = filter.URL("/lists", "after", place(*page.Next))
		}
	}
	a := show("lists", "Lists", data)
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
	a := show("list-form", title, f)
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

func (d *Dashboard) newListPage(*http.Request) (answer, error) {
	return newListForm("", "").page(), nil
}

func (d *Dashboard) createList(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	form := typedListForm(r.PostForm)
	list, err := d.makeList(r.Context(), accountOf(r), form.Name.Value, form.Tag.Value)
	if f := fault.As(err); f != nil {
		return form.refused(f).page(), nil
	}
	if err != nil {
		return answer{}, err
	}
	return goTo("/lists/" + list.SID.String()).saying("Made the list " + list.Name + "."), nil
}

// makeList creates a list. An empty tag is none.
func (d *Dashboard) makeList(ctx context.Context, acct account.Account, name, tag string) (addressbook.List, error) {
	draft := addressbook.ListDraft{Name: addressbook.Given(name), Tag: addressbook.Text{Value: tag, Given: tag != ""}}
	results, err := d.cfg.Book.CreateLists(ctx, acct, []addressbook.ListDraft{draft}, nil)
	if err == nil {
		err = results[0].Fault
	}
	if err != nil {
		return addressbook.List{}, err
	}
	return *results[0].List, nil
}
