package trunk_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/store/sqlite"
	"callbook/internal/trunk"
)

const password = "s3cret-ü"

// newTrunk returns a trunk with a password.
func newTrunk(t *testing.T, name string) *trunk.Trunk {
	t.Helper()
	n := trunk.Defaults(name)
	if err := n.SetAddress("sip:trunk.example.in:5060"); err != nil {
		t.Fatal(err)
	}
	n.User, n.Password = "acme", password
	return n
}

func open(t *testing.T) (db *sqlite.DB, own string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book.db")
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, path + ".key"
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	if fault.As(err) == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), password) {
		t.Errorf("got %v, want a fault with %q", err, want)
	}
}

// TestOwnKey: one key is made, in a file that only its owner may read, and what is stored
// has no password in it.
func TestOwnKey(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, own := open(t)
	plain := newTrunk(t, "plain")
	plain.User, plain.Password = "", ""
	trunks := trunk.New(db, trunk.Keys{Own: own}, clock.System)
	if err := trunks.Create(ctx, plain); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(own); err == nil {
		t.Error("there is a key without a password")
	}
	var creating sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		creating.Go(func() { // as commands at the same time
			if err := trunk.New(db, trunk.Keys{Own: own}, clock.System).Create(ctx, newTrunk(t, name)); err != nil {
				t.Error(err)
			}
		})
	}
	creating.Wait()
	info, err := os.Stat(own)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info, err)
	}
	if left, _ := filepath.Glob(own + ".*"); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	all, err := trunks.List(ctx)
	if err != nil || len(all) != 5 || all[0].Password != password || all[4].Password != "" || all[4].HasPassword {
		t.Errorf("got %d trunks, %v", len(all), err)
	}
	rows, err := db.Trunks(ctx)
	for i, r := range rows {
		if err != nil || bytes.Contains(r.Settings, []byte("s3cret")) || bytes.Contains(r.Password, []byte("s3cret")) || i > 0 && bytes.Equal(r.Password, rows[i-1].Password) {
			t.Errorf("stored is %q, %q, %v", r.Settings, r.Password, err)
		}
	}
	overview, err := trunks.Overview(ctx)
	if err != nil || overview[0].Password != "" || !overview[0].HasPassword {
		t.Errorf("the overview has %d trunks, %v", len(overview), err)
	}
}

