package e2e

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestHostileClients has many clients of one account do what harms a server that
// trusts its clients, while those of another account write and read: none of
// these is refused, and what the server took is free again afterwards. It is not
// parallel: a client of another test might wait for too long beside it.
func TestHostileClients(t *testing.T) {
	engines(t, func(t *testing.T, db string) {
		tr := newTrial(t, db)
		a := newAttack(t, tr)
		// What mostly waits for the server to hang up is done side by side.
		var waiting []hostile
		for _, h := range hostiles {
			switch {
			case h.network && isPostgres(db):
			case h.waits:
				waiting = append(waiting, h)
			default:
				t.Run(h.name, func(t *testing.T) {
					tr.t = t
					a.run(h)
				})
			}
		}
		if len(waiting) > 0 {
			t.Run("wait", func(t *testing.T) {
				tr.t = t
				a.run(waiting...)
			})
		}
		tr.t = t
		tr.end()
	})
}

// hostile is one way to harm a server.
type hostile struct {
	name    string
	clients int
	// network tells that it is no matter of the database.
	network bool
	// waits tells that it is slow and takes little of the processors.
	waits bool
	// cut tells that the server has to hang up by itself, and soon.
	cut bool
	// unread is how many answers must have begun that nobody reads.
	unread int64
	// act does it once, over a connection that is then closed. An error is that
	// of the connection, and means that the server has hung up.
	act func(a *assault, conn *net.TCPConn) error
}

var hostiles = []hostile{
	{"vanish in the middle of a request", 16, true, false, false, 0, func(a *assault, conn *net.TCPConn) error {
		request := a.post()
		_, err := conn.Write(request[:len(request)/2])
		return errors.Join(err, conn.SetLinger(0)) // closed with a reset
	}},
	{"vanish before the answer", 16, false, false, false, 0, func(a *assault, conn *net.TCPConn) error {
		_, err := conn.Write(a.get("/contacts?limit=20&q=nobody"))
		return errors.Join(err, conn.SetLinger(0))
	}},
	{"vanish in the middle of the answer", 16, false, false, false, 0, func(a *assault, conn *net.TCPConn) error {
		_, err := conn.Write(a.get("/contacts/export"))
		if err == nil {
			_, err = io.ReadFull(conn, make([]byte, 100))
		}
		return errors.Join(err, conn.SetLinger(0))
	}},
	{"never read a page", 128, false, false, false, 8, func(a *assault, conn *net.TCPConn) error {
		_, err := conn.Write(a.get("/contacts?limit=5000"))
		return errors.Join(err, a.hold(conn))
	}},
	{"never read an export", 64, false, false, false, 8, func(a *assault, conn *net.TCPConn) error {
		_, err := conn.Write(a.get("/contacts/export?format=ndjson"))
		return errors.Join(err, a.hold(conn))
	}},
	{"never read the answer to a bulk request", 4, false, false, false, 3, func(a *assault, conn *net.TCPConn) error {
		_, err := conn.Write(a.post())
		return errors.Join(err, a.hold(conn))
	}},
	{"never end a body", 128, true, true, false, 0, func(a *assault, conn *net.TCPConn) error {
		request := a.post()
		_, err := conn.Write(request[:len(request)-1])
		return errors.Join(err, a.hold(conn))
	}},
	{"send a body byte by byte", 64, true, true, false, 0, func(a *assault, conn *net.TCPConn) error {
		request := a.post()
		rest := len(request) - 10_000
		_, err := conn.Write(request[:rest])
		return errors.Join(err, a.drip(conn, request[rest:]))
	}},
	{"send a header byte by byte", 128, true, true, true, 0, func(a *assault, conn *net.TCPConn) error {
		return a.drip(conn, a.get("/contacts?"+strings.Repeat("x", 10_000)))
	}},
	{"say nothing", 128, true, true, true, 0, func(a *assault, conn *net.TCPConn) error { return a.hold(conn) }},
	{"close one half", 64, false, false, false, 8, func(a *assault, conn *net.TCPConn) error {
		_, err := conn.Write(a.get("/contacts?limit=100"))
		return errors.Join(err, conn.CloseWrite(), a.hold(conn))
	}},
}

// attack is what the hostile clients share.
type attack struct {
	tr   *trial
	auth credentials
	bulk []byte // the body of a bulk request
	host string
}

// assault is what the clients of one kind share until the test has seen enough.
type assault struct {
	*attack
	hostile
	over   chan struct{} // closed then
	begun  atomic.Int64  // connections
	silent atomic.Int64  // answers that began, and of which hold has read nothing
	hungUp atomic.Int64  // connections on which the server has hung up
}

// attackContacts is how many contacts the hostile account has. A page of them
// does not fit into what the kernel takes of an answer that nobody reads.
const attackContacts = 5000

