package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestAuditMisuse: filters that can match nothing are refused, and a page without entries
// says so.
func TestAuditMisuse(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "book.db")
	if got := runHere(t, "account", "create", "acme", "--db", db); got.code != exitOK {
		t.Fatal(got.errs)
	}
	for _, tt := range []struct {
		line, want string
		code       int
	}{
		{"--actor keys", "it is one of key, session", exitUsage},
		{"--actor server:1", "it is one of key, session", exitUsage},
		{"--action contacts.paint", "write one as contacts.delete", exitUsage},
		{"--action contact", "write one as contacts.delete", exitUsage},
		{"--sid 12", "32 hexadecimal digits", exitUsage},
		{"--sid 00000000000000000000000000000000", "32 hexadecimal digits", exitUsage},
		{"--from yesterday", "write 2026-11-29", exitUsage},
		{"--limit 0", "1 to 1000", exitUsage},
		{"--cursor x", "--cursor is no cursor", exitUsage},
		{"--account nobody", `no account "nobody"`, exitFailed},
		{"--action contacts", "there are no such entries", exitOK},
		{"--actor command:none", "there are no such entries", exitOK},
	} {
		got := runHere(t, append([]string{"audit", "--db", db}, strings.Fields(tt.line)...)...)
		if got.code != tt.code || !strings.Contains(got.errs, tt.want) || got.out != "" {
			t.Errorf("%s: exit code %d, %s%s", tt.line, got.code, got.out, got.errs)
		}
	}
	if got := runHere(t, "audit", "--actor", "command", "--db", db); got.code != exitOK || !strings.Contains(got.out, "accounts.create") {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.errs)
	}
}
