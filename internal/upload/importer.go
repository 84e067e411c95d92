// Package upload imports files of contacts into lists: it stores a file as it
// comes, and works its rows in the background, batch by batch. Package table reads
// the files, and package work runs the background.
//
// A batch's contacts, memberships, error rows and the position in the file are
// one transaction of the [Store]. So an import goes on where it stopped,
// whatever ended the server. Package addressbook decides what a valid contact is.
package upload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/limit"
	"callbook/internal/work"
)

const (
	// MaxFileBytes is the size that a file may have.
	MaxFileBytes = 60 << 20
	// maxUploads bounds the files that are received and worked at once, and
	// with them the disk that they take, maxOfAccount those of one account.
	maxUploads   = 128
	maxOfAccount = 32
	// workers is how many batches are worked at once: one is read while
	// another is written.
	workers = 2
	// maxLooks is how many files are looked at at once, for their headers and
	// previews: a spreadsheet may take some 40 MiB while it is.
	maxLooks = 2
	// maxHeld is how many bytes of spreadsheets, and of rows that were read ahead, stay
	// in memory while their uploads wait for their turns.
	maxHeld = 32 << 20
	// defaultPoll is Options.Poll when that is zero.
	defaultPoll = 3 * time.Second
)

// Options change how an [Importer] works.
type Options struct {
	// Log gets what no caller is told; nil means slog.Default().
	Log *slog.Logger
	// Clock is the server's; nil means [clock.System].
	Clock clock.Clock
	// BatchRows is how many rows a batch has at most; zero means 2,000.
	BatchRows int
	// Words returns the sentence for a row's fault, which the error row stores
	// as its reason; nil means error.Error.
	Words func(error) string
	// Poll is how often the importer renews its leases and claims uploads that no
	// server works any more; zero means 3 seconds.
	Poll time.Duration
	// Retention is how long an upload is kept after it has ended, with its error
	// rows; zero means [DefaultRetention], and [Forever] no bound.
	Retention time.Duration
	// Turns are taken by batches; nil means that nobody waits.
	Turns *limit.Turns
}

// Importer takes uploads and works them. It is safe for concurrent use.
type Importer struct {
	store Store
	files Files
	book  *addressbook.Book
	opts  Options
	pool  *work.Pool // has a slot for each upload that is received or worked

	held  atomic.Int64  // bytes that tasks hold; see maxHeld
	looks chan struct{} // has one for each file that is looked at

	undos chan struct{} // has one when an undoing has begun

	mu    sync.Mutex
	ended map[account.ID]struct{} // accounts of which uploads have ended
}

// Open returns an Importer, and removes files that belong to no upload. Until
// [Importer.Run] is called, it receives files and works none, so that other
// servers can claim the uploads that no server works.
func Open(ctx context.Context, store Store, files Files, book *addressbook.Book, opts Options) (*Importer, error) {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.Clock == nil {
		opts.Clock = clock.System
	}
	if opts.BatchRows == 0 {
		opts.BatchRows = defaultBatchRows
	}
	if opts.Words == nil {
		opts.Words = error.Error
	}
	if opts.Poll == 0 {
		opts.Poll = defaultPoll
	}
	if opts.Retention == 0 {
		opts.Retention = DefaultRetention
	}
	i := &Importer{
		store: store,
		files: files,
		book:  book,
		opts:  opts,
		ended: make(map[account.ID]struct{}),
		looks: make(chan struct{}, maxLooks),
		undos: make(chan struct{}, 1),
	}
	i.pool = work.NewPool(store.UploadLeases(), i.newTask, work.Options{
		Log:            opts.Log,
		Clock:          opts.Clock,
		Poll:           opts.Poll,
		Workers:        workers,
		Slots:          maxUploads,
		SlotsOfAccount: maxOfAccount,
		Busy:           errBusy,
		BusyAccount:    errBusyAccount,
		One:            "an upload",
		Many:           "uploads",
	})
	inUse, err := store.FilesInUse(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the files of uploads: %w", err)
	}
	if err := files.RemoveOthers(ctx, inUse); err != nil {
		return nil, err
	}
	return i, nil
}

