package certificate_test

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"callbook/internal/certificate"
	"callbook/internal/clock/clocktest"
)

// TestVouchesForItselfOnly: with the key of a self-signed certificate, nobody makes another
// one for a host that is not its own.
func TestVouchesForItselfOnly(t *testing.T) {
	t.Parallel()
	cert, key := files(t)
	c := clocktest.New(start)
	hosts := []string{"localhost", "127.0.0.1", "::1", "book.example.com", "*.example.org"}
	if _, err := certificate.SelfSigned(cert, key, hosts, []string{"odd name."}, c); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "::1": true, "book.example.com": true, "crm.example.org": true,
		"bank.example.com": false, "192.0.2.1": false, "2001:db8::1": false,
	} {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: start}); (err == nil) != want {
			t.Errorf("%s: the certificate itself: %v", host, err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: start, NotAfter: start.Add(time.Hour)}
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = []net.IP{ip}
		} else {
			template.DNSNames = []string{host}
		}
		der, err := x509.CreateCertificate(rand.Reader, template, pair.Leaf, pair.Leaf.PublicKey, pair.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := signed.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: start}); (err == nil) != want {
			t.Errorf("%s: one that it signs: %v", host, err)
		}
	}
}
