package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"callbook/internal/addressbook"
)

func (r *runner) schema(ctx context.Context) error {
	version, objects, err := r.view.Schema(ctx, func(text string) { r.problem("", text) })
	r.count(int64(version), Version)
	r.count(objects, "tables and indexes")
	return err
}

func (r *runner) structure(ctx context.Context) error {
	checked, unit, err := r.view.Structure(ctx, func(text string) { r.problem("", text) })
	r.count(checked, unit)
	return err
}

// maxNumber is the largest number of E.164, which has 15 digits at most.
const maxNumber = 999_999_999_999_999

// contacts checks each contact and recounts the accounts' counters.
func (r *runner) contacts(ctx context.Context) error {
	r.total = r.expected()
	r.count(int64(len(r.accounts)), "accounts")
	r.count(0, "contacts")
	for _, a := range r.accounts {
		n := int64(0)
		var last []byte
		err := r.view.Contacts(ctx, a.ID, func(c *Contact) error {
			n++
			r.row()
			for _, text := range contactProblems(c, last) {
				r.problem(a.SID, fmt.Sprintf("contact %x %s", c.SID, text))
			}
			last = append(last[:0], c.SID...)
			return nil
		})
		r.count(n, "contacts")
		if err != nil {
			return fmt.Errorf("account %s: %w", a.SID, err)
		}
		switch {
		case !a.Counted && n > 0:
			r.problem(a.SID, fmt.Sprintf("it has no counter of contacts, and %d contacts", n))
		case a.Count != n:
			r.problem(a.SID, fmt.Sprintf("its counter says %d contacts, and there are %d", a.Count, n))
		}
		if a.Slots > 0 {
			r.problem(a.SID, fmt.Sprintf("its counter has %d rows that are none of its slots", a.Slots))
		}
	}
	return nil
}

// contactProblems returns the problems of a contact. Last is the sid of the contact
// before it.
func contactProblems(c *Contact, last []byte) (found []string) {
	if text := sidProblem(c.SID, c.Created); text != "" {
		found = append(found, text)
	} else if string(c.SID) <= string(last) {
		found = append(found, "does not come after the one before it")
	}
	if c.Number < 1 || c.Number > maxNumber {
		found = append(found, "has a number that is none")
	}
	if c.Updated < c.Created {
		found = append(found, "was updated before it was created")
	}
	for _, text := range c.Texts {
		if !utf8.Valid(text) {
			found = append(found, "has a text that is not UTF-8")
			break
		}
	}
	if c.CustomField != nil && !isObject(c.CustomField) {
		found = append(found, "has a custom_field that is no JSON object")
	}
	if c.Misfolded {
		found = append(found, "has a folded text that is not the fold of its text, so that searches miss it")
	}
	return found
}

func isObject(text []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(string(text[:min(len(text), 64)]), " \t\r\n"), "{") && json.Valid(text)
}

// sidProblem returns the problem of a sid, or "". Created is the date of creation
// that the sid must hold.
func sidProblem(sid []byte, created int64) string {
	if len(sid) != len(addressbook.SID{}) {
		return fmt.Sprintf("has a sid of %d bytes", len(sid))
	}
	if !addressbook.SID(sid).CreatedAt(created) {
		return "has a sid that is not a UUID of version 7 with its date of creation"
	}
	return ""
}

// numbers looks for numbers that several contacts of an account have.
func (r *runner) numbers(ctx context.Context) error {
	r.total = r.expected()
	r.count(0, "numbers")
	for _, a := range r.accounts {
		n, last, groups, extra := int64(0), int64(-1), int64(0), int64(0)
		var repeated []int64
		err := r.view.Numbers(ctx, a.ID, func(number int64) error {
			n++
			r.row()
			if number == last {
				extra++
				if len(repeated) == 0 || repeated[len(repeated)-1] != number {
					if groups++; len(repeated) < MaxProblems {
						repeated = append(repeated, number)
					}
				}
			}
			last = number
			return nil
		})
		r.count(n, "numbers")
		if err != nil {
			return fmt.Errorf("account %s: %w", a.SID, err)
		}
		if extra > 0 {
			if err := r.repeated(ctx, a, repeated, extra); err != nil {
				return err
			}
		}
	}
	return nil
}

