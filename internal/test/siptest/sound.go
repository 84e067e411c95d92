package siptest

import "math"

// Tone returns a sound that changes its pitch all the time, so that no part of it is like
// another. It is as long as so many samples at 8,000 a second.
func Tone(samples int) []int16 {
	all := make([]int16, samples)
	phase := 0.0
	for i := range all {
		at := float64(i) / 8000
		phase += 2 * math.Pi * (500 + 300*at + 200*math.Sin(2*math.Pi*at/0.7)) / 8000
		all[i] = int16(8000 * math.Sin(phase))
	}
	return all
}

// Decode decodes G.711; payload type 8 is A-law, 0 is µ-law.
func Decode(payloadType int, payload []byte) []int16 {
	samples := make([]int16, len(payload))
	for i, b := range payload {
		if payloadType == 0 {
			samples[i] = muLaw(b)
		} else {
			samples[i] = aLaw(b)
		}
	}
	return samples
}

// Encode encodes G.711: it looks for the code whose sample is nearest.
func Encode(payloadType int, samples []int16) []byte {
	table := Decode(payloadType, allCodes)
	payload := make([]byte, len(samples))
	for i, s := range samples {
		best := math.MaxInt
		for code, v := range table {
			if d := abs(int(v) - int(s)); d < best {
				best, payload[i] = d, byte(code)
			}
		}
	}
	return payload
}

var allCodes = func() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}()

func abs(n int) int { return max(n, -n) }

// muLaw and aLaw expand a code as ITU-T G.711 says.
func muLaw(b byte) int16 {
	b = ^b
	v := (int16(b&0x0f)<<3+0x84)<<(b>>4&7) - 0x84
	if b&0x80 != 0 {
		return -v
	}
	return v
}

func aLaw(b byte) int16 {
	b ^= 0x55
	v := int16(b&0x0f)<<4 + 8
	if segment := b >> 4 & 7; segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}

// Alike returns how much of a sound is in a recording: 1 if all is there as it was, at any
// volume and with anything before or behind it, near 0 if it is not there.
func Alike(sound, recording []int16) float64 {
	best := 0.0
	for shift := 0; shift+len(sound) <= len(recording); shift++ {
		best = max(best, correlation(sound, recording[shift:shift+len(sound)]))
	}
	return best
}

func correlation(a, b []int16) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
