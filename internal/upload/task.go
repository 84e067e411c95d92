package upload

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/work"
)

// task imports one running upload.
type task struct {
	importer *Importer
	id       work.ID
	file     Content // nil before its first turn, and after a failure
	planner  *Planner
	held     int64 // bytes that the planner holds between turns
	// account is the sid of the upload's account, for the log; "" until the upload was
	// read.
	account string
}

// newTask makes the task of an upload that the pool has claimed.
func (i *Importer) newTask(id work.ID) work.Task { return &task{importer: i, id: id} }

// ID implements [work.Task].
func (t *task) ID() work.ID { return t.id }

func (t *task) sid() addressbook.SID { return t.id.SID }

// Attrs implements [work.Task].
func (t *task) Attrs() []any {
	attrs := []any{"upload", t.sid()}
	if t.account != "" {
		attrs = append(attrs, "account", t.account)
	}
	return attrs
}

// Close implements [work.Task].
func (t *task) Close() {
	t.release()
	if t.file != nil {
		t.file.Close() // an error after reading does not matter
	}
	t.file, t.planner = nil, nil
}

// Turn implements [work.Task]. It imports one batch. After the last, it removes the file.
func (t *task) Turn(ctx context.Context) (done bool, err error) {
	state, err := t.batch(ctx)
	if errors.Is(err, ErrNoUpload) || errors.Is(err, account.ErrDeleted) {
		return false, work.ErrLost // the account goes, with its uploads and their files
	}
	if err != nil || state == Running {
		return false, err
	}
	t.Close()
	i := t.importer
	i.remove(t.id.Account, t.sid())
	i.noteEnded(t.id.Account)
	i.opts.Log.Info("upload ended", append(t.Attrs(), "state", state)...)
	return true, nil
}

// batch imports one batch, and returns the upload's new state.
func (t *task) batch(ctx context.Context) (State, error) {
	if t.planner == nil {
		state, err := t.open(ctx)
		if err != nil || state != Running {
			return state, err
		}
	}
	i := t.importer
	turn := i.opts.Turns.For(t.id.Account)
	if err := turn.Begin(ctx); err != nil {
		return Running, err
	}
	defer turn.End()
	t.planner.most = i.batchRows(t.id.Account)
	batch, err := t.planner.Next(i.opts.Clock.Now())
	t.hold()
	if fault.Is(err, fault.Invalid) {
		return t.end(ctx, FileGone, err) // the rest of the file is damaged
	}
	if err != nil {
		return Running, i.orDeleted(ctx, t.id.Account, fmt.Errorf("read an upload: %w", err))
	}
	if batch.Last {
		// The file may have been truncated in the meantime.
		if err := checkSize(t.file, &t.planner.upload); errors.Is(err, errFileChanged) {
			return t.end(ctx, FileChanged, err)
		} else if err != nil {
			return Running, err
		}
	}
	batch.Lease = i.pool.Lease()
	var ahead sync.WaitGroup
	defer ahead.Wait() // also after a panic
	// A turn is for one processor, so a batch that holds one does not read ahead.
	if !batch.Last && !turn.Held() && i.held.Load() < maxHeld {
		ahead.Go(t.planner.readAhead)
	}
	applying, note := audit.Begin(audit.By(ctx, audit.ByImport(batch.Upload)), batch.Account)
	batch.note = note
	state, err := i.store.ApplyBatch(applying, batch)
	ahead.Wait()
	t.hold()
	if err == nil {
		t.planner.Applied(batch)
		if !batch.DryRun {
			i.opts.Applied(batch.stats)
		}
		if i.held.Load() > maxHeld {
			t.release()
		}
	}
	return state, err
}

// hold updates the count of held bytes.
func (t *task) hold() {
	held := t.planner.held()
	t.importer.held.Add(held - t.held)
	t.held = held
}

// release drops what the planner holds, so that waiting uploads do not fill the memory.
// The next turn reads it again.
func (t *task) release() {
	if t.held > 0 {
		t.importer.held.Add(-t.held)
		t.held = 0
		t.planner.close()
	}
}

// batchRows returns how many rows the account's next batch may have: fewer while other
// accounts write.
func (i *Importer) batchRows(account account.ID) int {
	if i.store.Contended(account) {
		return min(contendedRows, i.opts.BatchRows)
	}
	return i.opts.BatchRows
}

// open reads the upload and opens its file at the stored position.
func (t *task) open(ctx context.Context) (State, error) {
	i := t.importer
	u, err := i.store.Upload(ctx, t.id.Account, t.sid())
	if err != nil {
		return Running, err
	}
	t.account = u.Account.SID
	if u.State != Running {
		return u.State, nil
	}
	if !i.pool.Owns(u.Lease) {
		return Running, work.ErrLost
	}
	t.file, err = i.files.Open(ctx, u.Account.ID, u.SID)
	if err == nil {
		err = checkSize(t.file, &u)
	}
	if err == nil {
		t.planner, err = NewPlanner(i.book, u, t.file, i.opts.BatchRows, i.opts.Words)
	}
	switch {
	case errors.Is(err, errFileChanged):
		return t.end(ctx, FileChanged, err)
	case errors.Is(err, fs.ErrNotExist) || fault.Is(err, fault.Invalid):
		return t.end(ctx, FileGone, err) // somebody has removed or changed the file
	}
	if err == nil && u.DryRun && t.planner.begun() {
		return t.restart(ctx)
	}
	return u.State, err
}

// errFileChanged means that a file has a different size than the received one.
var errFileChanged = errors.New("the file has another size than the one that came")

// checkSize compares the size of a file with that of the received file. If that is
// unknown, the file must at least include the rows that were processed.
func checkSize(file Content, u *Upload) error {
	size, err := file.Size()
	if err != nil {
		return fmt.Errorf("read an upload: %w", err)
	}
	if size != u.Size && u.Size > 0 || size < u.Position.Offset {
		return fmt.Errorf("%w: %d bytes, and %d came", errFileChanged, size, u.Size)
	}
	return nil
}

// end ends an upload whose file is missing or differs from the received one. The cause
// may quote the header, so the log says only which of the two it is.
func (t *task) end(ctx context.Context, s State, cause error) (State, error) {
	i := t.importer
	if err := i.orDeleted(ctx, t.id.Account, cause); errors.Is(err, account.ErrDeleted) {
		return Running, err
	}
	i.opts.Log.Error("the file of an upload is not what came in", append(t.Attrs(),
		"missing", errors.Is(cause, fs.ErrNotExist), "resized", errors.Is(cause, errFileChanged))...)
	err := i.store.EndUpload(ctx, t.id.Account, t.sid(), s, i.opts.Clock.Now(), func(ended Upload) *journal.Receipt {
		s = ended.State
		return nil
	})
	return s, err
}

// restart starts a dry run again. What it would have added so far was only in memory and
// is lost.
func (t *task) restart(ctx context.Context) (State, error) {
	i := t.importer
	return i.store.RestartUpload(ctx, t.id.Account, t.sid(), t.planner.restart(), i.pool.Lease(), i.opts.Clock.Now())
}
