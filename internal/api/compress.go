package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/negotiate"
)

const (
	// minCompressed is the size in bytes from which an answer is compressed. A smaller
	// answer fits into one packet anyway.
	minCompressed = 1400
	// compressorBytes is the memory of a compressor, and decompressorBytes that of a
	// decompressor.
	compressorBytes   = 1 << 20
	decompressorBytes = 64 << 10
)

// compresses decides whether to compress an answer, and sets its headers accordingly.
// Size is in bytes; a negative one means a long answer of unknown size. Without memory
// for a compressor, the answer is not compressed.
func compresses(h http.Header, r *http.Request, size int) bool {
	if 0 <= size && size < minCompressed {
		return false
	}
	h.Add("Vary", "Accept-Encoding")
	if !negotiate.AcceptsGzip(r.Header) || budget.Of(r.Context()).Claim(compressorBytes+int64(max(0, size))) != nil {
		return false
	}
	h.Set("Content-Encoding", "gzip")
	return true
}

var compressors = sync.Pool{New: func() any {
	zip, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is constant
	}
	return zip
}}

// writeGzip compresses what write writes. After an error, the output is incomplete.
func writeGzip(to io.Writer, write func(io.Writer) error) error {
	zip := compressors.Get().(*gzip.Writer)
	defer compressors.Put(zip)
	zip.Reset(to)
	if err := write(zip); err != nil {
		return err
	}
	return zip.Close()
}

// compressed compresses the body of an answer into another buffer, and returns the body's
// own buffer to its pool.
func compressed(body []byte) []byte {
	packed := bytes.NewBuffer(answers.get(len(body) / 4))
	// Writing to memory cannot fail.
	_ = writeGzip(packed, func(to io.Writer) error {
		_, err := to.Write(body)
		return err
	})
	answers.put(body)
	return packed.Bytes()
}

// isGzipped reports whether a request's body is compressed with gzip. Any other coding is
// a fault that says so.
func isGzipped(r *http.Request) (bool, error) {
	switch given := strings.ToLower(r.Header.Get("Content-Encoding")); given {
	case "", "identity":
		return false, nil
	case "gzip", "x-gzip":
		return true, nil
	default:
		return false, fault.New(fault.UnsupportedType, "Content-Encoding: "+shorten(given))
	}
}

// decompress returns the decompressed body of a request. Before and after decompression
// it may have up to limit bytes, because few bytes may expand to many, and many to none.
// Reading more returns an http.MaxBytesError.
func decompress(r *http.Request, limit int64) (io.Reader, error) {
	if err := budget.Of(r.Context()).Take(r.Context(), decompressorBytes); err != nil {
		return nil, err
	}
	zip, err := gzip.NewReader(http.MaxBytesReader(nil, r.Body, limit))
	if err != nil {
		return nil, broken(err)
	}
	return http.MaxBytesReader(nil, zip, limit), nil
}

// isTooLarge reports whether an error is that of a body beyond its limit.
func isTooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}
