package sqlite

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"unsafe"

	"callbook/internal/phone"
)

// numberIndex maps the numbers of one account to their contacts, in memory. On disk an
// index by number would be the most expensive part of a bulk insert, since numbers
// arrive in random order and dirty most of its pages. Here an insert touches one or two
// cache lines.
//
// It is a hash table with open addressing and without pointers, divided into segments
// so that growing stops the writer for one segment at most. A contact takes 21 to 32
// bytes. One goroutine at a time may change it, while any number may call peek.
type numberIndex struct {
	seed     maphash.Seed
	mu       sync.Mutex // held while segments or removed change, and by peek
	segments [indexSegments]segment
	removed  bool // a number was removed since the last settle
	len      int
	bytes    int // of memory that the index takes
}

// entry is a number and the first 8 bytes of its contact's sid, which find the row. The
// zero entry is free, since no number is 0.
type entry struct {
	number    phone.Number
	sidPrefix uint64
}

const (
	indexSegments   = 64 // a power of two
	segmentBits     = 6  // its logarithm
	segmentMin      = 8  // entries in the smallest segment
	entryBytes      = int(unsafe.Sizeof(entry{}))
	maxLoadQuarters = 3 // a segment grows at a load factor of 3/4
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

// add adds the number and returns true. If the number is present already, add changes
// nothing and returns false with the sid prefix of its contact.
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

// peek is lookup for other goroutines than the one that changes the index. Settled is
// false while a removal is not committed: a number that is not found may then still
// belong to a contact.
func (x *numberIndex) peek(n phone.Number) (sidPrefix uint64, found, settled bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	sidPrefix, found = x.lookup(n)
	return sidPrefix, found, !x.removed
}

// settle records that all removals were committed or rolled back.
func (x *numberIndex) settle() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.removed = false
}

// lookup returns the sid prefix of the contact with this number.
func (x *numberIndex) lookup(n phone.Number) (sidPrefix uint64, found bool) {
	h := x.hash(n)
	s := &x.segments[h>>(64-segmentBits)]
	if s.len == 0 {
		return 0, false
	}
	at, found := s.find(h, n)
	return s.entries[at].sidPrefix, found
}

// remove removes the number, if it is present.
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

// segment is one hash table with linear probing.
type segment struct {
	entries []entry
	len     int
}

// home returns the index where probing for this hash starts. It scales the bits below
// those that chose the segment to the table's length.
func (s *segment) home(h uint64) int {
	hi, _ := bits.Mul64(h<<segmentBits, uint64(len(s.entries)))
	return int(hi)
}

// find returns the index of the number, or of the free entry where it would go. The
// table must have a free entry.
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

// grow enlarges the table by half; doubling would leave more of it empty.
func (s *segment) grow(x *numberIndex) {
	s.resize(x, max(segmentMin, len(s.entries)+len(s.entries)/2))
}

// resize moves the entries to a table of n entries, which must suffice.
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

// delete frees an entry and shifts back those after it that probing would no longer
// find. It thus needs no tombstones, which would accumulate.
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
		// The entry may move to the free index unless its home lies between the
		// two, cyclically.
		if (at-home+len(s.entries))%len(s.entries) >= (at-free+len(s.entries))%len(s.entries) {
			s.entries[free] = e
			free = at
		}
	}
	s.entries[free] = entry{}
}
