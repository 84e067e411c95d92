package api

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"callbook/internal/access"
)

// reply is a whole answer: its status and its JSON.
type reply struct {
	status int
	body   []byte
	// replayed is the request id of an answer that is given again; otherwise
	// "".
	replayed string
	// leave is called when the answer was sent; it may be nil.
	leave func()
}

// idKey is what every answer begins with, and the request id follows.
const idKey = `{"request_id":"`

// requestID returns the request id of an answer.
func requestID(body []byte) string {
	id, _, _ := bytes.Cut(bytes.TrimPrefix(body, []byte(idKey)), []byte(`"`))
	return string(id)
}

// newReply returns a reply that begins as every answer does. Its body is open:
// ,"response": and the closing brace are still to come.
func newReply(r *http.Request, status int) reply {
	b := answers.get()
	b = append(b, idKey...)
	b = append(b, recordOf(r).ID...)
	b = append(b, `","method":`...)
	b = appendString(b, strings.ToUpper(r.Method))
	b = append(b, `,"http_code":`...)
	b = strconv.AppendInt(b, int64(status), 10)
	return reply{status: status, body: b}
}

// send writes the answer. The error of a client that went away is nobody's to
// mend.
func (a reply) send(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.replayed != "" {
		h.Set("X-Request-Id", a.replayed)
		h.Set(replayedHeader, "true")
	}
	w.WriteHeader(a.status)
	w.Write(a.body)
	answers.put(a.body)
	if a.leave != nil {
		a.leave()
	}
}

func recordOf(r *http.Request) *access.Record { return access.Of(r.Context()) }

// bufferPool keeps byte slices of one use.
type bufferPool struct{ pool sync.Pool }

// Two pools, since an answer is twice as large as its request.
var bodies, answers bufferPool

// maxPooled is the largest buffer that is kept. The answer to 5,000 usual
// contacts has 2.6 MB.
const maxPooled = 4 << 20

func (p *bufferPool) get() []byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, 4096)
}

func (p *bufferPool) put(b []byte) {
	if 0 < cap(b) && cap(b) <= maxPooled {
		p.pool.Put(&b)
	}
}
