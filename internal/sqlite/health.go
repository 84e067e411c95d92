package sqlite

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"callbook/internal/fault"
)

// health is what was found to be wrong with a database file. It stays until the
// process ends: a file that came back may lack what was written meanwhile, and a
// page that is corrupt for one reader is so for all.
type health struct {
	log     atomic.Pointer[slog.Logger] // nil in commands, which tell the error themselves
	lost    atomic.Pointer[error]       // the file is not what it was: nothing may be read or written
	corrupt atomic.Pointer[error]
	watch   atomic.Pointer[watch] // nil in commands
}

// trouble returns why the database is not well, or nil.
func (h *health) trouble() error {
	for _, p := range []*atomic.Pointer[error]{&h.lost, &h.corrupt} {
		if err := p.Load(); err != nil {
			return *err
		}
	}
	return nil
}

func (h *health) isLost() bool { return h.lost.Load() != nil }

// refusal returns the fault of reads and writes of a file that is lost, or nil.
func (h *health) refusal() error {
	err := h.lost.Load()
	if err == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Unavailable, Detail: "The store does not answer", RetryAfter: retryAfter, Cause: *err}
}

// glance looks at the files, after a commit and before anybody is told of it: what
// is told to be durable was in a file that is there. It returns a fault.
func (h *health) glance() error {
	if w := h.watch.Load(); w != nil && w.due() {
		if err := w.glance(); err != nil {
			h.lose(err)
		}
	}
	return h.refusal()
}

// logSalts returns the salts of the log; zeros if there is no log, or no way to
// read it.
func (h *health) logSalts() (salts logSalts) {
	w := h.watch.Load()
	if w == nil || w.log == nil {
		return logSalts{}
	}
	if _, err := w.log.ReadAt(salts[:], saltsOffset); err != nil {
		return logSalts{}
	}
	return salts
}

// note remembers an error that tells of a corrupt page. It returns the error.
func (h *health) note(err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		err := fmt.Errorf("the database has corrupt pages: %w", err)
		if h.corrupt.CompareAndSwap(nil, &err) {
			h.tell(err, `stop the server, keep a copy of the file and its -wal, and run "callbook check"; "callbook restore" puts a backup in place`)
		}
	}
	return err
}

func (h *health) lose(err error) {
	if h.lost.CompareAndSwap(nil, &err) {
		h.tell(err, "requests are refused from now on; stop the server, put the file back with its -wal, or a backup with \"callbook restore\", and start it again; "+
			"if the file was renamed, do not start it under another name before this server has ended and said that it is whole: its newest changes are in "+
			"the log beside its old name (-wal)")
	}
}

// abandoned are connections that stay open until the process ends, because their
// file is lost: the last connection that closes moves the log into the file and
// removes it, both by names that may be another file's by now.
var abandoned struct {
	sync.Mutex
	all []any
}

// abandon keeps what has open connections.
func abandon(what any) {
	abandoned.Lock()
	defer abandoned.Unlock()
	abandoned.all = append(abandoned.all, what)
}

func (h *health) tell(err error, advice string) {
	if log := h.log.Load(); log != nil {
		log.Error("the database file is damaged", "error", err, "advice", advice)
	}
}

const (
	// watchEvery is how often a watch looks at the files by their names.
	watchEvery = time.Second
	// reserveTicks is after how many of those it keeps the reserve again, which
	// somebody may have spent.
	reserveTicks = 5
	// glanceEvery is how often a commit pays for a look at the files, two system
	// calls of some microseconds: what is acknowledged in that time after the
	// files vanished is lost with them.
	glanceEvery = 10 * time.Millisecond
)

// watch looks after the files of an open database: whether they are still what
// SQLite has open, under their names, and whole.
type watch struct {
	health *health
	file   *dbFile
	log    *os.File    // the -wal, open so that it can be asked for its links and its salts; nil where there is none
	shm    os.FileInfo // as it was when SQLite opened it
	size   int64       // of the database file, when it was last looked at
	pages  func() (bytes int64, err error)
	begun  time.Time
	last   atomic.Int64 // glance, since begun
	quit   chan struct{}
	done   chan struct{}
}

