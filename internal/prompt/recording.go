package prompt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/wav"
)

// Recording is a received sound in the format of telephones.
type Recording struct {
	file []byte // a WAV file
	hash [sha256.Size]byte
}

// Hash returns the SHA-256 of the recording as it is stored.
func (r *Recording) Hash() [sha256.Size]byte { return r.hash }

// maxSamples is the number of samples of a prompt of [MaxDuration].
const maxSamples = int(MaxDuration/time.Second) * wav.Rate

var (
	errTooLong = fault.InvalidField(wav.FieldFile, fmt.Sprintf("the recording is longer than %d minutes", int(MaxDuration/time.Minute)))
	errSilent  = fault.InvalidField(wav.FieldFile, "there is no sound in the file")
)

// Receive reads a WAV file and converts it while it arrives. It claims memory from the
// request's share. Faults of the file are about [wav.FieldFile]; other errors are those
// of r and of the share. It may return before the end of r.
func Receive(ctx context.Context, r io.Reader) (*Recording, error) {
	share := budget.Of(ctx)
	defer share.EndTurn()
	in, err := wav.NewReader(&source{r, ctx, share})
	if err != nil {
		return nil, err
	}
	const atOnce = wav.Rate // at least what Append appends
	var samples []int16
	for {
		if cap(samples)-len(samples) < atOnce {
			share.EndTurn()
			room := min(2*cap(samples)+2*atOnce, maxSamples+2*atOnce)
			if err := share.Take(ctx, int64(2*room)); err != nil {
				return nil, err
			}
			samples = append(make([]int16, 0, room), samples...)
		}
		samples, err = in.Append(samples)
		switch {
		case errors.Is(err, io.EOF) && len(samples) == 0:
			return nil, errSilent
		case errors.Is(err, io.EOF):
			share.EndTurn()
			if err := share.Take(ctx, int64(2*len(samples))); err != nil {
				return nil, err
			}
			file := wav.Encode(samples)
			return &Recording{file, sha256.Sum256(file)}, nil
		case err != nil:
			return nil, err
		case len(samples) > maxSamples:
			return nil, errTooLong
		}
	}
}

// source ends the request's turn to compute while it waits for its client.
type source struct {
	io.Reader
	ctx   context.Context
	share *budget.Share
}

func (s *source) Read(p []byte) (int, error) {
	s.share.EndTurn()
	n, err := s.Reader.Read(p)
	if err == nil {
		err = s.share.BeginTurn(s.ctx)
	}
	return n, err
}
