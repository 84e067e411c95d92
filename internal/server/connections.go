package server

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// closedAtOnce is how many idle connections make room for a new one, so that a
// flood of new ones does not look through all of them each time.
const closedAtOnce = 16

// connections bounds how many connections there are at once. Where one comes too
// many, those that have been idle for longest are closed, which HTTP lets a server
// do at any time. When none is idle, the new one is closed.
type connections struct {
	most int

	mu   sync.Mutex
	open map[*conn]struct{}
}

// conn is a connection, with since when it has been idle.
type conn struct {
	net.Conn
	of *connections
	// idle is a time in nanoseconds; zero means that a request of it is served.
	// One whose header is still to come does not count.
	idle atomic.Int64
}

func newConnections(most int) *connections {
	return &connections{most: most, open: make(map[*conn]struct{})}
}

// listen returns ln with its connections counted.
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
		_ = accepted.Close() // there is no room
	}
}

// add counts a connection, and makes room for it; nil means that there is none.
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

// makeRoom closes the connections that have been idle for longest, and tells
// whether there were any. It needs the lock.
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
		_ = old.conn.Conn.Close() // its goroutine sees it
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

// CloseWrite ends the answer and goes on reading, where the connection can do so.
// net/http asks for it before it closes a connection whose client may be sending:
// to close at once would reset it, and the answer might be lost.
func (c *conn) CloseWrite() error {
	inner, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return inner.CloseWrite()
}

// changed is http.Server.ConnState. A connection is idle from its beginning.
func (c *connections) changed(changed net.Conn, state http.ConnState) {
	one, ok := changed.(*conn)
	if !ok {
		return
	}
	if state == http.StateIdle {
		one.idle.Store(time.Now().UnixNano())
	}
}

type connKey struct{}

// remember is http.Server.ConnContext.
func remember(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// serving notes that a request is served on the connection of this context.
func serving(ctx context.Context) {
	if one, ok := ctx.Value(connKey{}).(*conn); ok {
		one.idle.Store(0)
	}
}
