package sqlite

import (
	"slices"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/dbcopy"
)

// notTransferred is what a copy has no need of.
var notTransferred = []string{
	"accounts.id", "accounts.sid", "accounts.region", "accounts.time_zone", "accounts.date_created", // by Begin
	"accounts.requests_a_minute", "accounts.date_disabled", "accounts.date_deleted", "last_account.id",
	"contact_counts.account_id", "contact_counts.contacts", // made
	"receipt_totals.account_id", "receipt_totals.receipts", "receipt_totals.bytes", // made
	"copies.source", "copies.at", // its own
	"log_stamp.mark", "log_stamp.previous", "log_stamp.current", // of this file
	"lists.id", "list_members.list_id", "uploads.id", "upload_errors.upload_id", // keys of this engine
	"campaigns.id", "targets.campaign_id", "calls.campaign_id", "recordings.campaign_id",
	"dialing.account_id", "dialing.lease_server", "dialing.lease_until", // who dials for an account
	"uploads.lease_server", "uploads.lease_until", // who works an upload
	"event_leases.account_id", "event_leases.lease_server", "event_leases.lease_until", // who delivers
	"servers.id", "servers.url", "servers.date_started", // they run on one database
	"unscrubbed.erasure", // about free space of this file
}

// TestTransferIsWhole looks for columns that a copy would lose.
func TestTransferIsWhole(t *testing.T) {
	t.Parallel()
	known := slices.Clone(notTransferred)
	for _, table := range slices.Concat(dbcopy.Tables, dbcopy.Shared) {
		if !table.Unowned() {
			known = append(known, table.Name+".account_id")
		}
		for _, c := range table.Columns {
			known = append(known, table.Name+"."+c.Name)
		}
	}
	db := serve(t, Options{}).db
	columns := 0
	err := db.read(t.Context(), func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `SELECT t.name || '.' || c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
			WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'`, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				if columns++; !slices.Contains(known, stmt.ColumnText(0)) {
					t.Errorf("callbook copy loses %s: put it into internal/dbcopy, or into notTransferred", stmt.ColumnText(0))
				}
				return nil
			},
		})
	})
	if err != nil || columns < 60 {
		t.Errorf("saw %d columns, %v", columns, err)
	}
}
