// Package certificate provides the certificate with which a server speaks TLS: from files
// that are read again when they change, or made by the server itself.
package certificate

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"callbook/internal/clock"
)

// checkEvery is how often the files are looked at, at most. A client that connects makes the
// server look.
const checkEvery = time.Second

// Files are a certificate and its key in two PEM files. When the files change, new
// connections get the new certificate; those that are open stay. Files is safe for
// concurrent use.
type Files struct {
	cert, key string
	clock     clock.Clock
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	version version // of current
	checked time.Time
	failed  int  // how often in a row the changed files could not be read
	warned  bool // that current ends soon
}

// version tells whether the files have changed. It also changes with the target of a symbolic
// link, because certbot and Kubernetes exchange files so.
type version [2]fs.FileInfo

func (v version) same(other version) bool {
	for i, info := range v {
		if !os.SameFile(info, other[i]) || !info.ModTime().Equal(other[i].ModTime()) || info.Size() != other[i].Size() {
			return false
		}
	}
	return true
}

// Open reads a certificate, with the certificates of its issuers behind it, and its key.
func Open(cert, key string, c clock.Clock, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, clock: c, log: log}
	v, err := f.stat()
	if err != nil {
		return nil, err
	}
	if f.current, err = f.load(); err != nil {
		return nil, err
	}
	f.version, f.checked = v, c.Now()
	f.warn(f.checked)
	return f, nil
}

// Config returns the TLS configuration of a server: TLS 1.2 at least, with HTTP/2 and
// HTTP/1.1.
func (f *Files) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return f.get(), nil
		},
	}
}

// get returns the certificate, after reading it again if the files have changed. While
// the files cannot be used, it returns the one from before, and tries again with the next
// connection a second later.
func (f *Files) get() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	if d := now.Sub(f.checked); d >= 0 && d < checkEvery {
		return f.current
	}
	f.checked = now
	if err := f.refresh(); err == nil {
		f.failed = 0
	} else if f.failed++; f.failed == 2 {
		// The first time may have been between the writes of the two files.
		f.log.Error("the changed TLS certificate cannot be used; the one from before is, until it can", "error", err)
	}
	f.warn(now)
	return f.current
}

// refresh reads the certificate again if the files have changed.
func (f *Files) refresh() error {
	v, err := f.stat()
	if err != nil || v.same(f.version) {
		return err
	}
	loaded, err := f.load()
	if err != nil {
		return err
	}
	f.version, f.current, f.warned = v, loaded, false
	f.log.Info("the TLS certificate was read again", "valid until", loaded.Leaf.NotAfter)
	return nil
}

// warnBefore is how long before its end a certificate is warned of at most. A self-signed
// one should have been replaced by then.
const warnBefore = renewBefore - 24*time.Hour

// warn logs once that the certificate ends soon: within the last eighth of its life, and
// within warnBefore.
func (f *Files) warn(now time.Time) {
	leaf := f.current.Leaf
	soon := min(leaf.NotAfter.Sub(leaf.NotBefore)/8, warnBefore)
	if f.warned || now.Add(soon).Before(leaf.NotAfter) {
		return
	}
	f.warned = true
	f.log.Warn("the TLS certificate ends soon or has ended, and then clients refuse it: put a new one into its place",
		"file", f.cert, "valid until", leaf.NotAfter)
}

// stat returns the files' version.
func (f *Files) stat() (v version, err error) {
	for i, path := range []string{f.cert, f.key} {
		info, err := os.Stat(path)
		if err != nil {
			return version{}, explain(path, err)
		}
		v[i] = info
	}
	return v, nil
}

// load reads the files.
func (f *Files) load() (*tls.Certificate, error) {
	texts := [2][]byte{}
	for i, path := range []string{f.cert, f.key} {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, explain(path, err)
		}
		texts[i] = text
	}
	if bytes.Contains(texts[1], []byte("ENCRYPTED")) {
		return nil, fmt.Errorf("the key %[1]s has a password, and the server cannot ask for it: take it off with openssl pkey -in %[1]s -out FILE", f.key)
	}
	pair, err := tls.X509KeyPair(texts[0], texts[1])
	if err != nil {
		return nil, fmt.Errorf("the certificate %s and the key %s cannot be used: %w", f.cert, f.key, err)
	}
	return &pair, nil
}

// explain returns the error of a file that cannot be read, in words.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %s", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not read %s", path)
	}
	return err
}
