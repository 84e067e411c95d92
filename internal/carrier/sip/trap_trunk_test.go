package sip_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier/sip/media"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// TestDigest: who proves knowing the password gets the call. Who does not is told so after
// one try, and tries anew if only the nonce was old.
func TestDigest(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	account := siptest.Account{User: "me", Password: "secret"}
	for name, tt := range map[string]struct {
		password string
		status   int
		stale    bool
		outcome  campaign.Outcome
		want     string
	}{
		"401":                {"secret", 401, false, campaign.Reached, "INVITE ACK INVITE ACK BYE"},
		"407":                {"secret", 407, false, campaign.Reached, "INVITE ACK INVITE ACK BYE"},
		"the nonce is old":   {"secret", 407, true, campaign.Reached, "INVITE ACK INVITE ACK INVITE ACK BYE"},
		"the wrong password": {"wrong", 407, false, campaign.TrunkFailed, "INVITE ACK INVITE ACK"},
		"no password":        {"", 401, false, campaign.TrunkFailed, "INVITE ACK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, callee, func(s *setup) {
				if tt.password != "" {
					s.trunk.User, s.trunk.Password = "me", tt.password
				}
			})
			line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
				switch {
				case account.Proves(m, "second"), !tt.stale && account.Proves(m, "first"):
					c.Pick(m)
				case tt.stale && account.Proves(m, "first"):
					c.Challenge(m, tt.status, "second", "stale=true")
				default:
					c.Challenge(m, tt.status, "first")
				}
			}})
			r.end(r.place(line, callflow.Greeting("100")), tt.outcome)
			r.saw(line.Call(), tt.want)
		})
	}
}

// TestByeIsChallenged: trunks ask for the password within calls too.
func TestByeIsChallenged(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.trunk.User, s.trunk.Password = "me", "secret" })
	line := callee.Line(t, siptest.Script{"BYE": func(c *siptest.Call, m *siptest.Message) {
		if (siptest.Account{User: "me", Password: "secret"}).Proves(m, "one") {
			c.Reply(m, siptest.Answer{Status: 200})
			return
		}
		c.Challenge(m, 407, "one")
	}})
	r.end(r.place(line, callflow.Greeting("100")), campaign.Reached)
	r.saw(line.Call(), "INVITE ACK BYE BYE")
}

// TestOutcomes: what a callee answers is told apart.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, transport := range []trunk.Transport{trunk.UDP, trunk.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			testOutcomes(t, transport)
		})
	}
}

func testOutcomes(t *testing.T, transport trunk.Transport) {
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.trunk.Transport = transport })
	for _, tt := range []struct {
		status  int
		rings   bool
		header  string
		outcome campaign.Outcome
		cause   int
	}{
		{486, true, "Reason: Q.850;cause=17", campaign.Busy, 17},
		{600, true, "", campaign.Busy, 0},
		{480, true, "", campaign.NoAnswer, 0},
		{480, false, "", campaign.CallFailed, 0},
		{480, false, `Reason: SIP;cause=480, Q.850;cause=19;text="No answer"`, campaign.NoAnswer, 19},
		{408, true, "", campaign.NoAnswer, 0},
		{404, false, "", campaign.Unreachable, 0},
		{604, false, "", campaign.Unreachable, 0},
		{500, false, "Reason: Q.850;cause=1", campaign.Unreachable, 1},
		{502, false, "", campaign.CallFailed, 0},
		{488, false, "", campaign.TrunkFailed, 0},
		{421, false, "Require: timer", campaign.CallFailed, 0},
	} {
		line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
			if tt.rings {
				c.Ring(m)
			}
			var header []string
			if tt.header != "" {
				header = append(header, tt.header)
			}
			c.Reply(m, siptest.Answer{Status: tt.status, Header: header})
		}})
		p := r.await(r.place(line, nil), campaign.CallEnded)
		if p.Outcome != tt.outcome || p.Code != tt.status || p.Cause != tt.cause || p.CauseText == "" || p.Rang.IsZero() == tt.rings {
			t.Errorf("%d %s: got %+v, want %v", tt.status, tt.header, p, tt.outcome)
		}
		line.Call().Await("ACK", 1)
	}
}

