package sqlite

import (
	"slices"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/store"
)

// TestOwned looks for tables that the deletion of an account would forget.
func TestOwned(t *testing.T) {
	t.Parallel()
	known := []string{"accounts", "copies", "last_account", "log_stamp", "servers", "trunks", "unscrubbed"} // of no account
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

// TestDeleteAlongIndexes looks for big tables of which each step of a deletion would read
// all rows of the account.
func TestDeleteAlongIndexes(t *testing.T) {
	t.Parallel()
	few := []string{"campaigns", "lists", "uploads", "login_links"}
	s := serve(t, Options{})
	err := s.db.read(t.Context(), func(conn *sqlite.Conn) error {
		for _, table := range store.Owned {
			key, err := keyOf(conn, table.Table)
			if err != nil {
				return err
			}
			err = sqlitex.ExecuteTransient(conn, `EXPLAIN QUERY PLAN `+firstOwned(table.Table, key), &sqlitex.ExecOptions{
				Args: []any{1, 2000},
				ResultFunc: func(stmt *sqlite.Stmt) error {
					step := stmt.ColumnText(3)
					sorts := strings.Contains(step, "TEMP B-TREE") || strings.Contains(step, "LIST SUBQUERY") && table.Table == "dialogs"
					if sorts && !slices.Contains(few, table.Table) {
						t.Errorf("the rows of %s are found by: %s", table.Table, step)
					}
					return nil
				},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
