package store

import "callbook/internal/account"

// OwnedTable is a table with rows of accounts.
type OwnedTable struct {
	Table string
	Name  string // what the rows are, in the plural; "" if nobody asks for their number
	Big   bool   // a row may have megabytes
}

// Owned are the tables with the rows of accounts, which all engines have. Each comes
// before those that it refers to, so that rows can be deleted in this order.
var Owned = []OwnedTable{
	{Table: "dialogs"},
	{Table: "recordings", Name: "pieces of recorded calls", Big: true},
	{Table: "calls", Name: "calls"},
	{Table: "targets", Name: "targets of campaigns"},
	{Table: "events", Name: "callbacks"},
	{Table: "event_totals"},
	{Table: "campaigns", Name: "campaigns"},
	{Table: "event_leases"},
	{Table: "dialing"},
	{Table: "list_members"},
	{Table: "lists", Name: "lists"},
	{Table: "trashed_members"},
	{Table: "trashed_contacts", Name: "contacts in the trash"},
	{Table: "trashed_lists", Name: "lists in the trash"},
	{Table: "upload_errors"},
	{Table: "uploads", Name: "imports"},
	{Table: "upload_drafts", Name: "files that wait to be imported"},
	{Table: "contacts", Name: "contacts"},
	{Table: "contact_counts"},
	{Table: "suppressions", Name: "suppressed numbers"},
	{Table: "flows", Name: "flows"},
	{Table: "prompts", Name: "recordings", Big: true},
	{Table: "idempotency_keys", Name: "kept answers", Big: true},
	{Table: "receipt_totals"},
	{Table: "requests"},
	{Table: "secrets"},
	{Table: "policies"},
	{Table: "sessions", Name: "sessions"},
	{Table: "login_links"},
	{Table: "api_keys", Name: account.KeysContent},
	{Table: "audit", Name: "entries of the audit log"},
}

// bigShare is by how much fewer rows of a Big table are deleted at once.
const bigShare = 50

// AtOnce returns how many rows of the table to delete at once, where limit is the number
// for small rows.
func (t OwnedTable) AtOnce(limit int) int {
	if t.Big {
		return max(1, limit/bigShare)
	}
	return limit
}
