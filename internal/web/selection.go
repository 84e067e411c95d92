package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// Bounds of a selection.
const (
	maxSelected = 100_000 // contacts, when it is all that match
	bulk        = 5_000   // that are worked at once
)

// selection is the contacts that somebody chose in a table: by their sids, or
// all that a filter lets pass.
type selection struct {
	SIDs   []addressbook.SID
	All    bool
	Filter contactFilter
	// List is the one whose members the table shows; nil is the whole account.
	List *addressbook.SID
}

// selectionIn reads a selection from a form.
func selectionIn(form url.Values) selection {
	s := selection{All: form.Get("all") != "", Filter: filterOf(form)}
	if form.Has("of") {
		// What is no sid is one that no list has, and not the whole account.
		sid, _ := addressbook.ParseSID(form.Get("of"))
		s.List = &sid
	}
	if s.All {
		return s
	}
	seen := make(map[addressbook.SID]bool)
	for _, text := range form["sid"] {
		if sid, ok := addressbook.ParseSID(text); ok && !seen[sid] && len(s.SIDs) < bulk {
			seen[sid] = true
			s.SIDs = append(s.SIDs, sid)
		}
	}
	return s
}

// Words are the hidden fields of a form that acts on the selection.
func (s selection) Words() []option {
	words := s.Filter.Words()
	if s.List != nil {
		words = append(words, option{"of", s.List.String()})
	}
	if s.All {
		return append(words, option{"all", "1"})
	}
	for _, sid := range s.SIDs {
		words = append(words, option{"sid", sid.String()})
	}
	return words
}

// Back is the page that the selection was made on.
func (s selection) Back() string {
	path := "/contacts"
	if s.List != nil {
		path = "/lists/" + s.List.String()
	}
	return s.Filter.URL(path)
}

// all is the query of a selection of all that match, in the order in which they
// were added: it holds still while they change.
func (d *Dashboard) all(ctx context.Context, acct account.Account, s selection) (q addressbook.Query, err error) {
	q, wrong, err := d.query(ctx, acct, s.Filter)
	if err != nil {
		return q, err
	}
	if wrong != "" {
		return q, fault.New(fault.Invalid, wrong)
	}
	q.Window, q.NoTotal = addressbook.Window{Limit: bulk}, true
	if s.List != nil {
		q.Lists = []addressbook.SID{*s.List}
	}
	return q, nil
}

// selected counts the selection. One that is empty or too large is a fault.
func (d *Dashboard) selected(ctx context.Context, acct account.Account, s selection) (int, error) {
	n := len(s.SIDs)
	if s.All {
		q, err := d.all(ctx, acct, s)
		if err != nil {
			return 0, err
		}
		q.Limit, q.NoTotal = 1, false
		page, err := d.cfg.Book.Contacts(ctx, acct, q)
		if err != nil {
			return 0, err
		}
		n = page.Total
	}
	switch {
	case n == 0:
		return 0, fault.New(fault.Missing, "No contact is selected.")
	case n > maxSelected:
		return 0, fault.New(fault.Invalid, fmt.Sprintf("%s contacts match, and at most %s can be worked at once. Narrow the table down by a filter.", count(n), count(maxSelected)))
	}
	return n, nil
}

// each calls do with the selected contacts, bulk by bulk, and tells how many it
// has worked. Each bulk is done by itself: what was done before an error stays
// done.
func (d *Dashboard) each(ctx context.Context, acct account.Account, s selection, do func([]addressbook.SID) error) (worked int, err error) {
	if !s.All {
		if err := do(s.SIDs); err != nil {
			return 0, err
		}
		return len(s.SIDs), nil
	}
	q, err := d.all(ctx, acct, s)
	if err != nil {
		return 0, err
	}
	for left := maxSelected; left > 0; left -= bulk {
		page, err := d.cfg.Book.Contacts(ctx, acct, q)
		if err != nil {
			return worked, err
		}
		sids := make([]addressbook.SID, len(page.Contacts))
		for i, c := range page.Contacts {
			sids[i] = c.SID
		}
		if len(sids) > 0 {
			if err := do(sids); err != nil {
				return worked, err
			}
			worked += len(sids)
		}
		if page.Next == nil {
			return worked, nil
		}
		q.After = page.Next
	}
	return worked, nil
}

// selectedData is what the template selected.html shows: what to do with a
// selection.
type selectedData struct {
	selection
	Do     string // list, tag or delete
	Count  int
	Field  field // the list's name or the tag
	Lists  []addressbook.List
	Undo   bool // a deletion can be undone
	Before int  // how many a deletion was confirmed for, when they are others now; 0 else
}

// selectedPage asks how to do what a table's button says.
func (d *Dashboard) selectedPage(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	return d.askSelected(r, selectedData{selection: selectionIn(r.PostForm), Do: r.PostForm.Get("do")})
}

func (d *Dashboard) askSelected(r *http.Request, data selectedData) (answer, error) {
	n, err := d.selected(r.Context(), accountOf(r), data.selection)
	if f := fault.As(err); fault.Is(err, fault.Missing) || fault.Is(err, fault.Invalid) {
		return goTo(data.Back()).noting(f.Detail), nil
	}
	if err != nil {
		return answer{}, err
	}
	data.Count = n
	var name string
	switch data.Do {
	case "list":
		name = "Add to a list"
		data.Field.Name, data.Field.Label, data.Field.Required, data.Field.MaxLength = "name", "List", true, addressbook.MaxTextLength
		data.Field.Hint = "The name of a list that is there, or of one to make."
		if data.Lists, err = d.listChoices(r); err != nil {
			return answer{}, err
		}
	case "tag":
		name = "Set the tag"
		data.Field.Name, data.Field.Label, data.Field.MaxLength = "value", "Tag", addressbook.MaxTextLength
		data.Field.Hint = "It takes the place of the tags that they have. Leave it empty to take their tags away."
	case "delete":
		name = "Delete " + plural(n, "contact", "contacts")
		data.Undo = !data.All && n <= maxUndo
	default:
		return answer{}, fault.New(fault.Invalid, "There is no such thing to do with contacts.")
	}
	a := show("selected", name, data)
	if data.Field.Error != "" || data.Before > 0 {
		a = a.invalid()
	}
	return a, nil
}
