package sqlite

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// hurt runs a server, does something to its files, and checks that no write is
// acknowledged from then on, that the database is not ready, and that the log
// tells it once.
func hurt(t *testing.T, byCommit bool, do func(path string) error, words string) {
	t.Helper()
	log := &logs{}
	s := serve(t, Options{Log: log.logger()})
	acme := s.account(t, "acme").ID
	s.insert(t, acme, contacts(firstNumber, 2000), 2000)
	s.checkpoint(t, "PASSIVE")
	if err := s.db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := do(s.path); err != nil {
		t.Fatal(err)
	}
	if byCommit {
		next := phone.Number(firstNumber + 3000)
		waitFor(t, "a commit to notice", func() bool {
			_, err := s.tryInsert(t, acme, contacts(next, 1))
			next++
			return fault.Is(err, fault.Unavailable)
		})
	} else {
		waitFor(t, "the watch to notice", func() bool { return s.db.health.trouble() != nil })
	}
	waitFor(t, "the log to tell it", func() bool { return len(log.with(t, "the database file is damaged")) > 0 })
	for i := range 3 {
		if _, err := s.tryInsert(t, acme, contacts(firstNumber+500_000, 1+i)); !fault.Is(err, fault.Unavailable) {
			t.Errorf("insert: the error is %v", err)
		}
		if err := s.db.KeysUsed(t.Context(), nil); !fault.Is(err, fault.Unavailable) {
			t.Errorf("a write of the pool: the error is %v", err)
		}
	}
	if err := s.db.Ping(t.Context()); err == nil {
		t.Error("it is ready")
	}
	told := log.with(t, "the database file is damaged")
	if len(told) != 1 || told[0]["level"] != "ERROR" || !strings.HasPrefix(told[0]["error"].(string), words) || told[0]["advice"] == "" {
		t.Errorf("the log tells %v, want once: %s", told, words)
	}
	// What has the log's name by now is not this server's, and stays.
	other := filepath.Join(t.TempDir(), "log")
	if err := errors.Join(os.WriteFile(other, []byte("another's"), 0o600), os.Rename(other, s.path+"-wal")); err != nil {
		t.Fatal(err)
	}
	s.close(t)
	if got := readFile(t, s.path+"-wal"); string(got) != "another's" {
		t.Errorf("another's log was changed: %.20q", got)
	}
}

func TestVanishedFiles(t *testing.T) {
	t.Parallel()
	replace := func(path string) error {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		other := filepath.Join(filepath.Dir(path), "other")
		return errors.Join(os.WriteFile(other, content, 0o600), os.Rename(other, path))
	}
	t.Run("removed", func(t *testing.T) { t.Parallel(); hurt(t, true, os.Remove, errRemoved.Error()) })
	t.Run("replaced", func(t *testing.T) { t.Parallel(); hurt(t, true, replace, errRemoved.Error()) })
	t.Run("moved", func(t *testing.T) {
		t.Parallel()
		hurt(t, false, func(path string) error { return os.Rename(path, path+".old") }, errRemoved.Error())
	})
	t.Run("truncated", func(t *testing.T) {
		t.Parallel()
		hurt(t, false, func(path string) error { return os.Truncate(path, 3*pageBytes) }, errTruncated.Error())
	})
	t.Run("no log", func(t *testing.T) {
		t.Parallel()
		hurt(t, true, func(path string) error { return os.Remove(path + "-wal") }, errNoLog.Error())
	})
	t.Run("no shared memory", func(t *testing.T) {
		t.Parallel()
		hurt(t, false, func(path string) error { return os.Remove(path + "-shm") }, errNoShm.Error())
	})
}

