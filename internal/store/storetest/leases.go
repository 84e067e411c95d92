package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/upload"
	"callbook/internal/work"
)

// held is the lease of the uploads of all tests: that of the first server.
var held = work.Lease{Server: "one", Until: time.Unix(2_000_000_000, 0)}

// other is the lease of the second server, which is later.
var other = work.Lease{Server: "two", Until: held.Until.Add(time.Minute)}

func (f *fixture) claim(t *testing.T, server string, now, until time.Time, limit int) []work.ID {
	t.Helper()
	claimed, err := f.Uploads.UploadLeases().Claim(t.Context(), work.Lease{Server: server, Until: until}, now, limit)
	if err != nil {
		t.Fatalf("claim uploads: %v", err)
	}
	return claimed
}

// ids returns what leases have of these uploads.
func ids(uploads ...upload.Upload) []work.ID {
	all := make([]work.ID, len(uploads))
	for i := range uploads {
		all[i] = work.ID{Account: uploads[i].Account.ID, SID: uploads[i].SID}
	}
	return all
}

// leases are there from the beginning, and each batch and each renewal moves
// their end.
func leases(t *testing.T, f *fixture) {
	u := f.upload(t, "Leads", csvOf(0, 6), addressbook.CreateOptions{})
	f.is(t, u)
	if claimed := f.claim(t, other.Server, held.Until.Add(-1), other.Until, 10); len(claimed) != 0 {
		t.Errorf("claimed %+v, which another has", claimed)
	}
	p := f.planner(t, u, csvOf(0, 6), 2)
	for _, by := range []time.Duration{time.Second, -time.Second, time.Hour} {
		b := p.next(t)
		b.Lease.Until = held.Until.Add(by)
		f.apply(t, b)
		if got := f.read(t, u); got.Lease != b.Lease && got.State == upload.Running {
			t.Errorf("the lease is %v, want %v", got.Lease, b.Lease)
		}
	}

	u = f.upload(t, "Leads", csvOf(0, 6), addressbook.CreateOptions{})
	idle := f.upload(t, "Leads", csvOf(0, 6), addressbook.CreateOptions{})
	later := work.Lease{Server: held.Server, Until: held.Until.Add(time.Second)}
	for _, l := range []work.Lease{later, other} { // which has none of them
		if err := f.Uploads.UploadLeases().Renew(t.Context(), l, ids(u)); err != nil {
			t.Fatal(err)
		}
	}
	u.Lease = later
	f.is(t, u)
	f.is(t, idle)
}

// claims are of what is running and nobody has, oldest first.
func claims(t *testing.T, f *fixture) {
	theirs := &fixture{Stores: f.Stores, acct: addAccount(t, f.Accounts, "other")}
	theirs.account = theirs.acct.ID
	first := f.upload(t, "Leads", csvOf(0, 3), addressbook.CreateOptions{})
	second := theirs.upload(t, "Leads", csvOf(0, 3), addressbook.CreateOptions{})
	third := f.upload(t, "Leads", csvOf(0, 3), addressbook.CreateOptions{})
	done := f.upload(t, "Leads", csvOf(0, 3), addressbook.CreateOptions{})
	f.work(t, done, csvOf(0, 3), 10)
	done = f.read(t, done)

	claimed := f.claim(t, other.Server, held.Until, other.Until, 2)
	first.Lease, second.Lease = other, other
	same(t, "claimed", claimed, ids(first, second))
	f.is(t, first)
	f.is(t, second)
	f.is(t, third)
	claimed = f.claim(t, "three", held.Until, other.Until, 10)
	third.Lease = work.Lease{Server: "three", Until: other.Until}
	same(t, "claimed", claimed, ids(third))
	if claimed := f.claim(t, held.Server, held.Until, other.Until, 10); len(claimed) != 0 {
		t.Errorf("claimed %+v", claimed)
	}
	// One's own lease that has run out is no other case.
	claimed = f.claim(t, other.Server, other.Until, other.Until.Add(1), 1)
	first.Lease.Until = other.Until.Add(1)
	same(t, "claimed", claimed, ids(first))
	f.is(t, done)
}

