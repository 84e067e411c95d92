package audit

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// newSID returns a UUID of version 7 (RFC 9562). Its first 8 bytes hold the time in
// 1/4096 ms, as the sids of contacts do.
func newSID(at time.Time) (sid [16]byte) {
	const variant10 = 0b10 << 62
	sid = FirstSID(at)
	binary.BigEndian.PutUint64(sid[8:], variant10|rand.Uint64()>>2)
	return sid
}

// Time returns the date of the entry, to 1/4096 ms.
func (e *Entry) Time() time.Time {
	prefix := binary.BigEndian.Uint64(e.SID[:8])
	ms, fraction := int64(prefix>>16), int64(prefix&0xfff)
	return time.Unix(0, ms*int64(time.Millisecond)+(fraction*int64(time.Millisecond)+4095)/4096)
}

// FirstSID returns the smallest sid that an entry of this date may have.
func FirstSID(at time.Time) (sid [16]byte) {
	const version7 = 7 << 12
	nanos := max(at.UnixNano(), 0)
	ms, rest := nanos/int64(time.Millisecond), nanos%int64(time.Millisecond)
	binary.BigEndian.PutUint64(sid[:8], uint64(ms)<<16|version7|uint64(rest<<12/int64(time.Millisecond)))
	return sid
}
