package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/test/pgtest"
)

// TestErrorsWithoutValues has the database and its driver complain of a value: the
// text of the store's error does not have it, and says what was being done.
func TestErrorsWithoutValues(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), pgtest.Database(t, Migrate))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	const marker = "Zqxjmarker"
	query := func(sql string, args ...any) error {
		_, err := conn.Exec(t.Context(), sql, args...)
		return err
	}
	if err := query(`CREATE TEMPORARY TABLE names (name text PRIMARY KEY, CHECK (name <> 'x'))`); err != nil {
		t.Fatal(err)
	}
	if err := query(`INSERT INTO names VALUES ($1)`, marker); err != nil {
		t.Fatal(err)
	}
	var number int
	for name, tt := range map[string]struct {
		err error
		has string
	}{
		"cast":        {query(`SELECT '` + marker + `'::uuid`), "22P02"},
		"date":        {query(`SELECT $1::text::timestamptz`, marker), "SQLSTATE 22"},
		"raise":       {query(`DO $$ BEGIN RAISE EXCEPTION '` + marker + `'; END $$`), "P0001"},
		"NUL":         {query(`INSERT INTO names VALUES ($1)`, marker+"\x00"), "SQLSTATE 22"},
		"same key":    {query(`INSERT INTO names VALUES ($1)`, marker), "names_pkey"},
		"encode":      {query(`SELECT $1::int8`, []string{marker}), "encode"},
		"scan":        {conn.QueryRow(t.Context(), `SELECT name FROM names`).Scan(&number), "scan"},
		"copy encode": {copyNames(t, conn, marker), ""},
	} {
		if tt.err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		err := storeError("add a name", tt.err)
		if text := err.Error(); strings.Contains(text, marker) || !strings.Contains(text, "add a name") || !strings.Contains(text, tt.has) {
			t.Errorf("%s: the error is %q", name, text)
		}
		if pg, ok := errors.AsType[*pgconn.PgError](tt.err); ok {
			if kept, ok := errors.AsType[*pgconn.PgError](err); !ok || kept != pg {
				t.Errorf("%s: the database's error is not in the chain", name)
			}
		}
	}
}

func copyNames(t *testing.T, conn *pgx.Conn, name string) error {
	t.Helper()
	_, err := conn.CopyFrom(t.Context(), pgx.Identifier{"accounts"}, []string{"id"},
		pgx.CopyFromRows([][]any{{fmt.Sprint(name)}}))
	return err
}
