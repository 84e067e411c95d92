package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"

	gosip "github.com/emiago/sipgo/sip"
	"golang.org/x/sync/singleflight"
)

// secured makes the connections with TLS. Each leads to one address, and its certificate is
// for the domain of a trunk. Sipgo itself would connect to the first address of a name, and
// demand a certificate for that name. It gets the connections from secured, a
// [net.Listener], as if it had accepted them.
type secured struct {
	conf    *tls.Config
	made    chan net.Conn
	dialing singleflight.Group
	closed  chan struct{}
	once    sync.Once

	mu   sync.Mutex
	open map[hop]opened
}

// opened is a connection.
type opened struct {
	local gosip.Addr
	ready bool // sipgo knows it
}

// hop is the next hop of messages with TLS.
type hop struct {
	dest   string // address and port
	domain string // whose certificate it has to have
}

func newSecured(conf *tls.Config) *secured {
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &secured{conf: conf, made: make(chan net.Conn), closed: make(chan struct{}), open: make(map[hop]opened)}
}

// connect returns the local address of the connection to a host. It makes one if there is
// none. DNS may have led from the domain to the host, and its answers may be forged, so
// the certificate has to be for the domain (RFC 5922, section 7.1).
func (s *secured) connect(ctx context.Context, to hop) (gosip.Addr, error) {
	if local, ok := s.local(to); ok {
		return local, nil
	}
	made, err, _ := s.dialing.Do(to.dest+" "+to.domain, func() (any, error) {
		if local, ok := s.local(to); ok {
			return local, nil
		}
		dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: connectWithin}, Config: s.conf.Clone()}
		dialer.Config.ServerName = to.domain
		conn, err := dialer.DialContext(ctx, "tcp", to.dest)
		if err != nil {
			return nil, err
		}
		return s.hand(ctx, conn, to)
	})
	if err != nil {
		return gosip.Addr{}, err
	}
	return made.(gosip.Addr), nil
}

// hand gives a connection to sipgo. It returns the connection's local address when sipgo
// knows the connection by that.
func (s *secured) hand(ctx context.Context, conn net.Conn, to hop) (gosip.Addr, error) {
	tcp := conn.LocalAddr().(*net.TCPAddr)
	local := gosip.Addr{IP: tcp.IP, Port: tcp.Port}
	c := &securedConn{Conn: conn, reads: make(chan struct{}), gone: func() { s.forget(to, local) }}
	s.mu.Lock()
	s.open[to] = opened{local: local}
	s.mu.Unlock()
	select {
	case s.made <- c:
	case <-ctx.Done():
		return local, errors.Join(ctx.Err(), c.Close())
	case <-s.closed:
		return local, errors.Join(net.ErrClosed, c.Close())
	}
	select {
	case <-c.reads:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open[to].local.Port == local.Port { // it was not closed meanwhile
			s.open[to] = opened{local, true}
		}
		return local, nil
	case <-s.closed: // then sipgo closes the connection
		return local, net.ErrClosed
	}
}

// local returns the local address of a connection that sipgo knows.
func (s *secured) local(to hop) (gosip.Addr, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open[to]
	return c.local, c.ready
}

// forget removes a connection that is closed.
func (s *secured) forget(to hop, local gosip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[to].local.Port == local.Port {
		delete(s.open, to)
	}
}

// Accept implements [net.Listener].
func (s *secured) Accept() (net.Conn, error) {
	select {
	case conn := <-s.made:
		return conn, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (s *secured) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// Addr implements [net.Listener].
func (s *secured) Addr() net.Addr { return &net.TCPAddr{} }

// securedConn is a connection that tells when it is first read, and when it is closed.
type securedConn struct {
	net.Conn
	once  sync.Once
	reads chan struct{}
	gone  func()
}

// Read implements [net.Conn].
func (c *securedConn) Read(b []byte) (int, error) {
	c.once.Do(func() { close(c.reads) })
	return c.Conn.Read(b)
}

// Close implements [net.Conn].
func (c *securedConn) Close() error {
	c.gone()
	return c.Conn.Close()
}

// dialsNot is a dialer that makes no connection. Sipgo asks it for one when the connection
// that [secured] has made was closed meanwhile.
func dialsNot(net.Addr) net.Dialer {
	return net.Dialer{Control: func(string, string, syscall.RawConn) error { return io.EOF }}
}
