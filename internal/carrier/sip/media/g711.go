package media

import (
	"slices"

	"callbook/internal/trunk"
	"callbook/internal/wav"
)

// law encodes speech by one of the two laws of ITU-T G.711.
type law struct {
	kind    uint8  // the payload type (RFC 3551)
	name    string // in SDP
	silence byte
	encoded [1 << lawBits]byte // by the highest bits of a sample
	decoded [256]int16
}

// lawBits is how many bits of a sample matter to G.711.
const lawBits = 14

// laws has the law of each codec.
var laws = map[trunk.Codec]*law{
	trunk.PCMU: newLaw(0, "PCMU/8000", wav.FromMuLaw),
	trunk.PCMA: newLaw(8, "PCMA/8000", wav.FromALaw),
}

// newLaw makes the tables of a law from its decoder. A sample is encoded as the code whose
// decoded value is nearest.
func newLaw(kind uint8, name string, decode func(byte) int16) *law {
	l := &law{kind: kind, name: name}
	codes := make([]byte, 256)
	for i := range codes {
		codes[i] = byte(i)
		l.decoded[i] = decode(byte(i))
	}
	slices.SortStableFunc(codes, func(a, b byte) int { return int(decode(a)) - int(decode(b)) })
	at := 0
	for i := range l.encoded {
		sample := i<<(16-lawBits) + 1<<(15-lawBits) - 1<<15 // the middle of those with these bits
		for at+1 < len(codes) && 2*sample >= int(decode(codes[at]))+int(decode(codes[at+1])) {
			at++
		}
		l.encoded[uint16(sample)>>(16-lawBits)] = codes[at]
	}
	l.silence = l.encoded[0]
	return l
}

// encode encodes samples into frame, and fills its rest with silence.
func (l *law) encode(frame []byte, samples []int16) {
	for i, s := range samples {
		frame[i] = l.encoded[uint16(s)>>(16-lawBits)]
	}
	for i := len(samples); i < len(frame); i++ {
		frame[i] = l.silence
	}
}
