package media

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/pion/srtp/v3"
)

// secure is a callee whose media is encrypted.
type secure struct {
	*callee
	key masterKey
	in  *srtp.Context // what it gets
	out *srtp.Context
}

// answerSecure returns an answer with the callee's key, and takes the key of the offer.
func (c *secure) answerSecure(offer []byte) []byte {
	c.t.Helper()
	c.to = addressOf(c.t, offer)
	_, inline, ok := strings.Cut(string(offer), "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:")
	if !ok {
		c.t.Fatalf("the offer has no key:\n%s", offer)
	}
	key, err := base64.StdEncoding.DecodeString(inline[:40])
	if err != nil {
		c.t.Fatal(err)
	}
	if c.in == nil {
		if c.in, err = newCipher(masterKey(key)); err != nil {
			c.t.Fatal(err)
		}
	}
	if c.out, err = newCipher(c.key); err != nil {
		c.t.Fatal(err)
	}
	plain := c.sdp("127.0.0.1", c.port(), "8 101", "rtpmap:101 telephone-event/8000",
		"crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"+base64.StdEncoding.EncodeToString(c.key[:])+"|2^31")
	return []byte(strings.Replace(string(plain), "RTP/AVP", "RTP/SAVP", 1))
}

// press sends a key, encrypted.
func (c *secure) press(key byte, time uint32) {
	c.t.Helper()
	for _, e := range press(key, time) {
		sealed, err := c.out.EncryptRTP(nil, c.event(101, e), nil)
		if err != nil {
			c.t.Fatal(err)
		}
		c.send(sealed)
	}
}

// TestEncrypted has a call in which both sides encrypt, and packets that were forged.
func TestEncrypted(t *testing.T) {
	t.Parallel()
	s := newSession(t, newEngine(t), Settings{SRTP: true})
	c := &secure{callee: newCallee(t), key: newMasterKey()}
	offer := s.Offer()
	if !strings.Contains(string(offer), " RTP/SAVP ") {
		t.Errorf("the offer is\n%s", offer)
	}
	if err := s.Answer(c.answerSecure(offer)); err != nil {
		t.Fatal(err)
	}
	if err := s.Play(t.Context(), tone(5)); err != nil {
		t.Fatal(err)
	}
	read, heard := 0, 0
	c.until("the sound and the silence after it", func(got []received) bool {
		silent := false
		for ; read < len(got); read++ {
			r := got[read]
			packet := c.packet(r.kind, r.marker, r.timestamp, r.payload)
			packet[2], packet[3] = byte(r.seq>>8), byte(r.seq)
			copy(packet[8:], r.ssrc[:])
			plain, err := c.in.DecryptRTP(nil, packet, nil)
			if err != nil {
				t.Fatalf("packet %d: %v", read, err)
			}
			silent = (&received{payload: plain[12:]}).silent()
			if len(plain[12:]) == frameSamples && !silent {
				heard++
			}
		}
		return silent && heard > 0
	})
	if heard != 5 {
		t.Errorf("the callee heard %d packets of 5", heard)
	}

	c.press(1, 1000)
	expectKeys(t, s, "1")
	c.send(c.event(101, event{key: 9, time: 3000})) // not encrypted
	for range 200 {                                 // of other sources
		c.ssrc++
		c.send(c.event(101, event{key: 9, time: 3000}))
	}
	c.press(2, 5000)
	expectKeys(t, s, "2")

	// A new key comes with the answer to another offer, and ours stays.
	c.key = newMasterKey()
	if err := s.Answer(c.answerSecure(s.Offer())); err != nil {
		t.Fatal(err)
	}
	c.press(3, 9000)
	expectKeys(t, s, "3")
}

// TestNotEncrypted has answers that a trunk which demands encryption must refuse.
func TestNotEncrypted(t *testing.T) {
	t.Parallel()
	const (
		good  = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
		plain = "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/SAVP 8\r\n"
	)
	e := newEngine(t)
	for name, test := range map[string]struct {
		sdp  string
		want error
	}{
		"good":           {plain + good + "\r\n", nil},
		"second is good": {plain + "a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:x\r\n" + strings.Replace(good, ":1", ":2", 1) + "\r\n", nil},
		"RTP/AVP":        {strings.Replace(plain, "SAVP", "AVP", 1) + good + "\r\n", errNoStream},
		"no key":         {plain, errNoCrypto},
		"short key":      {plain + good[:len(good)-4] + "\r\n", errNoCrypto},
		"no base64":      {plain + good + "!\r\n", errNoCrypto},
		"number of key":  {plain + good + "|2^20|1:4\r\n", errNoCrypto},
		"not encrypted":  {plain + good + " UNENCRYPTED_SRTP\r\n", errNoCrypto},
		"odd tag":        {plain + strings.Replace(good, ":1", ":x", 1) + "\r\n", errNoCrypto},
	} {
		if err := newSession(t, e, Settings{SRTP: true}).Answer([]byte(test.sdp)); !errors.Is(err, test.want) {
			t.Errorf("%s: the error is %v, want %v", name, err, test.want)
		}
	}
}

// TestReofferEncrypted answers an offer with the tag of the line that was taken.
func TestReofferEncrypted(t *testing.T) {
	t.Parallel()
	s := newSession(t, newEngine(t), Settings{SRTP: true})
	answer, err := s.Reoffer([]byte("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/SAVP 8\r\na=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	streams, err := parseSDP(answer)
	if err != nil || len(streams) != 1 || len(streams[0].cryptos) != 1 || streams[0].cryptos[0].tag != "7" {
		t.Errorf("the answer is\n%s", answer)
	}
}
