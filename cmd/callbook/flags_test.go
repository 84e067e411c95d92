package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestAllowOrigin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://app.example.com":     "https://app.example.com",
		"https://app.example.com/":    "https://app.example.com",
		"HTTPS://App.Example.COM:443": "https://app.example.com",
		"http://localhost:3000":       "http://localhost:3000",
		"http://[::1]":                "http://[::1]",
		"http://[::1]:8080":           "http://[::1]:8080",
		"http://a:80":                 "http://a",
		"https://a:80":                "https://a:80",
	} {
		f := originFlags{AllowOrigin: []string{"https://first.example", text}}
		if err := f.Validate(); err != nil || !slices.Equal(f.origins, []string{"https://first.example", want}) {
			t.Errorf("%s: got %v, %v", text, f.origins, err)
		}
	}
	for _, text := range []string{
		"", "*", "null", "https://*.example.com", "app.example.com", "localhost:3000", "https://", "https://a/path", "https://a?b",
		"https://a?", "https://a#b", "https://user@a", "ftp://a", "https://b\u00fccher.example", "https://a b", "file:///x", "https://:80",
	} {
		f := originFlags{AllowOrigin: []string{text}}
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), "--allow-origin") || !strings.Contains(err.Error(), "example") {
			t.Errorf("%q: got %v, %v", text, f.origins, err)
		}
	}
}

// TestBaseURL: it is kept as browsers spell the origin of its pages.
func TestBaseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             "",
		"https://book.example.com":     "https://book.example.com",
		"https://Book.Example.com:443": "https://book.example.com",
		"HTTP://book.example.com:80/":  "http://book.example.com",
		"http://[::1]:8080":            "http://[::1]:8080",
	} {
		b := baseURL{BaseURL: text}
		if err := b.Validate(); err != nil || b.BaseURL != want {
			t.Errorf("%q: got %q, %v; want %q", text, b.BaseURL, err, want)
		}
	}
	for _, text := range []string{"x", "book.example.com", "https://", "https://a/path", "https://a?b", "https://user@a", "ftp://a", "https://*.example.com", "https://b\u00fccher.example"} {
		b := baseURL{BaseURL: text}
		if err := b.Validate(); err == nil || !strings.Contains(err.Error(), "--base-url") || !strings.Contains(err.Error(), "example") {
			t.Errorf("%q: got %q, %v", text, b.BaseURL, err)
		}
	}
}

func TestTrustedProxy(t *testing.T) {
	t.Parallel()
	f := proxyFlags{TrustedProxy: []string{"10.0.0.0/8", "127.0.0.1", "fd00::/8", "::1", "::ffff:10.0.0.1"}}
	if err := f.Validate(); err != nil || len(f.trusted) != 5 || f.trusted[1].String() != "127.0.0.1/32" || f.trusted[3].String() != "::1/128" || f.trusted[4].String() != "10.0.0.1/32" {
		t.Errorf("got %v, %v", f.trusted, err)
	}
	for _, text := range []string{"", "proxy.example.com", "10.0.0.1/8", "10.0.0.0/33", "::ffff:10.0.0.0/104", "fe80::1%eth0", "*"} {
		f := proxyFlags{TrustedProxy: []string{text}}
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), "--trusted-proxy") {
			t.Errorf("%q: got %v, %v", text, f.trusted, err)
		}
	}
}

// TestServeValidates: serve looks at the flags that it embeds.
func TestServeValidates(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--base-url=x", "--trusted-proxy=x", "--allow-origin=x", "--simulator-speed=0", "--sip-addr=x", "--sip-public-address=x", "--rtp-ports=20000",
		"--ring=14s", "--ring=4m", "--longest-call=9s", "--longest-call=3h",
		"--metrics-addr=127.0.0.1:8080", "--trunk-accounts=a/b", "--base-url=http://book.example.com --tls-self-signed", "--sip-public-address=::1 --sip-addr=127.0.0.1:5060"} {
		var out, errs strings.Builder
		code := run(t.Context(), append([]string{"serve", "--db", t.TempDir() + "/none/callbook.db"}, strings.Fields(flag)...), streams{out: &out, err: &errs})
		name, _, _ := strings.Cut(flag, "=")
		if code != exitUsage || !strings.Contains(errs.String(), "callbook: serve: "+name) {
			t.Errorf("%s: got code %d: %s", flag, code, errs.String())
		}
	}
}

