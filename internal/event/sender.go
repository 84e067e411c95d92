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

	"code.dny.dev/ssrf"

	"callbook/internal/clock"
)

const (
	// answerTimeout is how long a receiver may take, from the connection to the end of
	// its answer's header. It is the platform's contract.
	answerTimeout = 15 * time.Second
	// maxAnswer is how much of an answer's body is read, so that its connection can be
	// used again. What it says does not matter.
	maxAnswer = 16 << 10
	maxHeader = 16 << 10
)

// sender sends events to receivers. It is safe for concurrent use.
type sender struct {
	client *http.Client
	agent  string
	clock  clock.Clock
}

// newSender returns a sender. Unless private is set, it sends nothing to an address that
// is not of the public internet: the address of each connection is looked at after the
// host was resolved, so a name cannot come to mean another one in between. No proxy is
// asked, since the address would be the proxy's.
func newSender(agent string, private bool, c clock.Clock) *sender {
	dialer := &net.Dialer{Timeout: answerTimeout}
	if !private {
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe
	}
	return &sender{agent: agent, clock: c, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true,
			MaxIdleConns: places, MaxIdleConnsPerHost: perHost, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: answerTimeout, MaxResponseHeaderBytes: maxHeader,
		},
	}}
}

// send sends an event once. An answer with neither a status nor a trouble means that ctx
// has ended.
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
	// Not sent: it lets the client take another connection when an idle one was closed.
	req.Header["Idempotency-Key"] = nil
	resp, err := s.client.Do(req)
	switch {
	case ctx.Err() != nil:
		return Answer{}
	case err != nil:
		return Answer{Trouble: troubleOf(err)}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // the status decides
	switch resp.StatusCode / 100 {
	case 2:
		return Answer{Status: resp.StatusCode}
	case 3:
		return Answer{Status: resp.StatusCode, Trouble: Redirected}
	}
	return Answer{Status: resp.StatusCode, Trouble: Refused}
}

// troubleOf says what an error of a request means.
func troubleOf(err error) Trouble {
	var timeout interface{ Timeout() bool }
	var op *net.OpError
	switch {
	case is[*net.DNSError](err):
		return UnknownHost
	case errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork):
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

// is tells whether an error wraps one of type E.
func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}
