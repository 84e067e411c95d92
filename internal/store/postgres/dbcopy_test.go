package postgres

import (
	"slices"
	"testing"

	"callbook/internal/dbcopy"
	"callbook/internal/test/pgtest"
)

// notTransferred is what a copy has no need of.
var notTransferred = []string{
	"accounts.id", "accounts.sid", "accounts.region", "accounts.time_zone", "accounts.date_created", // by Begin
	"accounts.requests_a_minute", "accounts.date_disabled", "accounts.date_deleted",
	"contact_counts.account_id", "contact_counts.slot", "contact_counts.contacts", // made
	"receipt_totals.account_id", "receipt_totals.slot", "receipt_totals.receipts", "receipt_totals.bytes", // made
	"contacts.name_key", "contacts.name_folded", "contacts.company_name_folded", "contacts.email_folded", "contacts.tag_folded", "lists.name_key", // made
	"trashed_contacts.name_key", "trashed_contacts.name_folded", "trashed_contacts.company_name_folded", "trashed_contacts.email_folded", "trashed_contacts.tag_folded", "trashed_lists.name_key",
	"refolding.single", "refolding.account_id", "refolding.sid", "refolding.trash", // Migrate's, while it is at work
	"copies.source", "copies.at", "copies.single", // its own
	"callbook_migrations.version", "callbook_migrations.name", "callbook_migrations.date_applied", // Migrate's
	"uploads.lease_server", "uploads.lease_until", // who works an upload
	"upload_files.account_id", "upload_files.upload_sid", "upload_files.size", "upload_files.kept_at", // by Files
	"upload_chunks.account_id", "upload_chunks.upload_sid", "upload_chunks.chunk", "upload_chunks.data",
	"event_leases.account_id", "event_leases.lease_server", "event_leases.lease_until", // who delivers
	"campaigns.name_key", "campaigns.name_folded", // made
	"dialing.account_id", "dialing.lease_server", "dialing.lease_until", // who dials for an account
	"trunk_shares.trunk", "trunk_shares.server", "trunk_shares.channels", "trunk_shares.pace", "trunk_shares.wants", "trunk_shares.lease_until", // of running servers
	"servers.id", "servers.url", "servers.date_started", // they run on one database
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
	columns := pgtest.Texts(t, pgtest.Database(t, Migrate),
		`SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'`)
	for _, c := range columns {
		if !slices.Contains(known, c) {
			t.Errorf("callbook copy loses %s: put it into internal/dbcopy, or into notTransferred", c)
		}
	}
	if len(columns) < 60 {
		t.Errorf("saw %d columns", len(columns))
	}
}
