//go:build !linux

package media

import (
	"errors"
	"net"
	"net/netip"
)

// mostQueued is how many packets are read ahead. The system keeps those that follow.
const mostQueued = 25

// datagram is a packet that came.
type datagram struct {
	payload []byte
	from    netip.AddrPort
}

// socket is a UDP socket whose read does not wait. A goroutine reads ahead.
type socket struct {
	conn   *net.UDPConn
	queue  chan datagram // while it is full, the goroutine waits, and the system keeps what comes
	closed chan struct{}
	done   chan struct{} // is closed when the goroutine has ended
}

// listen opens a socket of the network "udp4" or "udp6".
func listen(network string, at netip.AddrPort) (*socket, error) {
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, err
	}
	s := &socket{conn: conn, queue: make(chan datagram, mostQueued), closed: make(chan struct{}), done: make(chan struct{})}
	go s.readAhead()
	return s, nil
}

// readAhead reads packets until the socket is closed.
func (s *socket) readAhead() {
	defer close(s.done)
	for {
		buf := make([]byte, largestPacket)
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // such as that a packet was larger
		}
		select {
		case s.queue <- datagram{payload: buf[:n], from: netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}:
		case <-s.closed:
			return
		}
	}
}

// read reads a packet into buf, and cuts off what does not fit. It returns false if there
// is none.
func (s *socket) read(buf []byte) (n int, from netip.AddrPort, ok bool) {
	select {
	case d := <-s.queue:
		return copy(buf, d.payload), d.from, true
	default:
		return 0, netip.AddrPort{}, false
	}
}

// write sends a packet. One that cannot be sent is lost.
func (s *socket) write(packet []byte, to netip.AddrPort) {
	_, _ = s.conn.WriteToUDPAddrPort(packet, to)
}

// close closes the socket.
func (s *socket) close() error {
	close(s.closed)
	err := s.conn.Close()
	<-s.done
	return err
}
