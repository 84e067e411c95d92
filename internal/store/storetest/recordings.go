package storetest

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/recording"
)

// Recordings runs the contract of [recording.Store]. Open gives each test a database of
// its own, as for [AddressBook].
func Recordings(t *testing.T, open func(t *testing.T) Stores) {
	run(t, func(t *testing.T) *fixture { return newFixture(t, open(t)) }, []test[*fixture]{
		{"pieces", recordPieces},
		{"deletion", deleteRecordings},
		{"deletion by age", deleteRecordingsBefore},
	})
}

// sound returns n bytes of sound.
func sound(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n) }

func (f *fixture) append(t *testing.T, d dialer.Dial, piece int, sound []byte, want error) {
	t.Helper()
	if err := f.Recordings.AppendRecording(t.Context(), f.account, d.Call.Campaign, d.Call.SID, piece, sound); !errors.Is(err, want) {
		t.Errorf("piece %d: %v, want %v", piece, err, want)
	}
}

// recorded returns the samples of a call's recording; 0 if it has none.
func (f *fixture) recorded(t *testing.T, d dialer.Dial) int {
	t.Helper()
	r, _, err := f.Recordings.Recording(t.Context(), f.account, d.Call.Campaign, d.Call.SID, 0)
	if err != nil && !errors.Is(err, recording.ErrNotThere) {
		t.Fatal(err)
	}
	for _, call := range f.calls(t, d.Call.Campaign) {
		if call.SID == d.Call.SID && call.Recording != r.Samples {
			t.Errorf("the call has %d samples, and its recording %d", call.Recording, r.Samples)
		}
	}
	return r.Samples
}

// recordPieces: a recording is there from the end of its call on, with the pieces that
// were stored by then.
func recordPieces(t *testing.T, f *fixture) {
	ctx := t.Context()
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 3)
	f.start(t, c)
	dials := f.claimCalls(t, c.SID, dialTime, 3, claimed)
	long, silent, gap := dials[0], dials[1], dials[2]
	f.append(t, long, 0, sound(1000, 1), nil)
	f.append(t, long, 1, sound(1000, 2), nil)
	f.append(t, long, 1, sound(1000, 3), nil) // again, after a commit that seemed to fail
	f.append(t, long, 2, sound(9, 4), nil)
	f.append(t, gap, 1, sound(9, 1), recording.ErrOver)
	other := newFixture2(t, f, "other")
	other.append(t, long, 3, sound(9, 5), recording.ErrOver)
	f.record(t, refs(long), func(_ int, _ *campaign.Campaign, _ *campaign.Target, call *campaign.Call) []event.Event {
		if call.State = campaign.Answered; call.Recording != 2009 {
			t.Errorf("so far there are %d samples", call.Recording)
		}
		return nil
	})
	if n := f.recorded(t, long); n != 0 {
		t.Errorf("a call in flight has a recording of %d samples", n)
	}
	f.reopen()
	f.record(t, refs(dials...), ends(campaign.Reached, dialTime.Add(time.Minute)))
	f.append(t, long, 3, sound(9, 5), recording.ErrOver)
	for _, d := range []dialer.Dial{silent, gap} {
		if n := f.recorded(t, d); n != 0 {
			t.Errorf("a call without sound has %d samples", n)
		}
	}
	for piece, want := range [][]byte{sound(1000, 1), sound(1000, 3), sound(9, 4), nil} {
		r, got, err := f.Recordings.Recording(ctx, f.account, c.SID, long.Call.SID, piece)
		if err != nil || !bytes.Equal(got, want) || r != (recording.Recording{Campaign: c.SID, Call: long.Call.SID, Samples: 2009}) {
			t.Errorf("piece %d has %d bytes of %+v, %v", piece, len(got), r, err)
		}
	}
	other.Stores = f.Stores
	_, _, err := other.Recordings.Recording(ctx, other.account, c.SID, long.Call.SID, 0)
	isError(t, "of another account", err, recording.ErrNotThere)
}

// recordedCalls gives a campaign as many recorded calls, each to a number of its own.
func (f *fixture) recordedCalls(t *testing.T, n int) []dialer.Dial {
	t.Helper()
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, n)
	f.start(t, c)
	dials := f.claimCalls(t, c.SID, dialTime, n, claimed)
	for _, d := range dials {
		f.append(t, d, 0, sound(5000, 1), nil)
		f.append(t, d, 1, sound(50, 2), nil)
	}
	f.record(t, refs(dials...), ends(campaign.Reached, dialTime.Add(time.Minute)))
	return dials
}

func (f *fixture) wantRecorded(t *testing.T, dials []dialer.Dial, want ...bool) {
	t.Helper()
	for i, d := range dials {
		if got := f.recorded(t, d) > 0; got != want[i] {
			t.Errorf("call %d has a recording: %v", i, got)
		}
	}
}

func deleteRecordings(t *testing.T, f *fixture) {
	dials := f.recordedCalls(t, 2)
	other := newFixture2(t, f, "other")
	call := dials[0].Call
	isError(t, "of another account", other.Recordings.DeleteRecording(t.Context(), other.account, call.Campaign, call.SID, nil), recording.ErrNotThere)
	var deleted *recording.Recording
	if err := f.Recordings.DeleteRecording(t.Context(), f.account, call.Campaign, call.SID, Told(&deleted)); err != nil {
		t.Fatal(err)
	}
	same(t, "deleted", deleted, &recording.Recording{Campaign: call.Campaign, Call: call.SID, Samples: 5050})
	isError(t, "again", f.Recordings.DeleteRecording(t.Context(), f.account, call.Campaign, call.SID, nil), recording.ErrNotThere)
	f.reopen()
	f.wantRecorded(t, dials, false, true)
}

func deleteRecordingsBefore(t *testing.T, f *fixture) {
	other := newFixture2(t, f, "other")
	old, theirs, later := f.recordedCalls(t, 2), other.recordedCalls(t, 1), f.recordedCalls(t, 2)
	if n, err := f.Recordings.DeleteRecordingsBefore(t.Context(), addressbook.SID{}, 2); n != 0 || err != nil {
		t.Errorf("before all: %d, %v", n, err)
	}
	for i, want := range []int{2, 2, 0} {
		n, err := f.Recordings.DeleteRecordingsBefore(t.Context(), later[1].Call.SID, 2)
		if err != nil || n != want {
			t.Errorf("step %d deletes %d, %v", i, n, err)
		}
	}
	f.wantRecorded(t, append(old, later...), false, false, false, true)
	other.wantRecorded(t, theirs, false)
}