// TestDatabaseName: a URL of another kind is no file's name, and no message has its
// password.
func TestDatabaseName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"postgress://a:secret@h/x", "Postgres://a:secret@h/x", "mysql://a:secret@h/x", "postgres:a:secret@h/x", "postgres//a:secret@h/x",
		"a:secret@h/x", "jdbc:postgresql://h/x?password=secret", "host=h user=a password=secret dbname=x", "postgres://a:secret@h:port/x",
		"postgres://a:%zzsecret@h/x", "postgres://a:1/secret@h/x", "postgres://a:1#secret@h/x", "postgres://a@h/x?password=secret&sslmode=bad",
		"postgres://a:secret@h/x?pool_max_conns=z", "postgres://a:secret@h /x", "sqlite:secret.db", "h:5432/secret",
	} {
		for _, args := range [][]string{
			{"serve", "--db", name}, {"account", "list", "--db", name}, {"key", "create", "--account", "acme", "--db", name},
			{"migrate", "--db", name}, {"login-link", "--account", "acme", "--db", name}, {"check", "--db", name},
			{"backup", "x.bak", "--db", name}, {"restore", "x.bak", "--db", name},
			{"copy", "--from", name, "--to", "x.db"}, {"copy", "--from", "x.db", "--to", name},
		} {
			got := runHere(t, args...)
			if got.code != exitUsage || !strings.Contains(got.errs, "postgres://user:password@host") || strings.Contains(got.out+got.errs, "secret") {
				t.Errorf("%v: exit code %d, %s%s", args, got.code, got.out, got.errs)
			}
		}
	}
}

// TestHelp: a command line without a command has help, and a misspelt one the name
// that was meant.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"account"}, {"key"}} {
		if got := runHere(t, args...); got.code != exitOK || !strings.Contains(got.out, "Commands:") || got.errs != "" {
			t.Errorf("%v: exit code %d, %s%s", args, got.code, got.out, got.errs)
		}
	}
	if got := runHere(t, "--version"); got != runHere(t, "version") || got.code != exitOK || !strings.HasPrefix(got.out, "callbook ") {
		t.Errorf("--version: %+v", got)
	}
	if got := runHere(t, "srve"); got.code != exitUsage || !strings.Contains(got.errs, `"serve"`) {
		t.Errorf("a misspelt command: %+v", got)
	}
}

// TestSecretsUnread: a password in a part of the command line that is not understood is
// not repeated.
func TestSecretsUnread(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"serve", "postgres://a:secret@h/x"}, {"postgres://a:s%65cret@h/x"}, {"account", "list", "a:secret@h"},
		{"migrate", "host=h password='secret two'"}, {"serve", "--base-url", "http://a:secret@h"}, {"login-link", "--account", "a", "--base-url=http://a:secret@h"},
	} {
		got := runHere(t, args...)
		if got.code != exitUsage || strings.Contains(got.out+got.errs, "s%65cret") || strings.Contains(got.out+got.errs, "secret") {
			t.Errorf("%v: exit code %d, %s%s", args, got.code, got.out, got.errs)
		}
	}
}

// TestTakeArgs: what the system shows of a command line has no password, and the command
// has it.
func TestTakeArgs(t *testing.T) {
	t.Parallel()
	system := make([]string, 0, 3)
	for _, arg := range []string{"callbook", "serve", "--db=postgres://a:a-long-secret@h/x", "--db", "postgres://a:s@h/x?b=1"} {
		system = append(system, string([]byte(arg))) // memory that may be written
	}
	taken := takeArgs(system)
	if want := []string{"callbook", "serve", "--db=postgres://a:a-long-secret@h/x", "--db", "postgres://a:s@h/x?b=1"}; !slices.Equal(taken, want) {
		t.Errorf("taken are %q", taken)
	}
	if got := strings.Join(system, " "); strings.Contains(got, "secret") || strings.Contains(got, ":s@") || !strings.HasPrefix(got, "callbook serve --db=postgres://a:xxxxx@h/x") {
		t.Errorf("the system shows %q", got)
	}
}

