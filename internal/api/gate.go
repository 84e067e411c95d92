package api

import (
	"bytes"
	"context"
	"runtime"
	"time"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/limit"
)

// gate bounds how many large requests and downloads run at once, fairly by account. Small
// requests pass freely. Package budget bounds their memory.
type gate struct {
	work      *limit.Pool // bulk requests
	downloads *limit.Pool // exports, error files and streamed pages
}

const (
	// smallBody is the size in bytes up to which a request does not wait for its turn.
	smallBody = 64 << 10
	// workPerCore is how many bulk requests run at once per processor: one waits for the
	// disk while the other is decoded.
	workPerCore = 2
	// maxWaiting bounds the waiting bulk requests of an account.
	maxWaiting = 128
	// maxDownloads bounds the downloads at once, and accountDownloads those of one
	// account. An account gets another one only if as many places stay free as it then
	// has.
	maxDownloads     = 32
	accountDownloads = 4
)

var (
	errBusy = &fault.Error{
		Kind:       fault.TooMany,
		Detail:     "Too many large requests of your account are waiting",
		RetryAfter: 2 * time.Second,
	}
	errDownloads = &fault.Error{
		Kind:       fault.TooMany,
		Detail:     "Your account has as many exports and other long answers being sent as it may have",
		RetryAfter: 10 * time.Second,
	}
	errAllDownloads = &fault.Error{
		Kind:       fault.Unavailable,
		Detail:     "Too many exports and other long answers are being sent",
		RetryAfter: 10 * time.Second,
	}
)

func newGate() *gate {
	places := int64(workPerCore * runtime.GOMAXPROCS(0))
	return &gate{
		work:      limit.New(places, limit.Options{MaxWaiting: maxWaiting, Busy: errBusy}),
		downloads: limit.New(maxDownloads, limit.Options{Spare: true, Most: accountDownloads}),
	}
}

// begin waits for the account's turn to work on a body of size bytes.
func (g *gate) begin(ctx context.Context, account account.ID, size int) (done func(), err error) {
	if size <= smallBody {
		return func() {}, nil
	}
	if err := g.work.Acquire(ctx, account, 1); err != nil {
		return nil, err
	}
	share := budget.Of(ctx)
	if err := share.BeginTurn(ctx); err != nil {
		g.work.Release(account, 1)
		return nil, err
	}
	return func() { share.EndTurn(); g.work.Release(account, 1) }, nil
}

// download takes a place for a download, or fails at once. While a caller has the place,
// it may wait only for its client and the store. So it must claim its memory before.
func (g *gate) download(account account.ID) (done func(), err error) {
	if !g.downloads.TryAcquire(account, 1) {
		if g.downloads.Sated(account, 1) {
			return nil, errDownloads
		}
		return nil, errAllDownloads
	}
	return func() { g.downloads.Release(account, 1) }, nil
}

// itemBytes is the memory of an item of a bulk request beside its texts: the decoded
// item, its result, and the fixed part of its answer.
const itemBytes = 1200

// workBytes estimates the memory for the work on a body, beside the body itself. It has
// the texts twice, as contacts and on the way to the database or into the answer, and
// itemBytes for each item. There is at most one item more than commas.
func workBytes(body []byte) int64 {
	return 2*int64(len(body)) + itemBytes*itemsOf(body)
}

func itemsOf(body []byte) int64 {
	return int64(min(maxItems, 1+bytes.Count(body, []byte(","))))
}

// storedItem is the usual weight of a stored contact in an answer, without its
// custom_field.
const storedItem = 1200

// storedBytes estimates what the stores claim for the contacts in the answer, if they are
// like the items of the body. The body itself is no longer needed then.
func storedBytes(body []byte) int64 {
	return int64(len(body)) + storedItem*itemsOf(body)
}

// announcedBytes estimates the memory of a request with a body of this length: body, work
// and stored contacts. An item seldom has fewer than 20 bytes.
func announcedBytes(length int64) int64 {
	const shortItem = 20
	return 4*length + (itemBytes+storedItem)*min(maxItems, length/shortItem)
}
