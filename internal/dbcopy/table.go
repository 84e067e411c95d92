package dbcopy

import (
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/journal"
)

// Kind is the type of a column.
type Kind uint8

// The kinds. Each value may be null.
const (
	Number Kind = iota // 64 bits; dates too
	Middle             // 32 bits
	Small              // 16 bits
	Flag               // 0 or 1
	Text               // UTF-8
	Raw                // text from outside, which need not be UTF-8
	Bytes
	SID // 16 bytes
)

// Numeric reports whether a value is in [Value].Int.
func (k Kind) Numeric() bool { return k <= Flag }

// Column is a column of a [Table].
type Column struct {
	Name string
	Kind Kind
	// Counted marks a counter that the target computes from rows that follow.
	// The copy reads and compares it but does not write it.
	Counted bool
}

// Table describes a table in any engine. Each row belongs to an account, and its
// key is unique within that account; those of [Shared] belong to none.
type Table struct {
	Name    string
	Columns []Column
	Key     int // the first Key columns are the key
}

// The tables. They omit leases: those of uploads and of the dialing of accounts.
var (
	Keys = &Table{"api_keys", []Column{
		{Name: "id", Kind: Text},
		{Name: "name", Kind: Text},
		{Name: "token_sha256", Kind: Bytes},
		{Name: "date_created"},
		{Name: "date_expires"},
		{Name: "date_last_used"},
		{Name: "date_revoked"},
		{Name: "scopes", Kind: Text},
		{Name: "networks", Kind: Text},
	}, 1}

	Contacts = &Table{"contacts", append(contactColumns(), Column{Name: "upload"}), 1}

	TrashedContacts = &Table{"trashed_contacts", append(contactColumns(), Column{Name: "deletion", Kind: SID}, Column{Name: "upload"}), 1}

	TrashedLists = &Table{"trashed_lists", []Column{
		{Name: "sid", Kind: SID},
		{Name: "name", Kind: Text},
		{Name: "tag", Kind: Text},
		{Name: "type", Kind: Small},
		{Name: "contact_count"},
		{Name: "date_created"},
		{Name: "date_updated"},
		{Name: "deletion", Kind: SID},
	}, 1}

	TrashedMembers = &Table{"trashed_members", []Column{
		{Name: "list_sid", Kind: SID},
		{Name: "contact_sid", Kind: SID},
		{Name: "date_created"},
		{Name: "upload"},
	}, 2}

	Lists = &Table{"lists", []Column{
		{Name: "sid", Kind: SID},
		{Name: "name", Kind: Text},
		{Name: "tag", Kind: Text},
		{Name: "type", Kind: Small},
		{Name: "contact_count", Counted: true},
		{Name: "date_created"},
		{Name: "date_updated"},
	}, 1}

	Members = &Table{"list_members", []Column{
		{Name: "list_sid", Kind: SID},
		{Name: "contact_sid", Kind: SID},
		{Name: "date_created"},
		{Name: "upload"},
	}, 2}

	Uploads = &Table{"uploads", []Column{
		{Name: "sid", Kind: SID},
		{Name: "state", Kind: Small},
		{Name: "list_sid", Kind: SID},
		{Name: "list_name", Kind: Text},
		{Name: "type", Kind: Small},
		{Name: "on_duplicate", Kind: Small},
		{Name: "dry_run", Kind: Flag},
		{Name: "new_list", Kind: Flag},
		{Name: "suppresses", Kind: Flag},
		{Name: "header", Kind: Bytes},
		{Name: "position"},
		{Name: "line"},
		{Name: "success"},
		{Name: "duplicate"},
		{Name: "failed"},
		{Name: "new_contacts"},
		{Name: "file_name", Kind: Text},
		{Name: "size"},
		{Name: "mapping", Kind: Text},
		{Name: "plan", Kind: Text},
		{Name: "tally", Kind: Text},
		{Name: "undo", Kind: Text},
		{Name: "undoing", Kind: Flag},
		{Name: "date_started"},
		{Name: "error_bytes"},
		{Name: "errors_omitted"},
		{Name: "date_created"},
		{Name: "date_updated"},
	}, 1}

	ErrorRows = &Table{"upload_errors", []Column{
		{Name: "upload_sid", Kind: SID},
		{Name: "line"},
		{Name: "kind", Kind: Small},
		{Name: "reason", Kind: Text},
		{Name: "record", Kind: Bytes},
	}, 2}

	Drafts = &Table{"upload_drafts", []Column{
		{Name: "sid", Kind: SID},
		{Name: "file_name", Kind: Text},
		{Name: "size"},
		{Name: "list_name", Kind: Text},
		{Name: "type", Kind: Small},
		{Name: "on_duplicate", Kind: Small},
		{Name: "mapping", Kind: Text},
		{Name: "trial_sid", Kind: SID},
		{Name: "date_created"},
	}, 1}

	Receipts = &Table{"idempotency_keys", []Column{
		{Name: "key", Kind: Text},
		{Name: "request_sha256", Kind: Bytes},
		{Name: "status", Kind: Small},
		{Name: "encoding", Kind: Small},
		{Name: "body", Kind: Bytes},
		{Name: "date_created"},
	}, 1}

	Sessions = &Table{"sessions", []Column{
		{Name: "secret_sha256", Kind: Bytes},
		{Name: "key_id", Kind: Text},
		{Name: "agent", Kind: Raw},
		{Name: "address", Kind: Text},
		{Name: "date_created"},
		{Name: "date_last_used"},
	}, 1}

	Links = &Table{"login_links", []Column{
		{Name: "token_sha256", Kind: Bytes},
		{Name: "date_expires"},
	}, 1}

	Secrets = &Table{"secrets", []Column{
		{Name: "purpose", Kind: Small},
		{Name: "secret", Kind: Bytes},
	}, 1}

	Events = &Table{"events", []Column{
		{Name: "campaign_sid", Kind: SID},
		{Name: "position", Kind: Middle},
		{Name: "id"},
		{Name: "kind", Kind: Small},
		{Name: "state", Kind: Small},
		{Name: "last", Kind: Flag},
		{Name: "due"},
		{Name: "tries", Kind: Middle},
		{Name: "status", Kind: Middle},
		{Name: "trouble", Kind: Small},
		{Name: "date_since"},
		{Name: "date_tried"},
		{Name: "date_ended"},
		{Name: "date_created"},
		{Name: "call_sid", Kind: SID},
		{Name: "receiver", Kind: Text},
		{Name: "url", Kind: Text},
		{Name: "body", Kind: Bytes},
	}, 3}

	EventTotals = &Table{"event_totals", []Column{
		{Name: "campaign_sid", Kind: SID},
		{Name: "waiting"},
		{Name: "delivered"},
		{Name: "given_up"},
	}, 1}

	Campaigns = &Table{"campaigns", campaignColumns(), 1}

	Targets = &Table{"targets", []Column{
		{Name: "campaign_sid", Kind: SID},
		{Name: "position", Kind: Middle},
		{Name: "number"},
		{Name: "contact_sid", Kind: SID},
		{Name: "name", Kind: Text},
		{Name: "vars", Kind: Text},
		{Name: "state", Kind: Small},
		{Name: "due"},
		{Name: "reason", Kind: Small},
		{Name: "history", Kind: Bytes},
		{Name: "date_ended"},
	}, 2}

	Calls = &Table{"calls", []Column{
		{Name: "campaign_sid", Kind: SID},
		{Name: "sid", Kind: SID},
		{Name: "position", Kind: Middle},
		{Name: "number"},
		{Name: "attempt", Kind: Small},
		{Name: "state", Kind: Small},
		{Name: "outcome", Kind: Small},
		{Name: "placed"},
		{Name: "rang"},
		{Name: "answered"},
		{Name: "ended"},
		{Name: "digits", Kind: Text},
		{Name: "code", Kind: Middle},
		{Name: "cause", Kind: Middle},
		{Name: "cause_text", Kind: Text},
		{Name: "mark", Kind: Text},
		{Name: "recording", Kind: Middle},
	}, 2}

	Recordings = &Table{"recordings", []Column{
		{Name: "campaign_sid", Kind: SID},
		{Name: "call_sid", Kind: SID},
		{Name: "piece", Kind: Middle},
		{Name: "sound", Kind: Bytes},
	}, 3}

	Policies = &Table{"policies", []Column{
		{Name: "policy", Kind: Text},
	}, 1}

	Suppressions = &Table{"suppressions", []Column{
		{Name: "number"},
		{Name: "source", Kind: Text},
		{Name: "note", Kind: Text},
		{Name: "date_created"},
	}, 1}

	Flows = &Table{"flows", []Column{
		{Name: "name", Kind: Text},
		{Name: "title", Kind: Text},
		{Name: "flow", Kind: Text},
		{Name: "date_created"},
		{Name: "date_updated"},
	}, 1}

	Prompts = &Table{"prompts", []Column{
		{Name: "name", Kind: Text},
		{Name: "title", Kind: Text},
		{Name: "sha256", Kind: Bytes},
		{Name: "date_created"},
		{Name: "date_updated"},
		{Name: "file", Kind: Bytes},
	}, 1}

	Trunks = &Table{"trunks", []Column{
		{Name: "name", Kind: Text},
		{Name: "settings", Kind: Text},
		{Name: "password", Kind: Bytes},
		{Name: "date_created"},
		{Name: "date_updated"},
	}, 1}

	Dialogs = &Table{"dialogs", []Column{
		{Name: "call_sid", Kind: SID},
		{Name: "record", Kind: Bytes},
	}, 1}

	Audit = &Table{"audit", auditColumns, 1}
	// InstallationAudit is the part of the audit log that belongs to no account.
	InstallationAudit = &Table{"audit", auditColumns, 1}

	Requests = &Table{"requests", []Column{
		{Name: "day", Kind: Middle},
		{Name: "outcome", Kind: Small},
		{Name: "requests"},
	}, 2}
)

