package sqlite

import (
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/store/storetest"
)

const firstNumber phone.Number = 919800000000

var births atomic.Int64

// contacts returns n contacts with the numbers from first on; their sids rise.
func contacts(first phone.Number, n int) []addressbook.Contact {
	all := make([]addressbook.Contact, n)
	for i := range all {
		nanos := 1_750_000_000_000_000_000 + births.Add(1)
		c := &all[i]
		binary.BigEndian.PutUint64(c.SID[:8], uint64(nanos))
		c.Number = first + phone.Number(i)
		c.Texts[addressbook.FirstName] = addressbook.Given("Ada")
		c.CustomField = `{"plan":"gold","seats":12}`
		c.Created = time.Unix(0, nanos)
		c.Updated = c.Created
	}
	return all
}

// tryInsert inserts the contacts and tells which of them were there.
func (s *served) tryInsert(t *testing.T, account account.ID, contacts []addressbook.Contact) (existing []*addressbook.Contact, err error) {
	t.Helper()
	err = s.book.InsertContacts(t.Context(), account, contacts, addressbook.CreateOptions{}, storetest.Told(&existing))
	return existing, err
}

// insert inserts the contacts, and checks that so many are new.
func (s *served) insert(t *testing.T, account account.ID, contacts []addressbook.Contact, wantNew int) (existing []*addressbook.Contact) {
	t.Helper()
	existing, err := s.tryInsert(t, account, contacts)
	if err != nil {
		t.Fatalf("insert %d contacts: %v", len(contacts), err)
	}
	created := 0
	for _, e := range existing {
		if e == nil {
			created++
		}
	}
	if created != wantNew {
		t.Fatalf("%d of %d contacts are new, want %d", created, len(contacts), wantNew)
	}
	return existing
}

// begin inserts on another goroutine; what became of it comes over the channel.
func (s *served) begin(t *testing.T, account account.ID, contacts []addressbook.Contact) <-chan error {
	outcome := make(chan error, 1)
	go func() {
		_, err := s.tryInsert(t, account, contacts)
		outcome <- err
	}()
	return outcome
}

// queued waits until so many jobs wait for the writer.
func (s *served) queued(t *testing.T, n int) {
	t.Helper()
	waitFor(t, "the jobs to be queued", func() bool { return s.book.writer.queue.len() == n })
}

// stored is how many contacts the account has, to any reader.
func (s *served) stored(t *testing.T, account account.ID) int {
	t.Helper()
	return s.number(t, `SELECT count(*) FROM contacts WHERE account_id = ?`, account)
}

func (q *jobQueue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}
