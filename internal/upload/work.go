package upload

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"callbook/internal/fault"
	"callbook/internal/journal"
)

// A task that fails is tried again after a while, longer each time.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// task is an upload that is running. Whoever took it from the queue has it
// alone.
type task struct {
	upload  Upload
	file    Content // nil before its first turn, and after a failure
	planner *Planner
	pause   time.Duration // before it is tried again
}

// Run works the uploads, in turns of a batch each, until ctx ends; it returns
// at the end of the batches that are being done. It begins with those that are
// running in the store and that no other server works. It is called once.
func (i *Importer) Run(ctx context.Context) {
	defer context.AfterFunc(ctx, i.stop)()
	for range workers {
		i.working.Go(func() { i.work(ctx) })
	}
	i.working.Go(func() { i.mind(ctx) })
	i.working.Go(func() { i.forgetDrafts(ctx) })
	i.working.Go(func() { i.retain(ctx) })
	i.working.Wait()
	i.drop()
	i.releaseAll(ctx)
}

// drop lets go of the tasks that are left.
func (i *Importer) drop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, t := range i.queue {
		t.close()
	}
	i.queue = nil
	clear(i.tasks)
}

// stop wakes the workers for their end.
func (i *Importer) stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.stopped = true
	i.changed.Broadcast()
}

// begin queues an upload whose lease this server has, and for which it holds a
// place. Of one that it works already it gives the place back.
func (i *Importer) begin(u Upload) bool {
	t := &task{upload: u}
	i.mu.Lock()
	_, known := i.tasks[u.SID]
	if !known {
		i.tasks[u.SID] = t
	}
	i.mu.Unlock()
	if known {
		i.release(u.Account.ID)
		return false
	}
	i.push(t)
	return true
}

// push puts a task at the end of the queue. After the end of Run nobody is
// there to work it before the next start.
func (i *Importer) push(t *task) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.stopped {
		t.close()
		return
	}
	i.queue = append(i.queue, t)
	i.changed.Signal()
}

// pop takes the task whose turn it is; nil is for the end.
func (i *Importer) pop() *task {
	i.mu.Lock()
	defer i.mu.Unlock()
	for len(i.queue) == 0 && !i.stopped {
		i.changed.Wait()
	}
	if i.stopped {
		return nil
	}
	t := i.queue[0]
	i.queue[0] = nil
	i.queue = i.queue[1:]
	return t
}

func (i *Importer) work(ctx context.Context) {
	for t := i.pop(); t != nil; t = i.pop() {
		state, err := i.turn(ctx, t)
		switch {
		case err == nil && state == Running:
			t.pause = 0
			i.push(t)
		case err == nil:
			i.finish(t, state)
		case errors.Is(err, ErrLost):
			i.lose(t)
		case ctx.Err() != nil:
			t.close()
		default:
			i.putOff(ctx, t, err)
		}
	}
}

// turn does one batch of a task.
func (i *Importer) turn(ctx context.Context, t *task) (State, error) {
	if t.planner == nil {
		state, err := i.open(ctx, t)
		if err != nil || state != Running {
			return state, err
		}
	}
	t.planner.limit(i.batchRows(t.upload.Account.ID))
	batch, err := t.planner.Next(i.opts.Now())
	if err != nil {
		return Running, fmt.Errorf("read an upload: %w", err)
	}
	if batch.Last {
		// A file that was cut off while it was worked ends too.
		if err := checkSize(t.file, &t.planner.upload); errors.Is(err, errFileChanged) {
			return i.endLost(ctx, t, FileChanged, err)
		} else if err != nil {
			return Running, err
		}
	}
	batch.Lease = i.lease()
	state, err := i.store.ApplyBatch(ctx, batch)
	if err == nil {
		t.planner.Applied(batch)
	}
	return state, err
}

// batchRows is how many rows the next batch of an account has at most.
func (i *Importer) batchRows(account int64) int {
	if i.store.Contended(account) {
		return min(contendedRows, i.opts.BatchRows)
	}
	return i.opts.BatchRows
}

