// Package auditlog reads the audit log, and deletes its old entries. Package audit says
// how entries come into it.
package auditlog

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/clock"
)

// MaxLimit bounds the entries of a page.
const MaxLimit = 1000

// MaxScan bounds how many entries one read looks through for those that a filter wants, so
// that no page takes long.
const MaxScan = 20_000

// MaxScanMany bounds how many entries of bulk writes one read looks through for one
// contact. Each may have to be decoded.
const MaxScanMany = 500

// Query selects entries of one account, or with [account.None] of the installation. They
// come newest first.
type Query struct {
	// Action is an action, or the beginning of some up to the dot, as "contacts.". Actor is
	// an actor or only its kind, as "key". Empty ones do not filter.
	Action audit.Action
	Actor  audit.Actor
	// From and Until bound the dates: not before From, and before Until. The zero times
	// bound nothing.
	From, Until time.Time
	// Of, if not zero, selects the entries that tell of this contact, list, campaign or
	// import: as a subject, as the object, or by the import that has added the contact.
	Of addressbook.SID
	// Object, if not "", selects the entries with this [audit.Change.Object].
	Object string
	// Before, if not zero, is the sid of an entry: only older ones are selected.
	Before [16]byte
	Limit  int // 1 to MaxLimit
}

// Page is a page of the log.
type Page struct {
	Entries []audit.Entry
	// Next is the Before of the next page, or zero if there is none. A page may have fewer
	// entries than the limit, even none, and still have a next one; see [Log.Page]. Those of
	// a [Store] have looked through MaxScan entries then.
	Next [16]byte
}

// Store is what [Log] needs of a database. Its methods are safe for concurrent use, also
// by several processes.
type Store interface {
	// AuditEntries returns a page.
	AuditEntries(ctx context.Context, account account.ID, q Query) (Page, error)

	// AddAuditEntries writes the entries of a note whose context is ctx, which tell of no
	// change in the database. For an account that is being deleted or gone it writes
	// nothing, and the error is [account.ErrDeleted].
	AddAuditEntries(ctx context.Context, note *audit.Note) error

	// DeleteAuditEntries deletes up to limit entries whose sids are smaller than before,
	// the oldest first. It returns how many.
	DeleteAuditEntries(ctx context.Context, account account.ID, before [16]byte, limit int) (deleted int, err error)
}

const (
	// DefaultKeep is how long entries are kept.
	DefaultKeep = 365 * 24 * time.Hour
	// Forever keeps entries without a limit.
	Forever time.Duration = -1

	purgeEvery = time.Hour
	purgeRows  = 1000 // entries that one transaction deletes
)

// Options configure a [Log]. The zero value is the default.
type Options struct {
	Clock clock.Clock   // nil means [clock.System]
	Log   *slog.Logger  // receives errors that no caller is told; nil means slog.Default()
	Keep  time.Duration // how long entries are kept; zero means [DefaultKeep]
}

// Log is the audit log. It is safe for concurrent use.
type Log struct {
	store    Store
	accounts *account.Directory
	opts     Options
	refusals refusals
}

// New returns the audit log in store.
func New(store Store, accounts *account.Directory, opts Options) *Log {
	opts.Clock = cmp.Or(opts.Clock, clock.System)
	opts.Keep = cmp.Or(opts.Keep, DefaultKeep)
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Log{store: store, accounts: accounts, opts: opts}
}

// Page returns a page of an account's entries. It is full, or the last one, unless it takes
// longer than a second to look through the log for them.
func (l *Log) Page(ctx context.Context, account account.ID, q Query) (Page, error) {
	return l.fill(q, func(q Query) (Page, error) { return l.store.AuditEntries(ctx, account, q) })
}

