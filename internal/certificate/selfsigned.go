package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"callbook/internal/clock"
)

const (
	// lifetime is how long a new certificate is valid. Browsers of Apple accept 825 days
	// at most.
	lifetime = 825 * 24 * time.Hour
	// renewBefore is how long before its end a certificate is replaced.
	renewBefore = 30 * 24 * time.Hour
)

// organization is the issuer of the certificates that callbook makes.
const organization = "callbook, self-signed"

// SelfSigned ensures that two PEM files have a key and a self-signed certificate for these
// hosts, which are names or IP addresses. It makes both if there are none, if the
// certificate does not cover a host, or if it ends within 30 days. It reports whether it
// has made them: then clients have to trust the new certificate. Also are hosts that a new
// certificate covers too, and an old one may lack, such as a name that changes by itself.
//
// Files that callbook has not made are never replaced; they are an error. Only the user of
// the process can read the key.
func SelfSigned(cert, key string, hosts, also []string, c clock.Clock) (made bool, err error) {
	now := c.Now()
	before, err := own(cert, key)
	if err != nil || before != nil && covers(before, hosts, now) {
		return false, err
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
		Subject:               pkix.Name{CommonName: "callbook", Organization: []string{organization}},
		NotBefore:             now.Add(-time.Hour), // for clients whose clocks are slow
		NotAfter:              now.Add(lifetime),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		// Some clients trust nothing but authorities.
		IsCA: true, MaxPathLenZero: true,
	}
	for _, host := range slices.Concat(hosts, also) {
		if strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
			return false, fmt.Errorf("the name %s has letters that a certificate cannot have: write it as browsers send it, with xn--", host)
		}
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	constrain(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	if err != nil {
		return false, fmt.Errorf("sign a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		return false, fmt.Errorf("encode a key: %w", err)
	}
	// After a crash between the two, the certificate tells that callbook has made it.
	if err := replace(cert, 0o644, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
		return false, err
	}
	return true, replace(key, 0o600, &pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// constrain restricts a certificate to its own names and addresses: programs trust it as an
// authority, and with a stolen key it must not vouch for other sites.
func constrain(c *x509.Certificate) {
	for _, name := range c.DNSNames {
		if name = strings.TrimPrefix(name, "*."); plainName.MatchString(name) {
			c.PermittedDNSDomains = append(c.PermittedDNSDomains, name)
		}
	}
	for _, ip := range c.IPAddresses {
		if v4 := ip.To4(); v4 != nil {
			ip = v4
		}
		c.PermittedIPRanges = append(c.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(8*len(ip), 8*len(ip))})
	}
}

// plainName matches the names that a constraint may have. A machine's name may be another.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// own returns the certificate in a file, or nil if there is none or the key in the other
// file is not its key. The error tells of files that are somebody else's.
func own(cert, key string) (*x509.Certificate, error) {
	text, err := os.ReadFile(cert)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(key); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is a key in %s, but no certificate in %s: move the key away, or name other files", key, cert)
		}
		return nil, nil
	}
	if err != nil {
		return nil, explain(cert, err)
	}
	var leaf *x509.Certificate
	if block, _ := pem.Decode(text); block != nil {
		leaf, _ = x509.ParseCertificate(block.Bytes)
	}
	if leaf == nil || !slices.Equal(leaf.Subject.Organization, []string{organization}) {
		return nil, fmt.Errorf("callbook has not made the certificate in %s, so it does not replace it: to use it, leave --tls-self-signed out, or else name other files", cert)
	}
	if _, err := tls.LoadX509KeyPair(cert, key); errors.Is(err, fs.ErrPermission) {
		return nil, explain(key, err)
	} else if err != nil {
		return nil, nil
	}
	return leaf, nil
}

// covers reports whether a certificate can be used for these hosts for some time.
func covers(leaf *x509.Certificate, hosts []string, now time.Time) bool {
	if now.Before(leaf.NotBefore) || now.Add(renewBefore).After(leaf.NotAfter) {
		return false
	}
	return !slices.ContainsFunc(hosts, func(host string) bool { return leaf.VerifyHostname(host) != nil })
}

// replace writes a file as a whole or not at all.
func replace(path string, mode os.FileMode, block *pem.Block) error {
	temporary := path + ".new"
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return fmt.Errorf("%w: name files that can be written with --tls-cert and --tls-key", err)
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
