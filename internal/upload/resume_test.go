package upload_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// gate stands before the store and counts the batches that go through.
type gate struct {
	upload.Store
	mu     sync.Mutex
	begun  []addressbook.SID // the uploads whose batches came, in their order
	before func(n int) error // called before batch n, from 1; may be nil
	after  func(n int) error // and after it
	n      int
}

func (g *gate) over(s upload.Store) upload.Store {
	g.Store = s
	return g
}

func (g *gate) ApplyBatch(ctx context.Context, b *upload.Batch) (upload.State, error) {
	g.mu.Lock()
	g.n++
	n := g.n
	g.begun = append(g.begun, b.Upload)
	g.mu.Unlock()
	if g.before != nil {
		if err := g.before(n); err != nil {
			return 0, err
		}
	}
	state, err := g.Store.ApplyBatch(ctx, b)
	if err == nil && g.after != nil {
		err = g.after(n)
	}
	return state, err
}

// count is how many batches came.
func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.n
}

// file is a CSV file that has rows of every sort, and what must become of it.
type file struct {
	text  string
	stats servertest.Stats
}

// newFile returns a file of n rows: some with several lines, some that fail,
// some that repeat an earlier number, near or far.
func newFile(seed uint64, n int) file {
	r := rand.New(rand.NewPCG(seed, 0))
	var f file
	var b strings.Builder
	b.WriteString("number,first_name,tag\n")
	for i := range n {
		f.stats.Total++
		switch r.IntN(10) {
		case 0:
			fmt.Fprintf(&b, "x%d,bad,\n", i)
			f.stats.Failed++
		case 1:
			fmt.Fprintf(&b, "+9198%08d,\"never closed %d\n", n+i, i)
			f.stats.Failed++
		case 2:
			b.WriteString("\n\r\n") // and a row
			fallthrough
		case 3:
			fmt.Fprintf(&b, "+9198%08d,\"Asha\n%d\",\"a\r\n\"\"b\"\"\"\r\n", i, i)
			f.stats.Success++
		case 4:
			if f.stats.Success == 0 {
				fmt.Fprintf(&b, "+9198%08d,x,\n", i)
				f.stats.Success++
				break
			}
			// Whichever row had it, a number in the list comes again.
			fmt.Fprintf(&b, "%s,again,\n", firstGood(b.String(), r.IntN(2) == 0))
			f.stats.Duplicate++
		default:
			fmt.Fprintf(&b, "+9198%08d,Vikram,%d\n", i, i)
			f.stats.Success++
		}
	}
	f.text = b.String()
	return f
}

// firstGood returns a number that a good row of the text has: the first one, or
// the last.
func firstGood(text string, last bool) string {
	found := ""
	for line := range strings.Lines(text) {
		number, rest, _ := strings.Cut(line, ",")
		if len(number) != 13 || number[0] != '+' || strings.HasPrefix(rest, "\"never") {
			continue
		}
		found = number
		if !last {
			break
		}
	}
	return found
}

// check checks what an upload has come to.
func (f file) check(t *testing.T, c *servertest.Client, u servertest.Upload) {
	t.Helper()
	got := c.Await(u)
	if got.Status != "completed" || got.Stats != f.stats {
		t.Errorf("got %+v, want %+v", got, f.stats)
	}
	if l := getList(t, c, u.List); l.ContactCount != f.stats.Success {
		t.Errorf("the list has %d contacts, want %d", l.ContactCount, f.stats.Success)
	}
	if total := c.Total(); total != f.stats.Success {
		t.Errorf("there are %d contacts, want %d", total, f.stats.Success)
	}
	f.checkErrors(t, c, u)
}

// checkDryRun checks what a dry run for a new list has come to.
func (f file) checkDryRun(t *testing.T, c *servertest.Client, u servertest.Upload) {
	t.Helper()
	got := c.Await(u)
	if got.Status != "completed" || got.Stats != f.stats || got.DryRun == nil || *got.DryRun != (servertest.Tried{New: f.stats.Success}) {
		t.Errorf("got %+v, want %+v", got, f.stats)
	}
	c.Get(c.Path("/lists/"+u.List)).Fault(t, 404)
	if total := c.Total(); total != 0 {
		t.Errorf("there are %d contacts", total)
	}
	f.checkErrors(t, c, u)
}

func (f file) checkErrors(t *testing.T, c *servertest.Client, u servertest.Upload) {
	t.Helper()
	_, records := c.Errors(u)
	if len(records)-1 != f.stats.Failed+f.stats.Duplicate {
		t.Errorf("there are %d error rows, want %d", len(records)-1, f.stats.Failed+f.stats.Duplicate)
	}
	lines := strings.Split(f.text, "\n")
	for _, record := range records[1:] {
		var line int
		fmt.Sscan(record[0], &line)
		if !strings.HasPrefix(lines[line-1], record[3]) {
			t.Fatalf("line %d is said to be %q, and is %q", line, record, lines[line-1])
		}
	}
}

var errStop = errors.New("the power is gone")

// stopping returns a gate that tells when the server is to be stopped: before a
// batch, after a batch of which nobody was told, or just so.
func stopping(r *rand.Rand) (g *gate, reached chan struct{}) {
	reached = make(chan struct{})
	var once sync.Once
	stop := func(at int) func(int) error {
		return func(n int) error {
			if n < at {
				return nil
			}
			once.Do(func() { close(reached) })
			return errStop // nothing goes on from here
		}
	}
	g = &gate{}
	switch at := 1 + r.IntN(4); r.IntN(3) {
	case 0:
		g.before = stop(at)
	case 1:
		g.after = stop(at) // it was done, and nobody learns of it
	default:
		g.after = func(n int) error {
			if n >= at {
				once.Do(func() { close(reached) })
			}
			return nil
		}
	}
	return g, reached
}

