package campaign

import (
	"encoding/binary"
	"time"
)

// PlotMinutes is how many minutes [Minutes] remembers.
const PlotMinutes = 30

// Minutes are how many calls of a campaign were begun in each of the last minutes. They
// are counted with the calls, since a plot that counts a fast campaign's calls anew would
// read hundreds of thousands of them. The zero Minutes have no call.
type Minutes struct {
	last  int64               // the latest minute with a call, counted since 1970
	calls [PlotMinutes]uint32 // of a minute and those before it: each at its number modulo PlotMinutes
}

// minuteNumber returns the number of a time's minute.
func minuteNumber(at time.Time) int64 { return at.Unix() / 60 }

// begin counts a call that was begun at a time, and takeBack one that never was. What is
// older than the last minutes does not count.
func (m *Minutes) begin(at time.Time) {
	minute := minuteNumber(at)
	for ; m.last < minute; m.last++ {
		if m.last < minute-PlotMinutes {
			m.last = minute - PlotMinutes // all that it had is too old
		}
		m.calls[(m.last+1)%PlotMinutes] = 0
	}
	if m.has(minute) {
		m.calls[minute%PlotMinutes]++
	}
}

func (m *Minutes) takeBack(at time.Time) {
	if minute := minuteNumber(at); m.has(minute) && m.calls[minute%PlotMinutes] > 0 {
		m.calls[minute%PlotMinutes]--
	}
}

// has tells whether a minute is among the last ones.
func (m *Minutes) has(minute int64) bool { return minute <= m.last && minute > m.last-PlotMinutes }

// Until returns when the first of the last PlotMinutes minutes began, of which the one
// that a time is in is the last, and the calls of each.
func (m *Minutes) Until(now time.Time) (since time.Time, calls [PlotMinutes]int) {
	since = now.Truncate(time.Minute).Add(-(PlotMinutes - 1) * time.Minute)
	for i := range calls {
		if minute := minuteNumber(since) + int64(i); m.has(minute) {
			calls[i] = int(m.calls[minute%PlotMinutes])
		}
	}
	return since, calls
}

// minutesBytes is what Encode makes. It is always as much, so that a store can write it in
// the place of what was there.
const minutesBytes = 8 + 4*PlotMinutes

// Encode returns the minutes as bytes.
func (m *Minutes) Encode() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, minutesBytes), uint64(m.last))
	for _, n := range m.calls {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// DecodeMinutes returns the minutes of which Encode has made these bytes. Other bytes are
// those of a campaign that an earlier release has made: it has no minutes yet.
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
