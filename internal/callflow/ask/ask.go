// Package ask requests the URLs of flows during a call: those whose answers the callee
// hears, and those whose answers decide how the call goes on.
package ask

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"callbook/internal/callflow"
	"callbook/internal/outbound"
)

const (
	// places bounds the requests at the same time. perHost bounds those to one host. One
	// account alone gets half of either; two accounts get a third each.
	places, perHost = 256, 64
	// maxAnswer is how many bytes of an answer are read. Answers that the callee hears
	// are shorter.
	maxAnswer = 16 << 10
)

// Options configure an [Asker].
type Options struct {
	Log *slog.Logger
	// Agent is the User-Agent of the requests.
	Agent string
	// Private lets requests go to private, loopback and link-local addresses.
	Private bool
}

// Asker requests URLs. It is safe for concurrent use.
type Asker struct {
	client *http.Client
	opts   Options
	lines  *lines
	quiet  quiet
}

// New returns an Asker.
func New(opts Options) *Asker {
	return &Asker{
		client: outbound.NewClient(outbound.Options{Private: opts.Private, Timeout: callflow.FetchTimeout, Idle: places, PerHost: perHost}),
		opts:   opts, lines: newLines(),
	}
}

// Ask requests a URL about a call, and returns its answer. Status 0 means failure. Ask
// takes at most [callflow.FetchTimeout], which includes the wait for its turn. It does
// not follow redirects. For an answer that the callee hears, it sends HEAD, unless the
// server does not support that, and then GET. Both answers must be text/plain.
func (a *Asker) Ask(ctx context.Context, c *Call, u callflow.URL, digits string) callflow.Input {
	timed, cancel := context.WithTimeout(ctx, callflow.FetchTimeout)
	defer cancel()
	in, err := a.ask(timed, c, u, digits)
	if err != nil && ctx.Err() == nil {
		a.failed(c, err)
	}
	return in
}

func (a *Asker) ask(ctx context.Context, c *Call, u callflow.URL, digits string) (callflow.Input, error) {
	to, err := url.Parse(u.URL)
	if err != nil {
		return callflow.Input{}, errNoURL
	}
	query := to.Query()
	for name, value := range c.values(digits) {
		query.Set(name, value)
	}
	to.RawQuery = query.Encode()
	leave, err := a.lines.enter(ctx, c.Account.ID, to.Host)
	if err != nil {
		return callflow.Input{}, errCrowded
	}
	defer leave()
	if !u.Play {
		resp, err := a.send(ctx, http.MethodGet, to)
		if err != nil {
			return callflow.Input{}, err
		}
		defer resp.Body.Close()
		_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // only the status matters
		return callflow.Input{Status: resp.StatusCode}, nil
	}
	head, err := a.send(ctx, http.MethodHead, to)
	if err != nil {
		return callflow.Input{}, err
	}
	head.Body.Close()
	switch head.StatusCode {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented: // try GET
	case http.StatusOK:
		if !plainText(head.Header) {
			return callflow.Input{}, errNotPlain
		}
	default:
		return callflow.Input{Status: head.StatusCode}, errStatus
	}
	return a.hear(ctx, to)
}

// hear requests a text or audio files for the callee.
func (a *Asker) hear(ctx context.Context, to *url.URL) (callflow.Input, error) {
	resp, err := a.send(ctx, http.MethodGet, to)
	if err != nil {
		return callflow.Input{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return callflow.Input{}, err
	case resp.StatusCode != http.StatusOK:
		return callflow.Input{Status: resp.StatusCode}, errStatus
	case !plainText(resp.Header):
		return callflow.Input{}, errNotPlain
	case len(body) == maxAnswer || utf8.RuneCount(body) > callflow.MaxText:
		return callflow.Input{}, errLong
	}
	return callflow.Input{Status: resp.StatusCode, Body: string(body)}, nil
}

func (a *Asker) send(ctx context.Context, method string, to *url.URL) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, to.String(), nil)
	if err != nil {
		return nil, errNoURL
	}
	req.Header.Set("User-Agent", a.opts.Agent)
	return a.client.Do(req)
}

// plainText reports whether an answer is a text that can be spoken.
func plainText(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && strings.EqualFold(kind, "text/plain")
}

// These errors are safe for the log. Others contain URLs and addresses.
var (
	errNoURL    = errors.New("it is no URL")
	errCrowded  = errors.New("too many calls wait for its answers")
	errStatus   = errors.New("its status is not 200")
	errNotPlain = errors.New("its answer is not text/plain")
	errLong     = errors.New("its answer is too long")
	errPrivate  = errors.New("its address is private; serve --callback-private allows it")
	errTimeout  = errors.New("it did not answer in time")
	errNoAnswer = errors.New("no answer came")
)

// safe returns an error without URLs and addresses.
func safe(err error) error {
	var timeout interface{ Timeout() bool }
	switch {
	case outbound.Forbidden(err):
		return errPrivate
	case errors.As(err, &timeout) && timeout.Timeout():
		return errTimeout
	case slices.Contains([]error{errNoURL, errCrowded, errStatus, errNotPlain, errLong}, err):
		return err
	}
	return errNoAnswer
}

// failed logs the failure of a flow's URL, at most once a minute for each account.
func (a *Asker) failed(c *Call, err error) {
	if a.quiet.may(c.Account.ID) {
		a.opts.Log.Warn("a flow's URL failed, and calls go to the step for that; more of these are not told for a minute",
			"account", c.Account.SID, "flow", c.Flow, "error", safe(err))
	}
}
