package audit

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Subjects are the sids of contacts or lists that a change concerns. The zero value has
// none.
//
// A single sid is First. Sids that one call has made are a series: all sids from First to
// Last that end with the same [SeriesBytes] bytes. A series takes 32 bytes, whatever its
// length. Other sids are in Many, which takes 1 to 7 bytes for each.
type Subjects struct {
	First, Last [16]byte
	// Many, if not nil, holds the first 8 bytes of each sid, as the differences between
	// them in ascending order: the encoding of unsigned integers of package binary.
	Many []byte
}

// SeriesBytes is how many bytes at the end are the same in all sids that one call has
// made.
const SeriesBytes = 4

// MaxSeriesMillis bounds how many milliseconds the sids of one call span. A sid differs
// from the next by 1/4096 ms, and 5,000 are the most that a request makes.
const MaxSeriesMillis = 2

// One returns a single subject.
func One(sid [16]byte) Subjects { return Subjects{First: sid, Last: sid} }

// Series returns the sids from first to last that one call has made.
func Series(first, last [16]byte) Subjects { return Subjects{First: first, Last: last} }

// Some returns these sids, which may have any order.
func Some[S ~[16]byte](sids []S) Subjects {
	switch len(sids) {
	case 0:
		return Subjects{}
	case 1:
		return One(sids[0])
	}
	prefixes := make([]uint64, len(sids))
	s := Subjects{First: sids[0], Last: sids[0]}
	for i, sid := range sids {
		prefixes[i] = binary.BigEndian.Uint64(sid[:8])
		if bytes.Compare(sid[:], s.First[:]) < 0 {
			s.First = sid
		}
		if bytes.Compare(sid[:], s.Last[:]) > 0 {
			s.Last = sid
		}
	}
	slices.Sort(prefixes)
	prefixes = slices.Compact(prefixes)
	s.Many = make([]byte, 0, 8+2*len(prefixes))
	before := uint64(0)
	for _, p := range prefixes {
		s.Many = binary.AppendUvarint(s.Many, p-before)
		before = p
	}
	return s
}

// IsZero reports whether there are no subjects.
func (s *Subjects) IsZero() bool { return s.First == [16]byte{} }

// Contains reports whether sid is one of the subjects.
func (s *Subjects) Contains(sid [16]byte) bool {
	switch {
	case bytes.Compare(sid[:], s.First[:]) < 0 || bytes.Compare(sid[:], s.Last[:]) > 0 || s.IsZero():
		return false
	case s.Many == nil:
		return s.First == s.Last || [SeriesBytes]byte(sid[16-SeriesBytes:]) == [SeriesBytes]byte(s.First[16-SeriesBytes:])
	}
	wanted, prefix := binary.BigEndian.Uint64(sid[:8]), uint64(0)
	for rest := s.Many; len(rest) > 0; {
		step, n := binary.Uvarint(rest)
		if n <= 0 {
			return false
		}
		rest = rest[n:]
		if prefix += step; prefix >= wanted {
			return prefix == wanted
		}
	}
	return false
}

// Valid reports whether the subjects can be what [One], [Series] or [Some] returned.
func (s *Subjects) Valid() bool {
	if bytes.Compare(s.First[:], s.Last[:]) > 0 {
		return false
	}
	for rest := s.Many; len(rest) > 0; {
		_, n := binary.Uvarint(rest)
		if n <= 0 {
			return false
		}
		rest = rest[n:]
	}
	return true
}
