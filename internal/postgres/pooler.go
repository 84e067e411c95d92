package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// suitPooler makes connections do without prepared statements where a pooler
// stands before the database, unless the URL says how queries are to be made:
// the next transaction may get another connection, which knows nothing of them.
//
// A pooler gives itself away at the beginning of a connection. It names a process
// of its own making there, to tell apart those who want a query cancelled, and
// not the one that then works.
func suitPooler(ctx context.Context, config *pgx.ConnConfig, url string) error {
	if says(url, "default_query_exec_mode") {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	var process uint32
	err = conn.QueryRow(ctx, `SELECT pg_backend_pid()`, pgx.QueryExecModeExec).Scan(&process)
	named := conn.PgConn().PID()
	_ = conn.Close(context.WithoutCancel(ctx)) // it has told what it knows
	if err == nil && process != named {
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	return err
}
