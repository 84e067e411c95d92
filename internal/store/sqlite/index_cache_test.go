package sqlite

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
)

func TestIndexCacheRecency(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	var ids []account.ID
	for i := range 3 {
		id := s.account(t, fmt.Sprintf("account%d", i)).ID
		s.insert(t, id, contacts(firstNumber, 1), 1)
		ids = append(ids, id)
	}
	one, two, three := ids[0], ids[1], ids[2]

	small := newNumberIndex(0).bytes + segmentMin*entryBytes // the size of an index of one number
	log := new(logs)
	cache := newIndexCache(2*small, log.logger(), new(additions))
	builds := func() int { return len(log.with(t, "number index built")) }
	get := func(id account.ID, wantBuilds int, kept ...account.ID) {
		t.Helper()
		var x *numberIndex
		if err := s.db.read(t.Context(), func(conn *sqlite.Conn) (err error) {
			x, err = cache.get(conn, id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if n := builds(); n != wantBuilds {
			t.Errorf("%d indexes were built so far, want %d", n, wantBuilds)
		}
		if len(cache.byID) != len(kept) || cache.recency.Len() != len(kept) {
			t.Errorf("%d indexes are kept, want %d", len(cache.byID), len(kept))
		}
		for _, id := range kept {
			if cache.byID[id] == nil {
				t.Errorf("the index of account %d was let go", id)
			}
		}
		if x.len != 1 || x.bytes != small {
			t.Errorf("the index has %d numbers in %d bytes", x.len, x.bytes)
		}
	}
	get(one, 1, one)
	get(two, 2, one, two)
	get(one, 2, one, two)
	get(three, 3, one, three) // two was not used for the longest
	get(two, 4, three, two)
	get(three, 4, three, two)

	// The account in front keeps its index, whatever its size.
	cache.limit = 1
	get(three, 4, three)
	get(three, 4, three)
	get(one, 5, one)

	// What was let go is no matter to whoever takes numbers out.
	cache.remove(two, nil)
	cache.drop(two)
	cache.drop(one)
	get(one, 6, one)
}

func TestIndexLetGo(t *testing.T) {
	t.Parallel()
	log := new(logs)
	s := serve(t, Options{IndexBytes: 1, Log: log.logger()})
	one, two := s.account(t, "one").ID, s.account(t, "two").ID
	for round := range 5 {
		// Old numbers and new ones, by an index that was just built.
		all := contacts(firstNumber, 20*(round+1))
		s.insert(t, one, all, 20)
		s.insert(t, two, all, 20)
	}
	if n := len(log.with(t, "number index built")); n != 10 {
		t.Errorf("%d indexes were built, want one each time that the account changes", n)
	}
	s.recount(t)
}

// insertRaw adds a contact behind the server's back.
func (s *served) insertRaw(t *testing.T, acct account.Account, sid, number int64) {
	t.Helper()
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(sid))
	s.exec(t, `INSERT INTO contacts (account_id, sid, number, date_created, date_updated) VALUES (?, ?, ?, 0, 0)`,
		acct.ID, b[:], number)
	s.exec(t, `UPDATE contact_counts SET contacts = contacts + 1 WHERE account_id = ?`, acct.ID)
}

// TestRepeatedNumber has a table that no server writes: one number twice.
func TestRepeatedNumber(t *testing.T) {
	t.Parallel()
	log := new(logs)
	s := serve(t, Options{Log: log.logger()})
	acme, other := s.account(t, "acme"), s.account(t, "other")
	s.insertRaw(t, acme, 0x22, int64(firstNumber))
	s.insertRaw(t, acme, 0x11, int64(firstNumber))
	s.insertRaw(t, acme, 0x33, int64(firstNumber)+1)
	s.insertRaw(t, other, 0x44, int64(firstNumber)+1)

	existing := s.insert(t, acme.ID, contacts(firstNumber, 3), 1)
	if got := existing[0].SID.Prefix(); got != 0x11 {
		t.Errorf("the number is said to be of the contact %x, want the older one", got)
	}
	repeats := log.with(t, "two contacts of one account have the same number")
	if len(repeats) != 1 {
		t.Fatalf("the repeat was logged %d times", len(repeats))
	}
	sid, _ := repeats[0]["sid"].(string)
	older, _ := repeats[0]["older_sid_begins"].(string)
	if repeats[0]["level"] != "ERROR" || !strings.HasPrefix(sid, "0000000000000022") || older != "0000000000000011" {
		t.Errorf("the record is %v", repeats[0])
	}
	// A log holds nobody's number.
	if text := log.text.String(); strings.Contains(text, "98000000") {
		t.Errorf("the log holds the number: %s", text)
	}
	s.insert(t, acme.ID, contacts(firstNumber, 3), 0)
	if n := s.stored(t, acme.ID); n != 4 {
		t.Errorf("%d contacts are stored, want 4: nothing is hidden", n)
	}
}

// TestIndexOutOfStep has a contact taken out of the table behind the server's
// back: the request that finds out fails, those after it do not.
func TestIndexOutOfStep(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	s.insert(t, acme, contacts(firstNumber, 5), 5)
	s.exec(t, `DELETE FROM contacts WHERE number = ?`, int64(firstNumber)+2)
	s.exec(t, `UPDATE contact_counts SET contacts = contacts - 1 WHERE account_id = ?`, acme)

	if _, err := s.tryInsert(t, acme, contacts(firstNumber, 10)); err == nil {
		t.Error("a contact that is not there was said to exist")
	}
	if n := s.stored(t, acme); n != 4 {
		t.Errorf("%d contacts are stored after the failure, want the 4 of before", n)
	}
	s.insert(t, acme, contacts(firstNumber, 10), 6)
	s.insert(t, acme, contacts(firstNumber, 10), 0)
	s.recount(t)
}

// TestSharedPrefix has two contacts whose sids differ only in their random
// part, as a clock that was set back between two runs can make them.
func TestSharedPrefix(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	twins := contacts(firstNumber, 3)
	for i := range twins {
		twins[i].SID = twins[0].SID
		twins[i].SID[15] = byte(i * 0x7f)
	}
	s.insert(t, acme, twins, 3)
	for i, e := range s.insert(t, acme, contacts(firstNumber, 3), 0) {
		if e.SID != twins[i].SID || e.Number != twins[i].Number {
			t.Errorf("contact %d: got %v with %v, want %v", i, e.SID, e.Number, twins[i].SID)
		}
	}
}