// TestOtherKeys: without the key, and with another, passwords cannot be read, and the rest
// can.
func TestOtherKeys(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, own := open(t)
	with := func(k trunk.Keys) *trunk.Trunks { return trunk.New(db, k, clock.System) }
	key := hex.EncodeToString(bytes.Repeat([]byte{7}, trunk.KeyBytes))
	refused(t, with(trunk.Keys{}).Create(ctx, newTrunk(t, "a")), trunk.MakeKey)
	refused(t, with(trunk.Keys{Text: key[2:]}).Create(ctx, newTrunk(t, "a")), "CALLBOOK_SECRETS_KEY is no key")
	if err := with(trunk.Keys{Text: key}).Create(ctx, newTrunk(t, "a")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err := with(trunk.Keys{File: file}).List(ctx); err != nil || all[0].Password != password {
		t.Errorf("from the file: %v", err)
	}
	if err := with(trunk.Keys{Text: key}).Create(ctx, &trunk.Trunk{
		Name: "b", Host: "b.test", Transport: trunk.UDP, Format: trunk.Plus, CallsASecond: 1, Channels: 1, Codecs: []trunk.Codec{trunk.PCMA},
	}); err != nil {
		t.Fatal(err)
	}
	for want, k := range map[string]trunk.Keys{
		"trunk a was encrypted with another key":             {Text: strings.Replace(key, "7", "8", 1)},
		"give the one that encrypted it":                     {},
		"is not there: put it back":                          {Own: own},
		"the key in CALLBOOK_SECRETS_KEY is no key: it must": {Text: "short"},
	} {
		all, err := with(k).List(ctx)
		if err != nil || len(all) != 2 || !strings.Contains(all[0].Locked, want) || all[0].Password != "" || !all[0].HasPassword || all[1].Locked != "" {
			t.Errorf("%s: got %+v, %v", want, all, err)
		}
	}
	if _, err := with(trunk.Keys{File: filepath.Join(t.TempDir(), "none")}).List(ctx); err == nil {
		t.Error("a file that is not there was read")
	}
	if all, err := with(trunk.Keys{}).Overview(ctx); err != nil || len(all) != 2 || !all[0].HasPassword {
		t.Errorf("the overview: %v", err)
	}
}

// TestPasswordOfOther puts the password of one trunk into the row of another.
func TestPasswordOfOther(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, own := open(t)
	trunks := trunk.New(db, trunk.Keys{Own: own}, clock.System)
	for _, name := range []string{"a", "b"} {
		if err := trunks.Create(ctx, newTrunk(t, name)); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := db.Trunks(ctx)
	if err == nil {
		err = db.ChangeTrunk(ctx, "b", func(r *trunk.Row) error { r.Password = rows[0].Password; return nil })
	}
	if err != nil {
		t.Fatal(err)
	}
	all, err := trunks.List(ctx)
	if err != nil || all[0].Locked != "" || !strings.Contains(all[1].Locked, "the password of trunk b") || all[1].Password != "" {
		t.Errorf("got %v, %q, %v", all, all[1].Locked, err)
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, own := open(t)
	trunks := trunk.New(db, trunk.Keys{Own: own}, clock.System)
	first := newTrunk(t, "a")
	first.Outcomes = []trunk.OutcomeRow{{Code: 480, Cause: 18, Outcome: "busy"}}
	first.CallerIDs, first.Prefixes = []string{"+918047112233"}, []string{"+91"}
	if err := trunks.Create(ctx, first); err != nil {
		t.Fatal(err)
	}
	stored := func() trunk.Trunk {
		t.Helper()
		all, err := trunks.List(ctx)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d trunks, %v", len(all), err)
		}
		return all[0]
	}
	same := func(want trunk.Trunk) {
		t.Helper()
		times := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
		// Formatted, a trunk is its name alone.
		if diff := cmp.Diff(want, stored(), times); diff != "" {
			t.Errorf("stored (-want +got): %s", diff)
		}
	}
	same(*first)
	changed, err := trunks.Change(ctx, "a", func(c *trunk.Trunk) error {
		c.Name, c.Rank, c.Prefixes = "other", 7, nil
		return nil
	})
	if err != nil || changed.Name != "a" || changed.Rank != 7 || changed.Password != "" || !changed.HasPassword {
		t.Fatalf("changed to %+v, %v", changed, err)
	}
	want := *changed
	want.Password = password
	same(want)
	_, err = trunks.Change(ctx, "a", func(c *trunk.Trunk) error { c.Channels = 0; return nil })
	refused(t, err, "channels are 0")
	same(want)
	if _, err = trunks.Change(ctx, "a", func(c *trunk.Trunk) error { c.Password = "new"; return nil }); err != nil || stored().Password != "new" {
		t.Errorf("the password is not the new one, %v", err)
	}
	if _, err = trunks.Change(ctx, "a", func(c *trunk.Trunk) error { c.User = ""; return nil }); err != nil || stored().HasPassword {
		t.Errorf("the password is still there without a user, %v", err)
	}
	_, err = trunks.Change(ctx, "b", func(*trunk.Trunk) error { return nil })
	refused(t, err, "no trunk with this name")
	refused(t, trunks.Remove(ctx, "b"), "no trunk with this name")
	if err := trunks.Remove(ctx, "a"); err != nil {
		t.Error(err)
	}
	if all, err := trunks.List(ctx); err != nil || len(all) != 0 {
		t.Errorf("there are %d trunks, %v", len(all), err)
	}
}
