package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// suitPooler disables prepared statements if there is a pooler in front of the
// database, unless the URL sets the execution mode. Behind a pooler the next
// transaction may run on another connection, which does not have the statements.
//
// A pooler can be recognized at the beginning of a connection: the process id that it
// announces, for cancelling queries, is not that of the backend.
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
	announced := conn.PgConn().PID()
	_ = conn.Close(context.WithoutCancel(ctx)) // its error does not matter
	if err == nil && process != announced {
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	return err
}
