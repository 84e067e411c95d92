package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// closedAtOnce is how many idle connections are closed to make room. Closing several at
// once saves a search through all connections for each new one.
const closedAtOnce = 16

// connections bounds the number of open connections. For one too many, it closes those
// that were idle longest, which HTTP allows at any time. If none is idle, it closes the
// new one. A connection of HTTP/2 serves many requests at once, so it also bounds these,
// to as many as there may be connections.
type connections struct {
	most    int
	streams atomic.Int64 // requests over HTTP/2 that are being served

	mu   sync.Mutex
	open map[*conn]struct{}
}

// conn is a connection that knows since when it has been idle.
type conn struct {
	net.Conn
	of *connections
	// idle is when the connection became idle, in Unix nanoseconds, or zero while it
	// serves a request. It is idle until the header of a request has arrived.
	idle atomic.Int64
}

func newConnections(most int) *connections {
	return &connections{most: most, open: make(map[*conn]struct{})}
}

// listen returns a listener that counts ln's connections.
func (c *connections) listen(ln net.Listener) net.Listener { return &counting{ln, c} }

type counting struct {
	net.Listener
	conns *connections
}

// Accept implements net.Listener.
func (l *counting) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if one := l.conns.add(accepted); one != nil {
			return one, nil
		}
		_ = accepted.Close() // no room
	}
}

// add adds a connection after making room for it. It returns nil if there is no room.
func (c *connections) add(accepted net.Conn) *conn {
	one := &conn{Conn: accepted, of: c}
	one.idle.Store(time.Now().UnixNano())
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= c.most && !c.makeRoom() {
		return nil
	}
	c.open[one] = struct{}{}
	return one
}

// makeRoom closes the connections that were idle longest, and reports whether there were
// any. The caller must hold c.mu.
func (c *connections) makeRoom() bool {
	type candidate struct {
		conn  *conn
		since int64
	}
	var idle []candidate
	for one := range c.open {
		if since := one.idle.Load(); since != 0 {
			idle = append(idle, candidate{one, since})
		}
	}
	slices.SortFunc(idle, func(a, b candidate) int { return cmp.Compare(a.since, b.since) })
	for _, old := range idle[:min(len(idle), closedAtOnce, max(1, c.most/4))] {
		delete(c.open, old.conn)
		_ = old.conn.Conn.Close() // the connection's goroutine notices
	}
	return len(idle) > 0
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite closes the writing side, if the connection supports that. net/http calls it
// before it closes a connection whose client may still be sending: closing at once would
// reset the connection, and the client could lose the answer.
func (c *conn) CloseWrite() error {
	inner, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return inner.CloseWrite()
}

// stream returns whether there is room for a request. The caller must then call done when
// the request has ended.
func (c *connections) stream(r *http.Request) (done func(), ok bool) {
	if r.ProtoMajor < 2 {
		return func() {}, true
	}
	done = func() { c.streams.Add(-1) }
	if c.streams.Add(1) > int64(c.most) {
		done()
		return nil, false
	}
	return done, true
}

// changed is the http.Server.ConnState hook. A new connection counts as idle.
func (c *connections) changed(changed net.Conn, state http.ConnState) {
	if one := counted(changed); one != nil && state == http.StateIdle {
		one.idle.Store(time.Now().UnixNano())
	}
}

// counted returns the counted connection, which may be under TLS, or nil.
func counted(c net.Conn) *conn {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	one, _ := c.(*conn)
	return one
}

type connKey struct{}

// remember is the http.Server.ConnContext hook.
func remember(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, counted(c))
}

// serving marks the connection in ctx as busy with a request.
func serving(ctx context.Context) {
	if one, _ := ctx.Value(connKey{}).(*conn); one != nil {
		one.idle.Store(0)
	}
}