// open makes a task ready, from the position that the store has.
func (i *Importer) open(ctx context.Context, t *task) (State, error) {
	u, err := i.store.Upload(ctx, t.upload.Account.ID, t.upload.SID)
	if err != nil || u.State != Running {
		return u.State, err
	}
	if u.Lease.Server != i.server {
		return Running, ErrLost
	}
	u.Account = t.upload.Account
	t.file, err = i.files.Open(ctx, u.Account.ID, u.SID)
	if err == nil {
		err = checkSize(t.file, &u)
	}
	if err == nil {
		t.planner, err = NewPlanner(i.book, u, t.file, i.opts.BatchRows)
	}
	switch {
	case errors.Is(err, errFileChanged):
		return i.endLost(ctx, t, FileChanged, err)
	case errors.Is(err, fs.ErrNotExist) || isFault(err, fault.Invalid):
		return i.endLost(ctx, t, FileGone, err) // somebody removed or changed it
	}
	if err == nil && u.DryRun && t.planner.begun() {
		return i.beginAnew(ctx, t)
	}
	return u.State, err
}

// errFileChanged is the error of a file that has another size than the one that
// came.
var errFileChanged = errors.New("the file has another size than the one that came")

// checkSize compares the size of an upload's file with that of the file that
// came. Where nobody has kept that, the file must at least have the rows that
// were worked.
func checkSize(file Content, u *Upload) error {
	size, err := file.Size()
	if err != nil {
		return fmt.Errorf("read an upload: %w", err)
	}
	if size != u.Size && u.Size > 0 || size < u.At.Offset {
		return fmt.Errorf("%w: %d bytes, and %d came", errFileChanged, size, u.Size)
	}
	return nil
}

// endLost ends an upload whose file is not what came in. The cause may have the
// header's own words, so only its kind is logged.
func (i *Importer) endLost(ctx context.Context, t *task, s State, cause error) (State, error) {
	u := t.upload
	i.opts.Log.Error("the file of an upload is not what came in", "upload", u.SID, "account", u.Account.SID,
		"missing", errors.Is(cause, fs.ErrNotExist), "resized", errors.Is(cause, errFileChanged))
	err := i.store.EndUpload(ctx, u.Account.ID, u.SID, s, i.opts.Now(), func(ended Upload) *journal.Receipt {
		s = ended.State
		return nil
	})
	return s, err
}

// beginAnew takes a dry run back to its first row: what it would have added so
// far was in memory, and is not known any more.
func (i *Importer) beginAnew(ctx context.Context, t *task) (State, error) {
	t.planner.restart()
	return i.store.RestartUpload(ctx, t.upload.Account.ID, t.upload.SID, t.planner.rows.Position(), i.lease(), i.opts.Now())
}

// close lets go of what the task needs for its turns.
func (t *task) close() {
	if t.file != nil {
		t.file.Close() // it was only read
	}
	t.file, t.planner = nil, nil
}

// finish ends a task that the store says has ended.
func (i *Importer) finish(t *task, s State) {
	i.forget(t)
	i.remove(t.upload.Account.ID, t.upload.SID)
	i.release(t.upload.Account.ID)
	i.noteEnded(t.upload.Account.ID)
	i.opts.Log.Info("upload ended", "upload", t.upload.SID, "account", t.upload.Account.SID, "state", s)
}

// lose ends a task that another server has taken over, with its file.
func (i *Importer) lose(t *task) {
	i.forget(t)
	i.release(t.upload.Account.ID)
	i.opts.Log.Warn("another server has taken over an upload", "upload", t.upload.SID, "account", t.upload.Account.SID)
}

func (i *Importer) forget(t *task) {
	t.close()
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.tasks, t.upload.SID)
}

// putOff gives a task that failed another turn later. Only workers call it, so
// that Run waits for who waits here.
func (i *Importer) putOff(ctx context.Context, t *task, err error) {
	t.close() // where it goes on, the store knows
	last, told := lastPause, false
	if f := fault.As(err); f != nil && f.Kind == fault.Unavailable {
		// The store is away, for all uploads alike, and may be back any moment.
		last, told = max(firstPause, f.RetryAfter), t.pause > 0
	}
	t.pause = min(max(firstPause, 2*t.pause), last)
	if !told {
		i.opts.Log.Error("an upload cannot go on; it will be tried again",
			"upload", t.upload.SID, "account", t.upload.Account.SID, "error", err, "pause", t.pause)
	}
	i.working.Go(func() {
		select {
		case <-ctx.Done():
		case <-time.After(t.pause):
			i.push(t)
		}
	})
}

var stateNames = [...]string{"running", "completed", "cancelled", "list gone", "file gone", "file changed"}

// String returns the state as the log has it.
func (s State) String() string { return stateNames[s] }
