package account_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock/clocktest"
	"callbook/internal/fault"
	"callbook/internal/store/sqlite"
)

// start is when the tests' clocks begin.
var start = time.Unix(1_753_000_000, 123_456_789)

// office is a directory over a new database file.
type office struct {
	*account.Directory
	clock *clocktest.Clock
	store *sqlite.DB
	path  string
}

func open(t *testing.T) *office {
	t.Helper()
	path := filepath.Join(t.TempDir(), "callbook.db")
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	c := clocktest.New(start)
	return &office{Directory: account.NewDirectory(db, c), clock: c, store: db, path: path}
}

// create makes an account and a key.
func (o *office) create(t *testing.T, sid string) (account.Account, account.Key, string) {
	t.Helper()
	a, err := o.Create(t.Context(), sid, account.DefaultRegion, account.DefaultTimeZone)
	if err != nil {
		t.Fatal(err)
	}
	k, token, err := o.CreateKey(t.Context(), sid, account.KeyDraft{Name: "a key"})
	if err != nil {
		t.Fatal(err)
	}
	return a, k, token
}

func isFault(t *testing.T, err error, want fault.Kind) {
	t.Helper()
	if !fault.Is(err, want) {
		t.Errorf("the error is %v, want a fault of kind %d", err, want)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	o := open(t)
	a, err := o.Create(t.Context(), "acme", "GB", "Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	if a.SID != "acme" || a.Region != "GB" || a.TimeZone.String() != "Europe/London" || !a.Created.Equal(start) {
		t.Errorf("the account is %+v", a)
	}
	_, err = o.Create(t.Context(), "acme", "IN", "UTC")
	isFault(t, err, fault.Duplicate)
	all, err := o.Accounts(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != a.ID || all[0].Region != "GB" {
		t.Errorf("the accounts are %+v, %v", all, err)
	}
}

func TestCreateRules(t *testing.T) {
	t.Parallel()
	o := open(t)
	longest := strings.Repeat("a", 64)
	for _, sid := range []string{"a", "Z", "0", "a-b_C9", "9-", "a_", longest} {
		if _, err := o.Create(t.Context(), sid, "IN", "UTC"); err != nil {
			t.Errorf("sid %q: %v", sid, err)
		}
	}
	for _, sid := range []string{
		"", "-a", "_a", "a b", "a/b", "a.b", "a%20", "a:b", "a\n", "\na", "é", "अ", "a\x00", longest + "a",
	} {
		_, err := o.Create(t.Context(), sid, "IN", "UTC")
		isFault(t, err, fault.Invalid)
	}
	for _, region := range []string{"", "in", "XX", "IND", "91", "I", "ZZ"} {
		_, err := o.Create(t.Context(), "region", region, "UTC")
		isFault(t, err, fault.Invalid)
	}
	for _, zone := range []string{"", "Local", "local", "Mars/Olympus", "IST5:30", "../UTC", "/etc/localtime", "+05:30"} {
		_, err := o.Create(t.Context(), "zone", "IN", zone)
		isFault(t, err, fault.Invalid)
	}
	for i, zone := range []string{"UTC", "Asia/Kolkata", "America/Argentina/Buenos_Aires"} {
		if _, err := o.Create(t.Context(), fmt.Sprintf("zone%d", i), "IN", zone); err != nil {
			t.Errorf("time zone %q: %v", zone, err)
		}
	}
}

func TestCreateKey(t *testing.T) {
	t.Parallel()
	o := open(t)
	_, k, token := o.create(t, "acme")
	hex := regexp.MustCompile(`^[0-9a-f]+$`)
	if len(k.ID) != 32 || !hex.MatchString(k.ID) {
		t.Errorf("the key is %q", k.ID)
	}
	if len(token) != 64 || !hex.MatchString(token) {
		t.Errorf("the token has %d characters, want 32 bytes in hex", len(token))
	}
	if k.Name != "a key" || !k.Created.Equal(start) || !k.LastUsed.IsZero() || !k.Revoked.IsZero() {
		t.Errorf("the key is %+v", k)
	}
	other, otherToken, err := o.CreateKey(t.Context(), "acme", account.KeyDraft{})
	if err != nil {
		t.Fatal(err)
	}
	if other.ID == k.ID || otherToken == token {
		t.Error("two keys are the same")
	}
	keys, err := o.Keys(t.Context(), "acme")
	if err != nil || len(keys) != 2 {
		t.Errorf("there are %d keys, %v", len(keys), err)
	}
}

func TestKeyRules(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.create(t, "acme")
	for _, name := range []string{"", "a", strings.Repeat("𝄞", account.MaxKeyNameLength)} {
		if _, _, err := o.CreateKey(t.Context(), "acme", account.KeyDraft{Name: name}); err != nil {
			t.Errorf("name of %d bytes: %v", len(name), err)
		}
	}
	for _, name := range []string{strings.Repeat("a", account.MaxKeyNameLength+1), "\xff", "a\xc3", "a\x00", "a\nb", "a\tb", "\x1b[31mred", "a\u2028b", "a\u0085b"} {
		_, _, err := o.CreateKey(t.Context(), "acme", account.KeyDraft{Name: name})
		isFault(t, err, fault.Invalid)
	}
	_, _, err := o.CreateKey(t.Context(), "nobody", account.KeyDraft{})
	isFault(t, err, fault.NotFound)
	_, err = o.Keys(t.Context(), "nobody")
	isFault(t, err, fault.NotFound)
	_, err = o.RevokeKey(t.Context(), "no-key")
	isFault(t, err, fault.NotFound)
}

func TestKeyExpires(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.create(t, "acme")
	for _, lifetime := range []time.Duration{-1, account.MaxKeyLifetime + 1} {
		_, _, err := o.CreateKey(t.Context(), "acme", account.KeyDraft{Lifetime: lifetime})
		isFault(t, err, fault.Invalid)
	}
	k, token, err := o.CreateKey(t.Context(), "acme", account.KeyDraft{Lifetime: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if !k.Expires.Equal(start.Add(time.Hour)) {
		t.Errorf("the key expires at %s", k.Expires)
	}
	o.clock.Add(time.Hour - 1)
	if _, err := o.Authenticate(t.Context(), k.ID, token); err != nil {
		t.Errorf("before it expires: %v", err)
	}
	// What the store said a moment ago holds still, and the key has ended.
	o.clock.Add(1)
	_, err = o.Authenticate(t.Context(), k.ID, token)
	isFault(t, err, fault.Unauthenticated)
}

func TestRevokeKeyOf(t *testing.T) {
	t.Parallel()
	o := open(t)
	acme, k, token := o.create(t, "acme")
	other, _, _ := o.create(t, "other")
	for _, tt := range []struct {
		of account.Account
		id string
	}{{other, k.ID}, {acme, "unknown"}} {
		_, err := o.RevokeKeyOf(t.Context(), tt.of, tt.id)
		isFault(t, err, fault.NotFound)
	}
	if _, err := o.Authenticate(t.Context(), k.ID, token); err != nil {
		t.Fatalf("the key was revoked for another account: %v", err)
	}
	if _, err := o.RevokeKeyOf(t.Context(), acme, k.ID); err != nil {
		t.Fatal(err)
	}
	// Here at once; another server hears of it within a second.
	_, err := o.Authenticate(t.Context(), k.ID, token)
	isFault(t, err, fault.Unauthenticated)
}

// TestTokenIsNotStored looks for tokens in every byte of the database's files.
func TestTokenIsNotStored(t *testing.T) {
	t.Parallel()
	o := open(t)
	_, k, token := o.create(t, "acme")
	if _, err := o.Authenticate(t.Context(), k.ID, token); err != nil {
		t.Fatal(err)
	}
	if err := o.FlushUsed(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(o.path), "*"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(content, []byte(k.ID))
		if lower := bytes.ToLower(content); bytes.Contains(lower, []byte(token)) || bytes.Contains(content, unhex(t, token)) {
			t.Errorf("%s holds the token", filepath.Base(file))
		}
	}
	if !found {
		t.Error("no file holds the key, so this test looks in the wrong place")
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	var b []byte
	if _, err := fmt.Sscanf(s, "%x", &b); err != nil || len(b) != 32 {
		t.Fatalf("a token of %d bytes: %v", len(b), err)
	}
	return b
}
