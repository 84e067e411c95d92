package api

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/journal"
)

// This file has what all routes share: reading and decoding a body, answering bulk
// requests item by item or with a single result, and pages.

// bodied returns a handler for requests with a body. It reads the body, waits for the
// request's turn, decodes the body, and calls h. A request that was done before gets its
// stored answer instead. The memory stays claimed until the answer is sent.
func bodied[T any](a *API, decode func(body []byte) (T, error), h func(r *http.Request, decoded T) (reply, error)) handler {
	return func(r *http.Request) (reply, error) {
		body, err := a.readBody(r)
		if err != nil {
			return reply{}, err
		}
		ctx := r.Context()
		share := budget.Of(ctx)
		// Release what was reserved but not used before the answer is sent.
		defer func() { share.Give(share.Used()) }()
		// This precedes the turn: within a turn, a request may wait for nothing but the
		// database.
		if err := takeWork(r, body); err != nil {
			bodies.put(body)
			return reply{}, err
		}
		done, err := a.gate.begin(ctx, accountOf(r).ID, len(body))
		if err != nil {
			bodies.put(body)
			return reply{}, err
		}
		defer done()
		if answer, again, err := replay(r, body); again || err != nil {
			bodies.put(body)
			return answer, err
		}
		decoded, err := decode(body)
		size := len(body)
		bodies.put(body)
		if err != nil {
			return reply{}, err
		}
		if size > firstRead { // its memory was claimed
			share.Unclaim(share.Used() - int64(size-firstRead))
		}
		return h(r, decoded)
	}
}

// takeWork claims the memory for the work on a body. If readBody has reserved nothing,
// takeWork also reserves memory for the answer, because stores claim that within a
// transaction, where they cannot wait.
func takeWork(r *http.Request, body []byte) error {
	ctx, need := r.Context(), workBytes(body)
	share := budget.Of(ctx)
	if announced(r) <= smallBody && need > budget.Free {
		if err := share.ReserveMost(ctx, need+storedBytes(body)); err != nil {
			return err
		}
	}
	return share.Take(ctx, need)
}

// kind tells how to encode results of type R, whose data has type D.
type kind[R, D any] struct {
	outcome func(*R) (*D, error) // the data may be nil, with or without a fault
	append  func([]byte, *D) []byte
	// ref returns the caller's own name for an item; nil means that no item has one.
	ref func(i int) addressbook.Text
}

func contactKind(r *http.Request) kind[addressbook.Result, addressbook.Contact] {
	return kind[addressbook.Result, addressbook.Contact]{
		outcome: func(r *addressbook.Result) (*addressbook.Contact, error) { return r.Contact, r.Fault },
		append:  newEncoder(accountOf(r)).contact,
	}
}

func listKind(r *http.Request) kind[addressbook.ListResult, addressbook.List] {
	return kind[addressbook.ListResult, addressbook.List]{
		outcome: func(r *addressbook.ListResult) (*addressbook.List, error) { return r.List, r.Fault },
		append:  newEncoder(accountOf(r)).list,
	}
}

func membershipKind(r *http.Request) kind[addressbook.MembershipResult, addressbook.Membership] {
	return kind[addressbook.MembershipResult, addressbook.Membership]{
		outcome: func(r *addressbook.MembershipResult) (*addressbook.Membership, error) { return r.Membership, r.Fault },
		append:  newEncoder(accountOf(r)).membership,
	}
}

// usualItem is the usual size of an item in an answer, in bytes.
const usualItem = 600

// bulk encodes one item per result, in order, and counts those that failed. The status is
// 207 even if every item has succeeded, as in Exotel's API.
func (k kind[R, D]) bulk(r *http.Request, results []R) (answer reply, failed int) {
	for i := range results {
		if _, fault := k.outcome(&results[i]); fault != nil {
			failed++
		}
	}
	answer = newReplyOf(r, http.StatusMultiStatus, usualItem*len(results))
	b := appendMetadata(answer.body, failed, len(results))
	b = append(b, `,"response":[`...)
	for i := range results {
		if i > 0 {
			b = append(b, ',')
		}
		data, fault := k.outcome(&results[i])
		if fault == nil {
			b = append(b, successItem...)
		} else {
			wire, detail, _ := describe(fault)
			b = appendItem(b, wire, detail)
		}
		if data == nil {
			b = append(b, "null"...)
		} else {
			b = k.append(b, data)
		}
		if k.ref != nil {
			if ref := k.ref(i); ref.Given {
				b = appendString(append(b, `,"client_ref":`...), ref.Value)
			}
		}
		b = append(b, '}')
	}
	answer.body = append(b, `]}`...)
	return answer, failed
}

// pending is the answer to a write. It is encoded from the results before they are
// durable, and sent when they are.
type pending struct {
	r             *http.Request
	answer        reply
	total, failed int // items of a bulk write; total is zero for other writes
}

// keep stores the answer in p. If a transaction is retried, it replaces the earlier
// answer. If the request has a key, it returns the receipt of the answer.
func (p *pending) keep(answer reply) *journal.Receipt {
	answers.put(p.answer.body)
	p.answer = answer
	attempt := attemptOf(p.r)
	if attempt == nil {
		return nil
	}
	return attempt.Receipt(answer.status, answer.body)
}

// end returns the answer after the write has returned err.
func (p *pending) end(err error) (reply, error) {
	if err != nil {
		answers.put(p.answer.body)
		return reply{}, err
	}
	if p.total > 0 {
		recordOf(p.r).Counted(p.total, p.failed)
	}
	return p.answer, nil
}

// each returns a Ready function that encodes the answer to a bulk write, with one item
// per result.
func (k kind[R, D]) each(p *pending) journal.Ready[[]R] {
	return func(results []R) *journal.Receipt {
		answer, failed := k.bulk(p.r, results)
		p.total, p.failed = len(results), failed
		return p.keep(answer)
	}
}

// only returns a Ready function that encodes the answer to a write with a single result,
// which may be a fault.
func (k kind[R, D]) only(p *pending) journal.Ready[[]R] {
	return func(results []R) *journal.Receipt {
		data, fault := k.outcome(&results[0])
		if fault != nil {
			wire, detail, _ := describe(fault)
			return p.keep(failure(p.r, wire, detail))
		}
		return p.keep(k.single(p.r, data))
	}
}

// single returns the answer with one result.
func (k kind[R, D]) single(r *http.Request, data *D) reply {
	answer := newReply(r, http.StatusOK)
	b := append(answer.body, `,"response":`+successItem...)
	b = k.append(b, data)
	answer.body = append(b, `}}`...)
	return answer
}

// pageReply returns the answer with a page of count items. Item appends the i-th one.
func pageReply(r *http.Request, w window, count, total int, item func(b []byte, i int) []byte) reply {
	answer := newReplyOf(r, http.StatusOK, usualItem*count)
	b := w.appendMetadata(answer.body, count, total)
	b = append(b, `,"response":[`...)
	for i := range count {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, successItem...)
		b = item(b, i)
		b = append(b, '}')
	}
	answer.body = append(b, `]}`...)
	return answer
}

// sidIn returns the sid in the path. An invalid one becomes the zero sid, which nothing
// has.
func sidIn(r *http.Request, word string) addressbook.SID {
	sid, _ := addressbook.ParseSID(r.PathValue(word))
	return sid
}
