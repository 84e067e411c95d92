// Package upload takes CSV files of contacts into lists: it keeps a file as
// it comes, and works its rows in the background, batch by batch.
//
// A batch's contacts, memberships, error rows and the position in the file are
// one transaction of the [Store]. So an import goes on where it stopped,
// whatever ended the server. What a valid contact is, is addressbook's.
package upload

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
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
)

// Options change how an [Importer] works.
type Options struct {
	// Log gets what no caller is told; nil means slog.Default().
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// BatchRows is how many rows a batch has at most; zero means 2,000.
	BatchRows int
	// Poll is how often uploads are looked for that no server works any more;
	// zero means 3 seconds.
	Poll time.Duration
	// Retention is how long an upload is kept after it has ended, with its error
	// rows; zero means [DefaultRetention], and [Forever] no bound.
	Retention time.Duration
}

// Importer takes uploads and works them. It is safe for concurrent use.
type Importer struct {
	store Store
	files Files
	book  *addressbook.Book
	opts  Options
	// server names this importer among all that share the store.
	server string

	working sync.WaitGroup // what Run waits for

	mu      sync.Mutex
	changed *sync.Cond                // queue or stopped
	queue   []*task                   // whose turn it is comes first
	tasks   map[addressbook.SID]*task // queued, worked, or to be tried again
	stopped bool                      // Run is over
	held    map[int64]int             // uploads received or worked, by account
	total   int                       // of held
	ended   map[int64]struct{}        // accounts of which uploads have ended
}

// Open returns an Importer, and removes files that belong to no upload. Until
// [Importer.Run] is called, it takes files and works none: uploads that no
// server works are left to others.
func Open(ctx context.Context, store Store, files Files, book *addressbook.Book, opts Options) (*Importer, error) {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.BatchRows == 0 {
		opts.BatchRows = defaultBatchRows
	}
	if opts.Poll == 0 {
		opts.Poll = defaultPoll
	}
	if opts.Retention == 0 {
		opts.Retention = DefaultRetention
	}
	i := &Importer{
		store:  store,
		files:  files,
		book:   book,
		opts:   opts,
		server: rand.Text(),
		tasks:  make(map[addressbook.SID]*task),
		held:   make(map[int64]int),
		ended:  make(map[int64]struct{}),
	}
	i.changed = sync.NewCond(&i.mu)
	running, err := store.RunningUploads(ctx)
	if err != nil {
		return nil, fmt.Errorf("find running uploads: %w", err)
	}
	drafts, err := store.Drafts(ctx)
	if err != nil {
		return nil, fmt.Errorf("find files that wait to be started: %w", err)
	}
	wanted := running[:len(running):len(running)]
	for _, d := range drafts {
		wanted = append(wanted, Upload{SID: d.SID, Account: d.Account})
	}
	if err := files.RemoveOthers(ctx, wanted); err != nil {
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

// hold takes a place for one more upload of the account.
func (i *Importer) hold(account int64) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.total >= maxUploads:
		return errBusy
	case i.held[account] >= maxOfAccount:
		return errBusyAccount
	}
	i.held[account]++
	i.total++
	return nil
}

// release gives a place back.
func (i *Importer) release(account int64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.total--
	if i.held[account]--; i.held[account] == 0 {
		delete(i.held, account)
	}
}

// Upload returns one upload of the account, or a NotFound fault.
func (i *Importer) Upload(ctx context.Context, acct account.Account, sid addressbook.SID) (Upload, error) {
	return i.store.Upload(ctx, acct.ID, sid)
}

// Uploads returns a page of the account's uploads, which are sorted by their
// creation.
func (i *Importer) Uploads(ctx context.Context, acct account.Account, w addressbook.Window) (Page, error) {
	page, err := i.store.Uploads(ctx, acct.ID, w)
	if err == nil {
		err = w.Advances(page.Next)
	}
	return page, err
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

// Cancel ends an upload; what is in stays in. One that has ended stays as it
// is. Ready is given the upload; see [Store].
func (i *Importer) Cancel(ctx context.Context, acct account.Account, sid addressbook.SID, ready journal.Ready[Upload]) error {
	// The worker sees it when the upload's next turn comes, and removes the
	// file.
	return i.store.EndUpload(ctx, acct.ID, sid, Cancelled, i.opts.Now(), ready)
}
