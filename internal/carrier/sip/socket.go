package sip

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// listen opens a UDP and a TCP socket with the same port.
func listen(addr netip.AddrPort) (*net.UDPConn, net.Listener, error) {
	for try := 0; ; try++ {
		udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
		if err != nil {
			return nil, nil, err
		}
		_ = udp.SetReadBuffer(socketBuffer) // as large as the system allows
		tcp, err := net.Listen("tcp", netip.AddrPortFrom(addr.Addr(), udp.LocalAddr().(*net.UDPAddr).AddrPort().Port()).String())
		if err == nil {
			return udp, tcp, nil
		}
		if err = errors.Join(err, udp.Close()); addr.Port() != 0 || try == 10 {
			return nil, nil, err
		}
	}
}

// listening is a UDP socket that tells when it is first read. One goroutine reads it.
type listening struct {
	*net.UDPConn
	once  sync.Once
	reads chan struct{}
	last  *sender
}

// sender is the address of a peer, with its text, which sipgo needs for each message.
type sender struct {
	at   netip.AddrPort
	text string
}

// Network implements [net.Addr].
func (s *sender) Network() string { return "udp" }

// String implements [net.Addr].
func (s *sender) String() string { return s.text }

// AddrPort returns the address; see addrOf.
func (s *sender) AddrPort() netip.AddrPort { return s.at }

// ReadFrom implements [net.PacketConn].
func (l *listening) ReadFrom(b []byte) (int, net.Addr, error) {
	l.once.Do(func() { close(l.reads) })
	n, from, err := l.ReadFromUDPAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	if l.last == nil || l.last.at != from {
		l.last = &sender{from, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()).String()}
	}
	return n, l.last, nil
}

// admitting accepts connections of trunks only.
type admitting struct {
	net.Listener
	known func(netip.Addr) bool
}

// Accept implements [net.Listener].
func (a *admitting) Accept() (net.Conn, error) {
	for {
		conn, err := a.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if a.known(addrOf(conn.RemoteAddr())) {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// addrOf returns the address of a peer.
func addrOf(a net.Addr) netip.Addr {
	if p, ok := a.(interface{ AddrPort() netip.AddrPort }); ok { // of UDP and of TCP
		return p.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// plain returns the cause of an error of sipgo, without the message that was sent: that
// contains a telephone number.
func plain(err error) error {
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	var host x509.HostnameError
	switch {
	case errors.As(err, &host):
		return errors.New("the certificate of the trunk is for another host")
	case errors.As(err, &cert):
		return fmt.Errorf("the certificate of the trunk: %w", cert.Err)
	case errors.Is(err, io.EOF):
		return errors.New("the trunk closed the connection")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nothing listens at its host and port (connection refused)")
	case errors.As(err, &op):
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("the connection was not made in time")
	}
	return errors.New("the message could not be sent")
}
