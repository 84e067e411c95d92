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

// Limits of a selection.
const (
	maxSelected = 100_000 // contacts, if all that match are selected
	bulk        = 5_000   // contacts in one batch
)

// Selection is the contacts that a person has selected in a table: by their sids, or all
// that match a filter.
type Selection struct {
	SIDs   []addressbook.SID
	All    bool
	Filter Filter
	// List is the list whose members the table shows; nil means the whole account.
	List *addressbook.SID
}

// SelectionIn reads a selection from a form.
func SelectionIn(form url.Values) Selection {
	s := Selection{All: form.Get("all") != "", Filter: FilterOf(form)}
	if form.Has("of") {
		// An invalid sid must not select the whole account. The zero sid has no members.
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

// Words returns the hidden fields of a form that acts on the selection.
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

// MaxPicked returns how many contacts can be selected one by one.
func (t Table) MaxPicked() int { return bulk }

// Key identifies the table to script, which keeps the selection in the browser while the
// visitor turns pages.
func (s Selection) Key() string { return s.path() }

// Back returns the URL of the page on which the selection was made.
func (s Selection) Back() string { return s.Filter.URL(s.path()) }

func (s Selection) path() string {
	if s.List != nil {
		return "/lists/" + s.List.String()
	}
	return "/contacts"
}

// ExportURL returns the URL of an export of all contacts that match, in this format.
func (s Selection) ExportURL(format string) string { return exportURL(s.Filter, s.path(), format) }

// query returns the query of all contacts that match, in the order in which they were
// added, which does not change while an action changes them.
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

// Size counts the selected contacts. The error is a fault if there are none or too many.
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

// Each calls do with batches of the selected contacts, and returns how many were done.
// Batches are independent: those before an error stay done.
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

// eachPage is EachContact for all contacts that match.
func (s Selection) eachPage(ctx context.Context, book *addressbook.Book, acct account.Account, do func([]addressbook.Contact) error) (worked int, err error) {
	q, err := s.query(ctx, book, acct)
	if err != nil {
		return 0, err
	}
	// Release each page's memory before the next one.
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

// EachContact is like Each, but reads the contacts. It omits those that somebody has
// deleted in the meantime.
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

// ErrNoneSelected is the fault of an empty selection.
var ErrNoneSelected = fault.New(fault.Missing, "No contact is selected.")

// Refused redirects to the table with a notice about the fault that Size has returned. It
// returns any other error.
func (s Selection) Refused(err error) (shell.Answer, error) {
	if f := fault.As(err); fault.Is(err, fault.Missing) || fault.Is(err, fault.Invalid) {
		return shell.GoTo(s.Back()).Noting(f.Detail), nil
	}
	return shell.Answer{}, err
}
