package sip

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync"

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
