package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/clock"
)

// BenchmarkAudit creates contacts, one at a time by 64 clients and 5,000 at a time, with
// and without the audit log. Its share is promised to be at most 10 and 5 percent.
func BenchmarkAudit(b *testing.B) {
	for _, rows := range []int{1, 5000} {
		for _, told := range []bool{true, false} {
			b.Run(fmt.Sprintf("rows=%d/told=%v", rows, told), func(b *testing.B) {
				db, err := Open(b.Context(), filepath.Join(b.TempDir(), "callbook.db"))
				if err != nil {
					b.Fatal(err)
				}
				defer db.Close()
				book, err := db.OpenAddressBook(Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer book.Close()
				acct, err := account.NewDirectory(db, clock.System).Create(b.Context(), "acme", "IN", "UTC")
				if err != nil {
					b.Fatal(err)
				}
				ctx := audit.From(context.Background(), &audit.Origin{Actor: audit.ByKey("0123456789abcdef0123456789abcdef"), Address: "192.0.2.1", Request: "0123456789abcdef0123456789abcdef"})
				if !told {
					ctx = audit.Untold(ctx)
				}
				contacts := addressbook.New(book, addressbook.Options{})
				var number atomic.Int64
				create := func() {
					drafts := make([]addressbook.Draft, rows)
					for i := range drafts {
						drafts[i].Number = addressbook.Given(fmt.Sprint("+", 919800000000+number.Add(1)))
						drafts[i].Texts[addressbook.FirstName] = addressbook.Given("Asha")
						drafts[i].Texts[addressbook.Email] = addressbook.Given("asha@example.com")
					}
					if _, err := contacts.CreateContacts(ctx, acct, drafts, addressbook.CreateOptions{}, nil); err != nil {
						b.Error(err)
					}
				}
				b.ResetTimer()
				if rows > 1 {
					for b.Loop() {
						create()
					}
					return
				}
				b.SetParallelism(32)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						create()
					}
				})
			})
		}
	}
}
