package main

import (
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
	f := proxyFlags{TrustedProxy: []string{"10.0.0.0/8", "127.0.0.1", "fd00::/8", "::1"}}
	if err := f.Validate(); err != nil || len(f.trusted) != 4 || f.trusted[1].String() != "127.0.0.1/32" || f.trusted[3].String() != "::1/128" {
		t.Errorf("got %v, %v", f.trusted, err)
	}
	for _, text := range []string{"", "proxy.example.com", "10.0.0.1/8", "10.0.0.0/33", "::ffff:10.0.0.1", "::ffff:10.0.0.0/104", "fe80::1%eth0", "*"} {
		f := proxyFlags{TrustedProxy: []string{text}}
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), "--trusted-proxy") {
			t.Errorf("%q: got %v, %v", text, f.trusted, err)
		}
	}
}

// TestServeValidates: serve looks at the flags that it embeds.
func TestServeValidates(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--base-url=x", "--trusted-proxy=x", "--allow-origin=x"} {
		var out, errs strings.Builder
		code := run(t.Context(), []string{"serve", "--db", t.TempDir() + "/none/callbook.db", flag}, streams{&out, &errs})
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
	for _, name := range []string{"postgress://a:secret@h/x", "Postgres://a:secret@h/x", "mysql://a:secret@h/x"} {
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