// auditAction is the index of the action in auditColumns.
const auditAction = 1

var auditColumns = []Column{
	{Name: "sid", Kind: SID},
	{Name: "action", Kind: Text},
	{Name: "actor", Kind: Text},
	{Name: "address", Kind: Text},
	{Name: "request", Kind: Text},
	{Name: "done"},
	{Name: "failed"},
	{Name: "object", Kind: Text},
	{Name: "fields", Kind: Text},
	{Name: "first_sid", Kind: SID},
	{Name: "last_sid", Kind: SID},
	{Name: "sids", Kind: Bytes},
}

// ContactText is the index of the first text in the columns of [Contacts], and of
// [TrashedContacts]; the
// others follow in the order of [addressbook.TextFields].
const ContactText = 2

func contactColumns() []Column {
	columns := []Column{{Name: "sid", Kind: SID}, {Name: "number"}}
	for _, name := range addressbook.TextKeys() {
		columns = append(columns, Column{Name: name, Kind: Text})
	}
	return append(columns, Column{Name: "custom_field", Kind: Text}, Column{Name: "date_created"}, Column{Name: "date_updated"})
}

// CampaignName is the index of the name in the columns of [Campaigns].
const CampaignName = 1

func campaignColumns() []Column {
	columns := []Column{
		{Name: "sid", Kind: SID},
		{Name: "name", Kind: Text},
		{Name: "throttle", Kind: Middle},
		{Name: "settings", Kind: Text},
		{Name: "numbers", Kind: Bytes},
		{Name: "state", Kind: Small},
		{Name: "expanded", Kind: Flag},
		{Name: "closed", Kind: Flag},
		{Name: "next_position", Kind: Middle},
		{Name: "lists_read", Kind: Middle},
		{Name: "contact_read", Kind: SID},
		{Name: "date_created"},
		{Name: "date_updated"},
		{Name: "date_started"},
		{Name: "date_ended"},
		{Name: "ended_as", Kind: Small},
		{Name: "calls_by_minute", Kind: Bytes},
	}
	for _, name := range campaign.CountColumns {
		columns = append(columns, Column{Name: name, Kind: Middle})
	}
	return columns
}

