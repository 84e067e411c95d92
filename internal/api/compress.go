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
	// minCompressed is from how many bytes on an answer is compressed: below, it is
	// one packet in any case.
	minCompressed = 1400
	// compressorBytes is what a compressor takes while it works, and
	// decompressorBytes one for a request.
	compressorBytes   = 1 << 20
	decompressorBytes = 64 << 10
)

// compresses tells whether an answer of this many bytes is sent compressed, and
// says so in its headers. A negative size is one that is not known, of a long
// answer. When there is no memory for a compressor, the answer goes as it is.
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
		panic(err) // of a level that is constant
	}
	return zip
}}

// writeGzip compresses what write writes. After an error it leaves the end out.
func writeGzip(to io.Writer, write func(io.Writer) error) error {
	zip := compressors.Get().(*gzip.Writer)
	defer compressors.Put(zip)
	zip.Reset(to)
	if err := write(zip); err != nil {
		return err
	}
	return zip.Close()
}

// compressed returns an answer's body compressed, in a buffer of answers, whose own
// buffer is free then.
func compressed(body []byte) []byte {
	packed := bytes.NewBuffer(answers.get(len(body) / 4))
	// Memory takes everything.
	_ = writeGzip(packed, func(to io.Writer) error {
		_, err := to.Write(body)
		return err
	})
	answers.put(body)
	return packed.Bytes()
}

// isGzipped tells whether a request's body is compressed. Any other coding is
// refused: that a decoder cannot read it would not tell its sender why.
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

// decompress returns the body of a request as it was before it was compressed. It
// may have limit bytes, before and after: few bytes may stand for any number, and
// any number of bytes for none. What goes beyond that is an http.MaxBytesError.
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

// isTooLarge tells whether an error is that of a body beyond its limit.
func isTooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}
