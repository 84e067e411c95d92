package audit_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"callbook/internal/audit"
)

// TestSome: subjects are those that were given, and no others.
func TestSome(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	sidOf := func(prefix uint64) (sid [16]byte) {
		binary.BigEndian.PutUint64(sid[:], prefix)
		binary.BigEndian.PutUint64(sid[8:], random.Uint64())
		return sid
	}
	for range 200 {
		given := make(map[uint64][16]byte)
		for range random.IntN(40) {
			prefix := 0x0198_0000_0000_7000 + random.Uint64N(1<<uint(1+random.IntN(40)))
			given[prefix] = sidOf(prefix)
		}
		var sids [][16]byte
		for _, sid := range given {
			sids = append(sids, sid, sid)
		}
		s := audit.Some(sids)
		if !s.Valid() || s.IsZero() != (len(given) == 0) {
			t.Fatalf("%x: %+v", sids, s)
		}
		for prefix, sid := range given {
			if !s.Contains(sid) {
				t.Errorf("%x is not among %x", sid, sids)
			}
			for _, other := range []uint64{prefix - 1, prefix + 1} {
				if _, is := given[other]; !is && s.Contains(sidOf(other)) {
					t.Errorf("%x is among %x", other, sids)
				}
			}
		}
	}
}

// TestSeries: others at the same time are told apart by the end of their sids.
func TestSeries(t *testing.T) {
	t.Parallel()
	sid := func(prefix uint64, series byte) (sid [16]byte) {
		binary.BigEndian.PutUint64(sid[:], prefix)
		sid[9], sid[15] = byte(prefix), series
		return sid
	}
	s := audit.Series(sid(100, 7), sid(200, 7))
	for _, tt := range []struct {
		sid  [16]byte
		want bool
	}{
		{sid(100, 7), true}, {sid(150, 7), true}, {sid(200, 7), true}, {sid(150, 8), false}, {sid(99, 7), false}, {sid(201, 7), false},
	} {
		if got := s.Contains(tt.sid); got != tt.want {
			t.Errorf("%x: %v", tt.sid, got)
		}
	}
}

func TestEntryTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 14, 3, 56, 53, 589793230, time.UTC)
	ctx, note := audit.Begin(audit.From(t.Context(), &audit.Origin{Now: func() time.Time { return at }}), int64(1), audit.Change{Action: audit.ListsCreate, Done: 1})
	if audit.NoteOf(ctx) != note || audit.NoteOf(audit.Untold(ctx)) != nil {
		t.Error("the note is not that of the context")
	}
	e := note.Entries()[0]
	if d := at.Sub(e.Time()); d < 0 || d > time.Millisecond/4096+1 {
		t.Errorf("the date is %v, want %v", e.Time(), at)
	}
	first := audit.FirstSID(at)
	if string(e.SID[:]) < string(first[:]) {
		t.Errorf("the sid %x precedes %x", e.SID, first)
	}
}
