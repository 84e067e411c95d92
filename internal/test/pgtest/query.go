package pgtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Texts returns the one column of a query's rows. It asks beside whatever has the
// database open.
func Texts(t testing.TB, url, query string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return texts
}

// Hold runs a statement in a transaction that stays open, with the locks that it
// has, until it is let go, which undoes it. The test's end does so at the latest.
func Hold(t testing.TB, url, statement string, args ...any) (letGo func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	// The end of its connection is that of a transaction.
	letGo = sync.OnceFunc(func() { conn.Close(context.Background()) })
	t.Cleanup(letGo)
	if _, err := conn.Exec(ctx, `BEGIN`); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return letGo
}

// AwaitWaiting returns when this many transactions of a database wait for the
// locks of others.
func AwaitWaiting(t testing.TB, url string, transactions int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		var waiting int
		err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			t.Fatalf("look for %d transactions that wait: %v", transactions, err)
		}
		if waiting >= transactions {
			return
		}
		<-again.C
	}
}
