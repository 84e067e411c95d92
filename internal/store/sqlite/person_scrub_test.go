package sqlite

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"testing"
)

// TestScrub fills free space of all kinds with a text: of pages that are in use, of freed
// pages, and of those that list freed pages. It is more than one transaction cleans.
func TestScrub(t *testing.T) {
	t.Parallel()
	const text = "Zubeidabegum"
	for name, texts := range map[string][][]byte{"a text": {[]byte(text)}, "everything": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, Options{})
			s.exec(t, `CREATE TABLE rows (text TEXT)`)
			s.exec(t, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
				INSERT INTO rows SELECT iif(i > 6000 OR i % 2, '`+text+`', 'Nobody') || hex(zeroblob(200)) FROM n`)
			s.exec(t, `DELETE FROM rows WHERE text LIKE '`+text+`%'`)
			if n := s.number(t, `PRAGMA freelist_count`); n < cleanedAtOnce {
				t.Fatalf("only %d pages are free", n)
			}
			if err := s.book.Scrub(t.Context(), nil, texts); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{s.path, s.path + walSuffix} {
				content, err := os.ReadFile(file)
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
				if n := bytes.Count(content, []byte(text)); n > 0 {
					t.Errorf("%s has the text %d times", file, n)
				}
			}
			if n := s.number(t, `SELECT count(*) FROM rows WHERE text LIKE 'Nobody%'`); n != 3000 {
				t.Errorf("%d rows are left, want 3000", n)
			}
			if n := s.number(t, `SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'`); n != 0 {
				t.Errorf("the file is damaged: %d problems", n)
			}
		})
	}
}
