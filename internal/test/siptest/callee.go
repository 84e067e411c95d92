// Package siptest has a SIP callee for tests. It knows no SIP library: it reads and
// writes the text itself, does what a script says, right or wrong, and records what it
// saw. Its telephones are [Line]s. Each has a number of its own, so one callee serves
// many tests at a time.
package siptest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"callbook/internal/phone"
)

// numbered is the last number that was given to a line. It is global, so that two callees
// never have the same number.
var numbered atomic.Uint32

// Callee listens on a port, by UDP and by TCP.
type Callee struct {
	Addr netip.AddrPort
	// Outside has what came and belongs to no call, such as OPTIONS.
	Outside *Seen

	udp  *net.UDPConn
	tcp  net.Listener
	work sync.WaitGroup
	done chan struct{}

	mu      sync.Mutex
	outside Script
	lines   map[string]*Line // by the last ten digits of the number
	calls   map[string]*call // by Call-ID
	open    map[io.Closer]bool
	answers map[string]chan *Message // to requests of our own, by branch
}

// Script says what to do with requests, by method. A handler has a goroutine of its own.
// "INVITE" begins a call, and is also called when the caller tries again with an
// authorization; "re-INVITE" comes within a call. A method that is missing is answered
// as a well-behaved callee does: it rings and answers at once, confirms CANCEL and BYE,
// and keeps to its SDP.
type Script map[string]func(c *Call, m *Message)

// Line is a telephone of a callee.
type Line struct {
	Number phone.Number

	callee *Callee
	t      testing.TB
	script Script
	calls  *list[*call]
	work   sync.WaitGroup
	over   context.Context
}

// peer is where a message came from, and where answers go.
type peer struct {
	transport string
	write     func([]byte) error
	addr      netip.AddrPort
}

// Start starts a callee on loopback. It ends with the test.
func Start(t testing.TB) *Callee {
	t.Helper()
	return StartAt(t, netip.AddrFrom4([4]byte{127, 0, 0, 1}))
}

// StartAt starts a callee on an address of this machine.
func StartAt(t testing.TB, addr netip.Addr) *Callee {
	t.Helper()
	c := &Callee{
		Outside: newSeen(), done: make(chan struct{}), lines: make(map[string]*Line), calls: make(map[string]*call),
		open: make(map[io.Closer]bool), answers: make(map[string]chan *Message), outside: Script{},
	}
	// The kernel chooses a port for one transport, which the other has to have, too.
	for {
		tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
		if err != nil {
			t.Fatal(err)
		}
		c.Addr = tcp.Addr().(*net.TCPAddr).AddrPort()
		c.udp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(c.Addr))
		if err == nil {
			c.tcp = tcp
			break
		}
		tcp.Close()
	}
	_ = c.udp.SetReadBuffer(4 << 20)
	t.Cleanup(c.close)
	c.work.Go(c.readUDP)
	c.work.Go(func() { c.accept(c.tcp) })
	return c
}

func (c *Callee) close() {
	close(c.done)
	c.udp.Close()
	c.tcp.Close()
	c.mu.Lock()
	for conn := range c.open {
		conn.Close()
	}
	c.mu.Unlock()
	c.work.Wait()
}

// Line adds a telephone. Its scripts end with the test.
func (c *Callee) Line(t testing.TB, script Script) *Line {
	t.Helper()
	number, err := phone.ParseE164(fmt.Sprintf("+9198%08d", numbered.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	over, end := context.WithCancel(context.Background())
	l := &Line{Number: number, callee: c, t: t, script: script, calls: newList[*call](), over: over}
	c.mu.Lock()
	c.lines[key(number.String())] = l
	c.mu.Unlock()
	t.Cleanup(func() {
		c.mu.Lock()
		delete(c.lines, key(number.String()))
		c.mu.Unlock()
		end()
		l.work.Wait()
	})
	return l
}

// Handle sets what to do with a method outside of calls, such as OPTIONS or REGISTER,
// which are otherwise answered with 200. Its Call is good for replies only.
func (c *Callee) Handle(method string, handler func(c *Call, m *Message)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outside[method] = handler
}

// Drop ends all connections of TCP, as a trunk does that starts anew.
func (c *Callee) Drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		conn.Close()
	}
}

// Listen accepts connections of another listener, such as one with TLS, until the
// callee ends.
func (c *Callee) Listen(l net.Listener) {
	c.work.Go(func() { c.accept(l) })
	c.work.Go(func() { <-c.done; l.Close() })
}

// SendUDP sends any bytes from the callee's port.
func (c *Callee) SendUDP(to netip.AddrPort, text string) {
	_, _ = c.udp.WriteToUDPAddrPort([]byte(text), to)
}

// key is what tells numbers apart, however a trunk writes them.
func key(number string) string { return number[max(0, len(number)-10):] }

func (c *Callee) readUDP() {
	buf := make([]byte, 65535)
	for {
		n, addr, err := c.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		m, err := Read(bufio.NewReader(bytes.NewReader(buf[:n])))
		if err != nil {
			continue // such as a keep-alive
		}
		m.from = &peer{transport: "UDP", addr: addr, write: func(b []byte) error {
			_, err := c.udp.WriteToUDPAddrPort(b, addr)
			return err
		}}
		c.receive(m)
	}
}

func (c *Callee) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		c.open[conn] = true
		c.mu.Unlock()
		c.work.Go(func() { c.readStream(conn) })
	}
}

func (c *Callee) readStream(conn net.Conn) {
	defer func() {
		conn.Close()
		c.mu.Lock()
		delete(c.open, conn)
		c.mu.Unlock()
	}()
	p := &peer{transport: "TCP", addr: conn.RemoteAddr().(*net.TCPAddr).AddrPort(), write: func(b []byte) error {
		_, err := conn.Write(b)
		return err
	}}
	if _, plain := conn.(*net.TCPConn); !plain {
		p.transport = "TLS"
	}
	for r := bufio.NewReader(conn); ; {
		m, err := Read(r)
		if err != nil {
			return
		}
		m.from = p
		c.receive(m)
	}
}

// receive passes a message on to what waits for it.
func (c *Callee) receive(m *Message) {
	if m.Status() != 0 {
		c.mu.Lock()
		waits := c.answers[m.Branch()]
		c.mu.Unlock()
		select {
		case waits <- m:
		default: // nobody waits for it
		}
		return
	}
	c.mu.Lock()
	known := c.calls[m.Get("Call-ID")]
	l := c.lines[key(user(m.URI()))]
	if known == nil && m.Method() == "INVITE" && l != nil && l.over.Err() == nil {
		known = newCall(l, m)
		c.calls[known.id] = known
	}
	handler := c.outside[m.Method()]
	c.mu.Unlock()
	if known != nil {
		known.receive(m)
		return
	}
	c.Outside.add(m)
	if handler == nil {
		handler = func(c *Call, m *Message) { c.Reply(m, Answer{Status: outside(m.Method())}) }
	}
	if m.Method() != "ACK" {
		stray := &Call{call: &call{id: m.Get("Call-ID"), tag: "outside", callee: c, tries: make(map[string]*transaction)}}
		c.work.Go(func() { handler(stray, m) })
	}
}

// outside is the answer to a request that belongs to no call.
func outside(method string) int {
	switch method {
	case "OPTIONS", "REGISTER":
		return 200
	case "INVITE":
		return 404
	}
	return 481
}

// user returns the part of a URI before the @.
func user(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	name, _, _ := strings.Cut(rest, "@")
	name, _, _ = strings.Cut(name, ";")
	return name
}
