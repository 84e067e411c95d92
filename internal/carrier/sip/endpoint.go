package sip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	gosip "github.com/emiago/sipgo/sip"

	"callbook/internal/trunk"
)

func init() {
	// By itself sipgo sends no UDP message over 1,300 bytes, and an INVITE with
	// credentials may be longer. Its logs contain telephone numbers.
	gosip.UDPMTUSize = 65535
	gosip.SetDefaultLogger(slog.New(slog.DiscardHandler))
	// An answer 2xx ends the transaction of its INVITE, and calls take those that come again
	// (see stray). By itself sipgo keeps the transaction and its messages for 32 seconds.
	gosip.Timer_M = 0
}

const (
	// connectWithin bounds how long a connection to a trunk takes to be made.
	connectWithin = 5 * time.Second
	// answerWithin is how long a request within a call may stay unanswered.
	answerWithin = 8 * time.Second
	// socketBuffer holds the messages of a second, in bytes.
	socketBuffer = 4 << 20
)

// endpoint sends and receives SIP messages.
type endpoint struct {
	local   netip.AddrPort // of the sockets
	public  netip.Addr     // zero if the route to the trunk decides
	ua      *sipgo.UserAgent
	srv     *sipgo.Server
	udp     *listening
	tcp     net.Listener
	tls     *secured
	known   func(netip.Addr) bool
	mine    func(*gosip.Response) bool
	garbage func(netip.Addr)
	observe observers
	asking  asking
}

// newEndpoint opens the sockets. Known tells whose messages are read, and mine which
// answers to INVITEs are. Garbage is told whose answers cannot be read. Serve handles
// requests, and stray the answers that no transaction takes.
func newEndpoint(opts *Options, known func(netip.Addr) bool, mine func(*gosip.Response) bool, garbage func(netip.Addr), serve func(*gosip.Request, gosip.ServerTransaction), stray func(*gosip.Response)) (*endpoint, error) {
	e := &endpoint{public: opts.Public, known: known, mine: mine, garbage: garbage, tls: newSecured(opts.TLS)}
	udp, tcp, err := listen(opts.Addr)
	if err != nil {
		return nil, err
	}
	e.asking.stray = func(r *gosip.Response) {
		guarded(func() {
			if whole(r) {
				stray(r)
			}
		})
	}
	e.udp, e.tcp = &listening{UDPConn: udp, reads: make(chan struct{})}, tcp
	e.local = udp.LocalAddr().(*net.UDPAddr).AddrPort()
	if e.ua, err = sipgo.NewUA(
		sipgo.WithUserAgent("callbook"), sipgo.WithUserAgentDNSResolver(opts.Resolver),
		sipgo.WithUserAgentTransportLayerOptions(gosip.WithTransportLayerReadFilter(e.filter), gosip.WithTransportLayerTransports(gosip.TransportsConfig{
			TCP: bounded(), TLS: &gosip.TransportTLS{TransportTCP: &gosip.TransportTCP{WriteTimeout: connectWithin, DialerCreate: dialsNot}},
		})),
		sipgo.WithUserAgentTransactionLayerOptions(gosip.WithTransactionLayerUnhandledResponseHandler(func(*gosip.Response) {})),
	); err != nil {
		return nil, errors.Join(err, udp.Close(), tcp.Close())
	}
	e.ua.TransportLayer().OnMessage(func(m gosip.Message) {
		if res, ok := m.(*gosip.Response); ok && res.Transport() != "UDP" { // see filter
			e.asking.receive(res)
		}
	})
	if e.srv, err = sipgo.NewServer(e.ua); err != nil {
		return nil, errors.Join(err, udp.Close(), tcp.Close())
	}
	handle := func(req *gosip.Request, tx gosip.ServerTransaction) {
		guarded(func() {
			if whole(req) {
				serve(req, tx)
			}
		})
	}
	for _, on := range []func(sipgo.RequestHandler){
		e.srv.OnBye, e.srv.OnInvite, e.srv.OnUpdate, e.srv.OnAck, e.srv.OnOptions, e.srv.OnInfo, e.srv.OnNoRoute,
	} {
		on(handle)
	}
	return e, nil
}

// ready returns a channel that is closed when messages are read.
func (e *endpoint) ready() <-chan struct{} { return e.udp.reads }

// serve reads messages until the endpoint is closed.
func (e *endpoint) serve() {
	var all sync.WaitGroup
	all.Go(func() { _ = e.srv.ServeUDP(e.udp) })
	all.Go(func() { _ = e.srv.ServeTCP(&admitting{e.tcp, e.known}) })
	all.Go(func() { _ = e.srv.ServeTLS(e.tls) })
	all.Wait()
	e.asking.passing.Wait()
}

