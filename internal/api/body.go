package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"callbook/internal/budget"
	"callbook/internal/fault"
)

// firstRead is how many bytes of a body are read before memory is claimed for it.
const firstRead = 4 << 10

// readBody checks the content type and reads the whole body into a pooled buffer. It
// claims the buffer's memory.
func (a *API) readBody(r *http.Request) (body []byte, err error) {
	share := budget.Of(r.Context())
	before := share.Used()
	defer func() {
		if err != nil {
			share.Give(before)
			a.drain(r)
		}
	}()
	if err := checkContentType(r); err != nil {
		return nil, err
	}
	gzipped, err := isGzipped(r)
	if err != nil {
		return nil, err
	}
	if r.ContentLength > a.maxBody {
		return nil, a.tooLarge()
	}
	source := &hurried{Reader: r.Body, share: share}
	if gzipped {
		if source.Reader, err = decompress(r, a.maxBody); err != nil {
			return nil, err
		}
	}
	length := announced(r)
	body = bodies.get(firstRead)
	// Claim memory while the body arrives, more at each step, so that a slow body of
	// unknown length does not keep others out. For a large body of known length, reserve
	// all memory that the request may need once its first bytes have arrived. Then the
	// request waits while it holds nothing, and not halfway through.
	for allowed := firstRead; ; {
		var ended bool
		body, ended, err = readUpTo(source, body, allowed)
		switch {
		case isTooLarge(err):
			err = a.tooLarge()
		case err != nil:
			err = broken(err)
		case int64(len(body)) > a.maxBody:
			err = a.tooLarge()
		case ended:
			return body, nil
		default:
			most := a.maxBody + 1 // one byte more shows that it is too large
			if length > 0 {
				most = length + 1 // one byte more shows its end
			}
			if allowed == firstRead && length > smallBody {
				if err = share.ReserveMost(r.Context(), announcedBytes(length)); err != nil {
					break
				}
				source.until = time.Now().Add(promptTime)
			}
			next := int(min(max(smallBody, int64(allowed)*4), most))
			if err = share.Take(r.Context(), int64(next-allowed)); err == nil {
				allowed, body = next, bodies.grow(body, next)
			}
		}
		if err != nil {
			bodies.put(body)
			return nil, err
		}
	}
}

// announced returns the length of a request's body, or -1 if that is unknown, as for a
// compressed one.
func announced(r *http.Request) int64 {
	if gzipped, _ := isGzipped(r); gzipped {
		return -1
	}
	return r.ContentLength
}

// promptTime is how long a slow body may keep memory reserved. It is short, so that
// requests that wait for the memory outlast it.
const promptTime = 10 * time.Second

// hurried reads a body. If the body takes longer than promptTime, it gives back the
// reserved memory; after that, memory is claimed step by step.
type hurried struct {
	io.Reader
	share *budget.Share
	until time.Time // zero if nothing is reserved
}

func (p *hurried) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if !p.until.IsZero() && err == nil && time.Now().After(p.until) {
		p.share.Give(p.share.Used())
		p.until = time.Time{}
	}
	return n, err
}

// readUpTo appends to b, which must have room for n bytes, until it has n bytes or the
// body has ended.
func readUpTo(body io.Reader, b []byte, n int) (_ []byte, ended bool, err error) {
	for len(b) < n {
		count, err := body.Read(b[len(b):n])
		b = b[:len(b)+count]
		if err == io.EOF {
			return b, true, nil
		}
		if err != nil {
			return b, false, err
		}
	}
	return b, false, nil
}

// broken returns the fault of a body that could not be read completely.
func broken(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errTimeout
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return fault.New(fault.Unparsable, "the body broke off") // the error's own text has addresses
	}
	return fault.New(fault.Unparsable, err.Error())
}

func (a *API) tooLarge() error {
	return fault.New(fault.TooLarge, fmt.Sprintf("Maximum allowed size of a request is %d bytes", a.maxBody))
}

// drain reads the body of a refused request for a while. Many clients read the answer
// only after they have sent everything, and would report a network error if the
// connection was closed before. A client that sent Expect: 100-continue has sent no body.
func (a *API) drain(r *http.Request) {
	const times = 8 // bodies up to this many times the limit
	if r.Body != nil && r.Header.Get("Expect") == "" && r.ContentLength <= times*a.maxBody {
		io.CopyN(io.Discard, r.Body, times*a.maxBody)
	}
}

// checkContentType accepts JSON, and what Exotel's own curl samples send with JSON: no
// content type, or curl's default.
func checkContentType(r *http.Request) error {
	given := r.Header.Get("Content-Type")
	if given == "" || given == "application/json" { // the common cases, without parsing
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(given)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		mediaType = given
	}
	switch mediaType {
	case "application/json", "application/x-www-form-urlencoded":
		return nil
	}
	return fault.New(fault.UnsupportedType, shorten(given))
}

// maxEcho bounds how much of a header or a query an error message repeats, in bytes.
const maxEcho = 200

// shorten shortens a text that an error message repeats.
func shorten(text string) string {
	if len(text) <= maxEcho {
		return text
	}
	return strings.ToValidUTF8(text[:maxEcho], "") + "..."
}
