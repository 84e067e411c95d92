package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"slices"
	"time"

	"callbook/internal/clock"
)

const (
	// lifetime is how long a new certificate is valid. Browsers of Apple accept 825 days
	// at most.
	lifetime = 825 * 24 * time.Hour
	// renewBefore is how long before its end a certificate is replaced.
	renewBefore = 30 * 24 * time.Hour
)

// SelfSigned ensures that two PEM files have a key and a self-signed certificate for these
// hosts, which are names or IP addresses. It makes both if there are none, if the
// certificate does not cover a host, or if it ends within 30 days. It reports whether it
// has made them: then clients have to trust the new certificate.
//
// Only the user of the process can read the key.
func SelfSigned(cert, key string, hosts []string, c clock.Clock) (made bool, err error) {
	now := c.Now()
	if covers(cert, key, hosts, now) {
		return false, nil
	}
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return false, fmt.Errorf("make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return false, fmt.Errorf("make a serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "callbook", Organization: []string{"callbook, self-signed"}},
		NotBefore:             now.Add(-time.Hour), // for clients whose clocks are slow
		NotAfter:              now.Add(lifetime),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		// Some clients trust nothing but authorities.
		IsCA: true, MaxPathLenZero: true,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	if err != nil {
		return false, fmt.Errorf("sign a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		return false, fmt.Errorf("encode a key: %w", err)
	}
	if err := replace(key, 0o600, &pem.Block{Type: "PRIVATE KEY", Bytes: private}); err != nil {
		return false, err
	}
	return true, replace(cert, 0o644, &pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// covers reports whether the files can be used for these hosts for some time.
func covers(cert, key string, hosts []string, now time.Time) bool {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil || now.Before(pair.Leaf.NotBefore) || now.Add(renewBefore).After(pair.Leaf.NotAfter) {
		return false
	}
	return !slices.ContainsFunc(hosts, func(host string) bool { return pair.Leaf.VerifyHostname(host) != nil })
}

// replace writes a file as a whole or not at all.
func replace(path string, mode os.FileMode, block *pem.Block) error {
	temporary := path + ".new"
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return explain(temporary, err)
	}
	err = write(file, block)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// write writes a PEM file and waits until the disk has it.
func write(file *os.File, block *pem.Block) error {
	if err := pem.Encode(io.Writer(file), block); err != nil {
		return err
	}
	return file.Sync()
}
