package sip

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"

	gosip "github.com/emiago/sipgo/sip"

	"callbook/internal/trunk"
)

// dialed returns a connection to a listener that takes none.
func dialed(t *testing.T) (net.Listener, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return l, conn
}

// TestHand: nobody uses a connection before sipgo knows it, for sipgo would not find it.
func TestHand(t *testing.T) {
	t.Parallel()
	l, conn := dialed(t)
	s, to := newSecured(nil), hop{dest: l.Addr().String(), domain: "host.test"}
	handed := make(chan gosip.Addr)
	go func() {
		local, err := s.hand(t.Context(), conn, to)
		if err != nil {
			t.Error(err)
		}
		handed <- local
	}()
	given, err := s.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if local, ok := s.local(to); ok {
		t.Errorf("%v is used too early", local)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = given.Read(make([]byte, 1)) // until it is closed
	}()
	want := <-handed
	if local, err := s.connect(t.Context(), to); err != nil || local.String() != want.String() {
		t.Errorf("got %v, %v, want %v", local, err, want)
	}
	given.Close()
	<-read
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.connect(ctx, to); !errors.Is(err, context.Canceled) {
		t.Errorf("of a connection that was closed: %v", err)
	}
}

// TestClosedMeanwhile: there are words for a connection that was closed just before a message
// was to be written.
func TestClosedMeanwhile(t *testing.T) {
	t.Parallel()
	d := dialsNot(nil)
	if _, err := d.Dial("tcp", "127.0.0.1:9"); plain(err).Error() != "the trunk closed the connection" {
		t.Errorf("got %v", plain(err))
	}
}

// torn is a connection of which the peer reads nothing any more.
type torn struct{ net.Conn }

func (torn) Write([]byte) (int, error) { return 3, os.ErrDeadlineExceeded }

// TestTornConnection: a connection on which half a message was written is not used again.
func TestTornConnection(t *testing.T) {
	t.Parallel()
	l, conn := dialed(t)
	e, err := newEndpoint(&Options{Addr: netip.MustParseAddrPort("127.0.0.1:0")}, func(netip.Addr) bool { return true }, nil, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		e.serve()
	}()
	defer func() {
		e.close()
		<-served
	}()
	to := hop{dest: l.Addr().String(), domain: "host.test"}
	if _, err := e.tls.hand(t.Context(), torn{conn}, to); err != nil {
		t.Fatal(err)
	}
	d := Dialog{
		Transport: trunk.TLS, Domain: to.domain, Dest: to.dest, CallID: "1", From: "<sip:a@host.test>;tag=1", To: "<sip:b@host.test>",
		Target: "sip:b@host.test", SentBy: "127.0.0.1:5060",
	}
	if _, _, err := e.begin(t.Context(), &d, message{method: "OPTIONS", cseq: 1}); err == nil {
		t.Error("a message was written")
	}
	if _, ok := e.tls.local(to); ok {
		t.Error("the connection is used again")
	}
}