// repeated reports contacts that share numbers.
func (r *runner) repeated(ctx context.Context, a Account, numbers []int64, extra int64) error {
	holders, err := r.view.Holders(ctx, a.ID, numbers, 4*MaxProblems)
	if err != nil {
		return fmt.Errorf("account %s: %w", a.SID, err)
	}
	r.problem(a.SID, fmt.Sprintf("%d contacts have a number that another contact has", extra))
	for _, number := range numbers {
		var sids []string
		for _, h := range holders {
			if h.Number == number {
				sids = append(sids, fmt.Sprintf("%x", h.SID))
			}
		}
		r.problem(a.SID, "one number is of contacts "+strings.Join(sids, ", "))
	}
	r.current.Found += extra - 1 - int64(len(numbers))
	r.current.Found = max(r.current.Found, int64(len(r.current.Problems)))
	return nil
}

// lists checks each list and recounts its members.
func (r *runner) lists(ctx context.Context) error {
	r.count(0, "lists")
	r.count(0, "members")
	for _, a := range r.accounts {
		err := r.view.Lists(ctx, a.ID, func(l *List) error {
			r.row()
			r.count(1, "lists")
			r.count(l.Members, "members")
			bad := func(format string, args ...any) {
				r.problem(a.SID, fmt.Sprintf("list %x ", l.SID)+fmt.Sprintf(format, args...))
			}
			if text := sidProblem(l.SID, l.Created); text != "" {
				bad("%s", text)
			}
			if l.Count != l.Members {
				bad("has a contact_count of %d, and %d members", l.Count, l.Members)
			}
			if l.Strangers > 0 {
				bad("has %d members that are no contacts of its account", l.Strangers)
			}
			if l.Type != int64(addressbook.Static) && l.Type != int64(addressbook.Dynamic) {
				bad("is of type %d, which there is not", l.Type)
			}
			if l.Misfolded {
				bad("has a folded name that is not the fold of its name")
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("account %s: %w", a.SID, err)
		}
	}
	return nil
}

// trash checks what is in the trash.
func (r *runner) trash(ctx context.Context) error {
	r.count(0, "contacts")
	for _, a := range r.accounts {
		var last []byte
		err := r.view.TrashedContacts(ctx, a.ID, func(c *Contact) error {
			r.row()
			r.count(1, "contacts")
			for _, text := range contactProblems(c, last) {
				r.problem(a.SID, fmt.Sprintf("contact %x in the trash %s", c.SID, text))
			}
			last = append(last[:0], c.SID...)
			return nil
		})
		if err != nil {
			return fmt.Errorf("account %s: %w", a.SID, err)
		}
		t, err := r.view.Trash(ctx, a.ID)
		if err != nil {
			return fmt.Errorf("account %s: %w", a.SID, err)
		}
		r.count(t.Lists, "lists")
		r.count(t.Members, "members")
		for _, p := range []struct {
			n    int64
			text string
		}{
			{t.Twins, "contacts or lists are in the trash and not deleted"},
			{t.Strays, "members in the trash have a contact or a list that is nowhere"},
			{t.Left, "members are in the trash, and neither their contact nor their list is"},
		} {
			if p.n > 0 {
				r.problem(a.SID, fmt.Sprintf("%d %s", p.n, p.text))
			}
		}
	}
	return nil
}

func (r *runner) orphans(ctx context.Context) error {
	return r.view.Orphans(ctx, func(o Orphans) error {
		r.count(1, "relations")
		if o.Count > 0 {
			r.problem("", fmt.Sprintf("%d rows of %s have no row of %s that they belong to", o.Count, o.Rows, o.Of))
		}
		return nil
	})
}

func (r *runner) secrets(ctx context.Context) error {
	all, broken, err := r.view.Secrets(ctx)
	r.count(all, "hashes")
	if broken > 0 {
		r.problem("", fmt.Sprintf("%d keys, sessions or login links have a hash that is none, and work no more", broken))
	}
	return err
}
