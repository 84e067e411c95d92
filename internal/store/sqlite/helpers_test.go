package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/test/sqlitetest"
)

// served is a database file that is opened as a server opens it.
type served struct {
	path   string
	db     *DB
	book   *AddressBook
	closed bool
}

// newFile returns the path of a file with its schema. All have the same stamp of their
// log, which tests of logs that are in the wrong place cannot use.
func newFile(t *testing.T) string {
	t.Helper()
	return sqlitetest.File(t, func(ctx context.Context, path string) error {
		db, err := Open(ctx, path)
		if err != nil {
			return err
		}
		return db.Close()
	})
}

// serve opens a new file.
func serve(t *testing.T, opts Options) *served {
	t.Helper()
	return serveFile(t, filepath.Join(t.TempDir(), "callbook.db"), opts)
}

func serveFile(t *testing.T, path string, opts Options) *served {
	t.Helper()
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	book, err := db.OpenAddressBook(opts)
	if err != nil {
		t.Fatal(errors.Join(err, db.Close()))
	}
	s := &served{path: path, db: db, book: book}
	t.Cleanup(func() { s.close(t) })
	return s
}

func (s *served) close(t *testing.T) {
	t.Helper()
	if s.closed {
		return
	}
	s.closed = true
	if err := errors.Join(s.book.Close(), s.db.Close()); err != nil {
		t.Errorf("close: %v", err)
	}
}

func (s *served) account(t *testing.T, sid string) account.Account {
	t.Helper()
	a, err := s.db.CreateAccount(t.Context(), account.Account{
		SID: sid, Region: "IN", TimeZone: time.UTC, Created: time.Unix(1_700_000_000, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// exec runs a statement behind the address book's back.
func (s *served) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	err := s.db.write(context.Background(), func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// number runs a query that has one number for a result; a test's cleanup may
// ask too, when the test's own context has ended.
func (s *served) number(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	err := s.db.read(context.Background(), func(conn *sqlite.Conn) error {
		return queryOne(conn, query, args, func(stmt *sqlite.Stmt) error {
			n = stmt.ColumnInt(0)
			return nil
		})
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// recount checks what must be true of the tables at any time.
func (s *served) recount(t *testing.T) {
	t.Helper()
	for what, query := range map[string]string{
		"accounts whose counter is wrong": `SELECT count(*) FROM contact_counts AS n
			WHERE contacts <> (SELECT count(*) FROM contacts WHERE contacts.account_id = n.account_id)`,
		"numbers that an account has twice": `SELECT count(*) FROM
			(SELECT 1 FROM contacts GROUP BY account_id, number HAVING count(*) > 1)`,
		"lists whose counter is wrong": `SELECT count(*) FROM lists
			WHERE contact_count <> (SELECT count(*) FROM list_members WHERE list_id = lists.id)`,
		"members without a list": `SELECT count(*) FROM list_members
			WHERE list_id NOT IN (SELECT id FROM lists)`,
		"members without a contact of their list's account": `SELECT count(*) FROM list_members JOIN lists ON lists.id = list_id
			WHERE NOT EXISTS (SELECT 1 FROM contacts WHERE contacts.account_id = lists.account_id AND sid = contact_sid)`,
	} {
		if n := s.number(t, query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

// onWriter runs f on the writer's goroutine and connection, as a job.
func (s *served) onWriter(t *testing.T, f func(conn *sqlite.Conn) error) {
	t.Helper()
	j := newJob(t.Context(), func(conn *sqlite.Conn) (int, error) { return 0, f(conn) })
	if err := s.book.writer.submit(j.job); err != nil {
		t.Fatal(err)
	}
	if err := <-j.outcome; err != nil {
		t.Fatal(err)
	}
}

// testJob is a job, and its work, that counts what is done with it.
type testJob struct {
	*job
	do                  func(conn *sqlite.Conn) (int, error)
	ran, undone, redone int // read them after the outcome
}

// firstAccount is the id of the account that a file gets first.
const firstAccount = 1

// newJob returns a job of the first account.
func newJob(ctx context.Context, do func(conn *sqlite.Conn) (int, error)) *testJob {
	j := &testJob{do: do}
	j.job = &job{ctx: ctx, account: firstAccount, work: j, outcome: make(chan error, 1)}
	return j
}

func (j *testJob) run(conn *sqlite.Conn) (int, error) {
	j.ran++
	return j.do(conn)
}

func (j *testJob) redo(conn *sqlite.Conn) (int, error) {
	j.redone++
	return j.do(conn)
}

func (j *testJob) undo() { j.undone++ }

// commits stands before the commits of a writer, counts them, and does with
// them as it is told. The zero one lets them pass.
type commits struct {
	mu sync.Mutex
	n  int
	do func(n int) error // n counts from 1
}

// watch is called before the first contact is inserted: the writer has no lock
// for it.
func (s *served) watch(do func(n int) error) *commits {
	c := &commits{do: do}
	s.book.writer.beforeCommit = c.before
	return c
}

// stopFirst makes the first commit wait: held is closed when it does, and
// release lets it go on.
func (s *served) stopFirst(t *testing.T) (c *commits, held <-chan struct{}, release func()) {
	reached, let := make(chan struct{}), make(chan struct{})
	release = sync.OnceFunc(func() { close(let) })
	// Should the test fail, the writer must come to its end.
	t.Cleanup(release)
	c = s.watch(func(n int) error {
		if n == 1 {
			close(reached)
			<-let
		}
		return nil
	})
	return c, reached, release
}

// holdFirst has the writer wait in the commit of the account's contact with firstNumber,
// whose insert ends with what first has, until release is called.
func (s *served) holdFirst(t *testing.T, account account.ID) (c *commits, first <-chan error, release func()) {
	c, held, release := s.stopFirst(t)
	first = s.begin(t, account, contacts(firstNumber, 1))
	<-held
	return c, first, release
}

func (c *commits) before() error {
	c.mu.Lock()
	c.n++
	n := c.n
	c.mu.Unlock()
	if c.do == nil {
		return nil
	}
	return c.do(n)
}

func (c *commits) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// waitFor returns when the condition, which another goroutine will make true,
// is.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !condition(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// logs keeps what is logged.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// with returns the records that have this message.
func (l *logs) with(t *testing.T, message string) (records []map[string]any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.text.Bytes()) {
		var record map[string]any
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatal(err)
		}
		if record[slog.MessageKey] == message {
			records = append(records, record)
		}
	}
	return records
}
