package postgres

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/phone"
	"callbook/internal/test/pgtest"
	"callbook/internal/verify"
)

// foldedBefore is a database with two accounts whose contacts were folded before
// searches ignored accents, and with the position of a refolding that is to begin. It
// returns the accounts.
func foldedBefore(t *testing.T, db *DB) (accounts []account.ID) {
	t.Helper()
	names := []string{"Asha", "Muñoz ", "ŁÓDŹ", "आशा", "O’Neil", "a\tb", "Straße"}
	for i, sid := range []string{"acme", "other"} {
		a, err := db.CreateAccount(t.Context(), account.Account{SID: sid, Region: "IN", TimeZone: time.UTC, Created: time.Unix(1_700_000_000, 0)})
		if err != nil {
			t.Fatal(err)
		}
		accounts = append(accounts, a.ID)
		drafts := make([]addressbook.Draft, 40*(1+i))
		for j := range drafts {
			name := addressbook.Given(names[j%len(names)])
			drafts[j].Number = addressbook.Given(phone.Number(919800000000 + j).String())
			drafts[j].Texts = addressbook.Texts{addressbook.FirstName: name, addressbook.CompanyName: name}
			drafts[j].Texts[addressbook.Email] = addressbook.Given(strings.TrimSpace(name.Value) + "@Example.com")
		}
		if _, err := addressbook.New(db, addressbook.Options{}).CreateContacts(t.Context(), a, drafts, addressbook.CreateOptions{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		before, email := addressbook.Fold(name), strings.TrimSpace(name)+"@Example.com"
		exec(t, db, `UPDATE contacts SET name_folded = nullif($2, name_key), company_name_folded = nullif($2, $1), email_folded = $3 WHERE first_name = $1`,
			name, before, addressbook.Fold(email))
	}
	c := &campaign.Campaign{
		SID: addressbook.SID{1}, Account: accounts[0], Settings: campaign.Settings{Name: "Muñoz"}, State: campaign.Created,
		Created: time.Unix(1, 0), Updated: time.Unix(1, 0),
	}
	if err := db.InsertCampaign(t.Context(), c, func(campaign.Running) error { return nil }, nil); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE campaigns SET name_folded = 'muñoz'`)
	exec(t, db, `INSERT INTO refolding DEFAULT VALUES`)
	return accounts
}

// misfolded tells how many contacts of an account have a folded text that is not what
// it should be, and how many a search for munoz finds.
func misfolded(t *testing.T, db *DB, account account.ID) (wrong, found int) {
	t.Helper()
	err := db.Verifier().View(t.Context(), func(v verify.View) error {
		return v.Contacts(t.Context(), account, func(c *verify.Contact) error {
			if c.Misfolded {
				wrong++
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := db.Contacts(t.Context(), account, addressbook.Query{Window: addressbook.Window{Limit: 1}, Search: "munoz"})
	if err != nil {
		t.Fatal(err)
	}
	return wrong, page.Total
}

// TestRefolding interrupts a refolding and goes on, with a database that servers refuse
// in between.
func TestRefolding(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := open(t, url)
	accounts := foldedBefore(t, db)
	if wrong, found := misfolded(t, db, accounts[0]); wrong != 23 || found != 0 {
		t.Fatalf("before, %d contacts are misfolded and %d found", wrong, found)
	}
	refused := func(when string) {
		t.Helper()
		if _, err := Open(t.Context(), url, Options{}); !errors.Is(err, errOldSchema) {
			t.Errorf("%s, the database was opened: %v", when, err)
		}
	}
	refused("before")
	const batch = 15
	for range 2 {
		if n, err := db.refoldNext(t.Context(), batch); n != batch || err != nil {
			t.Fatalf("%d contacts, %v", n, err)
		}
	}
	// The third waits for a contact that somebody changes, and is interrupted.
	letGo := pgtest.Hold(t, url, `UPDATE contacts SET tag = 'x' WHERE account_id = $1 AND number = 919800000037`, accounts[0])
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := db.refoldNext(ctx, batch)
		ended <- err
	}()
	pgtest.AwaitWaiting(t, url, 1)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted, it ends with %v", err)
	}
	letGo()
	refused("in the middle")
	if wrong, found := misfolded(t, db, accounts[0]); wrong != 6 || found != 5 {
		t.Errorf("in the middle, %d contacts are misfolded and %d found", wrong, found)
	}
	if err := Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{6, 12} {
		if wrong, found := misfolded(t, db, accounts[i]); wrong != 0 || found != want {
			t.Errorf("afterwards, %d contacts of account %d are misfolded and %d found", wrong, i, found)
		}
	}
	if page, err := db.Campaigns(t.Context(), accounts[0], campaign.Query{Name: "munoz", Limit: 1}); err != nil || page.Total != 1 {
		t.Errorf("afterwards, %d campaigns are found, %v", page.Total, err)
	}
	if left := pgtest.Texts(t, url, `SELECT sid::text FROM refolding`); len(left) > 0 {
		t.Errorf("the position is still there: %v", left)
	}
	open(t, url)
}

// TestRefoldingTogether has several servers start while contacts are to be folded.
func TestRefoldingTogether(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := open(t, url)
	accounts := foldedBefore(t, db)
	ended := make(chan error)
	const servers = 3
	for range servers {
		go func() {
			for {
				looked, err := db.refoldNext(t.Context(), 4)
				if looked == 0 || err != nil {
					ended <- err
					return
				}
			}
		}()
	}
	for range servers {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	for _, a := range accounts {
		if wrong, _ := misfolded(t, db, a); wrong != 0 {
			t.Errorf("%d contacts are misfolded", wrong)
		}
	}
}
