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

// reply is a complete answer: its status and its JSON.
type reply struct {
	status int
	body   []byte
	// kept is the body of a stored answer, used instead of body.
	kept *journal.Answer
	// replayed is the request id of a stored answer, or "".
	replayed string
	// stream, if not nil, writes the JSON piece by piece, and body is not used. It is
	// called once.
	stream func(w io.Writer) error
}

// idKey is the beginning of every answer. The request id follows.
const idKey = `{"request_id":"`

// maxRequestID is the greatest length of a request id with its closing quote, in bytes.
const maxRequestID = 64

// requestID returns the request id in an answer.
func requestID(body []byte) string {
	id, _, _ := bytes.Cut(bytes.TrimPrefix(body, []byte(idKey)), []byte(`"`))
	return string(id)
}

// newReply returns a reply with the beginning of every answer. The caller must append
// ,"response":, a value and the closing brace.
func newReply(r *http.Request, status int) reply { return newReplyOf(r, status, 0) }

// newReplyOf is newReply with a hint of the answer's size in bytes.
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

// promptAnswer is the size in bytes up to which an answer is written under the server's
// write timeout. Such an answer usually fits into the socket's buffer.
const promptAnswer = 64 << 10

// send writes the answer. It ignores the error of a client that went away or is too slow.
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

// sendStream writes an answer of unknown length. If the stream fails, it aborts the
// connection, so that the client does not take a part for the whole.
func (a reply) sendStream(w http.ResponseWriter, r *http.Request, zipped bool) {
	to := &errWriter{Writer: slowbody.NewAnswer(w, budget.Of(r.Context()).Scarce)}
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

// errWriter is a writer that keeps its error, to tell it apart from errors of what is
// written.
type errWriter struct {
	io.Writer
	err error
}

func (n *errWriter) Write(p []byte) (int, error) {
	count, err := n.Writer.Write(p)
	if err != nil {
		n.err = err
	}
	return count, err
}

// writeKept writes the body of a stored answer.
func (a reply) writeKept(to io.Writer) error {
	defer a.kept.Close()
	_, err := io.Copy(to, a.kept)
	if err != nil {
		err = fmt.Errorf("read an answer: %w", err)
	}
	return err
}

func recordOf(r *http.Request) *reqlog.Record { return reqlog.Of(r.Context()) }
