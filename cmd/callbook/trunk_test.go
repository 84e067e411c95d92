package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"callbook/internal/trunk"
)

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTrunks adds a trunk, changes and removes it. No output has its password.
func TestTrunks(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "book.db")
	do := func(want int, args ...string) ran {
		t.Helper()
		got := runHere(t, append(append([]string{"trunk"}, args...), "--db", db)...)
		if got.code != want || strings.Contains(got.out+got.errs, "s3cret") {
			t.Fatalf("%v: exit code %d\n%s%s", args, got.code, got.out, got.errs)
		}
		return got
	}
	show := func(name string) (v trunkView) {
		t.Helper()
		if err := json.Unmarshal([]byte(do(exitOK, "show", name, "--json").out), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	text := func(v trunkView) string {
		v.DateCreated, v.DateUpdated = nil, nil
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	file := writeFile(t, "password", "s3cret\r\n")

	got := do(exitOK, "create", "exotel", "--address", "sip:trunk.example.in:5061;transport=tls", "--user", "acme", "--password-file", file,
		"--caller-id", "+918047112233,+918047112234", "--prefix", "+91", "--prefix", "+1", "--format", "bare", "--calls-a-second", "20",
		"--channels", "60", "--codec", "PCMU", "--srtp", "--symmetric", "--register", "--rank", "2", "--outcome", "480=busy", "--outcome", "*/17=busy")
	for _, want := range []string{"Trunk exotel created.", "acme, with a password", "sip:trunk.example.in:5061;transport=tls"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q in\n%s", want, got.out)
		}
	}
	first := show("exotel")
	const whole = `{"name":"exotel","address":"sip:trunk.example.in:5061;transport=tls","user":"acme","has_password":true,"register":true,"rank":2,` +
		`"prefixes":["+91","+1"],"caller_ids":["+918047112233","+918047112234"],"format":"bare","calls_a_second":20,"channels":60,"codecs":["pcmu"],` +
		`"srtp":true,"symmetric":true,"outcomes":["480=busy","*/17=busy"],"date_created":null,"date_updated":null}`
	if got := text(first); got != whole || first.DateCreated == nil {
		t.Errorf("got %s", got)
	}
	if info, err := os.Stat(db + ".key"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}

	do(exitOK, "set", "exotel")
	if got := text(show("exotel")); got != whole {
		t.Errorf("without flags it became %s", got)
	}
	do(exitOK, "set", "exotel", "--no-srtp", "--no-symmetric", "--no-register", "--prefix", "none", "--caller-id", "none", "--outcome", "none", "--rank", "0", "--user=")
	if got := text(show("exotel")); !strings.Contains(got, `"user":"","has_password":false,"register":false,"rank":0,"prefixes":[],"caller_ids":[]`) || !strings.Contains(got, `"srtp":false,"symmetric":false,"outcomes":[]`) {
		t.Errorf("it became %s", got)
	}
	do(exitOK, "create", "pbx", "--address", "sip:10.0.0.5", "--rank", "0")
	if got := text(show("pbx")); !strings.Contains(got, `"format":"plus","calls_a_second":5,"channels":30,"codecs":["pcma","pcmu"]`) {
		t.Errorf("the defaults: %s", got)
	}
	list := do(exitOK, "list").out
	if lines := strings.Split(list, "\n"); len(lines) != 4 || !strings.HasPrefix(lines[1], "exotel") || !strings.HasPrefix(lines[2], "pbx") || !strings.Contains(lines[2], "all") {
		t.Errorf("the list is\n%s", list)
	}
	var all []trunkView
	if err := json.Unmarshal([]byte(do(exitOK, "list", "--json").out), &all); err != nil || len(all) != 2 {
		t.Errorf("as JSON, it has %d, %v", len(all), err)
	}
	if got := do(exitFailed, "create", "pbx", "--address", "sip:10.0.0.5"); !strings.Contains(got.errs, "a trunk with this name already") {
		t.Errorf("a second one: %s", got.errs)
	}
	do(exitOK, "remove", "pbx")
	for _, args := range [][]string{{"remove", "pbx"}, {"show", "pbx"}, {"set", "pbx", "--rank", "1"}} {
		if got := do(exitFailed, args...); !strings.Contains(got.errs, "there is no trunk with this name") {
			t.Errorf("%v: %s", args, got.errs)
		}
	}
}

// TestTrunkMisuse: what cannot be is refused before a database is made.
func TestTrunkMisuse(t *testing.T) {
	t.Parallel()
	password, empty := writeFile(t, "password", "s3cret\n"), writeFile(t, "empty", "\n")
	for _, tt := range []struct {
		line, want string
		code       int
	}{
		{"create", `"<name>" is missing`, exitUsage},
		{"create a", "--address is missing", exitUsage},
		{"create a/b --address sip:pbx", "a trunk's name has", exitUsage},
		{"create a --address pbx:5060", "--address: the address does not begin with sip:", exitUsage},
		{"create a --address sip:pbx --caller-id 08047112233", "write it as +918047112233", exitUsage},
		{"create a --address sip:pbx --prefix 91", "as +91", exitUsage},
		{"create a --address sip:pbx --format e164", "it must be plus", exitUsage},
		{"create a --address sip:pbx --calls-a-second 0", "from 1 to 1000", exitUsage},
		{"create a --address sip:pbx --channels x", "no whole number", exitUsage},
		{"create a --address sip:pbx --codec opus", "it must be pcma or pcmu", exitUsage},
		{"create a --address sip:pbx --outcome 480", "write it as 480=busy", exitUsage},
		{"create a --address sip:pbx --register", "needs a user", exitUsage},
		{"create a --address sip:pbx --password-file " + password, "a password and no user", exitUsage},
		{"create a --address sip:pbx --secrets-key-file x --secrets-key y", "give one of them", exitUsage},
		{"create a --address sip:pbx --secrets-key-file " + empty + ".not", "--secrets-key-file: stat", exitUsage},
		{"set a --address pbx", "--address: ", exitUsage},
		{"create a --address sip:pbx --user u --password-file " + empty, "the file is empty", exitFailed},
		{"create a --address sip:pbx --user u --password-file " + empty + ".not", ".not: no such file or directory\n", exitFailed},
		{"test a --keys 1", "--call is missing", exitUsage},
		{"list", "there is no database", exitFailed},
	} {
		db := filepath.Join(t.TempDir(), "book.db")
		got := runHere(t, append(append([]string{"trunk"}, strings.Fields(tt.line)...), "--db", db)...)
		if got.code != tt.code || !strings.Contains(got.errs, tt.want) {
			t.Errorf("%s: exit code %d, %s", tt.line, got.code, got.errs)
		}
		noFile(t, db)
	}
}

// TestKeyOfPasswords: a file database has a key of its own, PostgreSQL has none, and a key
// that is given is taken in either.
func TestKeyOfPasswords(t *testing.T) {
	t.Parallel()
	if got := (secretsFlags{}).keys(database{DB: "book.db"}); got != (trunk.Keys{Own: "book.db.key"}) {
		t.Errorf("of a file: %+v", got)
	}
	if got := (secretsFlags{}).keys(database{DB: "postgres://localhost/callbook"}); got != (trunk.Keys{}) {
		t.Errorf("of PostgreSQL: %+v", got)
	}
	db, password := filepath.Join(t.TempDir(), "book.db"), writeFile(t, "password", "s3cret")
	key := writeFile(t, "key", strings.Repeat("ab", trunk.KeyBytes)+"\n")
	create := []string{"trunk", "create", "a", "--address", "sip:pbx", "--user", "u", "--password-file", password, "--db", db}
	mustRunHere(t, append(create, "--secrets-key-file", key)...)
	if _, err := os.Stat(db + ".key"); err == nil {
		t.Error("there is a second key")
	}
	short := writeFile(t, "short", "abc")
	create[2] = "b"
	if got := runHere(t, append(create, "--secrets-key-file", short)...); got.code != exitFailed || !strings.Contains(got.errs, "openssl rand -base64 32") {
		t.Errorf("exit code %d, %s", got.code, got.errs)
	}
}
