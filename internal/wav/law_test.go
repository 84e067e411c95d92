package wav_test

import (
	"testing"

	"callbook/internal/wav"
)

// TestMuLaw: a sample becomes the code whose value is nearest, and each code becomes
// itself.
func TestMuLaw(t *testing.T) {
	t.Parallel()
	for code := range 256 {
		s := wav.FromMuLaw(byte(code))
		if got := wav.ToMuLaw(s); wav.FromMuLaw(got) != s {
			t.Errorf("%#x is %d, which becomes %#x", code, s, got)
		}
	}
	for s := -1 << 15; s < 1<<15; s++ {
		got := int(wav.FromMuLaw(wav.ToMuLaw(int16(s))))
		if off := max(got-s, s-got); off > 4+max(s, -s)/16 && max(s, -s) < 32600 {
			t.Fatalf("%d becomes %d", s, got)
		}
	}
}