// close closes the sockets and ends all transactions.
func (e *endpoint) close() {
	e.asking.endAll()
	_ = e.ua.Close()
	_ = e.udp.Close()
	_ = e.tcp.Close()
	_ = e.tls.Close()
}

// sentBy returns the address of this endpoint, as a peer at an address reaches it.
func (e *endpoint) sentBy(to netip.Addr) string {
	addr := e.public
	if !addr.IsValid() {
		addr = e.local.Addr().Unmap()
	}
	if addr.IsUnspecified() {
		// A UDP socket that is connected sends nothing, and shows the route.
		if conn, err := net.Dial("udp", netip.AddrPortFrom(to, 9).String()); err == nil {
			addr = addrOf(conn.LocalAddr())
			_ = conn.Close()
		}
	}
	return netip.AddrPortFrom(addr, e.local.Port()).String()
}

// prepare returns a request of a dialog, and makes a connection to the next hop if it needs
// one.
func (e *endpoint) prepare(ctx context.Context, d *Dialog, m message) (*gosip.Request, error) {
	req, err := d.request(m)
	if err != nil {
		return nil, err
	}
	req.SetTransport(gosip.NetworkToUpper(string(d.Transport)))
	req.SetDestination(d.Dest)
	if d.Transport == trunk.TLS {
		req.Laddr, err = e.tls.connect(ctx, hop{dest: d.Dest, domain: d.Domain})
	}
	return req, err
}

// begin sends a request of a dialog. With TLS, the certificate of the next hop has to be for
// the dialog's domain. After an error the request has certainly not left. If ctx ends later,
// that changes nothing.
func (e *endpoint) begin(ctx context.Context, d *Dialog, m message) (*gosip.Request, gosip.ClientTransaction, error) {
	ctx, cancel := connecting(ctx, d)
	defer cancel()
	req, err := e.prepare(ctx, d, m)
	if err != nil {
		return nil, nil, plain(err)
	}
	e.observe.see(true, d.CallID, func() fmt.Stringer { return req })
	conn, err := e.way(ctx, d, req)
	if err != nil {
		return nil, nil, plain(err)
	}
	tx, err := e.asking.begin(req, conn)
	if err != nil {
		e.drop(d) // what follows half a message cannot be read
		return nil, nil, plain(err)
	}
	return req, tx, nil
}

// way returns the way to the next hop of a request.
func (e *endpoint) way(ctx context.Context, d *Dialog, req *gosip.Request) (gosip.Connection, error) {
	if d.Transport == trunk.UDP {
		return e.to(d)
	}
	return e.ua.TransportLayer().ClientRequestConnection(ctx, req)
}

// connecting returns a context for sending a request, which may have to wait for a
// connection.
func connecting(ctx context.Context, d *Dialog) (context.Context, context.CancelFunc) {
	if d.Transport == trunk.UDP {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, connectWithin)
}

// drop closes the connection to the next hop of a dialog, so that the next message makes a
// new one.
func (e *endpoint) drop(d *Dialog) {
	at := d.Dest
	switch d.Transport {
	case trunk.UDP:
		return // it has none
	case trunk.TLS:
		local, _ := e.tls.local(hop{dest: d.Dest, domain: d.Domain})
		at = local.String()
	}
	if conn := e.ua.TransportLayer().Pool(string(d.Transport)).Get(at); conn != nil {
		_ = conn.Close()
	}
}

// bounded returns a TCP transport that waits for no peer for long.
func bounded() *gosip.TransportTCP {
	return &gosip.TransportTCP{WriteTimeout: connectWithin, DialerCreate: func(local net.Addr) net.Dialer {
		return net.Dialer{Timeout: connectWithin, LocalAddr: local}
	}}
}

// write sends an ACK; see begin.
func (e *endpoint) write(d *Dialog, m message) error {
	ctx, cancel := connecting(context.Background(), d)
	defer cancel()
	req, err := e.prepare(ctx, d, m)
	if err != nil {
		return plain(err)
	}
	e.observe.see(true, d.CallID, func() fmt.Stringer { return req })
	conn, err := e.way(ctx, d, req)
	if err != nil {
		return plain(err)
	}
	defer func() { _, _ = conn.TryClose() }() // it only counts who uses the connection
	if err := conn.WriteMsg(req); err != nil {
		e.drop(d)
		return plain(err)
	}
	return nil
}
