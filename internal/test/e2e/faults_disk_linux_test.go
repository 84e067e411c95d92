package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDiskFills fills the disk under a running server, makes room again, and wants
// it to go on by itself. It is not parallel: a client beside its load might wait
// for too long.
func TestDiskFills(t *testing.T) {
	t.Run("bulk requests", fullInBulk)
	t.Run("import", fullInImport)
	t.Run("checkpoint", fullInCheckpoint)
}

// disk is a small file system in memory that a test can fill.
type disk struct {
	t      *testing.T
	dir    string
	filler string
}

func newDisk(t *testing.T, megabytes int) *disk {
	t.Helper()
	d := &disk{t: t, dir: filepath.Join(t.TempDir(), "disk")}
	d.filler = filepath.Join(d.dir, "filler")
	if err := os.Mkdir(d.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	err := syscall.Mount("callbook-test", d.dir, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		missing(t, "the right to mount a file system")
	}
	if err != nil {
		t.Fatalf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return d
}

func (d *disk) db() string { return filepath.Join(d.dir, "book.db") }

// fill leaves this many bytes free.
func (d *disk) fill(free int64) {
	d.t.Helper()
	f, err := os.OpenFile(d.filler, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for piece := make([]byte, 1<<20); len(piece) > 0; {
		if _, err := f.Write(piece); errors.Is(err, syscall.ENOSPC) {
			piece = piece[:len(piece)/2]
		} else if err != nil {
			d.t.Fatal(err)
		}
	}
	info, err := f.Stat()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := f.Truncate(max(0, info.Size()-free)); err != nil {
		d.t.Fatal(err)
	}
}

// empty makes room again.
func (d *disk) empty() {
	d.t.Helper()
	if err := os.Remove(d.filler); err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
}

func fullInBulk(t *testing.T) {
	d := newDisk(t, 96)
	tr := newTrial(t, d.db())
	st := tr.steady(4)
	for range 3 {
		st.progress(10, 1)
		refused := st.refused.Load()
		d.fill(rand.Int64N(2 << 20))
		if !waitFor(patience, func() bool { return st.refused.Load() > refused+10 || t.Failed() }) {
			t.Fatal("no write was refused: the disk is not full")
		}
		st.progress(0, 2) // what is there is read
		if got := get(t, tr.s.URL+"/healthz"); got.status != http.StatusOK {
			t.Errorf("/healthz: got %d", got.status)
		}
		d.empty()
	}
	st.progress(20, 2)
	st.stop()
	if n := st.refusedReading.Load(); n > 0 {
		t.Errorf("%d reads were refused while there was no room to write", n)
	}
	tr.end()
}

// fullInCheckpoint fills the disk when the log has been written over once and so
// has room for more: commits succeed until a checkpoint must make the file larger.
func fullInCheckpoint(t *testing.T) {
	d := newDisk(t, 96)
	tr := newTrial(t, d.db())
	st := tr.steady(4)
	size := func() int64 {
		info, err := os.Stat(tr.db)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	const failed = "checkpoint failed"
	for round := 0; round < 3 || !strings.Contains(tr.s.stderr.String(), failed) && round < 20; round++ {
		if before := size(); !waitFor(patience, func() bool { return size() > before || t.Failed() }) {
			t.Fatal("no checkpoint comes")
		}
		refused := st.refused.Load()
		d.fill(0)
		if !waitFor(patience, func() bool { return st.refused.Load() > refused || t.Failed() }) {
			t.Fatal("no write was refused: the disk is not full")
		}
		d.empty()
		st.progress(5, 1)
	}
	st.stop()
	if !strings.Contains(tr.s.stderr.String(), failed) {
		t.Error("no checkpoint met the full disk: this test has tested nothing")
	}
	tr.end()
}

func fullInImport(t *testing.T) {
	const rows = 60_000
	d := newDisk(t, 96)
	tr := newTrial(t, d.db())
	other := newClient(t, tr.s, newAccount(t, tr.db, "importing"))
	var file strings.Builder
	file.WriteString("number,first_name\n")
	for i := range rows {
		fmt.Fprintf(&file, "+9197%08d,Asha\n", i)
	}
	// A file that there is no room for is not taken, and leaves nothing.
	d.fill(200 << 10)
	body, contentType, err := uploadForm("Refused", file.String())
	if err != nil {
		t.Fatal(err)
	}
	got, err := other.upload(body, contentType)
	if err == nil {
		err = isUnavailable(got)
	}
	if err != nil {
		t.Errorf("an upload without room for its file: %v", err)
	}
	d.empty()
	if left, err := os.ReadDir(tr.db + ".uploads"); err != nil && !errors.Is(err, os.ErrNotExist) || len(left) > 0 {
		t.Errorf("of the refused file are left: %v (%v)", left, err)
	}
	if lists := other.count(t, "/lists"); lists != 0 {
		t.Errorf("the refused file has left %d lists", lists)
	}

	st := tr.steady(1)
	u := other.uploadCSV(t, "Leads", file.String())
	for round := range 3 {
		at := rows * round / 5
		if !waitFor(patience, func() bool { return other.uploadStatus(t, u.ID).Stats.Total > at }) {
			t.Fatalf("the import does not get on: %+v", other.uploadStatus(t, u.ID))
		}
		refused := st.refused.Load()
		d.fill(rand.Int64N(256 << 10))
		if !waitFor(patience, func() bool { return st.refused.Load() > refused+10 || t.Failed() }) {
			t.Fatal("no write was refused: the disk is not full")
		}
		// It may have ended while the disk filled, but not in the first round.
		if now := other.uploadStatus(t, u.ID); now.Status != "in-progress" && (now.Status != "completed" || round == 0) {
			t.Errorf("without room the import is %+v", now)
		}
		d.empty()
	}
	var last upload
	if !waitFor(patience, func() bool { last = other.uploadStatus(t, u.ID); return last.Status != "in-progress" }) ||
		last.Status != "completed" || last.Stats != (uploadStats{Total: rows, Success: rows}) {
		t.Errorf("the import ended as %+v, want %d rows that are good", last, rows)
	}
	st.stop()
	for _, path := range []string{"/contacts", "/lists/" + u.List + "/contacts"} {
		if got := other.count(t, path); got != rows {
			t.Errorf("%s: %d contacts, want %d", path, got, rows)
		}
	}
	tr.end()
}

// upload sends a form with a file.
func (c *client) upload(form []byte, contentType string) (answer, error) {
	req, err := http.NewRequest(http.MethodPost, c.base+"/contacts/csv-upload", strings.NewReader(string(form)))
	if err != nil {
		return answer{}, err
	}
	req.SetBasicAuth(c.auth.APIKey, c.auth.APIToken)
	req.Header.Set("Content-Type", contentType)
	return send(c.http, req)
}

// count is the total of a collection.
func (c *client) count(t *testing.T, path string) int {
	t.Helper()
	got, err := c.call(http.MethodGet, path+"?limit=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := got.page()
	if err != nil {
		t.Fatal(err)
	}
	return page.Metadata.Total
}