// claimsAtOnce: each upload has one server, however many claim.
func claimsAtOnce(t *testing.T, f *fixture) {
	const uploads, servers = 30, 4
	for range uploads {
		f.upload(t, "Leads", csvOf(0, 1), addressbook.CreateOptions{})
	}
	got := make([][]work.ID, servers)
	var claiming sync.WaitGroup
	for i := range servers {
		server := string(rune('a' + i))
		claiming.Go(func() {
			for {
				claimed, err := f.Uploads.UploadLeases().Claim(t.Context(), work.Lease{Server: server, Until: other.Until}, held.Until, 3)
				if err != nil {
					t.Error(err)
				}
				// Another may have been at the same ones; then some are left.
				if len(claimed) == 0 {
					return
				}
				got[i] = append(got[i], claimed...)
			}
		})
	}
	claiming.Wait()
	got = append(got, f.claim(t, "last", held.Until, other.Until, uploads))
	seen := make(map[work.ID]bool)
	for i, claimed := range got {
		server := "last"
		if i < servers {
			server = string(rune('a' + i))
		}
		for _, id := range claimed {
			if seen[id] {
				t.Errorf("upload %v was claimed twice", id)
			}
			seen[id] = true
			got, err := f.Uploads.Upload(t.Context(), id.Account, id.SID)
			if want := (work.Lease{Server: server, Until: other.Until}); err != nil || got.Lease != want {
				t.Errorf("the lease is %v, %v, want %v", got.Lease, err, want)
			}
		}
	}
	if len(seen) != uploads {
		t.Errorf("%d uploads were claimed, want %d", len(seen), uploads)
	}
}

// lostLeases: who has lost the lease does nothing, and who only was late goes
// on.
func lostLeases(t *testing.T, f *fixture) {
	u := f.upload(t, "Leads", csvOf(0, 6), addressbook.CreateOptions{DryRun: true})
	real := f.upload(t, "Leads", csvOf(0, 6), addressbook.CreateOptions{})
	p := f.planner(t, real, csvOf(0, 6), 2)
	late := p.next(t)
	late.Lease.Until = held.Until.Add(-time.Hour)
	f.apply(t, late)
	f.apply(t, p.next(t)) // nobody else has claimed it since
	if claimed := f.claim(t, other.Server, held.Until, other.Until, 10); len(claimed) != 2 {
		t.Fatalf("claimed %+v", claimed)
	}
	want, wantDry := f.read(t, real), f.read(t, u)
	lost := p.next(t)
	_, err := f.Uploads.ApplyBatch(t.Context(), lost)
	isError(t, "a batch of who has lost the lease", err, work.ErrLost)
	_, err = f.Uploads.RestartUpload(t.Context(), f.account, u.SID, u.Position, held, moment())
	isError(t, "a restart by who has lost the lease", err, work.ErrLost)
	f.is(t, want)
	f.is(t, wantDry)
	if want.Stats != (upload.Stats{Success: 4}) {
		t.Errorf("the stats are %+v", want.Stats)
	}
	// The other goes on, and anybody sees the end.
	lost.Lease = other
	f.apply(t, lost)
	f.worked(t, real, upload.Stats{Success: 6}, 6)
	f.end(t, real, upload.Cancelled, moment())
	restarted, err := f.Uploads.RestartUpload(t.Context(), f.account, u.SID, u.Position, other, moment())
	if err != nil || restarted != upload.Running {
		t.Errorf("the state is %v, %v", restarted, err)
	}
	f.end(t, u, upload.Cancelled, moment())
	b := f.planner(t, u, csvOf(0, 6), 2).next(t)
	if state := f.apply(t, b); state != upload.Cancelled { // of another server, too
		t.Errorf("the state is %v", state)
	}
}

// releasedLeases can be claimed at once.
func releasedLeases(t *testing.T, f *fixture) {
	first := f.upload(t, "Leads", csvOf(0, 3), addressbook.CreateOptions{})
	second := f.upload(t, "Leads", csvOf(0, 3), addressbook.CreateOptions{})
	early := held.Until.Add(-time.Hour)
	f.claim(t, other.Server, held.Until, other.Until, 1) // the first
	if err := f.Uploads.UploadLeases().Release(t.Context(), held.Server); err != nil {
		t.Fatal(err)
	}
	first.Lease, second.Lease = other, work.Lease{}
	f.is(t, first)
	f.is(t, second)
	if _, err := f.Uploads.ApplyBatch(t.Context(), f.planner(t, second, csvOf(0, 3), 3).next(t)); !errors.Is(err, work.ErrLost) {
		t.Errorf("a batch after the release: the error is %v", err)
	}
	second.Lease = work.Lease{Server: "three", Until: held.Until}
	same(t, "claimed", f.claim(t, "three", early, held.Until, 10), ids(second))
	f.is(t, second)

	// An upload that nobody has from the beginning, as of a server that stops.
	third := second
	third.SID, third.Created = born()
	third.Lease = work.Lease{}
	if err := f.Uploads.AddUpload(t.Context(), third, list("Leads"), nil); err != nil {
		t.Fatal(err)
	}
	f.is(t, third)
	third.Lease = held
	same(t, "claimed", f.claim(t, held.Server, early, held.Until, 10), ids(third))
}
