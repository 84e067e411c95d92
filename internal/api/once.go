package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

const (
	keyHeader      = "Idempotency-Key"
	replayedHeader = "Idempotency-Replayed"
)

var errSecondKey = fault.New(fault.Invalid, "Invalid "+keyHeader+": one is taken at a time")

type attemptKey struct{}

// attemptOf returns the attempt of a request with an Idempotency-Key, or nil for a
// request without one.
func attemptOf(r *http.Request) *journal.Attempt {
	attempt, _ := r.Context().Value(attemptKey{}).(*journal.Attempt)
	return attempt
}

// once returns a handler that runs h at most once for each Idempotency-Key. H must call
// replay as soon as it has read the request, and write with a pending answer, whose
// receipt is stored with the work. Once itself stores the answer if h refuses the
// request. Drain reads the body of a request that h does not see.
func (a *API) once(h handler, drain func(*http.Request)) handler {
	return func(r *http.Request) (reply, error) {
		given := r.Header.Values(keyHeader)
		if len(given) == 0 {
			return h(r)
		}
		attempt, err := a.begin(r, given)
		if err != nil {
			drain(r)
			return reply{}, err
		}
		defer attempt.End()
		ctx := context.WithValue(r.Context(), attemptKey{}, attempt)
		r = r.WithContext(attempt.Context(ctx))
		answer, err := h(r)
		if err != nil {
			answer, err = refuse(r, attempt, err)
		}
		if errors.Is(err, journal.ErrTaken) {
			answer, err = overtaken(r, attempt)
		}
		return answer, err
	}
}

func (a *API) begin(r *http.Request, given []string) (*journal.Attempt, error) {
	if len(given) > 1 {
		return nil, errSecondKey
	}
	return a.keys.Begin(accountOf(r).ID, given[0])
}

// refuse stores the answer to a refused request, if a retry would be refused again.
func refuse(r *http.Request, attempt *journal.Attempt, err error) (reply, error) {
	wire, detail, _ := describe(err)
	if !wire.kept || !attempt.Known() {
		return reply{}, err
	}
	answer := failure(r, wire, detail)
	if err := attempt.Keep(r.Context(), answer.status, answer.body); err != nil {
		answers.put(answer.body)
		return reply{}, err
	}
	return answer, nil
}

// overtaken returns the answer that another server has stored in the meantime.
func overtaken(r *http.Request, attempt *journal.Attempt) (reply, error) {
	receipt, err := attempt.Overtaken(r.Context())
	if err != nil {
		return reply{}, err
	}
	return replayOf(r, receipt)
}

// replay returns the stored answer to the request. Done is false if there is none, so
// that the request must be served. Rest is the request's content beside its path and
// query.
func replay(r *http.Request, rest []byte) (answer reply, done bool, err error) {
	attempt := attemptOf(r)
	if attempt == nil {
		return reply{}, false, nil
	}
	h := sha256.New()
	// The separators cannot stand within the parts before them, so different requests
	// have different hashes.
	fmt.Fprintf(h, "%s %s?%s\n", r.Method, r.URL.EscapedPath(), r.URL.RawQuery)
	h.Write(rest)
	receipt, err := attempt.Answer(r.Context(), [32]byte(h.Sum(nil)))
	if err != nil || receipt == nil {
		return reply{}, false, err
	}
	answer, err = replayOf(r, receipt)
	return answer, err == nil, err
}

// replayOf returns the answer of a receipt, with its original request id. The body is
// decompressed while it is sent.
func replayOf(r *http.Request, receipt *journal.Receipt) (reply, error) {
	if err := budget.Of(r.Context()).Take(r.Context(), int64(len(receipt.Body))); err != nil {
		return reply{}, err
	}
	kept, err := receipt.Open()
	if err != nil {
		return reply{}, err
	}
	head, err := kept.Peek(len(idKey) + maxRequestID)
	if err != nil {
		kept.Close()
		return reply{}, fmt.Errorf("read an answer: %w", err)
	}
	id := requestID(head)
	recordOf(r).Replayed = id
	return reply{status: receipt.Status, kept: kept, replayed: id}, nil
}

// bodiless returns a handler for requests without a body. If there is one, it is ignored.
func bodiless(h handler) handler {
	return func(r *http.Request) (reply, error) {
		if answer, done, err := replay(r, nil); done || err != nil {
			return answer, err
		}
		return h(r)
	}
}