// TestNonsense: each setting that cannot be is named, with what to do, before anything is
// opened.
func TestNonsense(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, want string }{
		{"serve --max-body=x", `--max-body: "x" is no whole number`},
		{"serve --max-body=99999999999", "--max-body 99999999999 is too much: it must be 16384 or less"},
		{"serve --memory=9999999999999999999999", `--memory: "9999999999999999999999" is too large`},
		{"serve --log-level=loud", `--log-level: "loud" is no level of the log: write debug, info, warn or error`},
		{"serve --log-level=info+3", "debug, info, warn or error"},
		{"serve --receipts-keep=23h", `"23h" is 23 hours, and the least is a day`},
		{"serve --receipts-keep=0", `"0" is no time to keep answers for`},
		{"serve --receipts-keep=forever", `"forever" is no time to keep answers for`},
		{"serve --receipts-keep=2y", `kept for a year at most`},
		{"serve --keep-uploads=3m", `"3m" is 3 minutes, and the least is an hour: m is minutes, mo is months`},
		{"serve --keep-deleted=3m", `"3m" is 3 minutes, and the least is an hour: m is minutes, mo is months, and forever keeps everything, or 0 to keep nothing`},
		{"serve --keep-deleted=-1d", "--keep-deleted"},
		{"serve --keep-deleted=never", `"never" is no time to keep something for`},
		{"serve --no-dashboard=x", `--no-dashboard: "x" is neither yes nor no`},
		{"serve --base-url", "--base-url: it needs a value"},
		{"serve --base-url=https://a.example/book", "has a path, and callbook is always at the root of its host"},
		{"serve --base-url=a.example", "does not begin with http:// or https://"},
		{"serve --base-url=/", "does not begin with http:// or https://"},
		{"serve --base-url=https://a.example?x", "has a ? or #"},
		{"serve --base-url=https://a.example:70000", "has a port that cannot be one: it is a number from 1 to 65535"},
		{"login-link --account=a --base-url=https://a.example/book", "has a path, and callbook is always at the root of its host"},
		{"account create a!", `account sid "a!" is not valid`},
		{"account create", `"<sid>" is missing`},
		{"account create a --region=XX", "--region: Unknown region"},
		{"account create a --timezone=Mars", "--timezone: time zone"},
		{"key create --account=a --expires=-1d", "--expires"},
		{"key create --account=a --expires -1d", `one that begins with "-" is written as --expires=-1d`},
		{"key create --account=a --expires=5", "m for minutes, h for hours, d for days, w for weeks, mo for months"},
		{"key create --account=a --expires=300y", "ten years at most"},
		{"key create --account=a --name=" + strings.Repeat("a", 256), "--name: the name of a key is one line of at most 255"},
		{"copy --from= --to=", "both --from and --to"},
	} {
		db := t.TempDir() + "/book.db"
		args := strings.Fields(tt.line)
		if args[0] != "copy" {
			args = append(args, "--db", db)
		}
		got := runHere(t, args...)
		if got.code != exitUsage || !strings.Contains(got.errs, tt.want) || got.out != "" {
			t.Errorf("%s: exit code %d, %s%s", tt.line, got.code, got.out, got.errs)
		}
		noFile(t, db)
	}
}

// TestUnfitFile: what is not as a database has to be is told with what to do.
func TestUnfitFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/text", []byte("hello, I am no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for db, want := range map[string]string{
		dir:                "Name a file in it, as " + dir + "/callbook.db",
		dir + "/text":      "name another file, or",
		dir + "/none/x.db": "Make the folder first, if " + dir + "/none",
		dir + "/text/x.db": dir + "/text is a file, and not a folder",
	} {
		for _, line := range []string{"serve --addr 127.0.0.1:0", "account create a"} {
			got := runHere(t, append(strings.Fields(line), "--db", db)...)
			if got.code != exitFailed || !strings.Contains(got.errs, want) {
				t.Errorf("%s of %s: exit code %d, %s", line, db, got.code, got.errs)
			}
		}
	}
}

// TestHelpCommand: "help" before a command is --help behind it.
func TestHelpCommand(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "key", "key create", "serve"} {
		words := strings.Fields(command)
		got, want := runHere(t, append([]string{"help"}, words...)...), runHere(t, append(words, "--help")...)
		if got != want || got.code != exitOK || got.out == "" {
			t.Errorf("help %s: %+v", command, got)
		}
	}
	if got := runHere(t, "help", "nonsense"); got.code != exitUsage || !strings.Contains(got.errs, "nonsense") {
		t.Errorf("help nonsense: %+v", got)
	}
}
