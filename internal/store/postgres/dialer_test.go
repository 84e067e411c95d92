package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/test/pgtest"
	"callbook/internal/work"
)

// These tests have two servers, which are two pools of one database.

var dialTime = time.Unix(1_800_000_000, 0)

func leaseOf(server string, from time.Time) work.Lease {
	return work.Lease{Server: server, Until: from.Add(work.LeaseTime)}
}

// addCampaign adds a campaign that calls three numbers.
func addCampaign(t *testing.T, db *DB, account account.ID, sid byte) *campaign.Campaign {
	t.Helper()
	c := &campaign.Campaign{
		SID: addressbook.SID{sid}, Account: account, State: campaign.Created, Created: dialTime, Updated: dialTime,
		Settings: campaign.Settings{Name: "Rent", From: []phone.Number{919800000001, 919800000002, 919800000003}, SendAt: dialTime, EndAt: dialTime.Add(time.Hour)},
	}
	if err := db.InsertCampaign(t.Context(), c, func(campaign.Running) error { return nil }, nil); err != nil {
		t.Fatal(err)
	}
	return c
}

// startCampaign is addCampaign, and lets a server begin to call.
func startCampaign(t *testing.T, db *DB, l work.Lease, account account.ID) *campaign.Campaign {
	t.Helper()
	c := addCampaign(t, db, account, 1)
	if _, err := db.Dialing().Expand(t.Context(), l, account, c.SID, dialTime, 10, nil); err != nil {
		t.Fatal(err)
	}
	err := db.Dialing().ChangeOpen(t.Context(), l, account, c.SID, func(c *campaign.Campaign) []event.Event {
		c.Start(dialTime)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// claimOne claims a call as a server.
func claimOne(ctx context.Context, db *DB, l work.Lease, account account.ID, of addressbook.SID, call byte) ([]dialer.Dial, error) {
	return db.Dialing().Claim(ctx, l, account, of, dialer.ClaimQuery{Now: dialTime, Limit: 1, Scan: 10},
		func(c *campaign.Campaign, t *campaign.Target, _ dialer.Callee) (*campaign.Call, []event.Event) {
			placed := &campaign.Call{SID: addressbook.SID{call}, Placed: dialTime}
			c.Claim(t, placed)
			return placed, nil
		})
}

// TestAccountsClaimedOnce lets two servers claim all accounts at once, a few at a time:
// one of them gets each.
func TestAccountsClaimedOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	servers := []*DB{open(t, url), open(t, url)}
	const accounts = 20
	for i := range accounts {
		a, err := servers[0].CreateAccount(t.Context(), account.Account{SID: fmt.Sprint("acme", i), Region: "IN", TimeZone: time.UTC, Created: dialTime})
		if err != nil {
			t.Fatal(err)
		}
		addCampaign(t, servers[0], a.ID, 1)
	}
	var mu sync.Mutex
	claimed := make(map[account.ID]int)
	var working sync.WaitGroup
	for i, db := range servers {
		working.Go(func() {
			for {
				got, err := db.Dialing().ClaimAccounts(t.Context(), leaseOf(fmt.Sprint(i), dialTime), dialTime, 3)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, a := range got {
					claimed[a.ID]++
				}
				all := len(claimed) == accounts
				mu.Unlock()
				if all {
					return
				}
			}
		})
	}
	working.Wait()
	for id, times := range claimed {
		if times != 1 {
			t.Errorf("account %d was claimed %d times", id, times)
		}
	}
}

// TestDialingTakenOver ends a server with a call in flight. Another one takes over when
// the lease is over; from then on the first one changes nothing, though it waited for a
// lock when it lost the account.
func TestDialingTakenOver(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	first, second := open(t, url), open(t, url)
	acct := addAccount(t, first)
	a := leaseOf("a", dialTime)
	c := startCampaign(t, first, a, acct)
	if dials, err := claimOne(t.Context(), first, a, acct, c.SID, 1); err != nil || len(dials) != 1 {
		t.Fatalf("claimed %v, %v", dials, err)
	}
	for _, tt := range []struct {
		at   time.Time
		want int
	}{{a.Until.Add(-1), 0}, {a.Until, 1}} {
		got, err := second.Dialing().ClaimAccounts(t.Context(), leaseOf("b", tt.at), tt.at, 10)
		if err != nil || len(got) != tt.want {
			t.Fatalf("%v after the last sign of life: claimed %v, %v", tt.at.Sub(dialTime), got, err)
		}
	}
	before, err := first.Campaign(t.Context(), acct, c.SID)
	if err != nil {
		t.Fatal(err)
	}
	// It is late, and has waited besides.
	letGo := pgtest.Hold(t, url, `SELECT 1 FROM dialing FOR UPDATE`)
	late := make(chan error, 1)
	go func() {
		_, err := claimOne(t.Context(), first, leaseOf("a", dialTime.Add(time.Hour)), acct, c.SID, 2)
		late <- err
	}()
	pgtest.AwaitWaiting(t, url, 1)
	letGo()
	if err := <-late; !errors.Is(err, work.ErrLost) {
		t.Errorf("a claim without the lease: got %v", err)
	}
	if after, err := first.Campaign(t.Context(), acct, c.SID); err != nil || after.Counts != before.Counts || after.Counts.First != 1 {
		t.Errorf("the counts were %+v, and are %+v, %v", before.Counts, after.Counts, err)
	}
	if flight, err := second.InFlight(t.Context(), acct, addressbook.SID{}, 10); err != nil || len(flight) != 1 || flight[0].SID != (addressbook.SID{1}) {
		t.Errorf("in flight are %v, %v", flight, err)
	}
}

// TestNoClaimAfterPause lets one server claim while another one pauses: the claim waits
// for the end of the pause's transaction, and then claims nothing.
func TestNoClaimAfterPause(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	first, second := open(t, url), open(t, url)
	acct := addAccount(t, first)
	a := leaseOf("a", dialTime)
	c := startCampaign(t, first, a, acct)
	type result struct {
		dials []dialer.Dial
		err   error
	}
	claimed := make(chan result, 1)
	err := second.ChangeCampaign(t.Context(), acct, c.SID, func(c *campaign.Campaign, _ campaign.Running) error {
		go func() {
			dials, err := claimOne(t.Context(), first, a, acct, c.SID, 1)
			claimed <- result{dials, err}
		}()
		pgtest.AwaitWaiting(t, url, 1)
		return c.Do(campaign.Pause, dialTime)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := <-claimed; got.err != nil || len(got.dials) != 0 {
		t.Errorf("claimed %v, %v after the pause", got.dials, got.err)
	}
}

// TestRunningCounted adds and changes campaigns on two servers at once: each one sees
// those before, so that no limit of the account is passed.
func TestRunningCounted(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	servers := []*DB{open(t, url), open(t, url)}
	acct := addAccount(t, servers[0])
	const most = 5
	errFull := errors.New("full")
	atOnce := func(do func(db *DB, sid addressbook.SID) error) (done int) {
		var mu sync.Mutex
		var working sync.WaitGroup
		for i := range 3 * most {
			working.Go(func() {
				err := do(servers[i%2], addressbook.SID{byte(1 + i)})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else if !errors.Is(err, errFull) && !errors.Is(err, campaign.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		working.Wait()
		return done
	}
	added := atOnce(func(db *DB, sid addressbook.SID) error {
		c := &campaign.Campaign{SID: sid, Account: acct, State: campaign.Created, Created: dialTime, Updated: dialTime}
		return db.InsertCampaign(t.Context(), c, func(r campaign.Running) error {
			if r.Campaigns >= most {
				return errFull
			}
			return nil
		}, nil)
	})
	if added != most {
		t.Errorf("%d campaigns were added, want %d", added, most)
	}
	changed := atOnce(func(db *DB, sid addressbook.SID) error {
		return db.ChangeCampaign(t.Context(), acct, sid, func(c *campaign.Campaign, r campaign.Running) error {
			if c.Throttle = 10; r.Throttle+c.Throttle > 30 {
				return errFull
			}
			return nil
		}, nil)
	})
	if changed != 3 {
		t.Errorf("%d campaigns have a throttle, want 3", changed)
	}
}

// TestDialingOutage ends all connections before claims. One that fails may be made again
// later, and every call that was told is stored and counted.
func TestDialingOutage(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db, other := open(t, url), open(t, url)
	acct := addAccount(t, db)
	a := leaseOf("a", dialTime)
	c := startCampaign(t, db, a, acct)
	claimed := 0
	for call := byte(1); call <= 6; call++ {
		if call <= 3 {
			exec(t, other, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		}
		dials, err := claimOne(t.Context(), db, a, acct, c.SID, call)
		if err != nil {
			isUnavailable(t, "claim", err)
		}
		claimed += len(dials)
	}
	flight, err := db.InFlight(t.Context(), acct, addressbook.SID{}, 10)
	if err != nil || len(flight) < claimed || len(flight) != len(c.From) {
		t.Errorf("%d calls were claimed and %d are in flight, %v", claimed, len(flight), err)
	}
	if got, err := db.Campaign(t.Context(), acct, c.SID); err != nil || got.Counts.First != len(flight) {
		t.Errorf("the counts are %+v, %v", got.Counts, err)
	}
}
