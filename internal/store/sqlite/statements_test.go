package sqlite

import (
	"encoding/binary"
	"reflect"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
	"callbook/internal/store/storetest"
)

// TestStatementsAreBounded asks for the contacts of one list after the other. A
// connection keeps each statement that it was ever given, by its text, and goes
// through all of them whenever it is lent: so no text may hold a value.
func TestStatementsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	t.Parallel()
	s := serve(t, Options{})
	s.onlyMemory(t)
	acme := s.account(t, "acme").ID
	lists := make([]addressbook.List, 120)
	for i := range lists {
		l := &lists[i]
		binary.BigEndian.PutUint64(l.SID[:8], uint64(i+1))
		l.Name = l.SID.String()
		l.Created, l.Updated = time.Unix(int64(i), 0), time.Unix(int64(i), 0)
	}
	if err := s.book.InsertLists(t.Context(), acme, lists, nil); err != nil {
		t.Fatal(err)
	}
	c := contacts(firstNumber, 1)[0]
	s.insert(t, acme, []addressbook.Contact{c}, 1)
	for i, l := range lists {
		if err := s.book.AddMembers(t.Context(), acme, l.SID, []addressbook.Membership{{List: l.SID, Contact: c.SID, Created: c.Created}}, nil); err != nil {
			t.Fatal(err)
		}
		for _, sids := range [][]addressbook.SID{{l.SID}, {l.SID, lists[(i+1)%len(lists)].SID}, {l.SID, lists[(i+2)%len(lists)].SID, {}}} {
			for _, sort := range []addressbook.SortField{addressbook.ByCreated, addressbook.ByName} {
				q := addressbook.Query{Window: addressbook.Window{Limit: 1 + i, Sort: sort}, Lists: sids, Name: "ada", WithLists: true}
				if page, err := s.book.Contacts(t.Context(), acme, q); err != nil || page.Total != 1 {
					t.Fatalf("list %d: total %d, %v", i, page.Total, err)
				}
			}
		}
	}
	if err := s.book.DeleteLists(t.Context(), acme, storetest.NewDeletion(), []addressbook.SID{lists[0].SID}, nil); err != nil {
		t.Fatal(err)
	}

	const bound = 100
	check := func(name string, conn *sqlite.Conn) {
		// There is no other way to ask for the number.
		if n := reflect.ValueOf(conn).Elem().FieldByName("stmts").Len(); n == 0 || n > bound {
			t.Errorf("%s keeps %d statements, want at least one and at most %d", name, n, bound)
		}
	}
	s.onWriter(t, func(conn *sqlite.Conn) error {
		check("the writer", conn)
		return nil
	})
	conn, err := s.db.scans.pool.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.db.scans.pool.Put(conn)
	check("a reader", conn)
}
