// Package upload imports files of contacts into lists. It stores a file while receiving
// it, and then adds its rows in the background, batch by batch. Package table reads the
// files, and package work schedules the batches.
//
// The contacts, list members and error rows of a batch, and its position in the file, are
// stored in one transaction of the [Store]. So an import goes on where it stopped,
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
	"callbook/internal/audit"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/limit"
	"callbook/internal/work"
)

const (
	// MaxFileBytes is the size that a file may have.
	MaxFileBytes = 60 << 20
	// maxUploads bounds the files that are received or imported at the same time, and so
	// the disk space that they take. MaxOfAccount bounds those of one account.
	maxUploads   = 128
	maxOfAccount = 32
	// workers is how many batches run at the same time: one is read while another is
	// written.
	workers = 2
	// maxLooks is how many files are read at the same time for their headers and
	// previews. A spreadsheet may take 40 MiB meanwhile.
	maxLooks = 2
	// maxHeld bounds the bytes of spreadsheets, and of rows that were read ahead, which
	// uploads may hold while they wait for their turns.
	maxHeld = 32 << 20
	// defaultPoll is Options.Poll when that is zero.
	defaultPoll = 3 * time.Second
)

// Options configure an [Importer].
type Options struct {
	// Log receives errors that no caller is told; nil means slog.Default().
	Log *slog.Logger
	// Clock is the server's clock; nil means [clock.System].
	Clock clock.Clock
	// BatchRows bounds the rows of a batch; zero means 2,000.
	BatchRows int
	// Words returns the sentence for a row's fault. It is stored as the reason of the
	// error row. Nil means error.Error.
	Words func(error) string
	// Poll is how often the importer renews its leases and claims uploads that no server
	// has; zero means 3 seconds.
	Poll time.Duration
	// Retention is how long an upload and its error rows are kept after its end; zero
	// means [DefaultRetention], and [Forever] no limit.
	Retention time.Duration
	// Applied is called with the counts of each batch that was imported, dry runs
	// excluded. It must not block, and may be nil.
	Applied func(Stats)
	// Turns shares the processors between accounts; a batch takes a turn. Nil means no
	// limit.
	Turns *limit.Turns
}

// Importer receives and imports files. It is safe for concurrent use.
type Importer struct {
	store Store
	files Files
	book  *addressbook.Book
	opts  Options
	pool  *work.Pool // has a slot for each upload that is received or imported

	held  atomic.Int64  // bytes that waiting tasks hold; see maxHeld
	looks chan struct{} // a semaphore of maxLooks

	undos chan struct{} // wakes the goroutine that undoes uploads

	mu    sync.Mutex
	ended map[account.ID]struct{} // accounts whose uploads have ended since the last trim
}

// Open returns an Importer and removes files that belong to no upload. Until
// [Importer.Run] is called, it only receives files; other servers can claim their
// uploads.
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
	if opts.Applied == nil {
		opts.Applied = func(Stats) {}
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

// Run imports uploads in turns of a batch each, until ctx ends, and then waits for the
// current batches. It begins with running uploads that no server has. It may be called
// only once.
func (i *Importer) Run(ctx context.Context) {
	var background sync.WaitGroup
	background.Go(func() { i.pool.Run(ctx) })
	background.Go(func() { i.expire(ctx) })
	background.Go(func() { i.retain(ctx) })
	background.Go(func() { i.undo(ctx) })
	background.Wait()
}

// Load returns how many uploads this server imports, and how many of those wait for their
// turn.
func (i *Importer) Load() (all, waiting int) { return i.pool.Load() }

// Upload returns one upload of the account, or a NotFound fault.
func (i *Importer) Upload(ctx context.Context, acct account.Account, sid addressbook.SID) (Upload, error) {
	return i.store.Upload(ctx, acct.ID, sid)
}

// LastUploadTo returns the newest upload into one of the account's lists, or a NotFound
// fault if none is kept; see [DefaultRetention].
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

// Find returns up to limit of the account's newest uploads whose file name contains each
// word of the search. It compares texts by their [addressbook.SearchText].
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
			continue // it was deleted in the meantime
		}
		if err = cmp.Or(err, readErr); err != nil {
			break
		}
		found = append(found, u)
	}
	return found, err
}

// ErrorRows returns up to limit of the error rows of an upload after this line, ordered
// by line.
func (i *Importer) ErrorRows(ctx context.Context, acct account.Account, sid addressbook.SID, after int64, limit int) ([]ErrorRow, error) {
	rows, err := i.store.ErrorRows(ctx, acct.ID, sid, after, limit)
	if n := len(rows); err == nil && n > 0 && rows[n-1].Line <= after {
		err = addressbook.ErrNoAdvance
	}
	return rows, err
}

// Cancel ends an upload. It keeps the contacts that were imported, and does not change an
// upload that has ended. It calls ready with the upload; see [Store].
func (i *Importer) Cancel(ctx context.Context, acct account.Account, sid addressbook.SID, ready journal.Ready[Upload]) error {
	// The worker notices it in the upload's next turn and removes the file.
	now := i.opts.Clock.Now()
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(u Upload) audit.Change {
		c := audit.Change{Action: audit.ImportsCancel, Object: sid.String()}
		if !u.DryRun && u.State == Cancelled && u.Updated.Equal(now) {
			c.Done = 1
		}
		return c
	})
	return i.store.EndUpload(ctx, acct.ID, sid, Cancelled, now, ready)
}
