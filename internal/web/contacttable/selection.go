package contacttable

import (
	"context"
	"fmt"
	"net/url"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// Bounds of a selection.
const (
	maxSelected = 100_000 // contacts, when it is all that match
	bulk        = 5_000   // that are worked at once
)

// Selection is the contacts that somebody chose in a table: by their sids, or
// all that a filter lets pass.
type Selection struct {
	SIDs   []addressbook.SID
	All    bool
	Filter Filter
	// List is the one whose members the table shows; nil is the whole account.
	List *addressbook.SID
}

// SelectionIn reads a selection from a form.
func SelectionIn(form url.Values) Selection {
	s := Selection{All: form.Get("all") != "", Filter: FilterOf(form)}
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
func (s Selection) Words() []shell.Option {
	fields := s.Filter.Words()
	if s.List != nil {
		fields = append(fields, shell.Option{Value: "of", Label: s.List.String()})
	}
	if s.All {
		return append(fields, shell.Option{Value: "all", Label: "1"})
	}
	for _, sid := range s.SIDs {
		fields = append(fields, shell.Option{Value: "sid", Label: sid.String()})
	}
	return fields
}

// MaxPicked is how many contacts can be selected one by one.
func (t Table) MaxPicked() int { return bulk }

// Key names the selection for the browser, which keeps it while somebody turns pages.
func (s Selection) Key() string { return s.path() }

// Back is the page that the selection was made on.
func (s Selection) Back() string { return s.Filter.URL(s.path()) }

func (s Selection) path() string {
	if s.List != nil {
		return "/lists/" + s.List.String()
	}
	return "/contacts"
}

// ExportURL is where the contacts of a selection of all that match can be had as a
// file of this format.
func (s Selection) ExportURL(format string) string { return exportURL(s.Filter, s.path(), format) }

// query is the query of a selection of all that match, in the order in which they
// were added: it holds still while they change.
func (s Selection) query(ctx context.Context, book *addressbook.Book, acct account.Account) (q addressbook.Query, err error) {
	q, wrong, err := s.Filter.query(ctx, book, acct)
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

// Size counts the selection. One that is empty or too large is a fault.
func (s Selection) Size(ctx context.Context, book *addressbook.Book, acct account.Account) (int, error) {
	n := len(s.SIDs)
	if s.All {
		q, err := s.query(ctx, book, acct)
		if err != nil {
			return 0, err
		}
		q.Limit, q.NoTotal = 1, false
		page, err := book.Contacts(ctx, acct, q)
		if err != nil {
			return 0, err
		}
		n = page.Total
	}
	switch {
	case n == 0:
		return 0, ErrNoneSelected
	case n > maxSelected:
		return 0, fault.New(fault.Invalid, fmt.Sprintf("%s contacts match, and at most %s can be worked at once. Narrow the table down by a filter.", words.Count(n), words.Count(maxSelected)))
	}
	return n, nil
}

// Each calls do with the selected contacts, bulk by bulk, and tells how many it
// has worked. Each bulk is done by itself: what was done before an error stays
// done.
func (s Selection) Each(ctx context.Context, book *addressbook.Book, acct account.Account, do func([]addressbook.SID) error) (worked int, err error) {
	if !s.All {
		if err := do(s.SIDs); err != nil {
			return 0, err
		}
		return len(s.SIDs), nil
	}
	return s.eachPage(ctx, book, acct, func(contacts []addressbook.Contact) error {
		sids := make([]addressbook.SID, len(contacts))
		for i, c := range contacts {
			sids[i] = c.SID
		}
		return do(sids)
	})
}

// eachPage is EachContact for all that match.
func (s Selection) eachPage(ctx context.Context, book *addressbook.Book, acct account.Account, do func([]addressbook.Contact) error) (worked int, err error) {
	q, err := s.query(ctx, book, acct)
	if err != nil {
		return 0, err
	}
	// What one page and the work on it take, the next one does not need.
	share := budget.Of(ctx)
	used := share.Used()
	for left := maxSelected; left > 0; left -= bulk {
		page, err := book.Contacts(ctx, acct, q)
		if err != nil {
			return worked, err
		}
		if len(page.Contacts) > 0 {
			if err := do(page.Contacts); err != nil {
				return worked, err
			}
			worked += len(page.Contacts)
		}
		if page.Next == nil {
			return worked, nil
		}
		q.After = page.Next
		share.Give(used)
	}
	return worked, nil
}

// EachContact is Each for what needs the contacts themselves. Those that somebody deleted
// meanwhile are left out.
func (s Selection) EachContact(ctx context.Context, book *addressbook.Book, acct account.Account, do func([]addressbook.Contact) error) (worked int, err error) {
	if s.All {
		return s.eachPage(ctx, book, acct, do)
	}
	var contacts []addressbook.Contact
	for _, sid := range s.SIDs {
		c, err := book.Contact(ctx, acct, sid)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err == nil {
			err = budget.Of(ctx).Claim(c.Weight())
		}
		if err != nil {
			return 0, err
		}
		contacts = append(contacts, c)
	}
	if err := do(contacts); err != nil {
		return 0, err
	}
	return len(s.SIDs), nil
}

// ErrNoneSelected is the fault of a selection that is empty.
var ErrNoneSelected = fault.New(fault.Missing, "No contact is selected.")

// Refused goes back to the table with what is wrong with the selection, as its
// size has it. An error of another kind is returned.
func (s Selection) Refused(err error) (shell.Answer, error) {
	if f := fault.As(err); fault.Is(err, fault.Missing) || fault.Is(err, fault.Invalid) {
		return shell.GoTo(s.Back()).Noting(f.Detail), nil
	}
	return shell.Answer{}, err
}
