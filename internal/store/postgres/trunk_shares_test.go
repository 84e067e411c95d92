package postgres

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"callbook/internal/test/pgtest"
	"callbook/internal/trunk"
)

// TestShareTrunks lets servers renew their shares all at once, again and again. They hold no
// more than the trunk has, and in the end each has its part.
func TestShareTrunks(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	const servers, rounds = 3, 5
	use := trunk.Use{Trunk: "one", Channels: 30, CallsASecond: 9, Wants: true}
	other := trunk.Use{Trunk: "another", Channels: 1, CallsASecond: 1}
	var last [servers]trunk.Share
	var all sync.WaitGroup
	for i := range servers {
		db := open(t, url)
		all.Go(func() {
			u := use
			for range rounds {
				shares, err := db.ShareTrunks(t.Context(), fmt.Sprint(i), []trunk.Use{other, u})
				if err != nil || len(shares) != 2 {
					t.Errorf("%v, %v", shares, err)
					return
				}
				u.Limit = shares[1]
				if sum := pgtest.Texts(t, url, `SELECT concat(sum(channels) <= 30, sum(pace) <= 9000) FROM trunk_shares WHERE trunk = 'one'`); sum[0] != "tt" {
					t.Errorf("the shares are %v", pgtest.Texts(t, url, `SELECT trunk_shares::text FROM trunk_shares`))
				}
			}
			last[i] = u.Limit
		})
	}
	all.Wait()
	db := open(t, url)
	for range 3 {
		for i := range servers {
			u := use
			u.Limit = last[i]
			shares, err := db.ShareTrunks(t.Context(), fmt.Sprint(i), []trunk.Use{u})
			if err != nil {
				t.Fatal(err)
			}
			last[i] = shares[0]
		}
	}
	if want := (trunk.Share{Channels: 10, Pace: 3000}); last != [servers]trunk.Share{want, want, want} {
		t.Errorf("the shares are %+v", last)
	}
	for i := range servers - 1 {
		if err := db.LeaveTrunks(t.Context(), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	use.Limit = last[servers-1]
	if shares, err := db.ShareTrunks(t.Context(), fmt.Sprint(servers-1), []trunk.Use{use}); err != nil || shares[0] != (trunk.Share{Channels: 30, Pace: 9000}) {
		t.Errorf("alone, a server has %+v, %v", shares, err)
	}
	if rows := pgtest.Texts(t, url, `SELECT trunk || server FROM trunk_shares`); len(rows) != 1 {
		t.Errorf("%v are left", rows)
	}
}

// TestStalledShare: a server that stands still while it renews its shares stops the others
// for a second or two.
func TestStalledShare(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, Migrate)
	db := open(t, url)
	begun := make(chan struct{})
	go func() {
		_ = db.write(t.Context(), 0, "stand still", func(tx *tx) error {
			lockShares(tx)
			err := tx.flush()
			close(begun)
			<-t.Context().Done()
			return err
		})
	}()
	<-begun
	start := time.Now()
	if _, err := open(t, url).ShareTrunks(t.Context(), "one", []trunk.Use{{Trunk: "one", Channels: 1, CallsASecond: 1}}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}