// TestProbe: the trunk is asked every now and then whether it is there, from the port that
// calls leave by, so that a NAT keeps the path.
func TestProbe(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	from := make(chan string, 100)
	callee.Handle("OPTIONS", func(c *siptest.Call, m *siptest.Message) {
		from <- m.From().String()
		c.Reply(m, siptest.Answer{Status: 200})
	})
	r := open(t, callee, func(s *setup) { s.Probe = 100 * time.Millisecond })
	if callee.Outside.Await("OPTIONS", 3) == nil {
		t.Fatal("the trunk was not probed")
	}
	if got := <-from; got != r.Addr().String() {
		t.Errorf("the probe came from %s, and not from %s", got, r.Addr())
	}
}

// TestTCP: calls over TCP, also after the trunk has started anew in the middle of one.
func TestTCP(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	r := open(t, callee, func(s *setup) { s.trunk.Transport = trunk.TCP })
	line := callee.Line(t, nil)
	o, call := r.talk(line, nil)
	callee.Drop()
	call.Media.Press("2", siptest.Sender{})
	r.awaitKeys(o, "2")
	if err := r.Hangup(t.Context(), o.Call); err != nil {
		t.Fatal(err)
	}
	r.end(o, campaign.Reached)
	call.Await("BYE", 1)
	busy := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 486}) }})
	r.end(r.place(busy, nil), campaign.Busy)
	if via := busy.Call().Invite().Get("Via"); !strings.HasPrefix(via, "SIP/2.0/TCP ") {
		t.Errorf("Via is %q", via)
	}
	r.saw(call, "INVITE ACK BYE")
}

// TestIPv6: calls to a trunk with an IPv6 address, by UDP and TCP.
func TestIPv6(t *testing.T) {
	t.Parallel()
	loopback := netip.IPv6Loopback()
	callee := siptest.StartAt(t, loopback)
	for _, transport := range []trunk.Transport{trunk.UDP, trunk.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			r := open(t, callee, func(s *setup) {
				var err error
				if s.Media, err = media.Open(media.Options{First: 20000, Last: 31999, Bind: loopback, Now: neverLate}); err != nil {
					t.Fatal(err)
				}
				s.Addr, s.trunk.Transport = netip.AddrPortFrom(loopback, 0), transport
			})
			line := callee.Line(t, nil)
			o, call := r.talk(line, nil)
			if res := call.Send(siptest.Request{Method: "UPDATE"}); res.Status() != 200 {
				t.Errorf("got %+v", res)
			}
			call.Media.Press("6#", siptest.Sender{})
			if p := r.end(o, campaign.Reached); p.Digits != "6" {
				t.Errorf("the keys are %q", p.Digits)
			}
			r.saw(call, "INVITE ACK BYE")
			if uri := call.Invite().URI(); !strings.Contains(uri, "@[::1]:") {
				t.Errorf("the number is called at %s", uri)
			}
		})
	}
}

// TestTLS: a trunk with a certificate of a known authority gets calls, and one with an
// unknown or with that of another host does not.
func TestTLS(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ip      net.IP
		known   bool
		outcome bool
	}{
		"good":           {net.IPv4(127, 0, 0, 1), true, true},
		"unknown":        {net.IPv4(127, 0, 0, 1), false, false},
		"another host's": {net.IPv4(127, 0, 0, 9), true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			callee := siptest.Start(t)
			certificate, pool := certify(t, tt.ip)
			if !tt.known {
				_, pool = certify(t, tt.ip)
			}
			l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
			if err != nil {
				t.Fatal(err)
			}
			callee.Listen(l)
			r := open(t, callee, func(s *setup) {
				s.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
				s.trunk.Transport, s.trunk.Port = trunk.TLS, l.Addr().(*net.TCPAddr).Port
			})
			line := callee.Line(t, nil)
			o := order(line, callflow.Greeting("100"))
			if err := r.Place(t.Context(), o); (err == nil) != tt.outcome {
				t.Fatalf("placing a call: %v", err)
			}
			if !tt.outcome {
				r.stop()
				if line.Calls() != 0 {
					t.Error("the call left")
				}
				return
			}
			r.end(o, campaign.Reached)
			r.saw(line.Call(), "INVITE ACK BYE")
		})
	}
}

// certify makes a certificate for an address and for names, and the pool that knows it.
func certify(t *testing.T, ip net.IP, names ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{ip}, DNSNames: names, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}, pool
}
