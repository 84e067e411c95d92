package ask

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"callbook/internal/account"
	"callbook/internal/callflow"
	"callbook/internal/fault"
	"callbook/internal/wav"
)

const (
	// maxAudio bounds an audio file, in bytes, and maxHeard its duration.
	maxAudio = 32 << 20
	maxHeard = 5 * time.Minute
)

// Audio requests a WAV file, and returns its samples as [wav.Rate] a second. It takes at
// most [callflow.FetchTimeout], which includes the wait for its turn. It does not follow
// redirects. Its errors contain neither the URL nor the address.
func (a *Asker) Audio(ctx context.Context, id account.ID, raw string) ([]int16, error) {
	timed, cancel := context.WithTimeout(ctx, callflow.FetchTimeout)
	defer cancel()
	samples, err := a.audio(timed, id, raw)
	if err != nil {
		return nil, audioError(err)
	}
	return samples, nil
}

func (a *Asker) audio(ctx context.Context, id account.ID, raw string) (samples []int16, err error) {
	to, err := url.Parse(raw)
	if err != nil {
		return nil, errNoURL
	}
	leave, err := a.lines.enter(ctx, id, to.Host)
	if err != nil {
		return nil, errCrowded
	}
	defer leave()
	resp, err := a.send(ctx, http.MethodGet, to)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errStatus
	}
	r, err := wav.NewReader(&limited{in: resp.Body, left: maxAudio})
	for err == nil {
		if samples, err = r.Append(samples); wav.Duration(len(samples)) > maxHeard {
			return nil, errLong
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return samples, nil
}

// limited is a reader that fails after some bytes.
type limited struct {
	in   io.Reader
	left int
}

// Read implements [io.Reader].
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLong
	}
	n, err := l.in.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// audioError returns an error without URLs and addresses. A fault of the file has none.
func audioError(err error) error {
	if f := fault.As(err); f != nil {
		return f
	}
	return safe(err)
}
