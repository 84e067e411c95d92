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
		if made, err := certificate.SelfSigned(cert, key, tt.hosts, nil, c); err != nil || made != tt.want {
			t.Errorf("%s: made is %v, %v", tt.name, made, err)
		}
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file is %v, %v", info, err)
	}
}

// TestAlso: a name that changes by itself, as that of a container, is in a new certificate
// and makes no other one.
func TestAlso(t *testing.T) {
	t.Parallel()
	cert, key := files(t)
	c := clocktest.New(start)
	for i, name := range []string{"one", "second"} {
		if made, err := certificate.SelfSigned(cert, key, []string{"localhost"}, []string{name}, c); err != nil || made != (i == 0) {
			t.Errorf("%s: made is %v, %v", name, made, err)
		}
	}
	f, err := certificate.Open(cert, key, c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Config().GetCertificate(nil); err != nil || got.Leaf.VerifyHostname("one") != nil {
		t.Errorf("the certificate lacks the name: %v", err)
	}
	if _, err := certificate.SelfSigned(cert, key, []string{"bücher.example"}, nil, c); err == nil || !strings.Contains(err.Error(), "xn--") {
		t.Errorf("got %v", err)
	}
}

// TestOthersFiles: what callbook has not made stays.
func TestOthersFiles(t *testing.T) {
	t.Parallel()
	c := clocktest.New(start)
	const theirs = "theirs"
	for name, tt := range map[string]struct {
		cert, key, want string
	}{
		"no certificate":      {theirs, theirs, "callbook has not made the certificate in"},
		"another's":           {othersCertificate, theirs, "callbook has not made the certificate in"},
		"a key alone":         {"", theirs, "there is a key in"},
		"a certificate alone": {othersCertificate, "", "callbook has not made the certificate in"},
	} {
		cert, key := files(t)
		for path, text := range map[string]string{cert: tt.cert, key: tt.key} {
			if text == "" {
				continue
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if made, err := certificate.SelfSigned(cert, key, []string{"localhost"}, nil, c); made || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v", name, made, err)
		}
		for path, text := range map[string]string{cert: tt.cert, key: tt.key} {
			if got, _ := os.ReadFile(path); string(got) != text {
				t.Errorf("%s: %s has become %q", name, path, got)
			}
		}
	}
}

// TestKeyLost: a certificate of callbook's without its key is made again, as after a crash
// between the two.
func TestKeyLost(t *testing.T) {
	t.Parallel()
	cert, key := files(t)
	c := clocktest.New(start)
	for i := range 2 {
		if made, err := certificate.SelfSigned(cert, key, []string{"localhost"}, nil, c); err != nil || !made {
			t.Errorf("%d: made is %v, %v", i, made, err)
		}
		if err := os.Remove(key); err != nil {
			t.Fatal(err)
		}
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
		if made, err := certificate.SelfSigned(cert, key, []string{host}, nil, c); err != nil || !made {
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
	for range 5 {
		if err := os.WriteFile(cert, whole[:len(whole)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		named("second.example.com")
	}
	if n := strings.Count(logged.String(), "level=ERROR"); n != 1 {
		t.Errorf("the broken file was logged %d times:\n%s", n, &logged)
	}
	for _, path := range []string{cert, key} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
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
	if _, err := certificate.SelfSigned(cert, key, []string{"localhost"}, nil, c); err != nil {
		t.Fatal(err)
	}
	if got := open(key, cert); !strings.HasPrefix(got, "the certificate "+key+" and the key "+cert+" cannot be used: ") {
		t.Errorf("got %q", got)
	}
	if got := open(cert, key); got != "" {
		t.Errorf("got %q", got)
	}
	if err := os.WriteFile(key, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := open(cert, key); !strings.Contains(got, "openssl pkey -in "+key) {
		t.Errorf("got %q", got)
	}
}

// othersCertificate is one of an Example Corp.
const othersCertificate = `-----BEGIN CERTIFICATE-----
MIIBrzCCAVWgAwIBAgIUT5aeusfDaq7R+8FA33YqTzVV2RgwCgYIKoZIzj0EAwIw
LTEQMA4GA1UECgwHRXhhbXBsZTEZMBcGA1UEAwwQYm9vay5leGFtcGxlLmNvbTAe
Fw0yNjExMzAwOTE3MDJaFw0zNjExMjcwOTE3MDJaMC0xEDAOBgNVBAoMB0V4YW1w
bGUxGTAXBgNVBAMMEGJvb2suZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASicZZxQcWwM0cphRiT3kgZfWn3nSMNfQIgIKL6Pq/Zqy0Ad5t3+5Hm
9mq3Su6rQYSfnS3qPIVu2WmnxaMiy8zEo1MwUTAdBgNVHQ4EFgQUp3nguUBUqF2E
LYJM2rdn/KdoZEYwHwYDVR0jBBgwFoAUp3nguUBUqF2ELYJM2rdn/KdoZEYwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA6OT63dlEWYSM34rfs0L9
LfZ2BRvDRayEllDEiSLuF14CIEv1rzd8kZ9L+aO1/t4A7FGBOjEFioatBN6cM/is
a5Nk
-----END CERTIFICATE-----
`
