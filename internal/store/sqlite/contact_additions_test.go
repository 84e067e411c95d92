package sqlite

import (
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/store/storetest"
)

// TestAdditions has a group of small requests to two accounts, in which later
// ones meet, change and delete what earlier ones have added.
func TestAdditions(t *testing.T) {
	t.Parallel()
	for name, bytes := range indexMemory {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, Options{IndexBytes: bytes})
			one, two := s.account(t, "one").ID, s.account(t, "two").ID
			commits, held, release := s.stopFirst(t)
			outcomes := []<-chan error{s.begin(t, one, contacts(firstNumber, 1))}
			<-held
			ones, others := contacts(firstNumber+1, 3), contacts(firstNumber, 2)
			more, last, other := contacts(firstNumber+10, 2), contacts(firstNumber+30, 2), contacts(firstNumber+2, 1)
			var met []*addressbook.Contact
			var updated, deleted []addressbook.Result
			for i, do := range []func() error{
				func() error { _, err := s.tryInsert(t, one, ones); return err },
				func() error { _, err := s.tryInsert(t, two, others); return err },
				func() error { _, err := s.tryInsert(t, one, more); return err },
				// Where there is no memory, this lets the other account's index go.
				func() error {
					return s.book.InsertContacts(t.Context(), two, contacts(firstNumber+20, 1),
						addressbook.CreateOptions{DryRun: true}, nil)
				},
				func() error {
					return s.book.InsertContacts(t.Context(), one, contacts(firstNumber+10, 3), addressbook.CreateOptions{}, storetest.Told(&met))
				},
				func() error { _, err := s.tryInsert(t, one, last); return err },
				func() error {
					p := addressbook.Patch{SID: last[0].SID}
					p.Texts[addressbook.FirstName] = addressbook.Change{Set: true, Text: addressbook.Given("Grace")}
					return s.book.UpdateContacts(t.Context(), one, []addressbook.Patch{p}, storetest.Told(&updated))
				},
				func() error { _, err := s.tryInsert(t, two, other); return err },
				func() error {
					return s.book.DeleteContacts(t.Context(), two, storetest.NewDeletion(), []addressbook.SID{other[0].SID}, storetest.Told(&deleted))
				},
			} {
				outcome := make(chan error, 1)
				go func() { outcome <- do() }()
				s.queued(t, i+1) // so that they queue in this order
				outcomes = append(outcomes, outcome)
			}
			release()
			for i, outcome := range outcomes {
				if err := <-outcome; err != nil {
					t.Errorf("job %d: %v", i, err)
				}
			}
			if t.Failed() {
				t.FailNow()
			}
			if n := commits.count(); n != 2 {
				t.Errorf("there were %d commits, want one for the first and one for all that waited", n)
			}
			if met[0] == nil || met[0].SID != more[0].SID || met[1] == nil || met[1].SID != more[1].SID || met[2] != nil {
				t.Errorf("contacts were met as %v, want the two that were added, and none", met)
			}
			for _, r := range append(updated, deleted...) {
				if r.Fault != nil {
					t.Errorf("a change of an added contact: %v", r.Fault)
				}
			}
			if n, m := s.stored(t, one), s.stored(t, two); n != 1+3+2+1+2 || m != 2+1-1 {
				t.Errorf("%d and %d contacts are stored, want 9 and 2", n, m)
			}
			if c, err := s.book.Contact(t.Context(), one, last[0].SID); err != nil || c.Texts[addressbook.FirstName].Value != "Grace" {
				t.Errorf("the changed contact is %+v, %v", c, err)
			}
			s.recount(t)
		})
	}
}

// TestAdditionsFail has the rows of a group fail when they are written: all who
// wait are told, and nothing stays.
func TestAdditionsFail(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	_, first, release := s.holdFirst(t, acme)
	all := contacts(firstNumber+1, 3)
	var outcomes []<-chan error
	for i := range all {
		outcomes = append(outcomes, s.begin(t, acme, all[i:i+1]))
		s.queued(t, i+1)
	}
	// A sid that comes twice is what makes SQLite refuse a row.
	twin := s.begin(t, acme, []addressbook.Contact{{SID: all[1].SID, Number: firstNumber + 40, Created: all[1].Created, Updated: all[1].Updated}})
	s.queued(t, len(all)+1)
	release()
	if err := <-first; err != nil {
		t.Error(err)
	}
	for i, outcome := range append(outcomes, twin) {
		if err := <-outcome; err == nil {
			t.Errorf("contact %d is said to be stored", i)
		}
	}
	if n := s.stored(t, acme); n != 1 {
		t.Errorf("%d contacts are stored, want the first alone", n)
	}
	// Their numbers are free again.
	s.insert(t, acme, all, len(all))
	s.recount(t)
}