var (
	errBusy = &fault.Error{
		Kind:       fault.Unavailable,
		Detail:     "Too many uploads are being worked",
		RetryAfter: 10 * time.Second,
	}
	errBusyAccount = &fault.Error{
		Kind:       fault.Unavailable,
		Detail:     fmt.Sprintf("%d uploads of this account are being worked; wait until one has ended", maxOfAccount),
		RetryAfter: 10 * time.Second,
	}
)

// Run works the uploads, in turns of a batch each, until ctx ends; it returns
// at the end of the batches that are being done. It begins with those that are
// running in the store and that no other server works. It is called once.
func (i *Importer) Run(ctx context.Context) {
	var background sync.WaitGroup
	background.Go(func() { i.pool.Run(ctx) })
	background.Go(func() { i.expire(ctx) })
	background.Go(func() { i.retain(ctx) })
	background.Go(func() { i.undo(ctx) })
	background.Wait()
}

// Upload returns one upload of the account, or a NotFound fault.
func (i *Importer) Upload(ctx context.Context, acct account.Account, sid addressbook.SID) (Upload, error) {
	return i.store.Upload(ctx, acct.ID, sid)
}

// LastUploadTo returns the upload of a file that came last for one of the account's
// lists, or a NotFound fault when none is kept; see [DefaultRetention].
func (i *Importer) LastUploadTo(ctx context.Context, acct account.Account, list addressbook.SID) (Upload, error) {
	return i.store.LastUploadTo(ctx, acct.ID, list)
}

// Uploads returns a page of the account's uploads.
func (i *Importer) Uploads(ctx context.Context, acct account.Account, q Query) (Page, error) {
	page, err := i.store.Uploads(ctx, acct.ID, q)
	if err == nil {
		err = q.Advances(page.Next)
	}
	return page, err
}

// Find returns the account's newest uploads whose file name has each word of the
// search as a part, limit at most. Texts compare by their [addressbook.SearchText].
func (i *Importer) Find(ctx context.Context, acct account.Account, search string, limit int) ([]Upload, error) {
	words := strings.Fields(addressbook.SearchText(search))
	var sids []addressbook.SID
	err := i.store.EachFileName(ctx, acct.ID, func(sid addressbook.SID, name string) bool {
		folded := addressbook.SearchText(name)
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(folded, word) }) {
			sids = append(sids, sid)
		}
		return len(sids) < limit
	})
	var found []Upload
	for _, sid := range sids {
		u, readErr := i.store.Upload(ctx, acct.ID, sid)
		if errors.Is(readErr, ErrNoUpload) {
			continue // it was deleted meanwhile
		}
		if err = cmp.Or(err, readErr); err != nil {
			break
		}
		found = append(found, u)
	}
	return found, err
}

// ErrorRows returns those of an upload's rows after this line that failed or
// are duplicates, limit at most, by line.
func (i *Importer) ErrorRows(ctx context.Context, acct account.Account, sid addressbook.SID, after int64, limit int) ([]ErrorRow, error) {
	rows, err := i.store.ErrorRows(ctx, acct.ID, sid, after, limit)
	if n := len(rows); err == nil && n > 0 && rows[n-1].Line <= after {
		err = addressbook.ErrNoAdvance
	}
	return rows, err
}

// Cancel ends an upload; contacts that it has imported stay. One that has ended stays as it
// is. Ready is given the upload; see [Store].
func (i *Importer) Cancel(ctx context.Context, acct account.Account, sid addressbook.SID, ready journal.Ready[Upload]) error {
	// The worker sees it when the upload's next turn comes, and removes the
	// file.
	return i.store.EndUpload(ctx, acct.ID, sid, Cancelled, i.opts.Clock.Now(), ready)
}
