package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"callbook/internal/certificate"
	"callbook/internal/clock"
	"callbook/internal/store/postgres"
)

// tlsFlags are the flags about TLS.
type tlsFlags struct {
	TLSCert       string   `name:"tls-cert" placeholder:"FILE" help:"Speak HTTPS with the certificate in this PEM file, followed by those of its issuers. The file and that of the key are read again when they change."`
	TLSKey        string   `name:"tls-key" placeholder:"FILE" help:"PEM file with the key of --tls-cert."`
	TLSSelfSigned bool     `name:"tls-self-signed" help:"Speak HTTPS with a certificate that the server makes itself, beside the database or at --tls-cert and --tls-key; it prints how programs trust it."`
	TLSHost       []string `name:"tls-host" placeholder:"HOST" help:"Another name or IP address of this server for --tls-self-signed, beside localhost, the machine's name, --addr and --base-url; may be given more than once."`
}

// Validate is called by the command that embeds these flags.
func (f *tlsFlags) Validate() error {
	switch {
	case (f.TLSCert == "") != (f.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key belong together: give both")
	case len(f.TLSHost) > 0 && !f.TLSSelfSigned:
		return errors.New("--tls-host is for --tls-self-signed")
	}
	for _, host := range f.TLSHost {
		if u, err := url.Parse("https://" + host); net.ParseIP(host) == nil && (err != nil || u.Hostname() != host || host == "") {
			return fmt.Errorf("--tls-host %q is neither a name nor an IP address: write it as book.example.com or 192.0.2.10", host)
		}
	}
	return nil
}

// wanted reports whether the server speaks TLS.
func (f *tlsFlags) wanted() bool { return f.TLSCert != "" || f.TLSSelfSigned }

// scheme returns the scheme of the server's URLs.
func (f *tlsFlags) scheme() string {
	if f.wanted() {
		return "https"
	}
	return "http"
}

// secure returns the TLS configuration that the flags ask for, or nil. It makes the
// self-signed certificate, and replaces it before its end until stop is called.
func (c *serveCmd) secure(ctx context.Context, cl clock.Clock, log *slog.Logger) (config *tls.Config, stop func(), err error) {
	stop = func() {}
	if !c.wanted() {
		return nil, stop, nil
	}
	var renewal certificate.Renewal
	if c.TLSSelfSigned {
		if c.TLSCert == "" && postgres.IsURL(c.DB) {
			return nil, stop, errors.New("--tls-self-signed needs a place for its files beside PostgreSQL: add --tls-cert callbook-cert.pem --tls-key callbook-key.pem")
		}
		if c.TLSCert == "" {
			path, err := filepath.Abs(c.DB)
			if err != nil {
				return nil, stop, fmt.Errorf("find the place of the certificate: %w", err)
			}
			c.TLSCert, c.TLSKey = path+".tls-cert.pem", path+".tls-key.pem"
		}
		renewal = certificate.Renewal{Cert: c.TLSCert, Key: c.TLSKey, Hosts: c.tlsHosts(), Also: machine(), Clock: cl, Log: log}
		if err := renewal.Make(); err != nil {
			return nil, stop, fmt.Errorf("--tls-self-signed: %w", err)
		}
	}
	files, err := certificate.Open(c.TLSCert, c.TLSKey, cl, log)
	if err != nil {
		return nil, stop, fmt.Errorf("--tls-cert: %w", err)
	}
	if c.TLSSelfSigned {
		ctx, cancel := context.WithCancel(ctx)
		var done sync.WaitGroup
		done.Go(func() { renewal.Run(ctx) })
		stop = func() {
			cancel()
			done.Wait()
		}
	}
	return files.Config(), stop, nil
}

// machine returns the machine's name. A container has another name after each start, so the
// name must not be a reason for a new certificate.
func machine() []string {
	if name, err := os.Hostname(); err == nil && name != "" {
		return []string{name}
	}
	return nil
}

// tlsHosts returns the names and addresses at which the server was told to be reached.
func (c *serveCmd) tlsHosts() []string {
	hosts := append([]string{"localhost", "127.0.0.1", "::1"}, c.TLSHost...)
	if host, _, err := net.SplitHostPort(c.Addr); err == nil && host != "" && !isUnspecified(host) {
		hosts = append(hosts, host)
	}
	if u, err := url.Parse(c.BaseURL); err == nil && u.Hostname() != "" {
		hosts = append(hosts, u.Hostname())
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

func isUnspecified(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsUnspecified()
}

// printTrust prints how programs trust the self-signed certificate.
func (c *serveCmd) printTrust(out io.Writer) error {
	if !c.TLSSelfSigned {
		return nil
	}
	path, err := filepath.Abs(c.TLSCert)
	if err != nil {
		return err
	}
	fingerprint, err := certificate.Fingerprint(path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
The certificate is self-signed. Its SHA-256 fingerprint, which browsers show, is
%[2]s.
A month before its end the server makes another one and logs that. Programs trust it with:

  curl    curl --cacert '%[1]s' …
  Node    NODE_EXTRA_CA_CERTS='%[1]s' node …
  Python  REQUESTS_CA_BUNDLE='%[1]s' python3 …
  PHP     php -d curl.cainfo='%[1]s' …
  Go      SSL_CERT_FILE='%[1]s' go run …
  Java    keytool -importcert -noprompt -alias callbook -file '%[1]s' -keystore callbook.p12 -storepass callbook
          java -Djavax.net.ssl.trustStore=callbook.p12 -Djavax.net.ssl.trustStorePassword=callbook …

`, path, fingerprint)
	return err
}

// curlFlags returns the flags of curl for the certificate, with a blank behind them.
func (c *serveCmd) curlFlags() string {
	if !c.TLSSelfSigned {
		return ""
	}
	return fmt.Sprintf("--cacert '%s' ", c.TLSCert)
}

// warnOpen warns of a server that other machines can reach without TLS.
func (c *serveCmd) warnOpen(at net.Addr, log *slog.Logger) {
	u, _ := url.Parse(c.BaseURL)
	tcp, ok := at.(*net.TCPAddr)
	if c.wanted() || !ok || tcp.IP.IsLoopback() || u != nil && u.Scheme == "https" {
		return
	}
	log.Warn("the server listens beyond this machine without TLS, so keys and contacts can be read on the way: use --tls-cert, --tls-self-signed or a proxy with TLS", "addr", at.String())
}