// TestTruncatedAtTheEnd truncates the file just before the server stops: the log
// stays.
func TestTruncatedAtTheEnd(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	s.insert(t, s.account(t, "acme").ID, contacts(firstNumber, 3000), 3000)
	s.checkpoint(t, "PASSIVE")
	s.db.health.watch.Load().stop() // as if its next tick were yet to come
	if err := s.book.watch.check(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(s.path, 3*pageBytes); err != nil {
		t.Fatal(err)
	}
	s.book.watch.quit, s.book.watch.done = make(chan struct{}), closed()
	s.close(t)
	if len(readFile(t, s.path+"-wal")) == 0 {
		t.Error("the log was removed")
	}
}

// closed returns a closed channel.
func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// TestVacuumIsNoTruncation has another program make the file smaller, and the server
// write more than there was before, which only the log has at first.
func TestVacuumIsNoTruncation(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	const many = 3000
	stored := contacts(firstNumber, many)
	s.insert(t, acme, stored, many)
	s.checkpoint(t, "TRUNCATE")
	watch := s.db.health.watch.Load()
	if err := watch.check(); err != nil {
		t.Fatal(err)
	}
	sids := make([]addressbook.SID, many)
	for i := range stored {
		sids[i] = stored[i].SID
	}
	if err := s.book.DeleteContacts(t.Context(), acme, addressbook.ForGood, sids, nil); err != nil {
		t.Fatal(err)
	}
	before := len(readFile(t, s.path))
	s.outside(t, "VACUUM")
	s.checkpoint(t, "TRUNCATE")
	if after := len(readFile(t, s.path)); after >= before {
		t.Fatalf("the file had %d bytes and has %d", before, after)
	}
	s.insert(t, acme, contacts(firstNumber, 2*many), 2*many)
	for range 2 {
		if err := watch.check(); err != nil {
			t.Error(err)
		}
	}
}

// TestCorruptPages damages pages that are read later: the database is not ready
// from then on.
func TestCorruptPages(t *testing.T) {
	t.Parallel()
	log := &logs{}
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	all := contacts(firstNumber, 3000)
	s.insert(t, acme, all, len(all))
	s.close(t)
	file, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		t.Fatal(err)
	}
	junk := make([]byte, 64)
	for i := range junk {
		junk[i] = 0xa5
	}
	for at := size * 3 / 4 / pageBytes * pageBytes; at < size-2*pageBytes; at += pageBytes {
		if _, err := file.WriteAt(junk, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	again := serveFile(t, s.path, Options{Log: log.logger()})
	if err := again.db.Ping(t.Context()); err != nil {
		t.Fatalf("nobody met the pages yet: %v", err)
	}
	q := addressbook.Query{Window: addressbook.Window{Limit: 100}, Name: "nobody"}
	for range 3 {
		if _, err := again.book.Contacts(t.Context(), acme, q); err == nil {
			t.Error("a scan met no corrupt page")
		}
	}
	if err := again.db.Ping(t.Context()); err == nil {
		t.Error("it is ready")
	}
	if told := log.with(t, "the database file is damaged"); len(told) != 1 {
		t.Errorf("the log tells %v, want once", told)
	}
}

// TestCorruptAtBegin has a writer whose file cannot even be read to begin a
// transaction: the database is not ready from then on.
func TestCorruptAtBegin(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "callbook.db")
	if err := os.WriteFile(path, bytes.Repeat([]byte{0xa5}, 2*pageBytes), 0o600); err != nil {
		t.Fatal(err)
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	w := &writer{health: &health{}, conn: conn, queue: newJobQueue(), turn: make(chan struct{}, 1)}
	w.done.Go(w.loop)
	j := newJob(t.Context(), func(*sqlite.Conn) (int, error) { return 0, nil })
	if err := w.submit(j.job); err != nil {
		t.Fatal(err)
	}
	if err := <-j.outcome; sqlite.ErrCode(err).ToPrimary() != sqlite.ResultNotADB {
		t.Errorf("the job ended with %v", err)
	}
	w.close()
	if w.health.trouble() == nil {
		t.Error("the database is ready")
	}
}

// BenchmarkGlance is what a commit pays for a look at the files.
func BenchmarkGlance(b *testing.B) {
	path := filepath.Join(b.TempDir(), "callbook.db")
	db, err := Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	book, err := db.OpenAddressBook(Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := book.watch.glance(); err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(book.Close(), db.Close()); err != nil {
		b.Fatal(err)
	}
}
