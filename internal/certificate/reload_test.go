package certificate_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbook/internal/certificate"
	"callbook/internal/clock/clocktest"
)

// TestExchanged: links that lead to other files are followed, one after the other, even if
// these are as old and as large, and what could not be read is read again although it looks
// the same, as when only its owner has changed.
func TestExchanged(t *testing.T) {
	t.Parallel()
	c := clocktest.New(start)
	dir := t.TempDir()
	path := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	for _, name := range []string{"one", "second"} {
		if err := os.Mkdir(path(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := certificate.SelfSigned(path(name, "cert.pem"), path(name, "key.pem"), []string{name}, nil, c); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"cert.pem", "key.pem"} {
			text, err := os.ReadFile(path(name, file))
			if err != nil {
				t.Fatal(err)
			}
			alike(t, path(name, file), append(text, bytes.Repeat([]byte("\n"), 2000-len(text))...))
		}
	}
	lead := func(link, to string) {
		t.Helper()
		if err := os.Symlink(to, path("new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path("new"), path(link)); err != nil {
			t.Fatal(err)
		}
	}
	lead("cert.pem", path("one", "cert.pem"))
	lead("key.pem", path("one", "key.pem"))
	var logged strings.Builder
	f, err := certificate.Open(path("cert.pem"), path("key.pem"), c, slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	named := func(want string) {
		t.Helper()
		c.Add(time.Second)
		if got, err := f.Config().GetCertificate(nil); err != nil || got.Leaf.DNSNames[0] != want {
			t.Errorf("got %v, %v, want %s", got.Leaf.DNSNames, err, want)
		}
	}
	named("one")
	lead("key.pem", path("second", "key.pem"))
	named("one") // it does not fit yet
	lead("cert.pem", path("second", "cert.pem"))
	named("second")
	if strings.Contains(logged.String(), "level=ERROR") {
		t.Errorf("the moment between the two was logged: %s", &logged)
	}

	key, err := os.ReadFile(path("one", "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	alike(t, path("one", "key.pem"), bytes.Repeat([]byte("\n"), len(key)))
	lead("cert.pem", path("one", "cert.pem"))
	lead("key.pem", path("one", "key.pem"))
	named("second")
	alike(t, path("one", "key.pem"), key)
	named("one")
}

// alike writes a file that is always of the same age.
func alike(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, start, start); err != nil {
		t.Fatal(err)
	}
}

// TestEndsSoon: a running server tells once that its certificate ends soon.
func TestEndsSoon(t *testing.T) {
	t.Parallel()
	cert, key := files(t)
	c := clocktest.New(start)
	if _, err := certificate.SelfSigned(cert, key, []string{"localhost"}, nil, c); err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	f, err := certificate.Open(cert, key, c, slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	for _, tt := range []struct {
		later time.Duration
		want  int
	}{{795 * day, 0}, {day, 1}, {10 * day, 1}, {30 * day, 1}} {
		c.Add(tt.later)
		if _, err := f.Config().GetCertificate(nil); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(logged.String(), "ends soon"); n != tt.want {
			t.Errorf("at %v it was logged %d times, want %d: %s", c.Now(), n, tt.want, &logged)
		}
	}
	if _, err := certificate.SelfSigned(cert, key, []string{"localhost"}, nil, c); err != nil {
		t.Fatal(err)
	}
	c.Add(time.Second)
	if got, err := f.Config().GetCertificate(nil); err != nil || got.Leaf.NotAfter.Before(c.Now()) {
		t.Errorf("after it was replaced: %v, %v", got.Leaf.NotAfter, err)
	}
}
