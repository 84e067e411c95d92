package media

import (
	"bytes"
	"net"
	"net/netip"
	"runtime"
	"testing"
)

// TestSocket exchanges packets over IPv4 and IPv6, also one that is too large, and opens the
// port again.
func TestSocket(t *testing.T) {
	t.Parallel()
	for network, addr := range map[string]string{"udp4": "127.0.0.1", "udp6": "::1"} {
		peer, err := net.ListenUDP(network, &net.UDPAddr{IP: net.ParseIP(addr)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { peer.Close() })
		to := peer.LocalAddr().(*net.UDPAddr).AddrPort()
		s, err := listen(network, netip.AddrPortFrom(netip.MustParseAddr(addr), 0))
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, largestPacket)
		if n, from, ok := s.read(buf); ok {
			t.Errorf("%s: a packet of %d bytes from %v, which nobody has sent", addr, n, from)
		}
		s.write([]byte("hello"), to)
		n, from, err := peer.ReadFromUDPAddrPort(buf)
		if err != nil || string(buf[:n]) != "hello" {
			t.Fatalf("%s: the peer got %q, %v", addr, buf[:n], err)
		}
		for _, size := range []int{0, 172, largestPacket, largestPacket + 1} {
			packet := bytes.Repeat([]byte{'x'}, size)
			if _, err := peer.WriteToUDPAddrPort(packet, from); err != nil {
				t.Fatal(err)
			}
			if size > largestPacket && runtime.GOOS == "windows" {
				continue // which drops it
			}
			n, at, ok := s.read(buf)
			for ; !ok; n, at, ok = s.read(buf) {
				runtime.Gosched()
			}
			if want := packet[:min(size, largestPacket)]; !bytes.Equal(buf[:n], want) || at != to {
				t.Errorf("%s: got %d bytes from %v, want %d from %v", addr, n, at, len(want), to)
			}
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
		s, err = listen(network, from)
		if err != nil {
			t.Fatalf("%s: after the socket was closed, its port is not free: %v", addr, err)
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}
}
