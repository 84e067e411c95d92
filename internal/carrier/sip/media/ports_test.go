package media

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestPorts takes and gives back ports: they are even, nobody else's, and rest a minute.
func TestPorts(t *testing.T) {
	t.Parallel()
	p, err := newPorts(4001, 4008)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	taken := make(map[int]bool)
	for range 4 {
		port, ok := p.take(now)
		if !ok || port%2 != 0 || port < 4001 || port > 4008 || taken[port] {
			t.Fatalf("port %d, %v, after %v", port, ok, taken)
		}
		taken[port] = true
	}
	if port, ok := p.take(now); ok {
		t.Errorf("there were four ports, and %d is a fifth", port)
	}
	p.giveBack(4004, now)
	if port, ok := p.take(now.Add(time.Minute - 1)); ok {
		t.Errorf("port %d was used again within a minute", port)
	}
	if port, ok := p.take(now.Add(time.Minute)); !ok || port != 4004 {
		t.Errorf("after a minute there is port %d, %v", port, ok)
	}
	for _, r := range [][2]int{{0, 10}, {4000, 65536}, {4002, 4000}, {4001, 4001}} {
		if _, err := newPorts(r[0], r[1]); err == nil {
			t.Errorf("ports from %d to %d are a range", r[0], r[1])
		}
	}
}

// TestPortsBegin opens many ranges: they do not all begin with the same port.
func TestPortsBegin(t *testing.T) {
	t.Parallel()
	first := make(map[int]bool)
	for range 20 {
		p, err := newPorts(20000, 20999)
		if err != nil {
			t.Fatal(err)
		}
		port, _ := p.take(time.Now())
		first[port] = true
	}
	if len(first) < 2 {
		t.Errorf("all begin with %v", first)
	}
}

// TestPortsOfOthers has a range in which another program uses all ports but one.
func TestPortsOfOthers(t *testing.T) {
	t.Parallel()
	first, others := usePorts(t, 3)
	last := first + 2*len(others)
	e, err := Open(Options{First: first, Last: last, Bind: loopback})
	if err != nil {
		t.Fatal(err)
	}
	start(t, e)
	s := newSession(t, e, Settings{})
	if port := int(addressOf(t, s.Offer()).Port()); port != last {
		t.Errorf("the port is %d, and only %d is free", port, last)
	}
	if _, err := e.NewSession(Settings{}); !errors.Is(err, ErrNoPort) {
		t.Errorf("without a free port: %v", err)
	}
	s.Close()
	if _, err := e.NewSession(Settings{}); !errors.Is(err, ErrNoPort) {
		t.Errorf("with a port that was given back just now: %v", err)
	}
}

// usePorts opens sockets on so many even ports, one after the other from first on.
func usePorts(t *testing.T, n int) (first int, others []net.Conn) {
	t.Helper()
	for first = 17000; first < 20000; first += 2 * (n + 1) {
		for port := first; port < first+2*n; port += 2 {
			conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, uint16(port))))
			if err != nil {
				break
			}
			t.Cleanup(func() { conn.Close() })
			others = append(others, conn)
		}
		if len(others) == n {
			return first, others
		}
		others = nil
	}
	t.Fatal("no ports are free")
	return 0, nil
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"no address":   {First: 4000, Last: 5000},
		"two families": {First: 4000, Last: 5000, Bind: loopback, Public: netip.IPv6Loopback()},
		"no ports":     {Bind: loopback},
	} {
		if _, err := Open(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestLocal: each peer is told the address that leads to it, of IPv4 or IPv6.
func TestLocal(t *testing.T) {
	t.Parallel()
	e, err := Open(Options{First: 21000, Last: 31999, Bind: netip.IPv4Unspecified()})
	if err != nil {
		t.Fatal(err)
	}
	start(t, e)
	for local, want := range map[string]string{"127.0.0.5": "IP4 127.0.0.5", "::1": "IP6 ::1"} {
		s := newSession(t, e, Settings{Local: netip.MustParseAddr(local)})
		for _, line := range []string{"c=IN ", "o=callbook "} {
			if _, after, _ := strings.Cut(string(s.Offer()), line); !strings.Contains(strings.SplitN(after, "\r\n", 2)[0], want) {
				t.Errorf("%s: %s%.60s", local, line, after)
			}
		}
	}
	if s, err := e.NewSession(Settings{}); err == nil {
		s.Close()
		t.Error("a session without any address was opened")
	}
}
