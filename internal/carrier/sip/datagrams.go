package sip

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	gosip "github.com/emiago/sipgo/sip"
)

// datagrams is the way to a peer over UDP. By itself sipgo looks for it with each message, by
// addresses that it writes and parses again.
type datagrams struct {
	conn *net.UDPConn
	to   netip.AddrPort
}

var _ gosip.Connection = (*datagrams)(nil)

// buffers are where messages are written.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// WriteMsg implements [gosip.Connection].
func (d *datagrams) WriteMsg(m gosip.Message) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	m.StringWrite(b)
	_, err := d.conn.WriteToUDPAddrPort(b.Bytes(), d.to)
	return err
}

// LocalAddr implements [gosip.Connection].
func (d *datagrams) LocalAddr() net.Addr { return d.conn.LocalAddr() }

// Ref, TryClose and Close implement [gosip.Connection]. The socket is closed with the
// endpoint.
func (d *datagrams) Ref(int) int            { return 1 }
func (d *datagrams) TryClose() (int, error) { return 1, nil }
func (d *datagrams) Close() error           { return nil }

// to returns the way to the next hop of a dialog over UDP.
func (e *endpoint) to(d *Dialog) (*datagrams, error) {
	to, err := netip.ParseAddrPort(d.Dest)
	if err != nil {
		return nil, errors.New("the next hop has no address")
	}
	return &datagrams{e.udp.UDPConn, netip.AddrPortFrom(to.Addr().Unmap(), to.Port())}, nil
}

// asking has the transactions over UDP, by their keys. The zero asking is empty.
type asking struct {
	mu sync.Mutex
	of map[string]*asked
}

// asked is a transaction over UDP.
type asked struct {
	tx      *gosip.ClientTx
	waiting atomic.Int32 // answers that the transaction has not taken yet
}

// noLog is the log of transactions.
var noLog = slog.New(slog.DiscardHandler)

var errBranch = errors.New("there is such a transaction already")

// begin begins a transaction.
func (a *asking) begin(req *gosip.Request, conn *datagrams) (gosip.ClientTransaction, error) {
	key, err := gosip.ClientTxKeyMake(req)
	if err != nil {
		return nil, err
	}
	tx := gosip.NewClientTx(key, req, conn, noLog)
	a.mu.Lock()
	if a.of == nil {
		a.of = make(map[string]*asked)
	}
	_, twice := a.of[key]
	if !twice {
		a.of[key] = &asked{tx: tx}
	}
	a.mu.Unlock()
	if twice {
		return nil, errBranch
	}
	tx.OnTerminate(a.end)
	if err := tx.Init(); err != nil {
		tx.Terminate()
		return nil, err
	}
	return tx, nil
}

// end forgets a transaction that is over.
func (a *asking) end(key string, _ error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.of, key)
}

// find returns the transaction of an answer, or nil.
func (a *asking) find(res *gosip.Response) *asked {
	key, err := gosip.ClientTxKeyMake(res)
	if err != nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.of[key]
}

// endAll ends all transactions.
func (a *asking) endAll() {
	a.mu.Lock()
	var all []*asked
	for _, one := range a.of {
		all = append(all, one)
	}
	a.mu.Unlock()
	for _, one := range all {
		one.tx.Terminate()
	}
}
