package wav

import (
	"encoding/binary"
	"math/bits"
)

// FromALaw decodes a byte of A-law to a sample of 16 bits, by ITU-T G.711.
func FromALaw(b byte) int16 {
	b ^= 0x55
	s := int16(b&0x0F)<<4 + 8
	if segment := b >> 4 & 7; segment > 0 {
		s = (s + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		return -s
	}
	return s
}

// FromMuLaw decodes a byte of µ-law to a sample of 16 bits, by ITU-T G.711.
func FromMuLaw(b byte) int16 {
	const bias = 0x84
	b = ^b
	s := (int16(b&0x0F)<<3+bias)<<(b>>4&7) - bias
	if b&0x80 != 0 {
		return -s
	}
	return s
}

// ToMuLaw encodes a sample of 16 bits as a byte of µ-law, by ITU-T G.711.
func ToMuLaw(s int16) byte {
	const bias, loudest = 0x84, 32635
	size, sign := int(s), byte(0)
	if size < 0 {
		size, sign = -size, 0x80
	}
	size = min(size, loudest) + bias
	segment := bits.Len(uint(size)) - bits.Len(bias)
	return ^(sign | byte(segment)<<4 | byte(size>>(segment+3))&0x0F)
}

// FromMuLawFile decodes bytes of µ-law to samples as the files of [Encode] have them.
func FromMuLawFile(sound []byte) []byte {
	samples := make([]byte, 0, SampleBytes*len(sound))
	for _, b := range sound {
		samples = binary.LittleEndian.AppendUint16(samples, uint16(FromMuLaw(b)))
	}
	return samples
}