// Tables are the tables of accounts that are copied. Each comes after the tables that it
// refers to. With [Shared], the accounts themselves and the files of uploads they are the
// whole database.
var Tables = []*Table{
	Keys, Contacts, Lists, Members, TrashedContacts, TrashedLists, TrashedMembers,
	Uploads, ErrorRows, Drafts, Receipts, Sessions, Links, Secrets, Requests,
	Campaigns, Targets, Calls, Recordings, Policies, Suppressions, Flows, Prompts, Events, EventTotals, Audit,
}

// Shared are the tables that are copied and belong to no account: their rows are read and
// written with [account.None].
var Shared = []*Table{Trunks, Dialogs, InstallationAudit}

// Unowned reports whether the table has no column for the account. It is for stores.
func (t *Table) Unowned() bool { return t == Trunks || t == Dialogs }

// ReceiptTotal is what the receipts of a part take. It is the same in every
// engine, and the target counts it.
func (p *Part) ReceiptTotal() (total journal.Total) {
	for _, row := range p.Rows {
		r := journal.Receipt{Key: string(row[receiptKey].Bytes), Body: row[receiptBody].Bytes}
		total.Receipts++
		total.Bytes += r.Cost()
	}
	return total
}

// The values of [Mismatch].Table for what is in none of [Tables].
const (
	accountsTable = "accounts"
	countsTable   = "contact_counts"
	filesTable    = "files"
)

// The indexes of columns that the copy itself reads.
const (
	uploadSID   = 0 // in Uploads and in Drafts
	uploadState = 1
	receiptKey  = 0
	receiptBody = 4
)
