package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// TestAddressBookModel compares the address book with a map, through any
// sequence of inserts, failures, indexes let go and restarts.
func TestAddressBookModel(t *testing.T) {
	t.Parallel()
	m := &bookModel{t: t, path: filepath.Join(t.TempDir(), "callbook.db")}
	m.open()
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		// All checks share one file, each has accounts of its own.
		checks++
		for i := range m.accounts {
			m.accounts[i] = m.served.account(t, fmt.Sprintf("account%d-%d", checks, i)).ID
			m.stored[i] = make(map[phone.Number]addressbook.SID)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"insert":             func(rt *rapid.T) { m.insert(rt, nil) },
			"insert, no commit":  func(rt *rapid.T) { m.insert(rt, errDisk) },
			"insert a taken sid": m.insertTaken,
			"restart":            m.restart,
			"":                   m.check,
		})
	})
	m.served.recount(t)
}

type bookModel struct {
	t        *testing.T
	path     string
	served   *served
	accounts [2]int64
	stored   [2]map[phone.Number]addressbook.SID
	commit   error // what the next commits do
}

func (m *bookModel) open() {
	// The index of the account that is not written to is always let go.
	m.served = serveFile(m.t, m.path, Options{IndexBytes: 1})
	m.served.watch(func(int) error { return m.commit })
	// Thousands of commits, and no power cut among them.
	if err := setPragmas(m.served.book.conn, "synchronous = OFF"); err != nil {
		m.t.Fatal(err)
	}
}

// restart is a slow one, and the others are to come more often.
func (m *bookModel) restart(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "restart") != 9 {
		rt.Skip()
	}
	m.served.close(m.t)
	m.open()
}

// draw picks an account and some contacts for it, out of few numbers.
func (m *bookModel) draw(rt *rapid.T) (which int, all []addressbook.Contact) {
	which = rapid.IntRange(0, 1).Draw(rt, "account")
	picked := rapid.SliceOfNDistinct(rapid.IntRange(0, 40), 1, 30, rapid.ID[int]).Draw(rt, "numbers")
	all = contacts(firstNumber, len(picked))
	for i, p := range picked {
		all[i].Number = firstNumber + phone.Number(p)
	}
	return which, all
}

func (m *bookModel) insert(rt *rapid.T, commit error) {
	which, all := m.draw(rt)
	m.commit = commit
	defer func() { m.commit = nil }()
	existing, err := m.served.tryInsert(m.t, m.accounts[which], all)
	if !errors.Is(err, commit) {
		rt.Fatalf("the error is %v, want %v", err, commit)
	}
	if err != nil {
		return
	}
	for i, c := range all {
		sid, there := m.stored[which][c.Number]
		if got := existing[i]; (got != nil) != there || there && got.SID != sid {
			rt.Fatalf("number %v: got %v, want %v, %t", c.Number, got, sid, there)
		}
		if !there {
			m.stored[which][c.Number] = c.SID
		}
	}
}

// insertTaken ends with a number that is always new and a sid that is not.
func (m *bookModel) insertTaken(rt *rapid.T) {
	which, all := m.draw(rt)
	if len(m.stored[which]) == 0 {
		rt.Skip()
	}
	last := contacts(firstNumber+1000, 1)[0]
	for _, sid := range m.stored[which] {
		last.SID = sid // any of them
	}
	if _, err := m.served.tryInsert(m.t, m.accounts[which], append(all, last)); err == nil {
		rt.Fatal("two contacts have the same sid")
	}
}

func (m *bookModel) check(rt *rapid.T) {
	for which, account := range m.accounts {
		page, err := m.served.book.Contacts(m.t.Context(), account, addressbook.Query{Limit: 1000})
		if err != nil {
			rt.Fatal(err)
		}
		if page.Total != len(m.stored[which]) || len(page.Contacts) != page.Total {
			rt.Fatalf("a page of %d, total %d, want %d", len(page.Contacts), page.Total, len(m.stored[which]))
		}
		for _, c := range page.Contacts {
			if m.stored[which][c.Number] != c.SID {
				rt.Fatalf("number %v is of %v, want %v", c.Number, c.SID, m.stored[which][c.Number])
			}
		}
	}
}
