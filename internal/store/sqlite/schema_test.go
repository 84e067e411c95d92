package sqlite

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

var update = flag.Bool("update", false, "write schema.sql anew")

// TestSchemaFile compares schema.sql with the schema of a new database, to which
// all migrations were applied.
func TestSchemaFile(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	var got strings.Builder
	got.WriteString("-- The schema after all migrations. It is here to be read; scripts/schema writes it.")
	err := s.db.read(t.Context(), func(conn *sqlite.Conn) error {
		return sqlitex.ExecuteTransient(conn, `
			SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
			ORDER BY tbl_name, type <> 'table', name`, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				between := "\n"
				if sql := stmt.ColumnText(0); strings.HasPrefix(sql, "CREATE TABLE") {
					between = "\n\n"
				}
				_, err := fmt.Fprintf(&got, "%s%s;", between, stmt.ColumnText(0))
				return err
			},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	got.WriteString("\n")
	if *update {
		if err := os.WriteFile("schema.sql", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(readFile(t, "schema.sql")); got.String() != want {
		t.Errorf("schema.sql is not what the migrations make; run scripts/schema. They make:\n%s", got.String())
	}
}
