package pgtest

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// EachRow calls look with each row of each table of a database, as JSON.
func EachRow(t testing.TB, url string, look func(table string, row []byte)) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	all := func(query string) []string {
		rows, err := conn.Query(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return texts
	}
	tables := all(`SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`)
	if len(tables) == 0 {
		t.Fatal("there are no tables")
	}
	for _, table := range tables {
		for _, row := range all(`SELECT row_to_json(r)::text FROM ` + pgx.Identifier{table}.Sanitize() + ` AS r`) {
			look(table, []byte(row))
		}
	}
}
