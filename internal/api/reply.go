package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"callbook/internal/budget"
	"callbook/internal/journal"
	"callbook/internal/reqlog"
	"callbook/internal/slowbody"
)

// reply is a whole answer: its status and its JSON.
type reply struct {
	status int
	body   []byte
	// kept is the body of an answer that is given again, in the place of body.
	kept *journal.Answer
	// replayed is the request id of an answer that is given again; otherwise
	// "".
	replayed string
	// stream, when not nil, writes the JSON instead of body: it is not whole in
	// memory. It is called once.
	stream func(w io.Writer) error
}

// idKey is what every answer begins with, and the request id follows.
const idKey = `{"request_id":"`

// maxRequestID is how many bytes a request id has at most, with its quote.
const maxRequestID = 64

// requestID returns the request id of an answer.
func requestID(body []byte) string {
	id, _, _ := bytes.Cut(bytes.TrimPrefix(body, []byte(idKey)), []byte(`"`))
	return string(id)
}

// newReply returns a reply that begins as every answer does. Its body is open:
// ,"response": and the closing brace are still to come.
func newReply(r *http.Request, status int) reply { return newReplyOf(r, status, 0) }

// newReplyOf is newReply for an answer that will have about size bytes.
func newReplyOf(r *http.Request, status, size int) reply {
	b := answers.get(size)
	b = append(b, idKey...)
	b = append(b, recordOf(r).ID...)
	b = append(b, `","method":`...)
	b = appendString(b, strings.ToUpper(r.Method))
	b = append(b, `,"http_code":`...)
	b = strconv.AppendInt(b, int64(status), 10)
	return reply{status: status, body: b}
}

// promptAnswer is up to where an answer is written with the server's own deadline.
// Up to promptAnswer bytes, an answer usually fits the socket's buffer; a client
// that does not read is bounded by the server's write timeout.
const promptAnswer = 64 << 10

// send writes the answer. The error of a client that went away, or takes the
// answer too slowly, is nobody's to mend.
func (a reply) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	size := len(a.body)
	switch {
	case a.kept != nil:
		size = int(a.kept.Size)
		a.stream = a.writeKept
	case a.stream != nil:
		size = -1
	}
	zipped := compresses(h, r, size)
	if zipped && a.stream == nil {
		a.body = compressed(a.body)
		size = len(a.body)
	}
	if size >= 0 && !(zipped && a.stream != nil) {
		h.Set("Content-Length", strconv.Itoa(size))
	}
	if a.replayed != "" {
		h.Set("X-Request-Id", a.replayed)
		h.Set(replayedHeader, "true")
	}
	w.WriteHeader(a.status)
	switch {
	case a.stream != nil:
		a.sendStream(w, r, zipped)
	case len(a.body) > promptAnswer:
		slowbody.NewAnswer(w, budget.Of(r.Context()).Scarce).Write(a.body)
	default:
		w.Write(a.body)
	}
	answers.put(a.body)
}

// sendStream writes an answer that is made while it is sent. One that cannot be
// made to its end is broken off, since it must not look whole.
func (a reply) sendStream(w http.ResponseWriter, r *http.Request, zipped bool) {
	to := &noticing{Writer: slowbody.NewAnswer(w, budget.Of(r.Context()).Scarce)}
	var err error
	if zipped {
		err = writeGzip(to, a.stream)
	} else {
		err = a.stream(to)
	}
	if err == nil {
		return
	}
	if to.err == nil {
		recordOf(r).Err = err
	}
	panic(http.ErrAbortHandler)
}

// noticing is a writer that keeps its error, to tell it from that of what is
// written.
type noticing struct {
	io.Writer
	err error
}

func (n *noticing) Write(p []byte) (int, error) {
	count, err := n.Writer.Write(p)
	if err != nil {
		n.err = err
	}
	return count, err
}

// writeKept writes the body of an answer that is given again.
func (a reply) writeKept(to io.Writer) error {
	defer a.kept.Close()
	_, err := io.Copy(to, a.kept)
	if err != nil {
		err = fmt.Errorf("read an answer: %w", err)
	}
	return err
}

func recordOf(r *http.Request) *reqlog.Record { return reqlog.Of(r.Context()) }
