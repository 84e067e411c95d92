package sqlite

import (
	"context"
	"encoding/binary"
	"errors"

	"zombiezen.com/go/sqlite"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/trace"
)

// InsertContacts implements [addressbook.Store].
func (b *AddressBook) InsertContacts(ctx context.Context, account account.ID, contacts []addressbook.Contact, opts addressbook.CreateOptions, ready journal.Ready[[]*addressbook.Contact]) (err error) {
	ctx, span := trace.Write(ctx, trace.SQLite, "insert contacts")
	defer func() { span.End(err) }()
	claim := journal.ClaimOf(ctx)
	keyed := claim.Key != ""
	in := &insertion{
		indexes:  b.indexes,
		added:    &b.writer.added,
		told:     &b.writer.told,
		note:     audit.NoteOf(ctx),
		account:  account,
		contacts: contacts,
		opts:     opts,
		existing: make([]*addressbook.Contact, len(contacts)),
		share:    budget.Of(ctx),
		quota:    claim.Quota,
	}
	if keyed || len(contacts) >= earlyRows {
		in.decided = make(chan struct{})
	}
	if keyed {
		in.receipts = make(chan *journal.Receipt, 1)
		// A panic of ready must not leave the writer waiting.
		defer close(in.receipts)
	}
	j := &job{
		ctx:     ctx,
		account: account,
		rows:    len(contacts),
		work:    in,
		outcome: make(chan error, 1),
	}
	if err := b.writer.submit(j); err != nil {
		return err
	}
	cancelled := ctx.Done()
	for {
		select {
		case <-in.decided:
			receipt := ready.Receipt(in.existing)
			if keyed {
				in.receipts <- receipt
			}
			return storeError("insert contacts", <-j.outcome)
		case err := <-j.outcome:
			// The job has ended without closing decided, or the select has chosen this
			// case although decided is closed too.
			if err != nil {
				return storeError("insert contacts", err)
			}
			if in.refused != nil {
				return in.refused
			}
			ready.Receipt(in.existing)
			return nil
		case <-cancelled:
			if j.giveUp() {
				return context.Cause(ctx)
			}
			cancelled = nil // the job has begun, so wait for its outcome
		}
	}
}

// earlyRows is from how many contacts on the caller makes its answer while the writer
// still writes the rows. For fewer contacts, waking the caller twice costs more than that
// saves.
const earlyRows = 16

// insertion is the job of one InsertContacts.
type insertion struct {
	indexes  *indexCache
	added    *additions
	told     *entries
	note     *audit.Note // what the audit log tells of it, or nil
	account  account.ID
	contacts []addressbook.Contact
	opts     addressbook.CreateOptions
	share    *budget.Share // of the request

	existing []*addressbook.Contact // the contact that has each number, or nil; others may read it when decided is closed or the job has ended
	decided  chan struct{}          // closed when existing is known; nil if the caller does not wait for that
	fresh    []*addressbook.Contact // the contacts that it adds
	indexed  bool                   // whether fresh is in the index
	updated  []*addressbook.Contact // the contacts that it overwrites

	receipts chan *journal.Receipt // the caller sends its receipt here; nil if it has none
	receipt  *journal.Receipt      // set when the receipt has come
	quota    journal.Quota
	refused  error // the fault of the quota or the share; then nothing was changed
}

// errNoAnswer means that the caller has panicked and sent no receipt.
var errNoAnswer = errors.New("the answer was not made")

