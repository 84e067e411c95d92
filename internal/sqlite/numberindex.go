package sqlite

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"unsafe"

	"callbook/internal/phone"
)

// numberIndex maps the numbers of one account to their contacts, in memory.
// On disk an index by number is the dearest part of a bulk insert, because
// numbers come in random order and dirty most of its pages; here an insert
// touches one cache line or two.
//
// It is a hash table with open addressing and no pointers, cut into segments
// so that growing never stops the writer for longer than one segment takes. A
// contact needs 21 to 32 bytes. One goroutine at a time may change it; any
// number may call peek meanwhile.
type numberIndex struct {
	seed     maphash.Seed
	mu       sync.Mutex // held while segments or removed change, and by peek
	segments [indexSegments]segment
	removed  bool // a number was taken out since the last settle
	len      int
	bytes    int // that the index takes in memory
}

// entry is a number and what its contact's row is found by: the first 8 bytes
// of its sid. The zero entry is a free place, since no number is 0.
type entry struct {
	number    phone.Number
	sidPrefix uint64
}

const (
	indexSegments   = 64 // a power of two
	segmentBits     = 6  // its logarithm
	segmentMin      = 8  // entries in the smallest segment
	entryBytes      = int(unsafe.Sizeof(entry{}))
	maxLoadQuarters = 3 // a segment grows when it would be fuller than 3/4
)

// newNumberIndex returns an empty index with room for about n numbers.
func newNumberIndex(n int) *numberIndex {
	x := &numberIndex{seed: maphash.MakeSeed()}
	x.bytes = int(unsafe.Sizeof(*x))
	if perSegment := n / indexSegments * 4 / maxLoadQuarters; perSegment > segmentMin {
		for i := range x.segments {
			x.segments[i].resize(x, perSegment)
		}
	}
	return x
}

// add puts the number in and returns true; or, where it is there already,
// changes nothing and returns false with the prefix of the sid that has it.
func (x *numberIndex) add(n phone.Number, sidPrefix uint64) (existing uint64, added bool) {
	h := x.hash(n)
	x.mu.Lock()
	defer x.mu.Unlock()
	s := &x.segments[h>>(64-segmentBits)]
	if (s.len+1)*4 > len(s.entries)*maxLoadQuarters {
		s.grow(x)
	}
	at, found := s.find(h, n)
	if found {
		return s.entries[at].sidPrefix, false
	}
	s.entries[at] = entry{number: n, sidPrefix: sidPrefix}
	s.len++
	x.len++
	return 0, true
}

// peek is lookup for other goroutines than the one that changes the index. It
// also tells whether the answer can be relied on: while a removal is not
// committed, a number that is not there may still be the contact's.
func (x *numberIndex) peek(n phone.Number) (sidPrefix uint64, found, settled bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	sidPrefix, found = x.lookup(n)
	return sidPrefix, found, !x.removed
}

// settle tells that what was removed is committed, or was put in again.
func (x *numberIndex) settle() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.removed = false
}

// lookup returns the prefix of the sid that has the number.
func (x *numberIndex) lookup(n phone.Number) (sidPrefix uint64, found bool) {
	h := x.hash(n)
	s := &x.segments[h>>(64-segmentBits)]
	if s.len == 0 {
		return 0, false
	}
	at, found := s.find(h, n)
	return s.entries[at].sidPrefix, found
}

// remove takes the number out; one that is not there is no matter.
func (x *numberIndex) remove(n phone.Number) {
	h := x.hash(n)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.removed = true
	s := &x.segments[h>>(64-segmentBits)]
	if s.len == 0 {
		return
	}
	at, found := s.find(h, n)
	if !found {
		return
	}
	s.delete(x, at)
	s.len--
	x.len--
}

func (x *numberIndex) hash(n phone.Number) uint64 {
	return maphash.Comparable(x.seed, n)
}

// segment is one hash table, probed one place after the other.
type segment struct {
	entries []entry
	len     int
}

// home is the place where an entry with this hash belongs: the bits below
// those that chose the segment, scaled to the table's length.
func (s *segment) home(h uint64) int {
	hi, _ := bits.Mul64(h<<segmentBits, uint64(len(s.entries)))
	return int(hi)
}

// find returns the place of the number, or the free one where it would go. The
// table must have a free place.
func (s *segment) find(h uint64, n phone.Number) (at int, found bool) {
	for at = s.home(h); ; {
		switch s.entries[at].number {
		case n:
			return at, true
		case 0:
			return at, false
		}
		if at++; at == len(s.entries) {
			at = 0
		}
	}
}

// grow makes room by half again: doubling would leave more of it empty.
func (s *segment) grow(x *numberIndex) {
	s.resize(x, max(segmentMin, len(s.entries)+len(s.entries)/2))
}

// resize moves the entries to a table of n places, which must be enough.
func (s *segment) resize(x *numberIndex, n int) {
	old := s.entries
	s.entries = make([]entry, n)
	x.bytes += (n - len(old)) * entryBytes
	for _, e := range old {
		if e.number != 0 {
			at, _ := s.find(x.hash(e.number), e.number)
			s.entries[at] = e
		}
	}
}

// delete frees a place and moves up those behind it that would no longer be
// found, so that no markers of deleted entries pile up.
func (s *segment) delete(x *numberIndex, free int) {
	for at := free; ; {
		if at++; at == len(s.entries) {
			at = 0
		}
		e := s.entries[at]
		if e.number == 0 {
			break
		}
		home := s.home(x.hash(e.number))
		// The entry may move to the free place unless its home lies between
		// the two, going round.
		if (at-home+len(s.entries))%len(s.entries) >= (at-free+len(s.entries))%len(s.entries) {
			s.entries[free] = e
			free = at
		}
	}
	s.entries[free] = entry{}
}