// resume works a file on a server that is stopped over and over, so often at
// most, and returns how it is once it has ended.
func resume(t *testing.T, seed uint64, text string, stops int, parts ...string) (*servertest.Server, *servertest.Client, servertest.Upload) {
	t.Helper()
	return resumeFile(t, seed, text, strings.Count(text, "\n"), stops, parts...)
}

// resumeFile is resume for a file of any format, with at most so many rows.
func resumeFile(t *testing.T, seed uint64, text string, rows, stops int, parts ...string) (*servertest.Server, *servertest.Client, servertest.Upload) {
	t.Helper()
	path := servertest.NewDatabase(t)
	r := rand.New(rand.NewPCG(seed, 1))
	var c *servertest.Client
	var u servertest.Upload
	for run := 0; ; run++ {
		g, reached := stopping(r)
		if run == stops {
			g, reached = &gate{}, make(chan struct{})
		}
		s := servertest.Start(t, servertest.Options{Path: path, BatchRows: 1 + r.IntN(40), Imports: g.over})
		if run == 0 {
			c = s.Account("demo")
			u = c.Upload("Leads", text, parts...)
		} else {
			c = c.At(s)
		}
		status := c.AwaitUntil(u, func(got servertest.Upload) bool {
			select {
			case <-reached:
				return true
			default:
				return got.Status != "in-progress"
			}
		})
		if status.Stats.Total > rows || status.Status == "failed" {
			t.Errorf("run %d: got %+v", run, status)
		}
		if status.Status == "completed" {
			t.Logf("%d runs", run+1)
			return s, c, u
		}
		s.Stop()
	}
}

// TestResume stops the server over and over while it works a file.
func TestResume(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			f := newFile(seed, 600)
			s, c, u := resume(t, seed, f.text, math.MaxInt)
			f.check(t, c, u)
			nothingLeft(t, s, c, 1)
		})
	}
}

// TestResumeDryRun stops the server in the middle of a dry run, which then
// begins anew, and in the end is exact.
func TestResumeDryRun(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			f := newFile(seed, 300)
			s, c, u := resume(t, seed, f.text, 3, "dry_run", "true")
			f.checkDryRun(t, c, u)
			nothingLeft(t, s, c, 1)
		})
	}
}

// TestDryRunTrouble: a batch of a dry run that fails, be it done or not, makes
// it begin anew.
func TestDryRunTrouble(t *testing.T) {
	t.Parallel()
	f := newFile(7, 300)
	g := &gate{}
	g.before = func(n int) error { return map[int]error{2: errStop}[n] }
	g.after = func(n int) error { return map[int]error{4: errStop}[n] }
	s := servertest.Start(t, servertest.Options{BatchRows: 100, Imports: g.over})
	c := s.Account("demo")
	f.checkDryRun(t, c, c.Upload("Leads", f.text, "dry_run", "true"))
}

// TestStoreTrouble: a batch that fails is done again, whether it was done or
// not.
func TestStoreTrouble(t *testing.T) {
	t.Parallel()
	f := newFile(7, 300)
	g := &gate{}
	g.before = func(n int) error { return map[int]error{2: errStop}[n] }
	g.after = func(n int) error { return map[int]error{4: errStop}[n] }
	s := servertest.Start(t, servertest.Options{BatchRows: 100, Imports: g.over})
	c := s.Account("demo")
	f.check(t, c, c.Upload("Leads", f.text))
}

// TestOrphans: files that belong to no upload go when the server starts, and an
// upload without its file fails.
func TestOrphans(t *testing.T) {
	servertest.EmbeddedOnly(t, "files on the disk")
	t.Parallel()
	path := servertest.NewDatabase(t)
	never := &gate{before: func(int) error { return errStop }}
	s := servertest.Start(t, servertest.Options{Path: path, Imports: never.over})
	c := s.Account("demo")
	lost := c.Upload("lost", "number\n"+asha+"\n")
	kept := c.Upload("kept", "number\n"+vikram+"\n")
	changed := c.Upload("changed", "number\n"+vikram+"\n")
	s.Stop()
	dir := path + ".uploads"
	if got := len(s.UploadFiles()); got != 3 {
		t.Errorf("there are %d files", got)
	}
	for name, content := range map[string]string{strings.Repeat("0", 32) + ".csv": "number\n", changed.ID + ".csv": "PK\x03\x04"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, lost.ID+".csv")); err != nil {
		t.Fatal(err)
	}

	s = servertest.Start(t, servertest.Options{Path: path})
	c = c.At(s)
	if got := c.Await(kept); got.Status != "completed" || got.Stats.Success != 1 {
		t.Errorf("got %+v", got)
	}
	for _, u := range []servertest.Upload{lost, changed} {
		if got := c.Await(u); got.Status != "failed" || got.Stats.Total != 0 {
			t.Errorf("got %+v", got)
		}
	}
	all, _ := c.Get(c.Path("/csv-uploads")).Uploads(t)
	if len(all) != 3 || all[0].ListName != "changed" || *all[0].Reason != "file changed" || *all[2].Reason != "file lost" || all[1].Reason != nil {
		t.Errorf("got %+v", all)
	}
	nothingLeft(t, s, c, 3)
}
