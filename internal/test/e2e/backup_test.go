package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// mustRun runs a command that must end well, and returns what it said.
func mustRun(t *testing.T, args ...string) outcome {
	t.Helper()
	got := callbook(t, args...)
	if got.code != 0 {
		t.Fatalf("%v: exit code %d\n%s%s", args, got.code, got.stdout, got.stderr)
	}
	return got
}

// numbersOf are the numbers of all contacts of an account.
func numbersOf(t *testing.T, db string, auth credentials) map[string]bool {
	t.Helper()
	s := startServer(t, db)
	numbers := make(map[string]bool)
	for _, c := range newClient(t, s, auth).all(t, "/contacts") {
		numbers[c.Number] = true
	}
	s.stop(t)
	return numbers
}

// writer posts contacts one after the other until its server is gone, and knows
// which were acknowledged.
type writer struct {
	mu    sync.Mutex
	acked []string
	done  chan struct{}
}

func startWriter(c *client, perRequest int) *writer {
	w := &writer{done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for n := 0; ; n++ {
			contacts := make([]contact, perRequest)
			for i := range contacts {
				contacts[i] = contact{Number: fmt.Sprintf("+9197%08d", n*perRequest+i), CustomField: []byte(`{"plan":"gold"}`)}
			}
			got, err := c.post(contacts)
			if err != nil || got.status != 207 {
				return
			}
			w.mu.Lock()
			for _, c := range contacts {
				w.acked = append(w.acked, c.Number)
			}
			w.mu.Unlock()
		}
	}()
	return w
}

func (w *writer) sofar() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.acked
}

// TestBackup backs up a database under load, and restores it: what was
// acknowledged before the backup is there.
func TestBackup(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	file := filepath.Join(t.TempDir(), "callbook.bak")
	auth := newAccount(t, db, "acme")
	s := startServer(t, db)
	w := startWriter(newClient(t, s, auth), 100)
	if !waitFor(patience, func() bool { return len(w.sofar()) >= 5000 }) {
		t.Fatal("nothing was written")
	}
	before := w.sofar()
	said := mustRun(t, "backup", file, "--db", db)
	after := w.sofar()
	if len(after) == len(before) {
		t.Error("nothing was written during the backup")
	}
	if !strings.HasSuffix(said.stdout, "  "+file+"\n") {
		t.Errorf("it said %q", said.stdout)
	}
	checkClean(t, file)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v", info.Mode(), err)
	}
	wholeThing(t, file)

	// Another does not overwrite it, but on demand.
	if got := callbook(t, "backup", file, "--db", db); got.code != 1 || !strings.Contains(got.stderr, "--force") {
		t.Errorf("over a backup: exit code %d, %s", got.code, got.stderr)
	}
	// While the server runs, nothing is restored.
	if got := callbook(t, "restore", file, "--db", db); got.code != 1 || !strings.Contains(got.stderr, "stop that one") {
		t.Errorf("beside a server: exit code %d, %s", got.code, got.stderr)
	}
	noLeftovers(t, filepath.Dir(file))
	s.kill(t)
	<-w.done

	said = mustRun(t, "restore", file, "--db", db)
	checkClean(t, db)
	numbers := numbersOf(t, db, auth)
	for _, number := range before {
		if !numbers[number] {
			t.Fatalf("%s was acknowledged before the backup and is not there; %d are", number, len(numbers))
		}
	}
	// And what was there before the restore is still there, whole.
	_, kept, found := strings.Cut(strings.TrimSpace(said.stdout), "What was there before is in ")
	if !found {
		t.Fatalf("it said %q", said.stdout)
	}
	checkClean(t, kept)
	numbers = numbersOf(t, kept, auth)
	for _, number := range w.sofar() {
		if !numbers[number] {
			t.Fatalf("%s is not in the database that was kept; %d are", number, len(numbers))
		}
	}
	// The newer one in place of the older one.
	mustRun(t, "backup", file, "--db", db, "--force")
}

// wholeThing checks that a backup is one file, that needs nothing beside it.
func wholeThing(t *testing.T, file string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the backup there are %v, %v", entries, err)
	}
}

func noLeftovers(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.Contains(entry.Name(), ".partial") || strings.Contains(entry.Name(), ".restor") {
			t.Errorf("%s is left", entry.Name())
		}
	}
}

// TestBackupUploads restores a database with a file whose rows were being worked,
// elsewhere: the rows that were left are worked there.
func TestBackupUploads(t *testing.T) {
	t.Parallel()
	const rows = 90_000 // a list takes no more than 100,000
	db, other := newDB(t), newDB(t)
	file := filepath.Join(t.TempDir(), "callbook.bak")
	auth := newAccount(t, db, "acme")
	s := startServer(t, db)
	c := newClient(t, s, auth)
	var csv strings.Builder
	csv.WriteString("number,first_name\n")
	for i := range rows {
		fmt.Fprintf(&csv, "+9196%08d,Asha\n", i)
	}
	u := c.uploadCSV(t, "people", csv.String())
	s.kill(t) // in its middle, unless the machine is so busy that the test is late
	entries, err := os.ReadDir(db + ".uploads")
	for tries := 1; len(entries) == 0 && tries < 5; tries++ {
		s = startServer(t, db)
		u = newClient(t, s, auth).uploadCSV(t, "people "+strconv.Itoa(tries), strings.ReplaceAll(csv.String(), "+9196", "+919"+strconv.Itoa(tries)))
		s.kill(t)
		entries, err = os.ReadDir(db + ".uploads")
	}
	if err != nil || len(entries) != 1 {
		t.Fatalf("there are files %v, %v: this test tests nothing", entries, err)
	}
	mustRun(t, "backup", file, "--db", db)
	if got := mustRun(t, "check", "--db", file); !strings.Contains(got.stdout, "1 files") {
		t.Errorf("the check of the backup says\n%s", got.stdout)
	}
	if err := os.RemoveAll(filepath.Dir(db)); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "restore", file, "--db", other)
	checkClean(t, other)
	s = startServer(t, other)
	c = newClient(t, s, auth)
	if !waitFor(2*time.Minute, func() bool { return c.uploadStatus(t, u.ID).Status == "completed" }) {
		t.Fatal("the upload was not gone on with")
	}
	count, err := c.contactCount(u.List)
	if err != nil || count != rows {
		t.Errorf("the list has %d contacts, want %d (%v)", count, rows, err)
	}
	checkClean(t, other)
}

