package person

// Places says of each table of both engines what becomes of a person's data in it. Who
// adds a table adds it here, and to [Store] if it may hold a person's data; a test holds
// this against the schemas.
var Places = map[string]string{
	// These have data of a person, which are given out and erased.
	"contacts":         "deleted",
	"list_members":     "deleted with the contact",
	"trashed_contacts": "deleted",
	"trashed_members":  "deleted with the contact",
	"suppressions":     "the number becomes a mark, and the note goes",
	"campaigns":        "the number goes from the campaign's own numbers",
	"targets":          "the number, the name and the variables go; the target stays, so that counts add up",
	"calls":            "the number and what was pressed go; the call stays, so that counts add up",
	"recordings":       "deleted, and no more of a call in progress is recorded",
	"dialogs":          "deleted once the call has ended",
	"events":           "the number and what was pressed go from the body",
	"idempotency_keys": "the objects with the person go from the body",
	"upload_errors":    "deleted, and counted as omitted",
	"upload_drafts":    "deleted with the file that waits",
	"upload_files":     "deleted with the file that waits",
	"upload_chunks":    "deleted with the file that waits",

	// These have texts of the account that belong to no number.
	"flows":         noPerson,
	"lists":         noPerson,
	"trashed_lists": noPerson,
	"uploads":       noPerson,
	"prompts":       noPerson,
	"policies":      noPerson,
	"trunks":        noPerson,

	// These are about the account, its users or the server, or have counts.
	"accounts":            noPerson,
	"audit":               noPerson, // it has sids, counts and the names of fields
	"last_account":        noPerson, // the highest id of an account
	"api_keys":            noPerson,
	"sessions":            noPerson,
	"login_links":         noPerson,
	"secrets":             noPerson,
	"contact_counts":      noPerson,
	"receipt_totals":      noPerson,
	"event_totals":        noPerson,
	"requests":            noPerson,
	"dialing":             noPerson,
	"event_leases":        noPerson,
	"servers":             noPerson,
	"trunk_shares":        noPerson,
	"copies":              noPerson, // the position of a copy is keys of rows
	"refolding":           noPerson, // as it is here
	"log_stamp":           noPerson,
	"unscrubbed":          noPerson, // it has the sids of receipts
	"callbook_migrations": noPerson,
}

// noPerson is the entry of a table without data of persons.
const noPerson = ""
