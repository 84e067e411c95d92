package certificate_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbook/internal/certificate"
	"callbook/internal/clock/clocktest"
)

var start = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

// files returns the paths of two files in a new folder.
func files(t *testing.T) (cert, key string) {
	dir := t.TempDir()
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}

// TestMadeAgain: which changes make another self-signed certificate.
func TestMadeAgain(t *testing.T) {
	t.Parallel()
	cert, key := files(t)
	c := clocktest.New(start)
	for _, tt := range []struct {
		name  string
		later time.Duration
		hosts []string
		want  bool
	}{
		{"there is none", 0, []string{"localhost", "127.0.0.1"}, true},
		{"it is there", time.Hour, []string{"localhost", "127.0.0.1"}, false},
		{"one name less", 0, []string{"localhost"}, false},
		{"another name", 0, []string{"localhost", "book.example.com"}, true},
		{"another address", 0, []string{"::1", "localhost"}, true},
		{"795 days later", 794 * 24 * time.Hour, []string{"localhost"}, false},
		{"a month before its end", 2 * 24 * time.Hour, []string{"localhost"}, true},
	} {
		c.Add(tt.later)
		if made, err := certificate.SelfSigned(cert, key, tt.hosts, c); err != nil || made != tt.want {
			t.Errorf("%s: made is %v, %v", tt.name, made, err)
		}
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file is %v, %v", info, err)
	}
}

// TestChanged: changed files count for the next handshake, a second later at most, and
// broken ones never.
func TestChanged(t *testing.T) {
	t.Parallel()
	cert, key := files(t)
	c := clocktest.New(start)
	var logged strings.Builder
	make := func(host string) {
		if made, err := certificate.SelfSigned(cert, key, []string{host}, c); err != nil || !made {
			t.Fatal(made, err)
		}
	}
	make("one.example.com")
	f, err := certificate.Open(cert, key, c, slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	config := f.Config()
	named := func(want string) {
		t.Helper()
		c.Add(time.Second)
		got, err := config.GetCertificate(nil)
		if err != nil || got.Leaf.DNSNames[0] != want {
			t.Errorf("got %v, %v, want %s", got, err, want)
		}
	}
	named("one.example.com")
	make("second.example.com")
	named("second.example.com")
	whole, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := os.WriteFile(cert, whole[:len(whole)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		named("second.example.com")
	}
	if n := strings.Count(logged.String(), "level=ERROR"); n == 0 || n > 2 {
		t.Errorf("the broken file was logged %d times:\n%s", n, &logged)
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	named("second.example.com")
	make("third.example.com")
	named("third.example.com")
}

// TestUnusable: what is said about files that cannot be used.
func TestUnusable(t *testing.T) {
	t.Parallel()
	cert, key := files(t)
	c := clocktest.New(start)
	open := func(cert, key string) string {
		_, err := certificate.Open(cert, key, c, slog.New(slog.DiscardHandler))
		if err == nil {
			return ""
		}
		return err.Error()
	}
	if got, want := open(cert, key), "there is no file "+cert; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := certificate.SelfSigned(cert, key, []string{"localhost"}, c); err != nil {
		t.Fatal(err)
	}
	if got := open(key, cert); !strings.HasPrefix(got, "the certificate "+key+" and the key "+cert+" cannot be used: ") {
		t.Errorf("got %q", got)
	}
	if got := open(cert, key); got != "" {
		t.Errorf("got %q", got)
	}
}
