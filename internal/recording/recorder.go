package recording

import (
	"context"
	"errors"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/wav"
)

const (
	// storeWithin is how long a piece is tried to be stored, and retryAfter how long to
	// wait after a try that failed.
	storeWithin = 10 * time.Second
	retryAfter  = 500 * time.Millisecond
)

// Record returns a function that stores the sound of a call in flight. It takes samples,
// of which there are [wav.Rate] a second, and at the end nil. It must not be called
// concurrently. After nil it returns when all is stored. If a piece cannot be stored for
// ten seconds, the recording ends there.
func (rs *Recordings) Record(acct account.Account, campaign, call addressbook.SID) func(samples []int16) {
	var parts [][]byte // of the next piece, so that it has no more memory than sound
	size, stored, over := 0, 0, false
	keep := func() {
		err := rs.append(acct.ID, campaign, call, stored, slices.Concat(parts...))
		if over = err != nil; over && !errors.Is(err, ErrOver) {
			rs.log.Warn("the recording of a call ends early, because it could not be stored", "account", acct.SID, "call", call.String(), "error", err)
		}
		parts, size, stored = nil, 0, stored+1
	}
	return func(samples []int16) {
		if samples == nil && size > 0 && !over {
			keep()
		}
		for len(samples) > 0 && !over {
			part := make([]byte, min(len(samples), PieceSamples-size))
			for i := range part {
				part[i] = wav.ToMuLaw(samples[i])
			}
			parts, size, samples = append(parts, part), size+len(part), samples[len(part):]
			if size == PieceSamples {
				keep()
			}
		}
	}
}

// append stores a piece, and tries again for a while. It does so also while the server
// stops, so that what was heard until then is kept.
func (rs *Recordings) append(account account.ID, campaign, call addressbook.SID, piece int, sound []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), storeWithin)
	defer cancel()
	for {
		err := rs.store.AppendRecording(ctx, account, campaign, call, piece, sound)
		if err == nil || errors.Is(err, ErrOver) {
			return err
		}
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
			return err
		}
	}
}
