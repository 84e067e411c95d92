package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"callbook/internal/store"
)

// health records damage of a database file, until the process ends: a file that was
// put back may lack what was written meanwhile, and a page that is corrupt for one
// reader is corrupt for all.
type health struct {
	log     atomic.Pointer[slog.Logger] // nil in commands, which report errors themselves
	lost    atomic.Pointer[error]       // the file was removed, replaced or truncated: reads and writes are refused
	corrupt atomic.Pointer[error]       // a page is corrupt
	watch   atomic.Pointer[watch]       // nil in commands
}

// trouble returns the damage of the database, or nil.
func (h *health) trouble() error {
	for _, p := range []*atomic.Pointer[error]{&h.lost, &h.corrupt} {
		if err := p.Load(); err != nil {
			return *err
		}
	}
	return nil
}

func (h *health) isLost() bool { return h.lost.Load() != nil }

// refusal returns the fault for reads and writes if the file is lost, or nil.
func (h *health) refusal() error {
	err := h.lost.Load()
	if err == nil {
		return nil
	}
	return store.Away(*err)
}

// glance checks the files after a commit and before it is acknowledged, so that an
// acknowledged commit is in a file that still exists. It returns a fault.
func (h *health) glance() error {
	if w := h.watch.Load(); w != nil && w.due() {
		if err := w.glance(); err != nil {
			h.lose(err)
		}
	}
	return h.refusal()
}

// logSalts returns the salts of the log, or zeros if it cannot be read.
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

// note records an error if it means that a page is corrupt. It returns the error.
func (h *health) note(err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		err := fmt.Errorf("the database has corrupt pages: %w", err)
		if h.corrupt.CompareAndSwap(nil, &err) {
			h.report(err, `stop the server, keep a copy of the file and its -wal, and run "callbook check"; "callbook restore" puts a backup in place`)
		}
	}
	return err
}

func (h *health) lose(err error) {
	if h.lost.CompareAndSwap(nil, &err) {
		h.report(err, "requests are refused from now on; stop the server, put the file back with its -wal, or a backup with \"callbook restore\", and start it again; "+
			"if the file was renamed, do not start it under another name before this server has ended and said that it is whole: its newest changes are in "+
			"the log beside its old name (-wal)")
	}
}

// abandoned holds the connections to lost files, which stay open until the process
// ends. When the last connection closes, SQLite checkpoints and removes the log by
// its name, which may belong to another file by now.
var abandoned struct {
	sync.Mutex
	all []any
}

// abandon keeps an owner of connections from being closed or garbage-collected.
func abandon(owner any) {
	abandoned.Lock()
	defer abandoned.Unlock()
	abandoned.all = append(abandoned.all, owner)
}

func (h *health) report(err error, advice string) {
	if log := h.log.Load(); log != nil {
		log.Error("the database file is damaged", "error", err, "advice", advice)
	}
}

const (
	// watchEvery is how often a watch checks the files by their names.
	watchEvery = time.Second
	// reserveTicks is after how many of those checks the watch fills the reserve
	// again, in case it was freed.
	reserveTicks = 5
	// glanceEvery is how often a commit checks the files, which takes two system
	// calls of some microseconds. When the files vanish, the commits that are
	// acknowledged within this time are lost.
	glanceEvery = 10 * time.Millisecond
)

// watch checks the files of an open database: whether their names still lead to what
// SQLite has open, and whether they were truncated.
type watch struct {
	health *health
	file   *dbFile
	log    *os.File    // the -wal, open for its link count and its salts; nil where it cannot be watched
	shm    os.FileInfo // as of when SQLite opened it
	size   int64       // of the database file, at the last check that found it whole
	short  bool        // at the last check the file was shorter than its header says
	begun  time.Time
	last   atomic.Int64 // when glance was last due, since begun
	quit   chan struct{}
	done   chan struct{}
}

var (
	errRemoved   = errors.New("the database file was removed, or another was put in its place")
	errTruncated = errors.New("the database file was truncated")
	errNoLog     = errors.New("the database's log (-wal) was removed, or another was put in its place")
	errNoShm     = errors.New("the database's shared memory (-shm) was removed, or another was put in its place")
)

// startWatch begins to watch the file, which SQLite has open.
func startWatch(h *health, file *dbFile) (*watch, error) {
	w := &watch{health: h, file: file, begun: time.Now(), quit: make(chan struct{}), done: make(chan struct{})}
	info, err := file.file.Stat()
	if err != nil {
		return nil, err
	}
	w.size = info.Size()
	if w.shm, err = os.Stat(file.path + shmSuffix); err != nil {
		return nil, err
	}
	// SQLite has no locks on the log, so closing it drops none.
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
			if err := w.check(); err != nil {
				w.health.lose(err)
				return // the file stays lost
			}
			if tick%reserveTicks == 0 {
				w.file.fillReserve()
			}
		case <-w.quit:
			return
		}
	}
}

// stop ends the periodic checks. The method check can still be called.
func (w *watch) stop() {
	w.health.watch.Store(nil)
	close(w.quit)
	<-w.done
}

// close closes the files of a watch that was stopped.
func (w *watch) close() error {
	if w.log == nil {
		return nil
	}
	return w.log.Close()
}

// due reports whether it is time for a glance. Of concurrent callers one gets true.
func (w *watch) due() bool {
	now, last := time.Since(w.begun), w.last.Load()
	return now-time.Duration(last) >= glanceEvery && w.last.CompareAndSwap(last, int64(now))
}

// glance returns an error if the files were removed or replaced. It does not notice a
// file that was renamed, which still receives all writes; check does.
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

// check returns an error if the files were removed, replaced, renamed or truncated.
func (w *watch) check() error {
	if err := w.glance(); err != nil {
		return err
	}
	path := w.file.path
	info, err := os.Stat(path)
	if err != nil || !os.SameFile(info, w.file.info) {
		return because(errRemoved, err)
	}
	if short, err := w.shortened(info.Size()); err != nil || short && w.short {
		return because(errTruncated, err)
	} else if w.short = short; !short {
		w.size = info.Size()
	}
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

// shortened reports whether the file has become shorter, to size bytes, than the
// page count in its own header says. A VACUUM by another program makes it shorter
// too, and the checkpoint that does so writes the new page count with it. While a
// checkpoint is under way, the count may be written before the last pages are.
// (SQLite's own page count would not do: it includes pages that only the log has.)
func (w *watch) shortened(size int64) (bool, error) {
	if size >= w.size {
		return false, nil
	}
	// https://sqlite.org/fileformat2.html#the_database_header
	header := make([]byte, 32)
	if _, err := w.file.file.ReadAt(header, 0); err != nil {
		return false, err
	}
	page := int64(binary.BigEndian.Uint16(header[16:]))
	if page == 1 {
		page = maxPageBytes
	}
	return size < page*int64(binary.BigEndian.Uint32(header[28:])), nil
}

// because adds the cause, if not nil, to an error.
func because(err, cause error) error {
	if cause == nil {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}