// TestBackupTrash restores a backup elsewhere, and there what was in the trash.
func TestBackupTrash(t *testing.T) {
	t.Parallel()
	db, other := newDB(t), newDB(t)
	file := filepath.Join(t.TempDir(), "callbook.bak")
	auth := newAccount(t, db, "acme")
	s := startServer(t, db)
	c := newClient(t, s, auth)
	created := c.mustPost(t, contact{Number: "+919876543210", FirstName: "Asha"})
	sid := created.Response[0].Data.SID
	if a, err := c.call("DELETE", "/contacts/"+sid, nil); err != nil || a.status != 200 {
		t.Fatalf("got %v, %v", a, err)
	}
	mustRun(t, "backup", file, "--db", db)
	checkClean(t, file)
	mustRun(t, "restore", file, "--db", other)
	c = newClient(t, startServer(t, other), auth)
	if a, err := c.call("POST", "/trash/contacts/restore", []byte(`{"contacts":[{"sid":"`+sid+`"}]}`)); err != nil || a.status != 207 {
		t.Fatalf("got %v, %v", a, err)
	}
	if back := storedContacts(t, c); len(back) != 1 || back[0].SID != sid || back[0].FirstName != "Asha" {
		t.Errorf("what came back is %+v", back)
	}
	checkClean(t, other)
}

// seeded makes a database with so many contacts.
func seeded(t *testing.T, contacts int) (db string, auth credentials) {
	t.Helper()
	db = newDB(t)
	auth = newAccount(t, db, "acme")
	s := startServer(t, db)
	c := newClient(t, s, auth)
	for first := 0; first < contacts; first += 5000 {
		all := make([]contact, min(5000, contacts-first))
		for i := range all {
			all[i] = contact{Number: fmt.Sprintf("+9198%08d", first+i), FirstName: "Asha"}
		}
		c.mustPost(t, all...)
	}
	s.stop(t)
	return db, auth
}

// killAt runs a command and kills it after a while, and tells whether that was
// before its end.
func killAt(t *testing.T, after time.Duration, args ...string) (killed bool) {
	t.Helper()
	cmd := exec.Command(binary(t), args...)
	cmd.Env = cleanEnv()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if err != nil && !status.Signaled() {
		t.Fatalf("%v: %v\n%s", args, err, &stderr)
	}
	return status.Signaled()
}

// TestBackupKilled ends backups at many moments: under the name of a backup there
// is the one before, or a whole one, and nothing is left of those that were ended.
func TestBackupKilled(t *testing.T) {
	t.Parallel()
	db, _ := seeded(t, 20_000)
	file := filepath.Join(t.TempDir(), "callbook.bak")
	began := time.Now()
	mustRun(t, "backup", file, "--db", db)
	lasts := time.Since(began)
	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kills := 0
	for i := 0; i < 8 || kills == 0 && i < 50; i++ {
		after := time.Duration(rand.Int64N(int64(lasts)))
		args := []string{"backup", file, "--db", db, "--force"}
		if i%3 == 2 {
			cmd := exec.Command(binary(t), args...)
			cmd.Env = cleanEnv()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(after, func() { _ = cmd.Process.Signal(os.Interrupt) })
			_ = cmd.Wait() // by the signal, before it is waited for; with code 1; or well
			timer.Stop()
			if cmd.ProcessState.ExitCode() >= 0 {
				noLeftovers(t, filepath.Dir(file))
			}
		} else if killAt(t, after, args...) {
			kills++
		} else {
			lasts = max(after, time.Millisecond) // it was quicker this time
		}
		if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, first) {
			t.Fatalf("the backup is another one, or gone: %v", err)
		}
	}
	if kills == 0 {
		t.Error("no backup was killed in its middle: this test has tested nothing")
	}
	mustRun(t, "backup", file, "--db", db, "--force")
	wholeThing(t, file)
}

// TestBackupRefuses: no backup of what is not there, or broken.
func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	db, _ := seeded(t, 2000)
	dir := t.TempDir()
	file := filepath.Join(dir, "callbook.bak")
	wrong := func(words string, args ...string) {
		t.Helper()
		if got := callbook(t, args...); got.code != 1 || !strings.Contains(got.stderr, words) {
			t.Errorf("%v: exit code %d, %s", args, got.code, got.stderr)
		}
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: there is a backup", args)
		}
		noLeftovers(t, dir)
	}
	wrong("there is no database", "backup", file, "--db", filepath.Join(dir, "none.db"))
	wrong("the database itself", "backup", db, "--db", db, "--force")
	wrong("pg_dump", "backup", file, "--db", "postgres://nobody:hunter2@127.0.0.1:1/callbook")
	wrong("pg_restore", "restore", file, "--db", "postgres://nobody:hunter2@127.0.0.1:1/callbook")
	content, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(content, []byte("Asha")) / 8192 * 8192
	clear(content[at : at+8192])
	if err := os.WriteFile(db, content, 0o600); err != nil {
		t.Fatal(err)
	}
	wrong("structure", "backup", file, "--db", db)
}
