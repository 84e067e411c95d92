package sip

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"slices"

	"callbook/internal/trunk"
)

// verified returns the configuration of TLS with which connections to trunks are made. The
// certificate of a host has to be for the domain of its trunk, from which DNS has led to
// the host, because the answers of DNS may be forged (RFC 5922, section 7.1). Domains
// returns those of a host; the host is "" if it is known by its address only.
func verified(conf *tls.Config, domains func(host string) []string) *tls.Config {
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	conf = conf.Clone()
	conf.InsecureSkipVerify = true // for VerifyConnection does that
	conf.VerifyConnection = func(s tls.ConnectionState) error {
		opts := x509.VerifyOptions{Roots: conf.RootCAs, Intermediates: x509.NewCertPool()}
		for _, c := range s.PeerCertificates[1:] {
			opts.Intermediates.AddCert(c)
		}
		err := errors.New("the host is of no trunk")
		for _, opts.DNSName = range domains(s.ServerName) {
			if _, err = s.PeerCertificates[0].Verify(opts); err == nil {
				return nil
			}
		}
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	return conf
}

// domains returns the domains of the trunks with TLS that have a host with this name, or
// their addresses if it is "".
func (ls *lines) domains(name string) (all []string) {
	for _, l := range ls.list() {
		if l.trunk.Transport != trunk.TLS {
			continue
		}
		if slices.ContainsFunc(l.all(), func(h *host) bool {
			dest, _, _ := net.SplitHostPort(h.dest)
			if _, err := netip.ParseAddr(dest); err == nil {
				dest = ""
			}
			return dest == name
		}) {
			all = append(all, l.trunk.Host)
		}
	}
	return all
}
