package sqlite

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/store/storetest"
)

// fullShare returns the context of a request whose account has all of its share
// of the memory in use, but for so many bytes.
func fullShare(t *testing.T, account account.ID, but int64) context.Context {
	t.Helper()
	memory := budget.New(256<<10, 8)
	_, other := memory.Begin(t.Context())
	ctx, share := memory.Begin(t.Context())
	t.Cleanup(other.End)
	t.Cleanup(share.End)
	err := errors.Join(other.Admit(account), other.Claim(budget.Free+128<<10), share.Admit(account), share.Claim(budget.Free-but))
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// accountOf is an account and the address book that checks what it asks for.
type accountOf struct {
	acct account.Account
	book *addressbook.Book
}

// TestRefusedAlone has one account's request refused by its share, in a group
// with another account's: only that request is undone, and nothing is done again.
func TestRefusedAlone(t *testing.T) {
	t.Parallel()
	const n = 5
	all := contacts(firstNumber, n)
	weight := all[0].Weight()
	var lists []addressbook.List
	var listPatches []addressbook.ListPatch
	var sids, listSIDs []addressbook.SID
	var patches []addressbook.Patch
	tag := addressbook.Change{Text: addressbook.Given("changed"), Set: true}
	for i, c := range all {
		sids = append(sids, c.SID)
		number := addressbook.Change{Text: addressbook.Given((firstNumber + 100 + phone.Number(i)).String()), Set: true}
		patches = append(patches, addressbook.Patch{SID: c.SID, Number: number, Texts: addressbook.Changes{addressbook.Tag: tag}})
		l := addressbook.List{SID: c.SID, Name: "list " + c.Number.String(), Created: c.Created, Updated: c.Updated}
		lists = append(lists, l)
		listSIDs = append(listSIDs, l.SID)
		listPatches = append(listPatches, addressbook.ListPatch{SID: l.SID, Tag: tag})
	}
	taken := addressbook.Patch{SID: sids[0], Number: addressbook.Change{Text: addressbook.Given((firstNumber + 1).String()), Set: true}}
	listWeight := lists[0].Weight()
	for name, test := range map[string]struct {
		room int64
		do   func(ctx context.Context, b *AddressBook, a accountOf) error
	}{
		"insert": {weight, func(ctx context.Context, b *AddressBook, a accountOf) error {
			return b.InsertContacts(ctx, a.acct.ID, append(contacts(firstNumber+50, 2), contacts(firstNumber, n)...), addressbook.CreateOptions{}, nil)
		}},
		"insert many": {weight, func(ctx context.Context, b *AddressBook, a accountOf) error {
			ctx = journal.WithClaim(ctx, journal.Claim{Key: "key"})
			return b.InsertContacts(ctx, a.acct.ID, append(contacts(firstNumber+50, earlyRows), contacts(firstNumber, n)...),
				addressbook.CreateOptions{OnDuplicate: addressbook.UpdateDuplicate}, nil)
		}},
		"update one": {0, func(ctx context.Context, b *AddressBook, a accountOf) error {
			_, err := a.book.UpdateContacts(ctx, a.acct, patches[:1], nil)
			return err
		}},
		"take one number": {weight, func(ctx context.Context, b *AddressBook, a accountOf) error {
			_, err := a.book.UpdateContacts(ctx, a.acct, []addressbook.Patch{taken}, nil)
			return err
		}},
		"update": {2 * weight, func(ctx context.Context, b *AddressBook, a accountOf) error {
			_, err := a.book.UpdateContacts(ctx, a.acct, patches, nil)
			return err
		}},
		"delete one": {0, func(ctx context.Context, b *AddressBook, a accountOf) error {
			return b.DeleteContacts(ctx, a.acct.ID, storetest.NewDeletion(), sids[:1], nil)
		}},
		"delete": {2 * weight, func(ctx context.Context, b *AddressBook, a accountOf) error {
			return b.DeleteContacts(ctx, a.acct.ID, storetest.NewDeletion(), sids, nil)
		}},
		"update lists": {2 * listWeight, func(ctx context.Context, b *AddressBook, a accountOf) error {
			return b.UpdateLists(ctx, a.acct.ID, listPatches, nil)
		}},
		"delete one list": {0, func(ctx context.Context, b *AddressBook, a accountOf) error {
			return b.DeleteLists(ctx, a.acct.ID, storetest.NewDeletion(), listSIDs[:1], nil)
		}},
		"delete lists": {2 * listWeight, func(ctx context.Context, b *AddressBook, a accountOf) error {
			return b.DeleteLists(ctx, a.acct.ID, storetest.NewDeletion(), listSIDs, nil)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, Options{})
			two, one, three := s.account(t, "two").ID, s.account(t, "one"), s.account(t, "three").ID
			s.insert(t, one.ID, all, n)
			if err := s.book.InsertLists(t.Context(), one.ID, lists, nil); err != nil {
				t.Fatal(err)
			}
			a := accountOf{one, addressbook.New(s.book, addressbook.Options{})}
			ctx := fullShare(t, one.ID, test.room)

			release := s.hold(t)
			// Accounts take turns, so the refused one comes between two others.
			watch := newJob(t.Context(), func(*sqlite.Conn) (int, error) { return 0, nil })
			s.submit(t, watch)
			s.queued(t, 1)
			before := s.begin(t, two, contacts(firstNumber, 3))
			s.queued(t, 2)
			refused := s.queue(t, 3, func() error { return test.do(ctx, s.book, a) })
			after := s.begin(t, three, contacts(firstNumber, 3))
			s.queued(t, 4)
			release()
			if err := <-refused; !errors.Is(err, budget.ErrShare) {
				t.Errorf("the request without memory ended with %v", err)
			}
			for _, outcome := range []<-chan error{before, after, watch.outcome} {
				if err := <-outcome; err != nil {
					t.Errorf("another request ended with %v", err)
				}
			}
			if watch.undone != 0 || watch.redone != 0 {
				t.Errorf("the group was undone %d times, and done again %d times", watch.undone, watch.redone)
			}
			if got, other, last := s.stored(t, one.ID), s.stored(t, two), s.stored(t, three); got != n || other != 3 || last != 3 {
				t.Errorf("%d, %d and %d contacts are stored, want %d, 3 and 3", got, other, last, n)
			}
			changed := s.number(t, `SELECT (SELECT count(*) FROM contacts WHERE account_id = ?1 AND (tag = 'changed' OR number >= ?2)) +
				(SELECT count(*) FROM lists WHERE account_id = ?1 AND tag = 'changed')`, one.ID, int64(firstNumber+n))
			if kept := s.number(t, `SELECT count(*) FROM lists WHERE account_id = ?`, one.ID); changed != 0 || kept != n {
				t.Errorf("%d rows were changed, and %d of %d lists are there", changed, kept, n)
			}
			s.right(t)
			s.insert(t, one.ID, contacts(firstNumber+50, earlyRows), earlyRows)
		})
	}
}