func newAttack(t *testing.T, tr *trial) *attack {
	t.Helper()
	a := &attack{tr: tr, auth: newAccount(t, tr.db, "hostile"), host: strings.TrimPrefix(tr.s.URL, "http://")}
	some := make([]contact, attackContacts)
	for i := range some {
		some[i] = contact{Number: fmt.Sprintf("+9197%08d", i), CustomField: json.RawMessage(`{"x":"` + strings.Repeat("x", 1000) + `"}`)}
	}
	a.bulk = contactsBody(some)
	newClient(t, tr.s, a.auth).mustPost(t, some...)
	return a
}

// run has clients of these kinds do it again and again until others have had
// enough answers.
func (a *attack) run(kinds ...hostile) {
	tr := a.tr
	logged := len(tr.s.stderr.String())
	over := make(chan struct{})
	var all []*assault
	var clients sync.WaitGroup
	for _, h := range kinds {
		one := &assault{attack: a, hostile: h, over: over}
		all = append(all, one)
		for range h.clients {
			clients.Go(one.client)
		}
	}
	for _, one := range all {
		one.enough("connections", &one.begun, int64(one.clients))
		one.enough("answers that nobody reads", &one.silent, one.unread)
	}
	st := tr.steady(2)
	st.progress(10, 1)
	for _, one := range all {
		if one.cut {
			one.enough("connections on which the server has hung up", &one.hungUp, int64(one.clients))
		}
	}
	close(over)
	st.progress(5, 1)
	st.stop()
	clients.Wait()
	st.noneRefused()
	tr.calm()
	tr.recount()
	for line := range strings.Lines(tr.s.stderr.String()[logged:]) {
		if strings.Contains(line, "level=ERROR") {
			tr.t.Errorf("only clients did wrong, and the log has an error: %s", line)
			break
		}
	}
}

func (a *assault) enough(what string, count *atomic.Int64, least int64) {
	if !waitFor(patience, func() bool { return a.tr.t.Failed() || count.Load() >= least }) {
		a.tr.t.Errorf("%s: %d of %d: %s", a.name, count.Load(), least, what)
	}
}

// client is one hostile client.
func (a *assault) client() {
	for {
		select {
		case <-a.over:
			return
		default:
		}
		conn, err := net.Dial("tcp", a.host)
		if err != nil {
			a.tr.t.Errorf("the server takes no connection: %v", err)
			return
		}
		tcp := conn.(*net.TCPConn)
		// What the kernel holds of an answer is not what the server holds.
		_ = tcp.SetReadBuffer(4096)
		_ = tcp.SetWriteDeadline(time.Now().Add(10 * time.Second))
		a.begun.Add(1)
		if a.act(a, tcp) != nil {
			a.hungUp.Add(1)
		}
		tcp.Close()
	}
}

// hold keeps a connection until the attack is over, or the server hangs up. It
// reads nothing.
func (a *assault) hold(conn *net.TCPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	stop := make(chan struct{})
	defer close(stop)
	go func() { ended <- a.awaitHangUp(raw, stop) }()
	select {
	case <-a.over:
		return nil
	case err := <-ended:
		return err
	}
}

// awaitHangUp looks from time to time whether the other end has closed the
// connection, without reading from it.
func (a *assault) awaitHangUp(raw syscall.RawConn, stop chan struct{}) error {
	answered := false
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
		}
		var n int
		var peeked error
		err := raw.Control(func(fd uintptr) {
			n, _, peeked = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		})
		switch {
		case err != nil:
			return err
		case n == 0 && peeked == nil:
			return io.EOF
		case n > 0 && !answered:
			answered = true
			a.silent.Add(1)
		case peeked != nil && !errors.Is(peeked, syscall.EAGAIN):
			return peeked
		}
	}
}

// drip sends a byte a second.
func (a *assault) drip(conn *net.TCPConn, what []byte) error {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for i := range what {
		_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if _, err := conn.Write(what[i : i+1]); err != nil {
			return err
		}
		select {
		case <-a.over:
			return nil
		case <-every.C:
		}
	}
	return nil
}

func (a *attack) head(method, path, more string) []byte {
	return fmt.Appendf(nil, "%s /v2/accounts/%s%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic %s\r\n%s\r\n", method, a.auth.AccountSID, path, a.host,
		base64.StdEncoding.EncodeToString([]byte(a.auth.APIKey+":"+a.auth.APIToken)), more)
}

func (a *attack) get(path string) []byte { return a.head(http.MethodGet, path, "") }

// post is a bulk request of contacts that are there already: it changes nothing,
// and is answered with all of them.
func (a *attack) post() []byte {
	return append(a.head(http.MethodPost, "/contacts", fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(a.bulk))), a.bulk...)
}
