package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"callbook/internal/fault"
)

// wireFault describes a kind of fault on the wire.
type wireFault struct {
	status  int // HTTP status
	code    int
	message string
	// kept means that such an answer is stored for a request with an Idempotency-Key,
	// since a retry would fail again.
	kept bool
}

// wireFaults maps all kinds of faults to the wire. The messages are Exotel's, to the
// letter; those from 1405 on are callbook's own.
var wireFaults = map[fault.Kind]wireFault{
	fault.NotFound:         {http.StatusNotFound, 1000, "Not Found", true},
	fault.Missing:          {http.StatusBadRequest, 1001, "Mandatory Parameter missing", true},
	fault.Invalid:          {http.StatusBadRequest, 1002, "Invalid parameter", true},
	fault.Forbidden:        {http.StatusForbidden, 1003, "Authorization failed", false},
	fault.Unparsable:       {http.StatusBadRequest, 1007, "Invalid request body,failed parsing ", true},
	fault.Duplicate:        {http.StatusConflict, 1008, "Duplicate resource", true},
	fault.Unauthenticated:  {http.StatusUnauthorized, 1010, "Authorization failed", false},
	fault.UnsupportedType:  {http.StatusUnsupportedMediaType, 1011, "unsupported content type", false},
	fault.MethodNotAllowed: {http.StatusMethodNotAllowed, 1405, "Method not allowed", false},
	fault.InProgress:       {http.StatusConflict, 1409, "Request in progress", false},
	fault.TooLarge:         {http.StatusRequestEntityTooLarge, 1413, "Payload too large", false},
	fault.Unfinished:       {http.StatusConflict, 1002, "Invalid parameter", false},
	fault.KeyReused:        {http.StatusUnprocessableEntity, 1422, "Idempotency-Key reused", false},
	fault.TooMany:          {http.StatusTooManyRequests, 1429, "Too Many Requests", false},
	fault.Unavailable:      {http.StatusServiceUnavailable, 1503, "Service unavailable", false},
}

var (
	internalFault = wireFault{http.StatusInternalServerError, 1100, "Internal server error", false}
	internalText  = "The server could not do this; its log says more under this request_id"
	errTimeout    = &fault.Error{Kind: fault.Unavailable, Detail: "The server did not get to it in time", RetryAfter: time.Second}
)

// describe returns the code and the text for an error. If err is not a fault, it is an
// internal error, and clients learn nothing about it.
func describe(err error) (w wireFault, detail string, f *fault.Error) {
	if f = fault.As(err); f == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		f = errTimeout
	}
	if f != nil {
		if w, ok := wireFaults[f.Kind]; ok {
			return w, fieldWords.Of(f), f
		}
	}
	return internalFault, internalText, nil
}

// Fail answers a failed request with Exotel's envelope. Details that the client must not
// see go into the access record, and from there into the log.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	wire, detail, f := describe(err)
	if f == nil || f.Cause != nil {
		recordOf(r).Err = err
	}
	h := w.Header()
	switch {
	case wire.status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Basic realm="callbook", charset="UTF-8"`)
	case wire.status == http.StatusServiceUnavailable, f != nil && f.RetryAfter > 0:
		seconds := math.Ceil(max(f.RetryAfter, time.Second).Seconds())
		h.Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	failure(r, wire, detail).send(w, r)
}

// failure returns the answer to a failed request.
func failure(r *http.Request, wire wireFault, detail string) reply {
	recordOf(r).Code = wire.code
	answer := newReply(r, wire.status)
	opening, end := `,"response":`, `null}}`
	if ofCampaigns(r) {
		opening, end = `,"response":[`, `null}]}`
	}
	answer.body = append(answer.body, opening...)
	answer.body = appendItem(answer.body, wire, detail)
	answer.body = append(answer.body, end...)
	return answer
}