// TestRedoClaimsNothing has the group of a request done again whose share grants
// no more bytes by then: it holds those that it got, so it and the others succeed.
func TestRedoClaimsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	one, two := s.account(t, "one").ID, s.account(t, "two").ID
	all := contacts(firstNumber, 50) // which weigh more than a request may use of no pool
	s.insert(t, one, all, len(all))
	var sids []addressbook.SID
	weight := int64(0)
	for i := range all {
		sids = append(sids, all[i].SID)
		weight += all[i].Weight()
	}
	ctx, share := budget.New(256<<10, 8).Begin(t.Context())
	if err := share.Admit(one); err != nil {
		t.Fatal(err)
	}
	var used atomic.Int64
	release := s.hold(t)
	removed := s.queue(t, 1, func() error {
		return s.book.DeleteContacts(ctx, one, storetest.NewDeletion(), sids, nil)
	})
	other := s.begin(t, two, contacts(firstNumber, 3))
	s.queued(t, 2)
	failing := newJob(t.Context(), func(*sqlite.Conn) (int, error) {
		used.Store(share.Used())
		share.End()
		return 0, errDisk
	})
	failing.account = two // so that it comes behind both
	s.submit(t, failing)
	release()
	if err := <-failing.outcome; !errors.Is(err, errDisk) {
		t.Errorf("the job that fails ended with %v", err)
	}
	for name, outcome := range map[string]<-chan error{"delete": removed, "other": other} {
		if err := <-outcome; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if used.Load() != weight || weight <= budget.Free {
		t.Errorf("the request used %d bytes, want %d, and more than %d", used.Load(), weight, budget.Free)
	}
	if a, b := s.stored(t, one), s.stored(t, two); a != 0 || b != 3 {
		t.Errorf("%d and %d contacts are stored, want 0 and 3", a, b)
	}
	s.right(t)
}

// TestRedoFault has a job that ends with a fault when it is done again: the
// others of its group fail with it, but are not told of that fault.
func TestRedoFault(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	one, two := s.account(t, "one").ID, s.account(t, "two").ID
	release := s.hold(t)
	once := newJob(t.Context(), nil)
	once.account = one
	once.do = func(*sqlite.Conn) (int, error) {
		if once.redone > 0 {
			return 0, budget.ErrShare
		}
		return 0, nil
	}
	s.submit(t, once)
	s.queued(t, 1)
	other := s.begin(t, two, contacts(firstNumber, 3))
	s.queued(t, 2)
	failing := failingJob(t, false)
	failing.account = two // so that it comes behind both
	s.submit(t, failing)
	release()
	if err := <-failing.outcome; !errors.Is(err, errDisk) {
		t.Errorf("the job that fails ended with %v", err)
	}
	err := <-other
	if f := fault.As(err); f == nil || f.Kind != fault.Unavailable || f.RetryAfter == 0 || errors.Is(err, budget.ErrShare) {
		t.Errorf("the other account's job ended with %v", err)
	}
	s.right(t)
}
