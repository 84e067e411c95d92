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

// attemptOf returns the attempt of a request that came with a key, and nil for
// one that came without.
func attemptOf(r *http.Request) *journal.Attempt {
	attempt, _ := r.Context().Value(attemptKey{}).(*journal.Attempt)
	return attempt
}

// once makes a handler that writes do a request with an Idempotency-Key once.
// The handler calls replay as soon as it has the whole request, and does its
// write through a pending answer, whose receipt is kept with the work. What it
// refuses is kept here. Drain reads the body of a request that is not looked at.
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

// refuse keeps the answer to a request that was refused, if it would be
// refused again.
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

// overtaken answers a request that another server has done meanwhile.
func overtaken(r *http.Request, attempt *journal.Attempt) (reply, error) {
	receipt, err := attempt.Overtaken(r.Context())
	if err != nil {
		return reply{}, err
	}
	return replayOf(r, receipt)
}

// replay returns the answer that the request got before; false means that it
// is to be done. The rest is what the request says beside its path and query.
func replay(r *http.Request, rest []byte) (answer reply, done bool, err error) {
	attempt := attemptOf(r)
	if attempt == nil {
		return reply{}, false, nil
	}
	h := sha256.New()
	// No part before the last can have what ends it.
	fmt.Fprintf(h, "%s %s?%s\n", r.Method, r.URL.EscapedPath(), r.URL.RawQuery)
	h.Write(rest)
	receipt, err := attempt.Answer(r.Context(), [32]byte(h.Sum(nil)))
	if err != nil || receipt == nil {
		return reply{}, false, err
	}
	answer, err = replayOf(r, receipt)
	return answer, err == nil, err
}

// replayOf is the answer of a receipt, under the request id of back then. It is
// decompressed as it is sent.
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

// bodiless is for a handler whose requests have no body, or one that is
// ignored.
func bodiless(h handler) handler {
	return func(r *http.Request) (reply, error) {
		if answer, done, err := replay(r, nil); done || err != nil {
			return answer, err
		}
		return h(r)
	}
}
