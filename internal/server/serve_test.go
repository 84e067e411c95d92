package server_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"callbook/internal/server"
)

// TestListenerBreaks: who is being answered when the listener takes no more
// requests gets the answer before Serve returns, since what it is made of is
// closed then.
func TestListenerBreaks(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stopping, returned := make(chan struct{}), make(chan struct{})
	tooEarly := false
	s := server.New(server.Config{
		Log: slog.New(slog.NewTextHandler(closesOn{"stopping", stopping}, nil)),
		Ready: func(context.Context) error {
			if err := ln.Close(); err != nil {
				return err
			}
			select {
			case <-stopping:
			case <-returned:
				tooEarly = true
			}
			return nil
		},
	})
	answered := make(chan error, 1)
	go func() {
		a, err := http.Get("http://" + ln.Addr().String() + "/readyz")
		if err == nil {
			err = a.Body.Close()
		}
		answered <- err
	}()
	err = s.Serve(t.Context(), ln)
	close(returned)
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve: %v", err)
	}
	if err := <-answered; err != nil || tooEarly {
		t.Errorf("the request in flight: %v; outlived Serve: %v", err, tooEarly)
	}
}

// closesOn closes a channel when a line with this text is logged.
type closesOn struct {
	text string
	seen chan struct{}
}

var _ io.Writer = closesOn{}

// Write implements io.Writer.
func (c closesOn) Write(line []byte) (int, error) {
	if strings.Contains(string(line), c.text) {
		close(c.seen)
	}
	return len(line), nil
}
