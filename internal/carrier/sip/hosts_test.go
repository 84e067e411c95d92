package sip_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/sip"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// zone is a DNS server with one domain. Its SRV records lead to these ports of loopback,
// the first preferred.
type zone struct {
	service string
	ports   []int
	addrs   []byte // the last bytes of the addresses of its host, 127.0.0.x; none stand for 1
}

// resolver starts the server and returns what asks it.
func (z zone) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(z.answer(buf[:n]), from)
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// answer answers a question (RFC 1035, section 4; RFC 2782).
func (z zone) answer(query []byte) []byte {
	const a, srv = 1, 33
	name, at := "", 12
	for query[at] != 0 {
		name += string(query[at+1:at+1+int(query[at])]) + "."
		at += 1 + int(query[at])
	}
	kind := binary.BigEndian.Uint16(query[at+1:])
	question := query[12 : at+5]
	var records []byte
	count := uint16(0)
	record := func(data []byte) {
		records = append(records, 0xc0, 12) // the name of the question
		records = binary.BigEndian.AppendUint16(records, kind)
		records = append(records, 0, 1, 0, 0, 0, 60)
		records = binary.BigEndian.AppendUint16(records, uint16(len(data)))
		records = append(records, data...)
		count++
	}
	switch {
	case kind == srv && strings.HasPrefix(name, z.service):
		for i, port := range z.ports {
			data := binary.BigEndian.AppendUint16([]byte{0, byte(i), 0, 0}, uint16(port))
			record(append(data, "\x04host\x04test\x00"...))
		}
	case kind == a && name == "host.test.":
		if len(z.addrs) == 0 {
			z.addrs = []byte{1}
		}
		for _, last := range z.addrs {
			record([]byte{127, 0, 0, last})
		}
	}
	head := slices.Concat(query[:2], []byte{0x81, 0x80, 0, 1})
	head = binary.BigEndian.AppendUint16(head, count)
	return slices.Concat(head, []byte{0, 0, 0, 0}, question, records)
}

// closedPort is a port of loopback where nothing listens: no test is given one below 1024.
const closedPort = 1

// TestHosts: SRV records tell the hosts of a trunk. A call leaves over the next one if the
// first takes no connection, or has no capacity.
func TestHosts(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	port := int(callee.Addr.Port())
	roots := x509.NewCertPool()
	// secure listens with a certificate for a name.
	secure := func(name string) int {
		certificate, _ := certify(t, net.IPv4(127, 0, 0, 9), name)
		roots.AddCert(certificate.Leaf)
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
		if err != nil {
			t.Fatal(err)
		}
		callee.Listen(l)
		return l.Addr().(*net.TCPAddr).Port
	}
	for name, tt := range map[string]struct {
		transport trunk.Transport
		zone      zone
		full      int // how many INVITEs are answered that there is no capacity
		call      byte
	}{
		"the first takes no connection":           {trunk.TCP, zone{service: "_sip._tcp.trunk.test.", ports: []int{closedPort, port}}, 0, 1},
		"the first takes no connection, with TLS": {trunk.TLS, zone{service: "_sips._tcp.trunk.test.", ports: []int{closedPort, secure("trunk.test")}}, 0, 3},
		// DNS says so, and who can forge that can also have a certificate for that name.
		"the first has the certificate of its own name": {trunk.TLS, zone{service: "_sips._tcp.trunk.test.", ports: []int{secure("host.test"), secure("trunk.test")}}, 0, 4},
		"the first has no capacity":                     {trunk.UDP, zone{service: "_sip._udp.trunk.test.", ports: []int{port, port}}, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, func(o *sip.Options) {
				tr := trunkTo(callee)
				tr.Host, tr.Port, tr.Transport = "trunk.test", 0, tt.transport
				o.Trunks, o.Resolver = trunks{tr}, tt.zone.resolver(t)
				o.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
			})
			ends := run(t, c)
			line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
				if c.CountOnce("INVITE") <= tt.full {
					c.Reply(m, siptest.Answer{Status: 503})
					return
				}
				c.Pick(m)
				c.Await("ACK", 1+tt.full)
				c.Bye()
			}})
			place(t, c, tt.call, line)
			if p := <-ends; p.Outcome != campaign.Reached {
				t.Errorf("%+v", p)
			}
			h := c.Health()
			if len(h) != 1 || !h[0].Up || len(h[0].Hosts) != 2 || !h[0].Hosts[1].Up || h[0].Hosts[0].Up != (tt.full > 0) || h[0].Hosts[0].Up == (h[0].Hosts[0].Reason != "") {
				t.Errorf("the health is %+v", h)
			}
		})
	}
}

// TestNextHostIsGone: if the first host has no capacity and the second takes no connection,
// the call leaves over the third.
func TestNextHostIsGone(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	port := int(callee.Addr.Port())
	c := start(t, func(o *sip.Options) {
		tr := trunkTo(callee)
		tr.Host, tr.Port, tr.Transport = "trunk.test", 0, trunk.TCP
		o.Trunks, o.Ring = trunks{tr}, time.Minute
		o.Resolver = zone{service: "_sip._tcp.trunk.test.", ports: []int{port, closedPort, port}}.resolver(t)
	})
	run(t, c)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		if c.Count("INVITE") == 1 {
			c.Reply(m, siptest.Answer{Status: 503})
			return
		}
		c.Pick(m)
		c.Await("ACK", 2)
		c.Bye()
	}})
	// A test call leaves also over a host that counts as down.
	o := carrier.Order{Call: trunk.TestCall([10]byte{1}), To: line.Number, CallerID: "08047000001", Attempt: 1}
	if p, err := c.TestCall(t.Context(), "callee", o, "", func(trunk.Message) {}); err != nil || p.Outcome != campaign.Reached {
		t.Errorf("%+v, %v", p, err)
	}
}
