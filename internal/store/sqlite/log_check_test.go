package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/phone"
)

// crash is what a kill leaves behind.
type crash struct{ db, log []byte }

// crash takes what a kill at this moment, at which nothing is written, would
// leave.
func (s *served) crash(t *testing.T) crash {
	t.Helper()
	return crash{db: readFile(t, s.path), log: readFile(t, s.path+"-wal")}
}

// write puts the files into a new folder, and returns the database's path.
func (c crash) write(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "callbook.db")
	for name, content := range map[string][]byte{path: c.db, path + "-wal": c.log} {
		if content == nil {
			continue
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// checkpoint moves the log into the file, as another connection may.
func (s *served) checkpoint(t *testing.T, mode string) {
	t.Helper()
	// One beside a reader of an older snapshot does a part of the work, and says so.
	for deadline := time.Now().Add(3 * time.Minute); ; runtime.Gosched() {
		busy := true
		err := s.db.read(t.Context(), func(conn *sqlite.Conn) error {
			return sqlitex.ExecuteTransient(conn, "PRAGMA wal_checkpoint("+mode+")", &sqlitex.ExecOptions{
				ResultFunc: func(stmt *sqlite.Stmt) error { busy = stmt.ColumnInt(0) != 0; return nil },
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if !busy {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("a checkpoint (%s) is kept from its end", mode)
		}
	}
}

// outside runs a statement as another program does.
func (s *served) outside(t *testing.T, statement string) {
	t.Helper()
	conn, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetBusyTimeout(busyTimeout)
	if err := errors.Join(sqlitex.ExecuteTransient(conn, statement, nil), conn.Close()); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// TestForeignLogs puts a file and a log of two times together, as a backup does
// that is copied over the file after a kill.
func TestForeignLogs(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	next := phone.Number(firstNumber)
	add := func() {
		s.insert(t, acme, contacts(next, 300), 300)
		next += 300
	}
	var states []crash // each with a log of its own
	for range 4 {
		add()
		states = append(states, s.crash(t))
		s.checkpoint(t, "PASSIVE")
		states = append(states, crash{db: readFile(t, s.path)})
	}
	other := serve(t, Options{})
	other.account(t, "other")
	foreign := other.crash(t)
	first, last, backup := states[2], states[6], states[3]

	for name, c := range map[string]crash{
		"an older file, a newer log":              {states[0].db, last.log},
		"an older backup, a newer log":            {backup.db, last.log},
		"a newer file, an older log":              {last.db, first.log},
		"a newer backup, an older log":            {states[7].db, first.log},
		"another database's log":                  {last.db, foreign.log},
		"another database":                        {foreign.db, last.log},
		"an empty file":                           {[]byte{}, last.log},
		"no file":                                 {nil, last.log},
		"a file from before there were stamps":    {unstamped(t, backup), last.log},
		"a copy by VACUUM INTO":                   {vacuumed(t, last), last.log},
		"a copy by VACUUM INTO, later":            {vacuumed(t, states[7]), last.log},
		"a copy by .dump":                         {dumped(t, last), last.log},
		"a copy by .dump, later":                  {dumped(t, states[7]), last.log},
		"a backup that callbook made, its log":    {restamped(t, backup), last.log},
		"a backup that callbook made, of its log": {restamped(t, states[7]), last.log},
	} {
		t.Run(name, func(t *testing.T) {
			path := c.write(t)
			db, err := Open(t.Context(), path)
			if err == nil {
				t.Fatal(errors.Join(errors.New("it was opened"), db.Close()))
			}
			if !errors.Is(err, ErrForeignLog) {
				t.Errorf("the error is %v", err)
			}
			if !bytes.Equal(readFile(t, path+"-wal"), c.log) {
				t.Error("the log was changed")
			}
			if c.db == nil {
				if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("a file was left: %v", err)
				}
			} else if !bytes.Equal(readFile(t, path), c.db) {
				t.Error("the file was changed")
			}
		})
	}
	// What belongs together does.
	for i, c := range []crash{states[0], first, last, {states[7].db, last.log}, backup} {
		opened := serveFile(t, c.write(t), Options{})
		opened.recount(t)
		if want := []int{300, 600, 1200, 1200, 600}[i]; opened.stored(t, acme) != want {
			t.Errorf("state %d has %d contacts, want %d", i, opened.stored(t, acme), want)
		}
	}
}

// changed returns a copy of the database that a script was run on.
func changed(t *testing.T, c crash, script string) []byte {
	t.Helper()
	path := crash{db: c.db}.write(t)
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteScript(conn, script, nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	return readFile(t, path)
}

// vacuumed is what VACUUM INTO makes of the database.
func vacuumed(t *testing.T, c crash) []byte {
	t.Helper()
	into := filepath.Join(t.TempDir(), "copy.db")
	conn, err := sqlite.OpenConn(crash{db: c.db}.write(t), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteTransient(conn, "VACUUM INTO '"+into+"'", nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	return readFile(t, into)
}

// dumped is what a script of statements makes, as .dump writes them.
func dumped(t *testing.T, c crash) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	run := func(script string) {
		t.Helper()
		if err := sqlitex.ExecuteScript(conn, script, nil); err != nil {
			t.Fatalf("%s: %v", script, err)
		}
	}
	if err := registerFunctions(conn); err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteTransient(conn, "ATTACH '"+crash{db: c.db}.write(t)+"' AS source", nil); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("PRAGMA application_id = %d;", appID)
	err = sqlitex.ExecuteTransient(conn, `SELECT CASE type WHEN 'table' THEN sql || '; INSERT INTO main.' || name || ' SELECT * FROM source.' || name ELSE sql END
			FROM source.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type <> 'table', rowid`,
		&sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			script += stmt.ColumnText(0) + ";\n"
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	run(script)
	return readFile(t, path)
}

func unstamped(t *testing.T, c crash) []byte { return changed(t, c, "DROP TABLE log_stamp") }

// restamped is what a backup has of the database.
func restamped(t *testing.T, c crash) []byte {
	t.Helper()
	path := crash{db: c.db}.write(t)
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(stampBackup(conn), conn.Close()); err != nil {
		t.Fatal(err)
	}
	return readFile(t, path)
}

// TestCrashesOpen takes what a kill would leave at every moment between two
// commits and within checkpoints: all of it opens, with what was acknowledged.
func TestCrashesOpen(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	s := serve(t, Options{})
	acme := s.account(t, "acme").ID
	stored := 0
	for step := range 60 {
		switch random.IntN(6) {
		case 0:
			s.db.KeysUsed(t.Context(), nil) // a transaction of the pool
		case 2:
			s.outside(t, []string{"VACUUM", "CREATE TABLE IF NOT EXISTS other (a)", "DROP TABLE IF EXISTS other"}[random.IntN(3)])
		case 1:
			before := s.crash(t)
			s.checkpoint(t, []string{"PASSIVE", "FULL", "RESTART", "TRUNCATE"}[random.IntN(4)])
			// In the middle of it: some pages are in the file already.
			torn := crash{db: readFile(t, s.path), log: before.log}
			if after := len(torn.db); after < len(before.db) && random.IntN(2) == 0 {
				torn.db = append(torn.db, before.db[after:]...) // a VACUUM's file is cut last
			}
			for at := 0; at < min(len(torn.db), len(before.db)); at += pageBytes {
				if random.IntN(2) == 0 {
					copy(torn.db[at:], before.db[at:at+pageBytes])
				}
			}
			opens(t, torn, acme, stored)
		default:
			n := 1 + random.IntN(400)
			s.insert(t, acme, contacts(firstNumber+phone.Number(stored), n), n)
			stored += n
		}
		opens(t, s.crash(t), acme, stored)
		if t.Failed() {
			t.Fatalf("at step %d", step)
		}
	}
}

func opens(t *testing.T, c crash, account account.ID, stored int) {
	t.Helper()
	opened := serveFile(t, c.write(t), Options{})
	defer opened.close(t)
	if got := opened.stored(t, account); got != stored {
		t.Errorf("%d contacts are stored, want %d", got, stored)
	}
}

// TestDatabaseAsLog starts on a file whose log is a database file, as a backup is
// that was written over it, and on what a power failure leaves of a header.
func TestDatabaseAsLog(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	s.account(t, "acme")
	c := s.crash(t)
	for name, log := range map[string][]byte{"whole": c.db, "cut": c.db[:20]} {
		for _, db := range [][]byte{c.db, {}} {
			path := crash{db, log}.write(t)
			if _, err := Open(t.Context(), path); !errors.Is(err, ErrForeignLog) {
				t.Errorf("%s: %v, want %v", name, err, ErrForeignLog)
			}
			if !bytes.Equal(readFile(t, path+"-wal"), log) {
				t.Errorf("%s: the file changed", name)
			}
		}
	}
	for at := range logHeaderBytes {
		damaged := bytes.Clone(c.log)
		damaged[at] ^= 0x10
		path := crash{c.db, damaged}.write(t)
		if _, err := Open(t.Context(), path); !errors.Is(err, ErrDamagedLog) {
			t.Errorf("damaged at %d: %v, want %v", at, err, ErrDamagedLog)
		}
		if !bytes.Equal(readFile(t, path+"-wal"), damaged) {
			t.Errorf("damaged at %d: the log changed", at)
		}
	}
	s.checkpoint(t, "PASSIVE")
	whole := readFile(t, s.path)
	torn := bytes.Clone(c.log)
	clear(torn[8:32]) // everything of it is in the file
	for name, log := range map[string][]byte{"torn": torn, "zeros": make([]byte, len(c.log)), "short": c.log[:20], "empty": {}} {
		db, err := Open(t.Context(), crash{whole, log}.write(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
