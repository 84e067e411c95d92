package e2e

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestKilledInEverything kills a server at random while clients write, import and
// export, and backups are made, and those at random too.
func TestKilledInEverything(t *testing.T) {
	t.Parallel()
	engines(t, killedInEverything)
}

func killedInEverything(t *testing.T, db string) {
	auth := newAccount(t, db, "killed")
	seed := chaosSeed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	s := startServer(t, db)
	w := newWorkload(t, auth, seed, s)
	w.begin(4, 2)
	exports := newExports(w, 2)
	var copies *backups
	if !isPostgres(db) { // PostgreSQL has backups of its own
		copies = newBackups(t, db)
	}
	kills := 0
	most := 8 // kills, unless somebody has asked for so much time
	if os.Getenv("CALLBOOK_CHAOS") != "" {
		most = math.MaxInt
	}
	for end := time.Now().Add(chaosTime(t)); kills < most && time.Now().Before(end) && !t.Failed() || kills < 3; kills++ {
		w.progress(1 + random.Int64N(150))
		s.kill(t)
		s = startServer(t, db)
		w.moved(0, s)
	}
	w.progress(50)
	// Of each kind there must have been some that came to its end.
	if !waitFor(patience, func() bool {
		return t.Failed() || exports.whole.Load() > 0 && (copies == nil || copies.whole.Load() > 0)
	}) {
		t.Error("no export or no backup comes to its end")
	}
	w.end()
	exports.clients.Wait()
	copies.end()
	t.Logf("killed %d times; %d exports were whole, %d were cut", kills, exports.whole.Load(), exports.cut.Load())
	if w.broken.Load() == 0 {
		t.Error("no request was cut off: this test has tested nothing")
	}
	w.check()
	if log := s.stderr.String(); strings.Contains(log, "panic") {
		t.Errorf("the log tells of a panic:\n%s", log)
	}
	s.stop(t)
	checkClean(t, db)
}

// exports is clients that export all contacts again and again. An export whose
// end came is a whole CSV file in which no contact comes twice.
type exports struct {
	clients    sync.WaitGroup
	whole, cut atomic.Int64
}

func newExports(w *workload, clients int) *exports {
	e := &exports{}
	for range clients {
		e.clients.Go(func() {
			for !w.stopping.Load() && !w.t.Failed() {
				got, err := w.client(0).call(http.MethodGet, "/contacts/export", nil)
				if err != nil || got.status == http.StatusServiceUnavailable {
					e.cut.Add(1)
					<-time.After(10 * time.Millisecond) // as a client that comes again in a moment
					continue
				}
				if err := isWholeExport(got); err != nil {
					w.t.Errorf("an export: %v", err)
					return
				}
				e.whole.Add(1)
			}
		})
	}
	return e
}

func isWholeExport(got answer) error {
	if got.status != http.StatusOK {
		return fmt.Errorf("got %d %.500s", got.status, got.body)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(got.body, []byte("\ufeff")))).ReadAll()
	if err != nil {
		return err
	}
	seen := stringSet{}
	for i, row := range rows {
		if seen[row[0]] {
			return fmt.Errorf("row %d has the contact of another: %v", i, row)
		}
		seen[row[0]] = true
	}
	return nil
}

// backups makes one backup of a file after the other, and kills some on the way.
type backups struct {
	t              *testing.T
	stopping       atomic.Bool
	done           sync.WaitGroup
	whole, stopped atomic.Int64
}

func newBackups(t *testing.T, db string) *backups {
	b := &backups{t: t}
	dir := t.TempDir()
	program := binary(t)
	b.done.Go(func() {
		for i := 0; !b.stopping.Load() && !t.Failed(); i++ {
			if err := b.make(program, db, filepath.Join(dir, fmt.Sprint("backup", i)), i%2 == 1); err != nil {
				t.Errorf("backup %d: %v", i, err)
			}
		}
	})
	return b
}

// make makes a backup, which is there and sound or is not there, also when it is
// killed.
func (b *backups) make(program, db, file string, kill bool) error {
	var out bytes.Buffer
	cmd := exec.Command(program, "backup", file, "--db", db)
	cmd.Env = cleanEnv()
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err
	}
	limit := 5 * time.Minute
	if kill {
		limit = rand.N(500 * time.Millisecond)
	}
	timer := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if timer.Stop() && err != nil {
		return fmt.Errorf("%w: %s", err, &out)
	}
	if err != nil && !kill {
		return fmt.Errorf("it does not end: %s", &out)
	}
	if _, missing := os.Stat(file); missing != nil {
		if err == nil {
			return fmt.Errorf("it says that it is made, and is not there: %s", &out)
		}
		b.stopped.Add(1)
		return nil
	}
	check := exec.Command(program, "check", "--db", file)
	check.Env = cleanEnv()
	if said, err := check.CombinedOutput(); err != nil {
		return fmt.Errorf("it is not sound: %w\n%s", err, said)
	}
	b.whole.Add(1)
	return os.Remove(file)
}

// end lets the last backup end.
func (b *backups) end() {
	if b == nil {
		return
	}
	b.stopping.Store(true)
	b.done.Wait()
	b.t.Logf("%d backups were made, %d were killed on the way", b.whole.Load(), b.stopped.Load())
}
