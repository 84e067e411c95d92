package recording

import (
	"context"
	"errors"
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
	var piece []byte
	stored, over := 0, false
	keep := func() {
		err := rs.append(acct.ID, campaign, call, stored, piece)
		if over = err != nil; over && !errors.Is(err, ErrOver) {
			rs.log.Warn("the recording of a call ends early, because it could not be stored", "account", acct.SID, "call", call.String(), "error", err)
		}
		stored, piece = stored+1, piece[:0]
	}
	return func(samples []int16) {
		if samples == nil && len(piece) > 0 && !over {
			keep()
		}
		for _, s := range samples {
			if over {
				return
			}
			if piece == nil {
				piece = make([]byte, 0, PieceSamples)
			}
			if piece = append(piece, wav.ToMuLaw(s)); len(piece) == PieceSamples {
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
