// Package wav reads WAV files and converts them to what telephones play: one channel of
// 8,000 samples a second. It also writes such files. It supports PCM of 8, 16, 24 and 32
// bits, floating-point samples of 32 bits, A-law and µ-law, mono and stereo, at the usual
// rates. Its faults name what it does not support.
package wav

import (
	"encoding/binary"
	"slices"
	"time"

	"callbook/internal/fault"
)

const (
	// Rate is the number of samples a second for telephones.
	Rate = 8000
	// MaxRate bounds the number of samples a second in a file.
	MaxRate = 192_000
	// ContentType is the media type of WAV files.
	ContentType = "audio/wav"
	// SampleBytes is the size of a sample in the files of [Encode].
	SampleBytes = 2
)

// FieldFile is the field of faults about files.
const FieldFile = fault.Field("file")

// HeaderBytes is the size of the header in the files of [Encode].
const HeaderBytes = 44

// The encodings of samples by their numbers in headers (RFC 2361 and Microsoft's
// mmreg.h).
const (
	pcm        = 0x0001
	float      = 0x0003
	aLaw       = 0x0006
	muLaw      = 0x0007
	extensible = 0xFFFE // the number is in the subformat
)

// Header returns the header of a WAV file with this many samples, as [Encode] makes it.
func Header(samples int) []byte {
	size := uint32(samples * SampleBytes)
	le := binary.LittleEndian
	h := le.AppendUint32([]byte("RIFF"), HeaderBytes-8+size)
	h = le.AppendUint32(append(h, "WAVEfmt "...), 16)
	h = le.AppendUint16(h, pcm)
	h = le.AppendUint16(h, 1)
	h = le.AppendUint32(h, Rate)
	h = le.AppendUint32(h, Rate*SampleBytes)
	h = le.AppendUint16(h, SampleBytes)
	h = le.AppendUint16(h, 8*SampleBytes)
	return le.AppendUint32(append(h, "data"...), size)
}

// Encode returns a WAV file with these samples: [Rate] a second, 16 bits, mono.
func Encode(samples []int16) []byte {
	file := slices.Grow(Header(len(samples)), len(samples)*SampleBytes)
	for _, s := range samples {
		file = binary.LittleEndian.AppendUint16(file, uint16(s))
	}
	return file
}

// Duration returns the duration of this many samples.
func Duration(samples int) time.Duration {
	return time.Duration(samples) * time.Second / Rate
}
