package sqlite

import (
	"slices"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/store"
)

// TestOwned looks for tables that the deletion of an account would forget.
func TestOwned(t *testing.T) {
	t.Parallel()
	known := []string{"accounts", "copies", "last_account", "log_stamp", "servers", "trunks"} // of no account
	for _, table := range store.Owned {
		known = append(known, table.Table)
	}
	s := serve(t, Options{})
	err := s.db.read(t.Context(), func(conn *sqlite.Conn) error {
		return sqlitex.ExecuteTransient(conn, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				if name := stmt.ColumnText(0); !slices.Contains(known, name) {
					t.Errorf("%s is neither one of store.Owned nor of no account", name)
				}
				return nil
			},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}
