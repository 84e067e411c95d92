package api_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// cutImports calls cut between the commit of an erasure and the cleaning of the database's
// files: when the erasure looks for files the second time.
type cutImports struct {
	upload.Store
	cut   func() error // nil while nobody is erased
	looks int
}

func (c *cutImports) PendingFiles(ctx context.Context) ([]upload.PendingFile, error) {
	if c.cut != nil {
		if c.looks++; c.looks == 2 {
			if err := c.cut(); err != nil {
				return nil, err
			}
		}
	}
	return c.Store.PendingFiles(ctx)
}

// startCut starts a server whose file has remains of a person in free space, and returns
// the client of its account.
func startCut(t *testing.T, cut *cutImports) (s *servertest.Server, c *servertest.Client) {
	t.Helper()
	servertest.EmbeddedOnly(t, "free space to clean")
	s = servertest.Start(t, servertest.Options{Imports: func(store upload.Store) upload.Store {
		cut.Store = store
		return cut
	}})
	c = s.Account("demo")
	one := c.CreateOne(`{"number":"` + zubeida + `",` + zubeidaFields + `}`)
	for _, company := range []string{"short", strings.Repeat("long ", 40), "begum of the hill"} {
		c.Send("PUT", "/contacts/"+one.SID, `{"company_name":"`+company+`"}`)
	}
	c.Send("DELETE", "/contacts/"+one.SID, "")
	c.CreateOne(`{"number":"` + zubeida + `","first_name":"Zubeidabegum"}`)
	return s, c
}

// tracesIn returns which traces of the person the files of a database have.
func tracesIn(t *testing.T, path string) (found []string) {
	t.Helper()
	for _, file := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, trace := range traces {
			if bytes.Contains(data, []byte(trace)) {
				found = append(found, filepath.Base(file)+" has "+trace)
			}
		}
	}
	return found
}

// TestEraseKilled: a server that is killed between the commit of an erasure and the
// cleaning of its files leaves remains in free space. The next one cleans them, once.
func TestEraseKilled(t *testing.T) {
	t.Parallel()
	cut := new(cutImports)
	s, c := startCut(t, cut)
	killed := filepath.Join(t.TempDir(), "callbook.db")
	cut.cut = func() error { // what a kill leaves
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(s.Path + suffix)
			if err == nil {
				err = os.WriteFile(killed+suffix, data, 0o600)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	eraseOne(t, c, zubeida)
	if found := tracesIn(t, s.Path); len(found) > 0 {
		t.Errorf("without a kill: %s", found)
	}
	if len(tracesIn(t, killed)) == 0 {
		t.Fatal("the kill left nothing: this test tests nothing")
	}
	next := servertest.Start(t, servertest.Options{Path: killed})
	for limit := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		found := tracesIn(t, killed)
		if len(found) == 0 {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("after the next start: %s", found)
		}
	}
	next.Stop()
	if found := tracesIn(t, killed); len(found) > 0 {
		t.Errorf("after its end: %s", found)
	}
}

// TestEraseFailed: an erasure that fails after its commit leaves remains, which the next
// erasure cleans, of whomever it is.
func TestEraseFailed(t *testing.T) {
	t.Parallel()
	cut := new(cutImports)
	s, c := startCut(t, cut)
	cut.cut = func() error { return errors.New("the disk is gone") }
	if a := c.Send("DELETE", "/contacts?number=9812345678", ""); a.Status != 500 {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	if len(tracesIn(t, s.Path)) == 0 {
		t.Fatal("the failure left nothing: this test tests nothing")
	}
	eraseOne(t, c, "9812345670")
	if found := tracesIn(t, s.Path); len(found) > 0 {
		t.Error(found)
	}
}
