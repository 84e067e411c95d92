package wav

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// format describes the samples of a file.
type format struct {
	encoding uint16 // pcm, float, aLaw or muLaw
	channels int    // 1 or 2
	rate     int
	bytes    int // bytes per sample of one channel
}

const (
	// maxMetadata bounds what precedes the samples, such as titles and pictures, in
	// bytes.
	maxMetadata = 8 << 20
	maxFormat   = 4096
	// unknownSize is the smallest size in a header that means "unknown". Programs that
	// write to a pipe put a large number there.
	unknownSize = 0x7FFFF000
)

var (
	errCut     = wrong("the file breaks off: it was not saved or sent to its end")
	errDamaged = wrong("the header of the WAV file is damaged")
)

// readHeader reads a file up to its samples. Size is the number of bytes of samples, or
// negative for all bytes up to the end.
func readHeader(r *bufio.Reader) (f format, size int64, err error) {
	head, err := r.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return f, 0, err
	}
	if len(head) < sniffed || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return f, 0, notWAV(head)
	}
	if _, err := r.Discard(sniffed); err != nil {
		return f, 0, err
	}
	for metadata := int64(0); ; {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return f, 0, cut(err)
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch string(chunk[:4]) {
		case "fmt ":
			if f, err = readFormat(r, size); err != nil {
				return f, 0, err
			}
			continue
		case "data":
			if f.bytes == 0 {
				return f, 0, wrong("the file does not say how its sound is encoded before the sound begins")
			}
			if size == 0 || size >= unknownSize {
				size = -1
			}
			return f, size, nil
		}
		size += size % 2 // chunks are padded to even lengths
		if metadata += size + int64(len(chunk)); metadata > maxMetadata {
			return f, 0, wrong("there is too much before the sound begins: save the file without pictures and tags")
		}
		if _, err := io.CopyN(io.Discard, r, size); err != nil {
			return f, 0, cut(err)
		}
	}
}

// readFormat reads the chunk with the format of the samples.
func readFormat(r io.Reader, size int64) (format, error) {
	const least, subformat = 16, 24
	if size < least || size > maxFormat {
		return format{}, errDamaged
	}
	chunk := make([]byte, size+size%2)
	if _, err := io.ReadFull(r, chunk); err != nil {
		return format{}, cut(err)
	}
	le := binary.LittleEndian
	f := format{encoding: le.Uint16(chunk), channels: int(le.Uint16(chunk[2:])), rate: int(le.Uint32(chunk[4:]))}
	bits := int(le.Uint16(chunk[14:]))
	if f.encoding == extensible && len(chunk) >= subformat+2 {
		f.encoding = le.Uint16(chunk[subformat:])
	}
	f.bytes = bits / 8
	if err := f.check(bits); err != nil {
		return format{}, err
	}
	if int(le.Uint16(chunk[12:])) != f.bytes*f.channels {
		return format{}, errDamaged
	}
	return f, nil
}

// check returns a fault if the format is not supported.
func (f *format) check(bits int) error {
	fits := false
	switch f.encoding {
	case pcm:
		fits = bits == 8 || bits == 16 || bits == 24 || bits == 32
	case float:
		fits = bits == 32
	case aLaw, muLaw:
		fits = bits == 8
	default:
		return compressed(f.encoding)
	}
	switch {
	case !fits:
		return wrong(fmt.Sprintf("samples of %d bits are not taken; %s", bits, conversion("wav")))
	case f.channels < 1 || f.channels > 2:
		return wrong(fmt.Sprintf("the file has %d channels: mono and stereo are taken; %s", f.channels, conversion("wav")))
	// All usual rates are multiples of 25. This bounds the number of phases of the
	// filter.
	case f.rate < Rate || f.rate > MaxRate || f.rate%25 != 0:
		return wrong(fmt.Sprintf("the file has %d samples a second, which is no usual rate; %s", f.rate, conversion("wav")))
	}
	return nil
}

// cut returns the error of a file that ends too early.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut
	}
	return err
}
