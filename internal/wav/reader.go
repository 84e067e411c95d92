package wav

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// Reader reads the samples of a WAV file and converts them to mono and [Rate] samples a
// second. Its memory does not depend on the length of the file. Its faults are about
// [FieldFile]; other errors are those of the underlying reader.
type Reader struct {
	in     *bufio.Reader
	format format
	left   int64 // bytes of samples; negative means up to the end
	frames []byte
	mono   []float32
	filter *resampler // nil if the file has this rate already
	ended  bool
}

// NewReader reads the header of a file and returns a Reader of its samples.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, 32<<10)}
	var err error
	if r.format, r.left, err = readHeader(r.in); err != nil {
		return nil, err
	}
	const framesAtOnce = 4096
	r.frames = make([]byte, framesAtOnce*r.format.channels*r.format.bytes)
	if r.format.rate != Rate {
		r.filter = newResampler(r.format.rate)
	}
	return r, nil
}

// Append appends the next samples to p, at most about half a second of them. It returns
// io.EOF after the last sample.
func (r *Reader) Append(p []int16) ([]int16, error) {
	if r.ended {
		return p, io.EOF
	}
	more, err := r.read()
	if errors.Is(err, io.EOF) {
		r.ended, err = true, nil
	}
	if err != nil {
		return p, err
	}
	if r.filter != nil {
		more = r.filter.resample(more, r.ended)
	}
	for _, s := range more {
		p = append(p, int16(math.RoundToEven(float64(min(max(s*-math.MinInt16, math.MinInt16), math.MaxInt16)))))
	}
	return p, nil
}

// read reads samples between -1 and 1 at the file's own rate. It returns io.EOF together
// with the last ones.
func (r *Reader) read() ([]float32, error) {
	frames := r.frames
	if r.left >= 0 {
		frames = frames[:min(int64(len(frames)), r.left)]
	}
	n, err := io.ReadFull(r.in, frames)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = io.EOF
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	if r.left >= 0 {
		if r.left -= int64(n); err != nil && r.left > 0 {
			return nil, errCut
		}
		if r.left == 0 {
			err = io.EOF
		}
	}
	f := &r.format
	width := f.bytes * f.channels
	r.mono = r.mono[:0]
	for frame := frames[:n-n%width]; len(frame) > 0; frame = frame[width:] {
		s := f.sample(frame)
		if f.channels == 2 {
			s = (s + f.sample(frame[f.bytes:])) / 2
		}
		r.mono = append(r.mono, s)
	}
	return r.mono, err
}

// sample decodes the first sample of b.
func (f *format) sample(b []byte) float32 {
	switch {
	case f.encoding == aLaw:
		return float32(FromALaw(b[0])) / -math.MinInt16
	case f.encoding == muLaw:
		return float32(FromMuLaw(b[0])) / -math.MinInt16
	case f.encoding == float:
		s := math.Float32frombits(binary.LittleEndian.Uint32(b))
		if s != s {
			return 0
		}
		return min(max(s, -1), 1)
	case f.bytes == 1:
		return (float32(b[0]) - 128) / 128
	case f.bytes == 2:
		return float32(int16(binary.LittleEndian.Uint16(b))) / -math.MinInt16
	case f.bytes == 3:
		return float32(int32(b[0])<<8|int32(b[1])<<16|int32(b[2])<<24) / -math.MinInt32
	}
	return float32(int32(binary.LittleEndian.Uint32(b))) / -math.MinInt32
}
