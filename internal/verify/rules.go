package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/idempotency"
	"callbook/internal/importer"
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

// contactProblems returns what is wrong with a contact, which comes after the one
// with the sid last.
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

// sidProblem returns what is wrong with the sid of something created at this
// time; "" is nothing.
func sidProblem(sid []byte, created int64) string {
	if len(sid) != len(addressbook.SID{}) {
		return fmt.Sprintf("has a sid of %d bytes", len(sid))
	}
	if !addressbook.SID(sid).CreatedAt(created) {
		return "has a sid that is not a UUID of version 7 with its date of creation"
	}
	return ""
}

// numbers looks for numbers that are there twice in an account.
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

// repeated tells of contacts that share numbers.
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

// lists recounts the members of lists.
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

// receipts checks that receipts can be read, and that old ones were deleted.
func (r *runner) receipts(ctx context.Context) error {
	r.count(0, "receipts")
	now := r.opts.Now().UnixNano()
	old := int64(0)
	for _, a := range r.accounts {
		unreadable := int64(0)
		err := r.view.Receipts(ctx, a.ID, func(receipt *Receipt) error {
			r.row()
			r.count(1, "receipts")
			if now-receipt.Created > int64(idempotency.Lifetime) {
				old++
			}
			if !readable(receipt) {
				unreadable++
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("account %s: %w", a.SID, err)
		}
		if unreadable > 0 {
			r.problem(a.SID, fmt.Sprintf("%d receipts are no answers that could be given again", unreadable))
		}
	}
	if old > 0 {
		r.note(fmt.Sprintf("%d receipts are over %v old; a running server deletes them", old, idempotency.Lifetime))
	}
	return nil
}

func readable(receipt *Receipt) bool {
	if len(receipt.Key) < 1 || len(receipt.Key) > idempotency.MaxKeyLength || len(receipt.Request) != 32 {
		return false
	}
	if receipt.Status < 200 || receipt.Status > 599 {
		return false
	}
	return len(receipt.Body) == 0 || json.Valid(receipt.Body)
}

// uploads checks that what waits has its file, and that the counts fit.
func (r *runner) uploads(ctx context.Context) error {
	r.count(0, "uploads")
	files, err := r.view.Files(ctx)
	if err != nil {
		return err
	}
	r.count(int64(len(files)), "files")
	for _, a := range r.accounts {
		var unsure []addressbook.SID // that have no file
		err := r.view.Uploads(ctx, a.ID, func(u *Upload) error {
			r.row()
			r.count(1, "uploads")
			bad := func(text string) { r.problem(a.SID, fmt.Sprintf("upload %x %s", u.SID, text)) }
			if len(u.SID) != len(addressbook.SID{}) {
				bad(fmt.Sprintf("has a sid of %d bytes", len(u.SID)))
				return nil
			}
			for _, text := range uploadProblems(u) {
				bad(text)
			}
			sid := addressbook.SID(u.SID)
			file, there := files[sid]
			delete(files, sid)
			switch {
			case !u.Draft && u.State != int64(importer.Running):
			case !there:
				unsure = append(unsure, sid)
			case file.Broken || u.Size > 0 && file.Size != u.Size:
				bad(fmt.Sprintf("has a file of %d bytes, and %d came", file.Size, u.Size))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("account %s: %w", a.SID, err)
		}
		for _, sid := range unsure {
			ended, err := r.view.Ended(ctx, a.ID, sid)
			if err != nil {
				return fmt.Errorf("account %s: %w", a.SID, err)
			}
			if !ended {
				r.problem(a.SID, fmt.Sprintf("upload %s has rows left, and no file", sid))
			}
		}
	}
	if len(files) > 0 {
		r.note(fmt.Sprintf("%d files are of no upload: they are coming at this moment, or the next start of a server removes them", len(files)))
	}
	return nil
}

// uploadProblems returns what is wrong with the counts of an upload.
func uploadProblems(u *Upload) (found []string) {
	if u.Draft {
		return nil
	}
	if u.State < int64(importer.Running) || u.State > int64(importer.FileGone) {
		found = append(found, fmt.Sprintf("is in state %d, which there is not", u.State))
	}
	if u.ErrorRows > u.Duplicate+u.Failed {
		found = append(found, fmt.Sprintf("has %d error rows, and counts %d rows that failed or are duplicates", u.ErrorRows, u.Duplicate+u.Failed))
	}
	if u.Fresh > u.Success {
		found = append(found, fmt.Sprintf("counts %d new contacts, and %d rows that succeeded", u.Fresh, u.Success))
	}
	if u.Position < 0 || u.Size > 0 && u.Position > u.Size {
		found = append(found, fmt.Sprintf("is at byte %d of a file of %d", u.Position, u.Size))
	}
	return found
}