func (in *insertion) run(conn *sqlite.Conn) (bytes int, err error) {
	if in.refused, err = checkQuota(conn, in.account, in.quota); err != nil || in.refused != nil {
		return 0, err
	}
	index, err := in.indexes.get(conn, in.account)
	if err != nil {
		return 0, err
	}
	in.fresh = make([]*addressbook.Contact, 0, len(in.contacts))
	in.indexed = true
	for i := range in.contacts {
		c := &in.contacts[i]
		var prefix uint64
		var isNew bool
		if in.opts.DryRun {
			var found bool
			prefix, found = index.lookup(c.Number)
			isNew = !found
		} else if prefix, isNew = index.add(c.Number, c.SID.Prefix()); isNew {
			in.fresh = append(in.fresh, c)
		}
		if isNew {
			continue
		}
		if in.existing[i], err = in.indexes.holder(conn, in.account, prefix, c.Number); err != nil {
			return 0, err
		}
		if in.refused = in.share.Claim(in.existing[i].Weight()); in.refused != nil {
			in.undo() // no row was changed yet
			return 0, nil
		}
		if in.opts.OnDuplicate == addressbook.UpdateDuplicate {
			in.existing[i].Overwrite(c)
			in.updated = append(in.updated, in.existing[i])
		}
	}
	if in.decided != nil {
		close(in.decided)
	}
	if bytes, err = in.write(conn); err != nil || in.receipts == nil {
		return bytes, err
	}
	// The caller makes its answer faster than the rows are written, so this seldom waits.
	var answered bool
	if in.receipt, answered = <-in.receipts; !answered {
		return 0, errNoAnswer
	}
	kept, err := writeReceipt(conn, in.account, in.receipt)
	return bytes + kept, err
}

func (in *insertion) write(conn *sqlite.Conn) (bytes int, err error) {
	if in.opts.DryRun {
		return 0, nil
	}
	for _, c := range in.updated {
		n, err := updateRow(conn, in.account, c)
		if err != nil {
			return 0, err
		}
		bytes += n
	}
	if err = in.added.add(conn, in.account, in.fresh); err == nil && in.decided != nil {
		err = in.added.write(conn) // the caller encodes its answer at the same time
	}
	if err == nil {
		addressbook.TellInserted(in.note, in.contacts, in.fresh, in.updated)
		in.told.add(in.note)
	}
	return bytes, err
}

func (in *insertion) undo() {
	if in.indexed { // undo may be called twice without a redo in between
		in.indexes.remove(in.account, in.fresh)
		in.indexed = false
	}
}

func (in *insertion) redo(conn *sqlite.Conn) (bytes int, err error) {
	if in.refused != nil {
		return 0, nil
	}
	index, err := in.indexes.get(conn, in.account)
	if err != nil {
		return 0, err
	}
	in.indexed = true
	for _, c := range in.fresh {
		index.add(c.Number, c.SID.Prefix())
	}
	if bytes, err = in.write(conn); err != nil {
		return 0, err
	}
	kept, err := writeReceipt(conn, in.account, in.receipt)
	return bytes + kept, err
}

var insertContacts = newBulkInsert(`contacts (account_id, `+contactColumns+`)`, contactParams)

func insertRows(conn *sqlite.Conn, account account.ID, contacts []*addressbook.Contact) (bytes int, err error) {
	err = insertContacts.run(conn, len(contacts), func(stmt *sqlite.Stmt, param, i int) {
		bytes += bindContact(stmt, param, account, contacts[i])
	})
	return bytes, err
}

// findByPrefix returns the contact with this number and sid prefix. The number decides if
// several sids share the prefix, which happens if the clock was set back between two
// runs.
func findByPrefix(conn *sqlite.Conn, account account.ID, prefix uint64, n phone.Number) (*addressbook.Contact, error) {
	from, to := sidsAt(prefix)
	var c addressbook.Contact
	err := queryOne(conn,
		`SELECT `+contactColumns+` FROM contacts WHERE account_id = ? AND sid BETWEEN ? AND ? AND number = ?`,
		[]any{account, from[:], to[:], int64(n)},
		func(stmt *sqlite.Stmt) error {
			c = scanContact(stmt)
			return nil
		})
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// sidsAt returns the first and the last sid with this prefix.
func sidsAt(prefix uint64) (first, last addressbook.SID) {
	binary.BigEndian.PutUint64(first[:8], prefix)
	binary.BigEndian.PutUint64(last[:8], prefix)
	for i := 8; i < len(last); i++ {
		last[i] = 0xff
	}
	return first, last
}
