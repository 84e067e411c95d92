package sip

import (
	"context"
	"errors"
	"net"
	"testing"

	gosip "github.com/emiago/sipgo/sip"
)

// TestHand: nobody uses a connection before sipgo knows it, for sipgo would not find it.
func TestHand(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
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
