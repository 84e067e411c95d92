package journal

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Encoding is how the body of a receipt is stored. Databases contain its values, so they
// must never change.
type Encoding uint8

// The encodings.
const (
	Plain Encoding = iota
	Zstd           // one zstd frame, with its content size and a checksum
)

const (
	// compressFrom is the size in bytes from which a body is compressed. For a smaller
	// one, the rest of the row takes more than compression would save.
	compressFrom = 1 << 10
	// window is how far back a compressed body may refer, in bytes. Decompression takes
	// this much memory.
	window = 1 << 20
)

// compressor is safe for concurrent use. It compresses as many bodies at once as there
// are processors.
var compressor = func() *zstd.Encoder {
	// The fastest level compresses the answer to 5,000 usual contacts to a twelfth in 6
	// ms. The next level takes half as long again and saves nothing.
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(window))
	if err != nil {
		panic(err) // the options are constant
	}
	return e
}()

// encode returns a body in the form in which it is stored. It may return the body itself.
func encode(body []byte) (Encoding, []byte) {
	if len(body) < compressFrom {
		return Plain, body
	}
	packed := compressor.EncodeAll(body, make([]byte, 0, len(body)/8))
	if len(packed) >= len(body) {
		return Plain, body
	}
	return Zstd, packed
}

// Replace gives the receipt another body.
func (r *Receipt) Replace(body []byte) { r.Encoding, r.Body = encode(body) }

// Answer reads the body of a stored answer piece by piece. It needs memory for the stored
// form and one window only, however large the answer is.
type Answer struct {
	Size    int64 // of the decompressed body, in bytes
	from    *bufio.Reader
	decoder *zstd.Decoder // nil for a body that is not compressed
}

// Open returns the body of the answer. The caller must close it.
func (r *Receipt) Open() (*Answer, error) {
	switch r.Encoding {
	case Plain:
		return &Answer{Size: int64(len(r.Body)), from: bufio.NewReader(bytes.NewReader(r.Body))}, nil
	case Zstd:
		var header zstd.Header
		if err := header.Decode(r.Body); err != nil {
			return nil, fmt.Errorf("read an answer: %w", err)
		}
		decoder, err := zstd.NewReader(bytes.NewReader(r.Body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(window))
		if err != nil {
			return nil, fmt.Errorf("read an answer: %w", err)
		}
		return &Answer{Size: int64(header.FrameContentSize), from: bufio.NewReader(decoder), decoder: decoder}, nil
	}
	return nil, fmt.Errorf("read an answer: it is encoded as %d, which this version does not know", r.Encoding)
}

// Whole returns the body of the answer.
func (r *Receipt) Whole() ([]byte, error) {
	answer, err := r.Open()
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	body, err := io.ReadAll(answer)
	if err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	return body, nil
}

// Peek returns the first n bytes of the body, or fewer if the body is shorter. It must be
// called before Read and WriteTo.
func (a *Answer) Peek(n int) ([]byte, error) {
	head, err := a.from.Peek(n)
	if err == io.EOF {
		err = nil
	}
	return head, err
}

// Read implements [io.Reader].
func (a *Answer) Read(p []byte) (int, error) { return a.from.Read(p) }

// Close releases the memory of the decompressor.
func (a *Answer) Close() {
	if a.decoder != nil {
		a.decoder.Close()
	}
}
