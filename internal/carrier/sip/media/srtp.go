package media

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// The only suite of SDES, which all that speak SDES must know (RFC 4568).
const (
	suite     = "AES_CM_128_HMAC_SHA1_80"
	profile   = srtp.ProtectionProfileAes128CmHmacSha1_80
	keyBytes  = 16
	saltBytes = 14
	tagBytes  = 10 // what a packet grows by
)

// masterKey is the key and the salt of one direction.
type masterKey [keyBytes + saltBytes]byte

func newMasterKey() (k masterKey) {
	rand.Read(k[:]) // it never fails
	return k
}

// crypto is an a=crypto line of a description, with the suite that we know.
type crypto struct {
	tag string
	key masterKey
}

// attribute returns the line.
func (c crypto) attribute() string {
	return fmt.Sprintf("crypto:%s %s inline:%s", c.tag, suite, base64.StdEncoding.EncodeToString(c.key[:]))
}

// parseCrypto reads the value of an a=crypto line, such as "1 SUITE inline:KEY|2^31". It
// returns false for other suites, and for lines with parameters that change how packets
// are written: a number of a key in each packet, or no encryption.
func parseCrypto(value string) (c crypto, ok bool) {
	fields := strings.Fields(value)
	if len(fields) != 3 || len(fields[0]) > 9 || strings.Trim(fields[0], "0123456789") != "" || !strings.EqualFold(fields[1], suite) {
		return c, false
	}
	inline, ok := strings.CutPrefix(fields[2], "inline:")
	if !ok {
		return c, false
	}
	text, lifetime, _ := strings.Cut(inline, "|")
	if strings.Contains(lifetime, ":") {
		return c, false
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != len(c.key) {
		return c, false
	}
	c.tag = fields[0]
	copy(c.key[:], key)
	return c, true
}

// newCipher returns the state of one direction. It remembers the packets that it has
// decrypted, so that none counts twice.
func newCipher(key masterKey) (*srtp.Context, error) {
	c, err := srtp.CreateContext(key[:keyBytes], key[keyBytes:], profile, srtp.SRTPReplayProtection(64))
	if err != nil {
		return nil, fmt.Errorf("encrypt media: %w", err)
	}
	return c, nil
}

// decipher decrypts the packets of a peer.
type decipher struct {
	key     masterKey
	context *srtp.Context
	source  uint32 // the only SSRC that context has seen
}

var errForged = errors.New("media: the packet is not the peer's")

// open decrypts a packet whose header was read already, and returns it whole. A packet of
// a new source is tried with a state of its own, because the state keeps memory for each
// source, even for a forged one.
func (d *decipher) open(packet []byte, header *rtp.Header) ([]byte, error) {
	context := d.context
	if context == nil || d.source != header.SSRC {
		var err error
		if context, err = newCipher(d.key); err != nil {
			return nil, err
		}
	}
	plain, err := context.DecryptRTP(nil, packet, header)
	if err != nil {
		return nil, errForged
	}
	d.context, d.source = context, header.SSRC
	return plain, nil
}
