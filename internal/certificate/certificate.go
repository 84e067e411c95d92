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

// checkEvery is how often the files are looked at, at most. They are looked at when a
// client connects.
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
	version version
	checked time.Time
}

// version tells whether the files have changed.
type version [2]struct {
	modified time.Time
	size     int64
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
// the files do not fit together, as between the writes of the two, it returns the one
// from before.
func (f *Files) get() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	if d := now.Sub(f.checked); d >= 0 && d < checkEvery {
		return f.current
	}
	f.checked = now
	v, err := f.stat()
	if err == nil && v == f.version {
		return f.current
	}
	var loaded *tls.Certificate
	if err == nil {
		loaded, err = f.load()
	}
	if err != nil {
		if v != f.version {
			f.log.Error("the changed TLS certificate could not be read; the one from before is used", "error", err)
		}
		f.version = v // say it once for each change
		return f.current
	}
	f.version, f.current = v, loaded
	f.log.Info("the TLS certificate was read again", "valid until", loaded.Leaf.NotAfter)
	return loaded
}

// stat returns the files' version.
func (f *Files) stat() (v version, err error) {
	for i, path := range []string{f.cert, f.key} {
		info, err := os.Stat(path)
		if err != nil {
			return version{}, explain(path, err)
		}
		v[i].modified, v[i].size = info.ModTime(), info.Size()
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
	if f.clock.Now().After(pair.Leaf.NotAfter) {
		f.log.Warn("the TLS certificate has expired, and clients refuse it", "file", f.cert, "valid until", pair.Leaf.NotAfter)
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
