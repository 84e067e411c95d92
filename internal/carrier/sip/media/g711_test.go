package media

import (
	"math"
	"testing"

	"callbook/internal/trunk"
)

// TestLaws encodes all samples and decodes them: no code is nearer to a sample than the
// one that was chosen, give or take the bits that are no part of G.711.
func TestLaws(t *testing.T) {
	t.Parallel()
	for codec, l := range laws {
		frame := make([]byte, 1)
		for s := math.MinInt16; s <= math.MaxInt16; s++ {
			l.encode(frame, []int16{int16(s)})
			got, nearest := int(l.decoded[frame[0]]), math.MaxInt
			for _, d := range l.decoded {
				nearest = min(nearest, max(int(d)-s, s-int(d)))
			}
			if off := max(got-s, s-got); off > nearest+1<<(16-lawBits) {
				t.Fatalf("%s: sample %d became %d, and there is one that is off by %d", codec, s, got, nearest)
			}
		}
		l.encode(frame, nil)
		if want := map[trunk.Codec]byte{trunk.PCMA: 0xD5, trunk.PCMU: 0xFF}[codec]; frame[0] != want {
			t.Errorf("%s: silence is %#x, want %#x", codec, frame[0], want)
		}
		// Codes come back as they were, but for the two zeros of µ-law.
		for code, s := range l.decoded {
			if l.encode(frame, []int16{s}); int(frame[0]) != code && s != 0 {
				t.Errorf("%s: code %#x became %#x", codec, code, frame[0])
			}
		}
	}
}
