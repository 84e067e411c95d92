// Package recording keeps the sound of recorded calls, by pieces that are stored while a
// call lasts. So recordings need little memory, and a crash loses a few seconds of each.
package recording

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/wav"
)

// PieceSamples is how many samples a piece has, except the last one of a recording: four
// seconds. A sample is a byte of µ-law, and there are [wav.Rate] a second.
const PieceSamples = 32_000

// Recording describes the recording of a call that has ended.
type Recording struct {
	Campaign, Call addressbook.SID
	Samples        int // more than 0
}

// Duration returns the duration of the recording.
func (r *Recording) Duration() time.Duration { return wav.Duration(r.Samples) }

// These are faults of stores too.
var (
	// ErrNotThere is the fault of a call that has no recording.
	ErrNotThere = fault.New(fault.NotFound, "There is no recording of this call")
	// ErrOver is the fault of a piece that comes too late: the call has ended, or what
	// was recorded of it is deleted.
	ErrOver = fault.New(fault.Unfinished, "The recording of this call is over")
)

// Store is what [Recordings] needs of a database. Its methods are safe for concurrent use.
// Those with an account touch only its rows.
//
// The transaction that ends a call sets the recording of the call to the samples that are
// stored by then; see [campaign.Call]. Nobody sees a recording before.
type Store interface {
	// AppendRecording stores the next piece of a call in flight, durably. Pieces count
	// from 0. To store the same piece again changes nothing. The error is [ErrOver] if the
	// call is not in flight or the piece before is not stored.
	AppendRecording(ctx context.Context, account account.ID, campaign, call addressbook.SID, piece int, sound []byte) error

	// Recording returns a recording and one of its pieces, or [ErrNotThere].
	Recording(ctx context.Context, account account.ID, campaign, call addressbook.SID, piece int) (Recording, []byte, error)

	// DeleteRecording deletes a recording, and calls ready with it before it returns. The
	// error is [ErrNotThere] if there is none.
	DeleteRecording(ctx context.Context, account account.ID, campaign, call addressbook.SID, ready journal.Ready[*Recording]) error

	// DeleteRecordingsBefore deletes the recordings of up to limit calls of all accounts
	// with a sid before this one, the oldest first. It returns how many that were; less
	// than limit means all.
	DeleteRecordingsBefore(ctx context.Context, before addressbook.SID, limit int) (int, error)
}
