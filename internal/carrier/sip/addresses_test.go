package sip_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// listenBeside listens at a port of 127.0.0.2, of which first makes use at 127.0.0.1.
func listenBeside(t *testing.T, first func(addr string) error) net.Listener {
	t.Helper()
	for {
		second, err := net.Listen("tcp", "127.0.0.2:0")
		if err != nil {
			t.Fatal(err)
		}
		if first("127.0.0.1:"+strconv.Itoa(second.Addr().(*net.TCPAddr).Port)) == nil {
			return second
		}
		second.Close() // another test has the port
	}
}

// occupy makes an address of loopback refuse connections until the test ends: a connection
// goes out from there, so that nobody else can listen meanwhile.
func occupy(t *testing.T, addr string) error {
	t.Helper()
	sink, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))}
	conn, err := d.Dial("tcp", sink.Addr().String())
	if err == nil {
		t.Cleanup(func() { conn.Close() })
	}
	return err
}

// hold accepts connections and says nothing, until the test ends.
func hold(t *testing.T, l net.Listener) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
}

// TestAddresses: a call goes over the second address of a name if the first one is out of
// order. With TLS, the certificate of both has to be for the name.
func TestAddresses(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	roots := x509.NewCertPool()
	secure := func(l net.Listener, name string) net.Listener {
		certificate, _ := certify(t, net.IPv4(127, 0, 0, 9), name)
		roots.AddCert(certificate.Leaf)
		return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if h.ServerName != "host.test" {
				t.Errorf("the certificate of %q was asked for", h.ServerName)
			}
			return &certificate, nil
		}})
	}
	refuses := func(addr string) error { return occupy(t, addr) }
	listens := func(serve func(net.Listener)) func(string) error {
		return func(addr string) error {
			l, err := net.Listen("tcp", addr)
			if err == nil {
				serve(l)
			}
			return err
		}
	}
	silent := listens(func(l net.Listener) { hold(t, l) })
	others := listens(func(l net.Listener) { callee.Listen(secure(l, "other.test")) })
	const optionsWait = 4 * time.Second // for an answer
	n := byte(0)
	for name, tt := range map[string]struct {
		transport trunk.Transport
		first     func(addr string) error
		up        bool // as long as OPTIONS wait
	}{
		"TCP, refused":               {trunk.TCP, refuses, false},
		"TCP, no answer":             {trunk.TCP, silent, true},
		"TLS, refused":               {trunk.TLS, refuses, false},
		"TLS, no answer":             {trunk.TLS, silent, true},
		"TLS, another's certificate": {trunk.TLS, others, false},
	} {
		n++
		sid := n
		second := listenBeside(t, tt.first)
		port := second.Addr().(*net.TCPAddr).Port
		if tt.transport == trunk.TLS {
			second = secure(second, "host.test")
		}
		callee.Listen(second)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			c := start(t, func(o *sip.Options) {
				tr := trunkTo(callee)
				tr.Host, tr.Port, tr.Transport = "host.test", port, tt.transport
				o.Trunks, o.Resolver = trunks{tr}, zone{addrs: []byte{1, 2}}.resolver(t)
				o.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
			})
			ends := run(t, c)
			line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
				c.Pick(m)
				c.Await("ACK", 1)
				c.Bye()
			}})
			place(t, c, sid, line)
			if p := <-ends; p.Outcome != campaign.Reached {
				t.Errorf("%+v", p)
			}
			h := c.Health()
			up := tt.up && (h[0].Hosts[0].Up || time.Since(begun) < optionsWait)
			if len(h) != 1 || !h[0].Up || len(h[0].Hosts) != 2 || h[0].Hosts[0].Up != up || !h[0].Hosts[1].Up || h[0].Hosts[0].Host == h[0].Hosts[1].Host {
				t.Errorf("the health is %+v", h)
			}
		})
	}
}

// TestSilentConnectionOfCalls: a connection over which calls get no answer any more is
// replaced, also if the trunk has never answered OPTIONS.
func TestSilentConnectionOfCalls(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	var old atomic.Value
	again := make(chan struct{}, 100)
	callee.Handle("OPTIONS", func(_ *siptest.Call, m *siptest.Message) {
		if from := m.From(); !old.CompareAndSwap(nil, from) && from != old.Load() {
			again <- struct{}{}
		}
	})
	r := open(t, callee, func(s *setup) { s.trunk.Transport, s.Probe, s.Ring = trunk.TCP, 100*time.Millisecond, time.Second })
	silent := siptest.Script{"INVITE": func(*siptest.Call, *siptest.Message) {}}
	var calls []carrier.Order
	for range 3 {
		calls = append(calls, r.place(callee.Line(t, silent), nil))
	}
	for _, o := range calls {
		r.end(o, campaign.TrunkFailed)
	}
	select {
	case <-again:
	case <-time.After(siptest.Patience):
		t.Error("no other connection was made")
	}
}

// TestSilentConnection: a connection on which nothing comes any more is replaced.
func TestSilentConnection(t *testing.T) {
	t.Parallel()
	for _, transport := range []trunk.Transport{trunk.TCP, trunk.TLS} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			callee := siptest.Start(t)
			certificate, roots := certify(t, net.IPv4(127, 0, 0, 1))
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			port := l.Addr().(*net.TCPAddr).Port
			if transport == trunk.TLS {
				l = tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}})
			}
			callee.Listen(l)
			var old atomic.Value
			again := make(chan struct{}, 100)
			callee.Handle("OPTIONS", func(c *siptest.Call, m *siptest.Message) {
				from := m.From()
				if old.CompareAndSwap(nil, from) || from != old.Load() {
					c.Reply(m, siptest.Answer{Status: 200})
				}
				if from != old.Load() {
					again <- struct{}{}
				}
			})
			open(t, callee, func(s *setup) {
				s.Probe, s.trunk.Transport, s.trunk.Port = 100*time.Millisecond, transport, port
				s.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
			})
			select {
			case <-again:
			case <-time.After(siptest.Patience):
				t.Error("no other connection was made")
			}
		})
	}
}
