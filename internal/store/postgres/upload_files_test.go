package postgres

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"testing"
	"testing/iotest"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/test/pgtest"
	"callbook/internal/upload"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.Database(t, Migrate))
	addAccount(t, db) // 1
	files := db.Files()
	random := rand.NewChaCha8([32]byte{})
	for i, size := range []int{0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3*chunkBytes + 7} {
		upload := addressbook.SID{byte(i)}
		want := make([]byte, size)
		random.Read(want)
		// It comes in pieces of any size.
		if err := files.Write(t.Context(), 1, upload, iotest.HalfReader(bytes.NewReader(want))); err != nil {
			t.Fatal(err)
		}
		file, err := files.Open(t.Context(), 1, upload)
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(io.NewSectionReader(file, 0, int64(size)), want); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		part := make([]byte, 100)
		for _, off := range []int64{0, int64(size) / 2, max(0, int64(size)-50), int64(size), int64(size) + 1, chunkBytes - 50} {
			n, err := file.ReadAt(part, off)
			left := want[min(int(off), size):]
			if wantN := min(len(part), len(left)); n != wantN || !bytes.Equal(part[:n], left[:n]) || (n < len(part)) != (err == io.EOF) {
				t.Errorf("%d bytes at %d of %d: %v, want %d", n, off, size, err, wantN)
			}
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
		noFile(t, files, 2, upload) // another account's
		for range 2 {
			if err := files.Remove(t.Context(), 1, upload); err != nil {
				t.Error(err)
			}
		}
		noFile(t, files, 1, upload)
	}
	nothingKept(t, db)
}

func noFile(t *testing.T, files Files, account account.ID, upload addressbook.SID) {
	t.Helper()
	if _, err := files.Open(t.Context(), account, upload); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of %v: %v", upload, err)
	}
}

func nothingKept(t *testing.T, db *DB) {
	t.Helper()
	var n int
	err := db.pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM upload_files) + (SELECT count(*) FROM upload_chunks)`).Scan(&n)
	if err != nil || n != 0 {
		t.Errorf("%d rows are left, %v", n, err)
	}
}

// TestFileBreaksOff: of a file that does not come to its end nothing is left, and
// what it failed with is told.
func TestFileBreaksOff(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.Database(t, Migrate))
	addAccount(t, db) // 1
	broken := fault.New(fault.TooLarge, "too large")
	from := io.MultiReader(bytes.NewReader(make([]byte, chunkBytes+1)), iotest.ErrReader(broken))
	if err := db.Files().Write(t.Context(), 1, addressbook.SID{1}, from); fault.As(err) != broken {
		t.Errorf("the error is %v", err)
	}
	nothingKept(t, db)
}

// TestFileLosesPiece: a piece that is gone is no end of the file.
func TestFileLosesPiece(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.Database(t, Migrate))
	addAccount(t, db) // 1
	if err := db.Files().Write(t.Context(), 1, addressbook.SID{1}, bytes.NewReader(make([]byte, 3*chunkBytes))); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `DELETE FROM upload_chunks WHERE chunk = 1`)
	file, err := db.Files().Open(t.Context(), 1, addressbook.SID{1})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, io.NewSectionReader(file, 0, 3*chunkBytes)); n != chunkBytes || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// TestRemoveOthers removes the files of uploads that have ended, and those that
// had long enough to become one.
func TestRemoveOthers(t *testing.T) {
	t.Parallel()
	db := open(t, pgtest.Database(t, Migrate))
	a, err := db.CreateAccount(t.Context(), account.Account{SID: "acme", Region: "IN", TimeZone: time.UTC, Created: time.Unix(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	running, ended, coming, old := addressbook.SID{1}, addressbook.SID{2}, addressbook.SID{3}, addressbook.SID{4}
	for _, upload := range []addressbook.SID{running, ended, coming, old} {
		if err := db.Files().Write(t.Context(), a.ID, upload, bytes.NewReader([]byte("number\n"))); err != nil {
			t.Fatal(err)
		}
	}
	for sid, state := range map[addressbook.SID]upload.State{running: upload.Running, ended: upload.Cancelled} {
		u := upload.Upload{SID: sid, Account: a, Header: []byte("number"), State: state, Created: time.Unix(1, 0), Updated: time.Unix(1, 0)}
		list := addressbook.List{SID: addressbook.SID{9}, Name: "list", Created: time.Unix(1, 0), Updated: time.Unix(1, 0)}
		if err := db.AddUpload(t.Context(), u, list, nil); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, db, `UPDATE upload_files SET kept_at = now() - interval '25 hours' WHERE upload_sid IN ($1, $2)`, [16]byte(running), [16]byte(old))
	if err := db.Files().RemoveOthers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	noFile(t, db.Files(), a.ID, ended)
	noFile(t, db.Files(), a.ID, old)
	for _, upload := range []addressbook.SID{running, coming} {
		if _, err := db.Files().Open(t.Context(), a.ID, upload); err != nil {
			t.Error(err)
		}
	}
}
