package postgres

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/store/storetest"
	"callbook/internal/test/pgtest"
	"callbook/internal/upload"
	"callbook/internal/verify"
)

// fill puts some of everything into a database.
func fill(t *testing.T, db *DB) {
	t.Helper()
	acme, err := db.CreateAccount(t.Context(), account.Account{SID: "acme", Region: "IN", TimeZone: time.UTC, Created: time.Unix(1_700_000_000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	book := addressbook.New(db, addressbook.Options{})
	drafts := make([]addressbook.Draft, 300)
	for i := range drafts {
		drafts[i] = addressbook.Draft{
			Number: addressbook.Given(fmt.Sprintf("+9198%08d", i)), Texts: addressbook.Texts{addressbook.FirstName: addressbook.Given("Ästa"), addressbook.CompanyName: addressbook.Given("Exotel")},
			CustomField: `{"plan": "gold"}`,
		}
	}
	prepared, err := book.Prepare(acme, drafts)
	if err != nil {
		t.Fatal(err)
	}
	list, err := book.PrepareList("People", addressbook.Static)
	if err != nil {
		t.Fatal(err)
	}
	sid, born := book.Birth()
	u := upload.Upload{SID: sid, Account: acme, ListName: list.Name, FileName: "a.csv", Size: 600_000, Header: []byte("number"), Created: born, Started: born, Updated: born}
	if err := db.Files().Write(t.Context(), acme.ID, sid, strings.NewReader(strings.Repeat("x", 600_000))); err != nil {
		t.Fatal(err)
	}
	err = db.AddUpload(t.Context(), u, list, func(addressbook.List) *journal.Receipt {
		return &journal.Receipt{Key: "key", Status: 200, Body: []byte(`{"a": 1}`), Created: time.Now()}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range prepared.Contacts { // into many slots of the counter
		if err := db.InsertContacts(t.Context(), acme.ID, prepared.Contacts[i:i+1], addressbook.CreateOptions{}, nil); err != nil {
			t.Fatal(err)
		}
		if i == 30 {
			err = db.InsertContacts(t.Context(), acme.ID, prepared.Contacts[i+1:], addressbook.CreateOptions{}, nil)
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	storetest.FillCampaigns(t, storetest.Stores{Campaigns: db, Dialing: db.Dialing(), Suppressions: db, Prompts: db, Recordings: db, Trunks: db, CallDialogs: db}, acme.ID)
	damage(t, db, `INSERT INTO list_members (account_id, list_sid, contact_sid, date_created) SELECT lists.account_id, lists.sid, contacts.sid, 1 FROM lists, contacts WHERE number % 3 = 0;
		UPDATE lists SET contact_count = (SELECT count(*) FROM list_members);
		INSERT INTO upload_errors SELECT account_id, sid, 1, 2, 'x', 'y' FROM uploads;
		UPDATE uploads SET failed = 1;
		INSERT INTO api_keys (id, account_id, name, token_sha256, date_created) SELECT 'key', id, '', sha256('x'), 1 FROM accounts;
		INSERT INTO sessions SELECT sha256('x'), account_id, id, '', 1, 1 FROM api_keys;
		INSERT INTO sessions SELECT sha256('y'), account_id, NULL, '', 1, 1 FROM api_keys;
		INSERT INTO login_links SELECT sha256('x'), account_id, 1 FROM api_keys;
		INSERT INTO requests SELECT account_id, 1, 0, 1 FROM api_keys`)
}

// damage runs statements that no server would, with nothing that keeps rows
// together.
func damage(t *testing.T, db *DB, script string) {
	t.Helper()
	conn, err := db.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if err := conn.Conn().PgConn().Exec(t.Context(), `SET session_replication_role = replica; `+script+`; RESET session_replication_role`).Close(); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

// wrong returns the names of the checks that found something, and all texts.
func wrong(report verify.Report) (names []string, texts string) {
	for _, r := range report.Results {
		if !r.OK() {
			names = append(names, r.Check)
		}
		for _, p := range r.Problems {
			texts += p.Account + ": " + p.Text + "\n"
		}
		texts += strings.Join(r.Notes, "\n")
	}
	return names, texts
}

// aSID matches a sid, which may have any digits by chance.
var aSID = regexp.MustCompile(`[0-9a-f]{32}`)

// aNumber matches a contact's number, however it is written.
var aNumber = regexp.MustCompile(`9198[0-9]{8}|98[0-9]{3} [0-9]{5}`)

// TestVerify does one kind of damage after the other.
func TestVerify(t *testing.T) {
	t.Parallel()
	for _, d := range []struct {
		name, statement string
		checks          string // that find something
		text            string // that they say
	}{
		{"nothing", `SELECT 1`, "", ""},
		{"counter", `UPDATE contact_counts SET contacts = contacts + 1 WHERE slot = (SELECT min(slot) FROM contact_counts)`, "contacts", "acme: its counter says 301 contacts, and there are 300"},
		{"slot", `UPDATE contact_counts SET slot = 16 WHERE slot = (SELECT min(slot) FROM contact_counts)`, "contacts", "1 rows that are none of its slots"},
		{"no counter", `DELETE FROM contact_counts`, "contacts", "no counter of contacts, and 300"},
		{"lost contact", `DELETE FROM contacts WHERE number = 919800000003; UPDATE contact_counts SET contacts = contacts - 1 WHERE slot = (SELECT min(slot) FROM contact_counts)`, "lists", "1 members that are no contacts"},
		{"number twice", `ALTER TABLE contacts DROP CONSTRAINT contacts_account_id_number_key; UPDATE contacts SET number = 919800000003 WHERE number = 919800000001`, "numbers", "1 contacts have a number that another contact has"},
		{"sid of another time", `UPDATE contacts SET date_created = 1 WHERE number = 919800000001`, "contacts", "with its date of creation"},
		{"folded name", `UPDATE contacts SET name_key = 'x' WHERE number = 919800000001`, "contacts", "folded text"},
		{"folded company", `UPDATE contacts SET company_name_folded = NULL WHERE number = 919800000001`, "contacts", "folded text"},
		{"folded tag", `UPDATE contacts SET tag_folded = 'x' WHERE number = 919800000001`, "contacts", "folded text"},
		{"folded list", `UPDATE lists SET name_key = 'x'`, "lists", "folded name"},
		{"list's counter", `UPDATE lists SET contact_count = 7`, "lists", "has a contact_count of 7, and 100 members"},
		{"no list", `DELETE FROM lists`, "orphans", "100 rows of list_members have no row of lists"},
		{"in the trash and not", `INSERT INTO trashed_contacts (account_id, sid, number, custom_field, date_created, date_updated, name_key, deletion) SELECT account_id, sid, number, custom_field, date_created, date_updated, '', gen_random_uuid() FROM contacts WHERE number = 919800000001`, "trash", "1 contacts or lists are in the trash and not deleted"},
		{"folded in the trash", `WITH gone AS (DELETE FROM contacts WHERE number = 919800000001 RETURNING *), counted AS (UPDATE contact_counts SET contacts = contacts - 1 WHERE slot = (SELECT min(slot) FROM contact_counts))
			INSERT INTO trashed_contacts (account_id, sid, number, date_created, date_updated, name_key, deletion) SELECT account_id, sid, number, date_created, date_updated, 'x', gen_random_uuid() FROM gone`, "trash", "folded text"},
		{"member in the trash and not", `INSERT INTO trashed_members SELECT account_id, list_sid, contact_sid, date_created FROM list_members`, "trash", "100 members are in the trash, and neither"},
		{"member of nothing", `INSERT INTO trashed_members SELECT account_id, sid, gen_random_uuid(), 1 FROM lists`, "trash", "1 members in the trash have a contact or a list that is nowhere"},
		{"no upload", `DELETE FROM uploads`, "orphans", "1 rows of upload_errors have no row of uploads"},
		{"no key", `DELETE FROM api_keys`, "orphans", "1 rows of sessions have no row of api_keys"},
		{"no account", `DELETE FROM accounts`, "orphans", "300 rows of contacts have no row of accounts"},
		{"hash", `UPDATE sessions SET secret_sha256 = 'x' WHERE key_id IS NOT NULL`, "secrets", "1 keys, sessions or login links"},
		{"receipt", `UPDATE idempotency_keys SET body = '{'`, "receipts", "1 receipts are no answers"},
		{"receipt's encoding", `UPDATE idempotency_keys SET encoding = 1`, "receipts", "1 receipts are no answers"},
		{"receipts' counter", `UPDATE receipt_totals SET receipts = receipts + 1`, "receipts", "its counter says 2 receipts of"},
		{"old receipts", `UPDATE idempotency_keys SET date_created = 1`, "", "1 receipts are over 24 hours"},
		{"file", `DELETE FROM upload_files; DELETE FROM upload_chunks`, "uploads", "rows left, and no file"},
		{"piece", `DELETE FROM upload_chunks WHERE chunk = 1`, "uploads", "has a file of 600000 bytes"},
		{"pieces of no file", `DELETE FROM upload_files; UPDATE uploads SET state = 1`, "orphans", "3 rows of upload_chunks have no row of upload_files"},
		{"campaign's counts", `UPDATE campaigns SET waiting_first = waiting_first + 1, calls = calls + 1 WHERE state = 2`, "campaigns", "counts 2 in waiting_first, and there are 1"},
		{"campaign's callbacks", `UPDATE event_totals SET delivered = delivered + 1`, "campaigns", "counts 1 callbacks that wait, 1 delivered and 0 given up, and there are 1, 0 and 0"},
		{"lost target", `DELETE FROM targets WHERE state = 1 AND campaign_sid = (SELECT sid FROM campaigns WHERE state = 2)`, "campaigns", "has 2 targets, and the next position is 3"},
		{"lost call", `DELETE FROM calls WHERE state = 5 AND campaign_sid = (SELECT sid FROM campaigns WHERE state = 2)`, "campaigns", "has 1 calls, and its targets tell of 2"},
		{"call of another target", `UPDATE calls SET position = position + 1 WHERE state = 5 AND campaign_sid = (SELECT sid FROM campaigns WHERE state = 2)`, "campaigns", "has 1 calls that are not in the history of their target"},
		{"another outcome", `UPDATE calls SET outcome = 3 WHERE state = 5 AND campaign_sid = (SELECT sid FROM campaigns WHERE state = 2)`, "campaigns", "has 1 calls that are not in the history of their target"},
		{"campaign's settings", `UPDATE campaigns SET settings = '{' WHERE state = 2`, "campaigns", "has settings that cannot be read"},
		{"campaign's state", `UPDATE campaigns SET state = 9 WHERE state = 2`, "campaigns", "is in state 9"},
		{"folded campaign", `UPDATE campaigns SET name_folded = 'x' WHERE state = 2`, "campaigns", "folded name"},
		{"recording of a call", `UPDATE calls SET recording = recording + 1 WHERE recording > 0`, "campaigns", "has 1 recordings of calls that are not whole"},
		{"recording", `UPDATE prompts SET file = set_byte(file, 50, 7)`, "recordings", `acme: recording "hello" has a file that is not the one that was uploaded`},
		{"trunk's settings", `UPDATE trunks SET settings = '{'`, "trunks", `trunk "exotel" is not as it may be: its settings cannot be read`},
		{"trunk's password", `UPDATE trunks SET password = 'hi'`, "trunks", `its password is not encrypted as passwords are`},
		{"dialog", `UPDATE dialogs SET record = ''`, "trunks", `1 records of calls in progress are none`},
		{"recording's hash", `UPDATE prompts SET sha256 = 'x'`, "recordings", `recording "hello" has`},
		{"events of no campaign", `DELETE FROM calls; DELETE FROM targets; DELETE FROM campaigns`, "orphans", "rows of events have no row of campaigns"},
		{"no campaign", `DELETE FROM campaigns`, "orphans", "6 rows of targets have no row of campaigns"},
		{"calls of no target", `DELETE FROM targets; DELETE FROM campaigns`, "orphans", "4 rows of calls have no row of targets"},
		{"index", `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'list_members_by_contact'::regclass`, "structure", "index list_members_by_contact is not valid"},
		{"constraint", `ALTER TABLE requests DROP CONSTRAINT requests_account_id_fkey; ALTER TABLE requests ADD CONSTRAINT late FOREIGN KEY (account_id) REFERENCES accounts (id) NOT VALID`, "structure", "constraint late"},
		{"sound indexes", `CREATE EXTENSION amcheck`, "", ""},
		{"row that an index lacks", `CREATE EXTENSION amcheck; UPDATE pg_index SET indisready = false WHERE indexrelid = 'requests_pkey'::regclass;
			INSERT INTO requests SELECT account_id, 2, 0, 1 FROM api_keys; UPDATE pg_index SET indisready = true WHERE indexrelid = 'requests_pkey'::regclass`,
			"structure", "index requests_pkey does not fit its table"},
		{"migration", `DELETE FROM callbook_migrations WHERE version = 2`, "schema", "migrations were applied"},
	} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			db := open(t, pgtest.Database(t, Migrate))
			fill(t, db)
			damage(t, db, d.statement)
			report, err := verify.Run(t.Context(), db.Verifier(), verify.Options{})
			if err != nil {
				t.Fatal(err)
			}
			names, texts := wrong(report)
			if got := strings.Join(names, " "); got != d.checks || !strings.Contains(texts, d.text) {
				t.Errorf("got %q, want %q:\n%s\nwant %q", got, d.checks, texts, d.text)
			}
			if aNumber.MatchString(aSID.ReplaceAllString(texts, "")) || strings.Contains(texts, "Ästa") || strings.Contains(texts, "People") {
				t.Errorf("it tells a number or a name:\n%s", texts)
			}
		})
	}
}