// PageOfAll is [Log.Page] for the entries of the installation and of all accounts.
func (l *Log) PageOfAll(ctx context.Context, q Query) (Page, error) {
	accounts, err := l.accounts.Accounts(ctx)
	if err != nil {
		return Page{}, err
	}
	return l.fill(q, func(q Query) (Page, error) {
		var parts []Page
		for _, a := range append(accounts, account.Account{}) {
			page, err := l.store.AuditEntries(ctx, a.ID, q)
			if err != nil {
				return Page{}, err
			}
			parts = append(parts, page)
		}
		return Merge(q.Limit, parts...), nil
	})
}

// patience is how long to read on for entries that fill a page.
const patience = time.Second

// fill reads on where a store has looked through as much as it does at once, until the
// page is full.
func (l *Log) fill(q Query, read func(Query) (Page, error)) (Page, error) {
	begun, limit := l.opts.Clock.Now(), q.Limit
	page, err := read(q)
	for err == nil && page.Next != ([16]byte{}) && len(page.Entries) < limit && l.opts.Clock.Now().Sub(begun) < patience {
		q.Before, q.Limit = page.Next, limit-len(page.Entries)
		var more Page
		more, err = read(q)
		page.Entries, page.Next = append(page.Entries, more.Entries...), more.Next
	}
	return page, err
}

// maxRefusals bounds the entries about refused keys and sign-ins that a server writes in a
// minute. One more is counted in the next entry.
const maxRefusals = 60

// refusals counts refused keys and sign-ins.
type refusals struct {
	mu      sync.Mutex
	since   time.Time // when the minute began
	written int
	omitted int
}

// next returns how many refusals to write as one entry now, or 0.
func (r *refusals) next(now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) >= time.Minute || now.Before(r.since) {
		r.since, r.written = now, 0
	}
	if r.written >= maxRefusals {
		r.omitted++
		return 0
	}
	r.written++
	n := 1 + r.omitted
	r.omitted = 0
	return n
}

// Tell writes an entry into the log of the installation, about something that changes
// nothing in the database.
func (l *Log) Tell(ctx context.Context, c audit.Change) error {
	ctx, note := audit.Begin(ctx, account.None, c)
	return l.store.AddAuditEntries(ctx, note)
}

// Refused writes that somebody was refused: [audit.KeysRefused] or [audit.SessionsRefused].
// KeyID is the key that was given; only one that exists gets into the log, and the entry
// into the log of its account. If there is none, it goes into the log of the installation.
// An error goes to the server's log, because the caller has refused the request anyway.
func (l *Log) Refused(ctx context.Context, action audit.Action, keyID string) {
	n := l.refusals.next(l.opts.Clock.Now())
	if n == 0 {
		return
	}
	change, owner := audit.Change{Action: action, Done: n}, account.None
	if c, ok := l.accounts.Cached(keyID); ok {
		change.Object, owner = c.Key.ID, c.Account.ID
	}
	ctx, note := audit.Begin(audit.By(context.WithoutCancel(ctx), audit.Stranger), owner, change)
	if err := l.store.AddAuditEntries(ctx, note); err != nil && !errors.Is(err, account.ErrDeleted) {
		l.opts.Log.Error("a refusal could not be written into the audit log", "error", err)
	}
}

// Run deletes old entries from time to time, until ctx ends.
func (l *Log) Run(ctx context.Context) {
	if l.opts.Keep == Forever {
		return
	}
	clock.Job{
		Clock: l.opts.Clock, Every: purgeEvery, Do: l.purge,
		Log: l.opts.Log, Failed: "old entries of the audit log could not be deleted; it will be tried again",
	}.Run(ctx)
}

// purge deletes entries that are too old, in many transactions.
func (l *Log) purge(ctx context.Context) error {
	accounts, err := l.accounts.Accounts(ctx)
	if err != nil {
		return err
	}
	before := audit.FirstSID(l.opts.Clock.Now().Add(-l.opts.Keep))
	for _, a := range append(accounts, account.Account{}) {
		for deleted := purgeRows; deleted == purgeRows && ctx.Err() == nil; {
			if deleted, err = l.store.DeleteAuditEntries(ctx, a.ID, before, purgeRows); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}
