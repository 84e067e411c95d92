package certificate

import (
	"context"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"callbook/internal/clock"
)

// renewEvery is how often a server looks whether its self-signed certificate ends soon.
const renewEvery = 12 * time.Hour

// Renewal keeps a self-signed certificate in two PEM files, and replaces it before its end.
type Renewal struct {
	Cert, Key   string
	Hosts, Also []string // as for [SelfSigned]
	Clock       clock.Clock
	Log         *slog.Logger
}

// Make ensures that there is a certificate, as [SelfSigned] does, and logs one that it has
// made with its [Fingerprint].
func (r Renewal) Make() error {
	_, none := os.Stat(r.Cert)
	made, err := SelfSigned(r.Cert, r.Key, r.Hosts, r.Also, r.Clock)
	if err != nil || !made {
		return err
	}
	fingerprint, err := Fingerprint(r.Cert)
	if err != nil {
		return err
	}
	if none != nil {
		r.Log.Info("a self-signed certificate was made", "file", r.Cert, "SHA-256", fingerprint)
		return nil
	}
	r.Log.Warn("there is a new self-signed certificate, because the one from before ends soon or lacks a name of this server: programs have to trust the new one",
		"file", r.Cert, "SHA-256", fingerprint)
	return nil
}

// Run makes another certificate 30 days before the end of the one that is there, until ctx
// ends. [Files] take it for new connections.
func (r Renewal) Run(ctx context.Context) {
	clock.Job{
		Clock: r.Clock, Every: renewEvery, Do: func(context.Context) error { return r.Make() },
		Log: r.Log, Failed: "the self-signed certificate could not be replaced before its end; it will be tried again",
	}.Run(ctx)
}

// Fingerprint returns the SHA-256 of the certificate in a PEM file, as browsers and openssl
// show it.
func Fingerprint(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", explain(path, err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return "", fmt.Errorf("%s has no certificate", path)
	}
	sum := sha256.Sum256(block.Bytes)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":"), nil
}
