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

// firstRead is how much of a body is read before memory is asked for.
const firstRead = 4 << 10

// readBody checks the content type and reads the whole body into a pooled
// buffer, whose memory the request's share takes.
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
	source := &prompt{Reader: r.Body, share: share}
	if gzipped {
		if source.Reader, err = decompress(r, a.maxBody); err != nil {
			return nil, err
		}
	}
	length := announced(r)
	body = bodies.get(firstRead)
	// Memory is taken as the body comes, a few times more at each step: one that
	// comes in chunks of unknown number must not keep others out before it is
	// there. For a large one of known length all that the request may use is
	// reserved once the body has begun to come, so that it waits while it holds
	// nothing, and not half done.
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
			most := a.maxBody + 1 // one more, to see that it is too large
			if length > 0 {
				most = length + 1 // one more, to see its end
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

// announced returns how many bytes a request's body has, before it has come; -1
// when that is not known, as of one that is compressed.
func announced(r *http.Request) int64 {
	if gzipped, _ := isGzipped(r); gzipped {
		return -1
	}
	return r.ContentLength
}

// promptTime is how long what was reserved for a body is kept while it comes. It
// is so short that, with the time that a body may stand still, requests that
// queue behind a slow one outlast it.
const promptTime = 10 * time.Second

// prompt reads a body, and gives back what is reserved and not yet used once the
// body has taken too long. From then on memory is taken as it comes.
type prompt struct {
	io.Reader
	share *budget.Share
	until time.Time // zero when nothing is reserved
}

func (p *prompt) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if !p.until.IsZero() && err == nil && time.Now().After(p.until) {
		p.share.Give(p.share.Used())
		p.until = time.Time{}
	}
	return n, err
}

// readUpTo appends to b, which has room for n bytes, until it has them or the
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

// broken is the fault of a body that could not be read to its end.
func broken(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errTimeout
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return fault.New(fault.Unparsable, "the body broke off") // its text has addresses
	}
	return fault.New(fault.Unparsable, err.Error())
}

func (a *API) tooLarge() error {
	return fault.New(fault.TooLarge, fmt.Sprintf("Maximum allowed size of a request is %d bytes", a.maxBody))
}

// drain reads on for a while in the body of a request that is refused, since
// many clients look at the answer only after they have sent everything, and
// take a connection that is closed before for a network error. One that asked
// with Expect: 100-continue has sent nothing.
func (a *API) drain(r *http.Request) {
	const times = 8 // the limit
	if r.Body != nil && r.Header.Get("Expect") == "" && r.ContentLength <= times*a.maxBody {
		io.CopyN(io.Discard, r.Body, times*a.maxBody)
	}
}

// checkContentType takes JSON, and what the platform's own curl samples send
// with it: no content type, or curl's default.
func checkContentType(r *http.Request) error {
	given := r.Header.Get("Content-Type")
	if given == "" || given == "application/json" { // which need no parsing
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

// maxEcho is how many bytes of a header or of the query an error repeats.
const maxEcho = 200

// shorten cuts a text that an error repeats.
func shorten(text string) string {
	if len(text) <= maxEcho {
		return text
	}
	return strings.ToValidUTF8(text[:maxEcho], "") + "..."
}
