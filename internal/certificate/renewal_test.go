package certificate_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/certificate"
	"callbook/internal/clock"
)

// TestRenewed: while a server runs, its self-signed certificate is replaced 30 days before
// its end, and the log says once which one programs have to trust.
func TestRenewed(t *testing.T) {
	t.Parallel()
	cert, key := files(t)
	synctest.Test(t, func(t *testing.T) {
		var logged text
		r := certificate.Renewal{Cert: cert, Key: key, Hosts: []string{"localhost"}, Clock: clock.System, Log: slog.New(slog.NewTextHandler(&logged, nil))}
		if err := r.Make(); err != nil {
			t.Fatal(err)
		}
		f, err := certificate.Open(cert, key, clock.System, r.Log)
		if err != nil {
			t.Fatal(err)
		}
		go r.Run(t.Context())
		const day = 24 * time.Hour
		for _, tt := range []struct {
			later    time.Duration
			replaced int
		}{{794 * day, 0}, {2 * day, 1}, {700 * day, 1}, {96 * day, 2}} {
			time.Sleep(tt.later)
			synctest.Wait()
			got, err := f.Config().GetCertificate(nil)
			if err != nil || time.Until(got.Leaf.NotAfter) < 29*day {
				t.Errorf("at %v a client gets a certificate until %v (%v)", time.Now(), got.Leaf.NotAfter, err)
			}
			fingerprint, err := certificate.Fingerprint(cert)
			if err != nil || strings.Count(logged.String(), fingerprint) != 1 {
				t.Errorf("at %v the log does not have %s once (%v): %s", time.Now(), fingerprint, err, &logged)
			}
			if n := strings.Count(logged.String(), "there is a new self-signed certificate"); n != tt.replaced || strings.Contains(logged.String(), "ends soon or has ended") {
				t.Errorf("at %v the log is %s", time.Now(), &logged)
			}
		}
	})
}

// text is a log that may be read while it is written.
type text struct {
	mu      sync.Mutex
	written strings.Builder
}

func (t *text) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written.Write(b)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written.String()
}
