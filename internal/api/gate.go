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

// gate bounds how many large requests and downloads are worked on at once,
// fairly by account. Small requests pass freely. The memory of all of them is
// budget's.
type gate struct {
	work      *limit.Pool // bulk requests
	downloads *limit.Pool // exports, error files and streamed pages that are being sent
}

const (
	// smallBody is up to where a request is not worth waiting for, in bytes.
	smallBody = 64 << 10
	// workPerCore is how many bulk requests are worked on at once: one waits
	// for the disk while the other is decoded.
	workPerCore = 2
	// maxWaiting is how many bulk requests of one account may wait for a place.
	maxWaiting = 128
	// maxDownloads is how many downloads are sent at once, and accountDownloads
	// how many of them are one account's at most. An account that has one gets
	// another only while as many places stay free as it then has.
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

// begin waits for an account's turn to work on a body of this size.
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

// download takes a place for a download of an account. It does not wait. Who has
// one must wait for nothing else but its client and the store, so memory is taken
// before.
func (g *gate) download(account account.ID) (done func(), err error) {
	if !g.downloads.TryAcquire(account, 1) {
		if g.downloads.Sated(account, 1) {
			return nil, errDownloads
		}
		return nil, errAllDownloads
	}
	return func() { g.downloads.Release(account, 1) }, nil
}

// itemBytes is what an item of a bulk request takes beside its texts: what is
// decoded of it, its result, and what its answer has whatever the item says.
const itemBytes = 1200

// workBytes is about how much working on a body takes beside the body: its text
// is there twice, for the contacts and on the way to the database or into the
// answer, and each item takes something however short it is. There are no more
// items than commas and one.
func workBytes(body []byte) int64 {
	return 2*int64(len(body)) + itemBytes*itemsOf(body)
}

func itemsOf(body []byte) int64 {
	return int64(min(maxItems, 1+bytes.Count(body, []byte(","))))
}

// storedItem is about what a stored contact that an item is answered with weighs
// beside its custom_field, when it has little text.
const storedItem = 1200

// storedBytes is about what the stores claim for the contacts that a body's items
// are answered with, when these are like the items. The body itself is done
// with by then.
func storedBytes(body []byte) int64 {
	return int64(len(body)) + storedItem*itemsOf(body)
}

// announcedBytes is about what a request with a body of this length uses in all:
// body, work and stored contacts. An item seldom has fewer than 20 bytes.
func announcedBytes(length int64) int64 {
	const shortItem = 20
	return 4*length + (itemBytes+storedItem)*min(maxItems, length/shortItem)
}
