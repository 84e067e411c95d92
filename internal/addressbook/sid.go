package addressbook

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"callbook/internal/clock"
)

// SID is the id of a contact, list, upload or the like: a UUID of version 7 (RFC 9562),
// on the wire 32 lower-case hex digits. Its first 8 bytes hold the time of creation in
// 1/4096 ms. They rise with every sid that a [Book] makes, so sids sort in the order of
// creation.
type SID [16]byte

// ParseSID parses the 32 hex digits of a sid. It accepts upper case, because other
// programs may change the case.
func ParseSID(s string) (SID, bool) {
	var sid SID
	if len(s) != 2*len(sid) {
		return SID{}, false
	}
	if _, err := hex.Decode(sid[:], []byte(s)); err != nil {
		return SID{}, false
	}
	return sid, true
}

// AppendTo appends the 32 lower-case hex digits.
func (s SID) AppendTo(b []byte) []byte { return hex.AppendEncode(b, s[:]) }

// String returns the 32 lower-case hex digits.
func (s SID) String() string { return hex.EncodeToString(s[:]) }

// MarshalText implements [encoding.TextMarshaler] like String.
func (s SID) MarshalText() ([]byte, error) { return s.AppendTo(nil), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *SID) UnmarshalText(text []byte) error {
	sid, ok := ParseSID(string(text))
	if !ok {
		return errNoSID
	}
	*s = sid
	return nil
}

var errNoSID = errors.New("a sid has 32 hexadecimal digits")

// Prefix returns the first 8 bytes as a big-endian number. It is unique among the sids of
// one process, and rises from one to the next.
func (s SID) Prefix() uint64 { return binary.BigEndian.Uint64(s[:8]) }

// CreatedAt reports whether the sid is a UUID of version 7 with this time, in nanoseconds
// since 1970.
func (s SID) CreatedAt(nanos int64) bool {
	const variant10 = 0b10
	return s.Prefix() == tickOf(nanos).prefix() && s[8]>>6 == variant10
}

// Time returns the time of creation in the sid, to 1/4096 ms. It means nothing for
// ForGood and for what is not a sid of a Book.
func (s SID) Time() time.Time {
	t, _ := tickOfSID(s)
	return time.Unix(0, t.nanos())
}

// FirstSID returns the smallest sid that may be created at t or later.
func FirstSID(t time.Time) (s SID) {
	if earliest := time.Unix(0, 0); t.Before(earliest) {
		t = earliest
	}
	if latest := time.Unix(0, math.MaxInt64); t.After(latest) {
		t = latest
	}
	binary.BigEndian.PutUint64(s[:8], tickOf(t.UnixNano()).prefix())
	return s
}

// A tick is the resolution of the time within a sid: 1/4096 ms, held as
// milliseconds since 1970 in the upper bits and the fraction in the lower 12.
type tick int64

const (
	fractionBits = 12
	fractions    = 1 << fractionBits // per millisecond
	nanosPerMS   = int64(time.Millisecond)
)

func tickOf(nanos int64) tick {
	ms, rest := nanos/nanosPerMS, nanos%nanosPerMS
	return tick(ms<<fractionBits | rest*fractions/nanosPerMS)
}

// nanos returns the first nanosecond of the tick.
func (t tick) nanos() int64 {
	ms, fraction := int64(t)>>fractionBits, int64(t)&(fractions-1)
	return ms*nanosPerMS + (fraction*nanosPerMS+fractions-1)/fractions
}

// prefix returns the first 8 bytes of the tick's sids.
func (t tick) prefix() uint64 {
	const version7 = 7 << 12
	ms, fraction := uint64(t)>>fractionBits, uint64(t)&(fractions-1)
	return ms<<16 | version7 | fraction
}

// sid returns a new sid of the tick, which ends with the bytes of series.
func (t tick) sid(series uint32) SID {
	var s SID
	const variant10 = 0b10 << 62
	binary.BigEndian.PutUint64(s[:8], t.prefix())
	binary.BigEndian.PutUint64(s[8:], variant10|rand.Uint64()>>2)
	binary.BigEndian.PutUint32(s[12:], series)
	return s
}

// tickOfSID returns the tick in a sid. Ok is false if s is not a sid of a Book.
func tickOfSID(s SID) (tick, bool) {
	prefix := s.Prefix()
	const version7 = 7
	return tick(prefix>>16<<fractionBits | prefix&(fractions-1)), prefix>>fractionBits&0xf == version7
}

// births hands out times of creation, each with a tick of its own. They rise even if the
// clock stands still or is set back.
//
// It does not use uuid.NewV7, which reads the clock itself: a contact's date and its
// sid's time would be two readings, and could sort differently.
type births struct {
	mu   sync.Mutex
	last tick
}

// goOnFrom makes all later times exceed that of s.
func (b *births) goOnFrom(s SID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t, ok := tickOfSID(s); ok {
		b.last = max(b.last, t)
	}
}

// next returns a series of n times that begins now. The caller must not take more than n.
func (b *births) next(now time.Time, n int) birthSeries {
	b.mu.Lock()
	defer b.mu.Unlock()
	nanos := now.UnixNano()
	first := tickOf(nanos)
	if first <= b.last {
		first = b.last + 1
		nanos = first.nanos()
	}
	b.last = first + tick(n) - 1
	return birthSeries{tick: first, nanos: nanos, series: rand.Uint32()}
}

// birthSeries is a series of times for one request.
type birthSeries struct {
	tick  tick
	nanos int64
	// series is random, and the end of all sids of the series. With it, the first and the
	// last sid tell which others there are, even if another server makes sids at the same
	// time; see [audit.Series].
	series uint32
}

// take returns the sid of the next time, and the time in nanoseconds since 1970.
func (s *birthSeries) take() (SID, int64) {
	sid, nanos := s.tick.sid(s.series), s.nanos
	s.tick++
	s.nanos = s.tick.nanos()
	return sid, nanos
}

// SIDs makes sids for what belongs to an account besides contacts and lists. Its clock
// may differ from that of the [Book]. It is safe for concurrent use.
type SIDs struct {
	clock  clock.Clock
	births births
}

// NewSIDs returns a SIDs with a clock.
func NewSIDs(c clock.Clock) *SIDs { return &SIDs{clock: c} }

// Resume makes all later sids larger than last, whatever the clock says.
func (s *SIDs) Resume(last SID) { s.births.goOnFrom(last) }

// Next returns a new sid and its time. Each is larger than those before.
func (s *SIDs) Next() (SID, time.Time) {
	birth := s.births.next(s.clock.Now(), 1)
	sid, nanos := birth.take()
	return sid, time.Unix(0, nanos)
}
