package campaign

import (
	"encoding/binary"
	"time"
)

// PlotMinutes is how many minutes [Minutes] covers.
const PlotMinutes = 30

// Minutes counts the calls that a campaign has begun in each of the last minutes. It is
// updated with each call: counting the stored calls for a chart would read hundreds of
// thousands of them. The zero Minutes has no calls.
type Minutes struct {
	last  int64               // the latest minute with a call, in minutes since 1970
	calls [PlotMinutes]uint32 // a ring buffer: the count of a minute is at its number modulo PlotMinutes
}

// minuteNumber returns the minutes from 1970 to at.
func minuteNumber(at time.Time) int64 { return at.Unix() / 60 }

// begin counts a call that began at this time, unless the time is before the last minutes.
func (m *Minutes) begin(at time.Time) {
	minute := minuteNumber(at)
	for ; m.last < minute; m.last++ {
		if m.last < minute-PlotMinutes {
			m.last = minute - PlotMinutes // all counts are too old
		}
		m.calls[(m.last+1)%PlotMinutes] = 0
	}
	if m.has(minute) {
		m.calls[minute%PlotMinutes]++
	}
}

// takeBack removes a call that begin has counted and that was never placed.
func (m *Minutes) takeBack(at time.Time) {
	if minute := minuteNumber(at); m.has(minute) && m.calls[minute%PlotMinutes] > 0 {
		m.calls[minute%PlotMinutes]--
	}
}

// has reports whether a minute is among the last ones.
func (m *Minutes) has(minute int64) bool { return minute <= m.last && minute > m.last-PlotMinutes }

// Until returns the counts of the PlotMinutes minutes up to now, and when the first of
// them began.
func (m *Minutes) Until(now time.Time) (since time.Time, calls [PlotMinutes]int) {
	since = now.Truncate(time.Minute).Add(-(PlotMinutes - 1) * time.Minute)
	for i := range calls {
		if minute := minuteNumber(since) + int64(i); m.has(minute) {
			calls[i] = int(m.calls[minute%PlotMinutes])
		}
	}
	return since, calls
}

// minutesBytes is the fixed size of an encoding, so that a store can overwrite the
// previous one.
const minutesBytes = 8 + 4*PlotMinutes

// Encode returns the counts as bytes.
func (m *Minutes) Encode() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, minutesBytes), uint64(m.last))
	for _, n := range m.calls {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// DecodeMinutes decodes a result of Encode. Any other length means a campaign of an
// earlier release: it has no counts.
func DecodeMinutes(b []byte) (m Minutes) {
	if len(b) != minutesBytes {
		return m
	}
	m.last = int64(binary.BigEndian.Uint64(b))
	for i := range m.calls {
		m.calls[i] = binary.BigEndian.Uint32(b[8+4*i:])
	}
	return m
}