var (
	errRemoved   = errors.New("the database file was removed, or another was put in its place")
	errTruncated = errors.New("the database file was truncated")
	errNoLog     = errors.New("the database's log (-wal) was removed, or another was put in its place")
	errNoShm     = errors.New("the database's shared memory (-shm) was removed, or another was put in its place")
)

// startWatch begins to look after the file, which SQLite has open. Pages tells
// how many bytes SQLite takes it to have.
func startWatch(h *health, file *dbFile, pages func() (int64, error)) (*watch, error) {
	w := &watch{health: h, file: file, pages: pages, begun: time.Now(), quit: make(chan struct{}), done: make(chan struct{})}
	info, err := file.file.Stat()
	if err != nil {
		return nil, err
	}
	w.size = info.Size()
	if w.shm, err = os.Stat(file.path + shmSuffix); err != nil {
		return nil, err
	}
	// SQLite has no locks on the log, so that closing it drops none.
	if w.log, err = openToWatch(file.path + walSuffix); err != nil {
		return nil, err
	}
	h.watch.Store(w)
	go w.run()
	return w, nil
}

func (w *watch) run() {
	defer close(w.done)
	every := time.NewTicker(watchEvery)
	defer every.Stop()
	for tick := 1; ; tick++ {
		select {
		case <-every.C:
			if err := w.look(); err != nil {
				w.health.lose(err)
				return // it stays lost
			}
			if tick%reserveTicks == 0 {
				w.file.keepReserve()
			}
		case <-w.quit:
			return
		}
	}
}

// stop ends the looking at times; look can still be called.
func (w *watch) stop() {
	w.health.watch.Store(nil)
	close(w.quit)
	<-w.done
}

// close closes what a watch has open, which must be stopped.
func (w *watch) close() error {
	if w.log == nil {
		return nil
	}
	return w.log.Close()
}

// due tells whether it is time for a glance, and makes it this caller's.
func (w *watch) due() bool {
	now, last := time.Since(w.begun), w.last.Load()
	return now-time.Duration(last) >= glanceEvery && w.last.CompareAndSwap(last, int64(now))
}

// glance tells whether the files were removed or replaced. A file that was moved
// away is noticed by look only, but has all that was written.
func (w *watch) glance() error {
	info, err := w.file.file.Stat()
	if err != nil {
		return fmt.Errorf("look at the database file: %w", err)
	}
	if links(info) == 0 {
		return errRemoved
	}
	if w.log == nil {
		return nil
	}
	if info, err = w.log.Stat(); err != nil {
		return fmt.Errorf("look at the log: %w", err)
	}
	if links(info) == 0 {
		return errNoLog
	}
	return nil
}

// look tells what is wrong with the files, by their names too.
func (w *watch) look() error {
	if err := w.glance(); err != nil {
		return err
	}
	path := w.file.path
	info, err := os.Stat(path)
	if err != nil || !os.SameFile(info, w.file.info) {
		return because(errRemoved, err)
	}
	if info.Size() < w.size {
		// A VACUUM of another program makes it smaller too, but not less than
		// SQLite takes it for.
		if bytes, err := w.pages(); err != nil || info.Size() < bytes {
			return because(errTruncated, err)
		}
	}
	w.size = info.Size()
	if info, err = os.Stat(path + shmSuffix); err != nil || !os.SameFile(info, w.shm) {
		return because(errNoShm, err)
	}
	if w.log == nil {
		return nil
	}
	log, err := w.log.Stat()
	if err != nil {
		return err
	}
	if info, err = os.Stat(path + walSuffix); err != nil || !os.SameFile(info, log) {
		return because(errNoLog, err)
	}
	return nil
}

// because adds the cause to an error, if there is one.
func because(err, cause error) error {
	if cause == nil {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}
