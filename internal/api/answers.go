package api

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/idempotency"
)

// What all the routes share: a body is read, decoded and answered; the results
// are told one by one, or one alone is the whole answer; things come in pages.

// answerBody reads the body, decodes it when it is its turn, and returns the
// answer that work has for it. What it takes of the memory is held until the
// answer is sent.
func answerBody[T any](a *API, r *http.Request, decode func(body []byte) (T, error), work func(T) (reply, error)) (reply, error) {
	body, err := a.readBody(r)
	if err != nil {
		return reply{}, err
	}
	ctx := r.Context()
	share := budget.Of(ctx)
	// What was reserved and not used is free again before the answer is sent.
	defer func() { share.Give(share.Used()) }()
	// Before the turn: whoever has that waits for nothing but the database.
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
	request, err := decode(body)
	size := len(body)
	bodies.put(body)
	if err != nil {
		return reply{}, err
	}
	if size > firstRead { // whose memory was taken
		share.Unclaim(share.Used() - int64(size-firstRead))
	}
	return work(request)
}

// takeWork takes what working on the body takes. Where nothing was reserved for
// a body before it came, it also reserves what the answer may have beside it:
// stores claim that with a transaction open, and cannot wait then.
func takeWork(r *http.Request, body []byte) error {
	ctx, need := r.Context(), workBytes(body)
	share := budget.Of(ctx)
	if r.ContentLength <= smallBody && need > budget.Free {
		if err := share.ReserveMost(ctx, need+storedBytes(body)); err != nil {
			return err
		}
	}
	return share.Take(ctx, need)
}

// kind is how results of one kind, R, are answered with their data, D.
type kind[R, D any] struct {
	outcome func(*R) (*D, error) // the data may be nil, with a fault or without
	append  func([]byte, *D) []byte
	// ref is the caller's own name for an item; nil is none for any.
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

// usualItem is how many bytes an item of an answer has, usually.
const usualItem = 600

// bulk encodes one item a result, in their order, and tells how many failed.
// The status is 207 even when every item succeeds, as on the platform.
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

// write is a write of the stores: it calls ready with its results before they
// are durable, perhaps more than once, and they are when it returns nil.
type write[T any] func(ready idempotency.Ready[T]) error

// answered does a write, and returns the answer that encode makes of its
// results. When the request has a key, the write keeps the answer under it.
func answered[T any](r *http.Request, do write[T], encode func(T) reply) (reply, error) {
	attempt := attemptOf(r)
	var answer reply
	err := do(func(results T) *idempotency.Receipt {
		answers.put(answer.body) // of a transaction that is done anew
		answer = encode(results)
		if attempt == nil {
			return nil
		}
		return attempt.Receipt(answer.status, answer.body)
	})
	if err != nil {
		answers.put(answer.body)
		return reply{}, err
	}
	return answer, nil
}

// bulkOf does a write, and answers with one item a result.
func (k kind[R, D]) bulkOf(r *http.Request, do write[[]R]) (reply, error) {
	var total, failed int
	answer, err := answered(r, do, func(results []R) (answer reply) {
		total = len(results)
		answer, failed = k.bulk(r, results)
		return answer
	})
	if err == nil {
		recordOf(r).Counted(total, failed)
	}
	return answer, err
}

// onlyOf does a write, and answers with the one result that there is, be it a
// fault.
func (k kind[R, D]) onlyOf(r *http.Request, do write[[]R]) (reply, error) {
	return answered(r, do, func(results []R) reply {
		data, fault := k.outcome(&results[0])
		if fault != nil {
			wire, detail, _ := describe(fault)
			return failure(r, wire, detail)
		}
		return k.single(r, data)
	})
}

// single answers with one thing.
func (k kind[R, D]) single(r *http.Request, data *D) reply {
	answer := newReply(r, http.StatusOK)
	b := append(answer.body, `,"response":`+successItem...)
	b = k.append(b, data)
	answer.body = append(b, `}}`...)
	return answer
}

// pageReply answers with a page of count things, each of which item appends.
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

// sidIn returns the sid in the path. One that cannot be a sid is the zero sid,
// which nothing has.
func sidIn(r *http.Request, word string) addressbook.SID {
	sid, _ := addressbook.ParseSID(r.PathValue(word))
	return sid
}
