package event

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"callbook/internal/clock"
	"callbook/internal/outbound"
)

const (
	// answerTimeout is how long a receiver may take, from connecting to the end of its
	// response header. Exotel documents this limit.
	answerTimeout = 15 * time.Second
	// maxAnswer is how many bytes of a response body are read, so that its connection can
	// be reused. The content is ignored.
	maxAnswer = 16 << 10
)

// sender makes the HTTP requests. It is safe for concurrent use.
type sender struct {
	client *http.Client
	agent  string
	clock  clock.Clock
}

// newSender returns a sender. [outbound.NewClient] says to which addresses it connects.
func newSender(opts Options) *sender {
	client := outbound.NewClient(outbound.Options{Private: opts.Private, Timeout: answerTimeout, Idle: places, PerHost: perHost})
	if opts.Transport != nil {
		client.Transport = opts.Transport
	}
	return &sender{agent: opts.Agent, clock: opts.Clock, client: client}
}

// send sends an event once. It returns the zero Answer if ctx has ended.
func (s *sender) send(ctx context.Context, secret []byte, p *Pending) Answer {
	timed, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(timed, http.MethodPost, p.URL, bytes.NewReader(p.Body))
	if err != nil {
		return Answer{Trouble: UnknownHost}
	}
	id := nameOf(p.Campaign, p.ID).String()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", s.agent)
	req.Header.Set("X-Callbook-Event-Id", id)
	sign(req.Header, secret, id, s.clock.Now(), p.Body)
	// A nil value is not sent, but lets the client retry on another connection when the
	// server has closed an idle one.
	req.Header["Idempotency-Key"] = nil
	resp, err := s.client.Do(req)
	switch {
	case ctx.Err() != nil:
		return Answer{}
	case err != nil:
		return Answer{Trouble: troubleOf(err)}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // only the status matters
	switch resp.StatusCode / 100 {
	case 2:
		return Answer{Status: resp.StatusCode}
	case 3:
		return Answer{Status: resp.StatusCode, Trouble: Redirected}
	}
	return Answer{Status: resp.StatusCode, Trouble: Refused}
}

// troubleOf classifies the error of a request.
func troubleOf(err error) Trouble {
	var timeout interface{ Timeout() bool }
	var op *net.OpError
	switch {
	case is[*net.DNSError](err):
		return UnknownHost
	case outbound.Forbidden(err):
		return PrivateAddress
	case errors.As(err, &timeout) && timeout.Timeout():
		return TimedOut
	case is[*tls.CertificateVerificationError](err) || is[tls.RecordHeaderError](err) || is[tls.AlertError](err) ||
		is[x509.UnknownAuthorityError](err) || is[x509.HostnameError](err):
		return Insecure
	case errors.As(err, &op) && op.Op == "dial" || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		return Unreachable
	}
	return NoHTTP
}

// is reports whether err wraps an error of type E.
func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}
