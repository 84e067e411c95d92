package sqlite

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/journal"
	"callbook/internal/store/storetest"
	"callbook/internal/upload"
	"callbook/internal/verify"
)

// filled is a database with a row in every table, and what its rows are called.
type filled struct {
	*served
	acme  account.Account
	files map[addressbook.SID]int64
}

// fill makes a database with some of everything.
func fill(t *testing.T) *filled {
	t.Helper()
	s := serve(t, Options{})
	f := &filled{served: s, acme: s.account(t, "acme"), files: make(map[addressbook.SID]int64)}
	s.account(t, "empty")
	book := addressbook.New(s.book, addressbook.Options{})
	drafts := make([]addressbook.Draft, 300)
	for i := range drafts {
		drafts[i] = addressbook.Draft{
			Number: addressbook.Given(fmt.Sprintf("+9198%08d", i)), Texts: addressbook.Texts{addressbook.FirstName: addressbook.Given("Ästa")},
			CustomField: `{"plan": "gold"}`,
		}
	}
	prepared, err := book.Prepare(f.acme, drafts)
	if err != nil {
		t.Fatal(err)
	}
	list, err := book.PrepareList("People", addressbook.Static)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		sid, born := book.Birth()
		u := upload.Upload{SID: sid, Account: f.acme, ListName: list.Name, FileName: "a.csv", Size: 1000, Header: []byte("number"), Created: born, Started: born, Updated: born}
		receipt := func(addressbook.List) *journal.Receipt {
			return &journal.Receipt{Key: sid.String(), Status: 200, Body: []byte(`{"a": 1}`), Created: time.Now()}
		}
		if err := s.book.AddUpload(t.Context(), u, list, receipt); err != nil {
			t.Fatal(err)
		}
		f.files[sid] = 1000
	}
	if err := s.book.InsertContacts(t.Context(), f.acme.ID, prepared.Contacts, addressbook.CreateOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	storetest.FillCampaigns(t, storetest.Stores{Campaigns: s.book.Campaigns(), Dialing: s.book.Campaigns(), Suppressions: s.book, Prompts: s.book, Recordings: s.book.Campaigns(), Trunks: s.db, CallDialogs: s.book}, f.acme.ID)
	f.exec(t, `INSERT INTO list_members (list_id, contact_sid, date_created) SELECT lists.id, contacts.sid, 1 FROM lists, contacts WHERE number % 3 = 0`)
	f.exec(t, `UPDATE lists SET contact_count = (SELECT count(*) FROM list_members)`)
	f.exec(t, `INSERT INTO upload_errors SELECT id, 1, 2, 'x', x'79' FROM uploads`)
	f.exec(t, `UPDATE uploads SET failed = 1`)
	f.exec(t, `INSERT INTO api_keys (id, account_id, name, token_sha256, date_created) SELECT 'key', id, '', zeroblob(32), 1 FROM accounts WHERE sid = 'acme'`)
	f.exec(t, `INSERT INTO sessions SELECT zeroblob(32), account_id, id, '', 1, 1, '' FROM api_keys`)
	f.exec(t, `INSERT INTO login_links SELECT zeroblob(32), account_id, 1 FROM api_keys`)
	f.exec(t, `INSERT INTO requests SELECT account_id, 1, 0, 1 FROM api_keys`)
	return f
}

// damageFile runs statements that no server would, with nothing that keeps rows
// together.
func damageFile(t *testing.T, path, script string) {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetBusyTimeout(busyTimeout)
	for statement := range strings.SplitSeq(script, ";") {
		if statement = strings.TrimSpace(statement); statement == "" {
			continue
		}
		if err := sqlitex.ExecuteTransient(conn, statement, nil); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// check checks the database beside its server.
func (f *filled) check(t *testing.T) verify.Report {
	t.Helper()
	return checkFile(t, f.path, f.files)
}

func checkFile(t *testing.T, path string, files map[addressbook.SID]int64) verify.Report {
	t.Helper()
	report, err := verify.Run(t.Context(), NewVerifier(path, func() (map[addressbook.SID]int64, error) { return files, nil }), verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// wrong returns the names of the checks that found something, and all texts.
func wrong(report verify.Report) (names []string, texts string) {
	for _, r := range report.Results {
		if !r.OK() {
			names = append(names, r.Check)
			if r.Advice == "" {
				texts += "no advice: " + r.Check
			}
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
	for _, damage := range []struct {
		name, statement string
		checks          string // that find something
		text            string // that they say
	}{
		{"nothing", ``, "", ""},
		{"campaign's counts", `UPDATE campaigns SET waiting_first = waiting_first + 1, calls = calls + 1 WHERE state = 2`, "campaigns", "counts 2 in waiting_first, and there are 1"},
		{"campaign's callbacks", `UPDATE event_totals SET delivered = delivered + 1`, "campaigns", "counts 1 callbacks that wait, 1 delivered and 0 given up, and there are 1, 0 and 0"},
		{"lost target", `DELETE FROM targets WHERE state = 1 AND campaign_id = (SELECT id FROM campaigns WHERE state = 2)`, "campaigns", "has 2 targets, and the next position is 3"},
		{"lost call", `DELETE FROM calls WHERE state = 5 AND campaign_id = (SELECT id FROM campaigns WHERE state = 2)`, "campaigns", "has 1 calls, and its targets tell of 2"},
		{"call of another target", `UPDATE calls SET position = position + 1 WHERE state = 5 AND campaign_id = (SELECT id FROM campaigns WHERE state = 2)`, "campaigns", "has 1 calls that are not in the history of their target"},
		{"another outcome", `UPDATE calls SET outcome = 3 WHERE state = 5 AND campaign_id = (SELECT id FROM campaigns WHERE state = 2)`, "campaigns", "has 1 calls that are not in the history of their target"},
		{"campaign's settings", `UPDATE campaigns SET settings = '{' WHERE state = 2`, "campaigns", "has settings that cannot be read"},
		{"campaign's state", `UPDATE campaigns SET state = 9 WHERE state = 2`, "campaigns", "is in state 9"},
		{"recording of a call", `UPDATE calls SET recording = recording + 1 WHERE recording > 0`, "campaigns", "has 1 recordings of calls that are not whole"},
		{"recording", `UPDATE prompts SET file = zeroblob(62)`, "recordings", `acme: recording "hello" has a file that is not the one that was uploaded`},
		{"recording's hash", `UPDATE prompts SET sha256 = x'79'`, "recordings", `recording "hello" has`},
		{"trunk's settings", `UPDATE trunks SET settings = '{'`, "trunks", `trunk "exotel" is not as it may be: its settings cannot be read`},
		{"trunk's channels", `UPDATE trunks SET settings = replace(settings, '30', '0')`, "trunks", `the channels are 0`},
		{"trunk's password", `UPDATE trunks SET password = x'6869'`, "trunks", `its password is not encrypted as passwords are`},
		{"dialog", `UPDATE dialogs SET record = x''`, "trunks", `1 records of calls in progress are none`},
		{"lost tables", `DROP TABLE trunks; DROP TABLE dialogs`, "schema", "trunks is not there"},
		{"events of no campaign", `DELETE FROM calls; DELETE FROM targets; DELETE FROM campaigns`, "orphans", "rows of events have no row of campaigns"},
		{"no campaign", `DELETE FROM campaigns`, "orphans", "6 rows of targets have no row of campaigns"},
		{"counter", `UPDATE contact_counts SET contacts = contacts + 1 WHERE contacts > 0`, "contacts", "acme: its counter says 301 contacts, and there are 300"},
		{"no counter", `DELETE FROM contact_counts`, "contacts", "no counter of contacts, and 300"},
		{"lost contact", `DELETE FROM contacts WHERE number = 919800000003`, "contacts lists", "1 members that are no contacts"},
		{"number twice", `UPDATE contacts SET number = 919800000003 WHERE number IN (919800000001, 919800000002)`, "numbers", "2 contacts have a number that another contact has"},
		{"no number", `UPDATE contacts SET number = 0 WHERE number = 919800000001`, "contacts", "has a number that is none"},
		{"sid of another time", `UPDATE contacts SET date_created = 1 WHERE number = 919800000001`, "contacts", "with its date of creation"},
		{"sid too short", `UPDATE contacts SET sid = x'00' WHERE number = 919800000001`, "contacts", "has a sid of 1 bytes"},
		{"updated too early", `UPDATE contacts SET date_updated = 1 WHERE number = 919800000001`, "contacts", "updated before it was created"},
		{"not UTF-8", `UPDATE contacts SET tag = CAST(x'ff' AS TEXT) WHERE number = 919800000001`, "contacts", "not UTF-8"},
		{"no JSON", `UPDATE contacts SET custom_field = '{"a":' WHERE number = 919800000001`, "contacts", "no JSON object"},
		{"no object", `UPDATE contacts SET custom_field = '[1]' WHERE number = 919800000001`, "contacts", "no JSON object"},
		{"many", `UPDATE contacts SET date_updated = 1`, "contacts", "updated before it was created"},
		{"list's counter", `UPDATE lists SET contact_count = 7`, "lists", "has a contact_count of 7, and 100 members"},
		{"list's type", `UPDATE lists SET type = 5`, "lists", "is of type 5"},
		{"no list", `DELETE FROM lists`, "orphans", "100 rows of list_members have no row of lists"},
		{"in the trash and not", `INSERT INTO trashed_contacts (account_id, sid, number, custom_field, date_created, date_updated, deletion) SELECT account_id, sid, number, custom_field, date_created, date_updated, x'01' FROM contacts WHERE number = 919800000001`, "trash", "1 contacts or lists are in the trash and not deleted"},
		{"trashed contact", `INSERT INTO trashed_contacts (account_id, sid, number, date_created, date_updated, deletion) SELECT id, x'00', 0, 1, 1, x'01' FROM accounts WHERE sid = 'acme'`, "trash", "in the trash has a number that is none"},
		{"member in the trash and not", `INSERT INTO trashed_members SELECT account_id, lists.sid, contact_sid, 1, NULL FROM list_members JOIN lists ON lists.id = list_id`, "trash", "100 members are in the trash, and neither"},
		{"member of nothing", `INSERT INTO trashed_members SELECT account_id, sid, x'00', 1, NULL FROM lists`, "trash", "1 members in the trash have a contact or a list that is nowhere"},
		{"no upload", `DELETE FROM uploads`, "orphans", "2 rows of upload_errors have no row of uploads"},
		{"no key", `DELETE FROM api_keys`, "orphans", "1 rows of sessions have no row of api_keys"},
		{"no account", `DELETE FROM accounts WHERE sid = 'acme'`, "orphans", "300 rows of contacts have no row of accounts"},
		{"hash", `UPDATE sessions SET secret_sha256 = x'00'`, "secrets", "1 keys, sessions or login links"},
		{"receipt's body", `UPDATE idempotency_keys SET body = x'00'`, "receipts", "2 receipts are no answers"},
		{"receipt's encoding", `UPDATE idempotency_keys SET encoding = 1`, "receipts", "2 receipts are no answers"},
		{"receipts' counter", `UPDATE receipt_totals SET bytes = bytes + 1`, "receipts", "its counter says 2 receipts of"},
		{"receipt's status", `UPDATE idempotency_keys SET status = 0`, "receipts", "2 receipts are no answers"},
		{"old receipts", `UPDATE idempotency_keys SET date_created = 1`, "", "2 receipts are over 24 hours"},
		{"state", `UPDATE uploads SET state = 9`, "uploads", "is in state 9"},
		{"stats", `UPDATE uploads SET failed = 0`, "uploads", "has 1 error rows, and counts 0"},
		{"position", `UPDATE uploads SET position = 1001`, "uploads", "is at byte 1001 of a file of 1000"},
		{"size", `UPDATE uploads SET size = 900`, "uploads", "has a file of 1000 bytes, and 900 came"},
		{"ended", `UPDATE uploads SET state = 1`, "", ""},
		{"index", `DROP INDEX list_members_by_contact`, "schema", "list_members_by_contact is not there"},
		{"table", `ALTER TABLE requests ADD COLUMN more TEXT`, "schema", "requests is not as the migrations make it"},
		{"another's table", `CREATE TABLE other (x)`, "", ""},
		{"older schema", `DROP TABLE unscrubbed; DROP TABLE recordings; ALTER TABLE calls DROP COLUMN recording; DROP TABLE trashed_contacts; DROP TABLE trashed_lists; DROP TABLE trashed_members; DROP TABLE servers; ALTER TABLE sessions DROP COLUMN address; DROP TABLE copies; DROP INDEX api_keys_of_account; ALTER TABLE accounts DROP COLUMN requests_a_minute; ALTER TABLE accounts DROP COLUMN date_disabled; ALTER TABLE accounts DROP COLUMN date_deleted; DROP TABLE last_account; ALTER TABLE api_keys DROP COLUMN scopes; ALTER TABLE api_keys DROP COLUMN networks; DROP TABLE requests; DROP TABLE upload_drafts; PRAGMA user_version = 8;
			ALTER TABLE uploads DROP COLUMN file_name; ALTER TABLE uploads DROP COLUMN size; ALTER TABLE uploads DROP COLUMN mapping; ALTER TABLE uploads DROP COLUMN date_started;
			DROP TABLE receipt_totals; DROP INDEX idempotency_keys_of_account; ALTER TABLE idempotency_keys DROP COLUMN encoding;
			DROP INDEX uploads_ended; ALTER TABLE uploads DROP COLUMN error_bytes; ALTER TABLE uploads DROP COLUMN errors_omitted;
			ALTER TABLE uploads DROP COLUMN plan; ALTER TABLE uploads DROP COLUMN tally; ALTER TABLE uploads DROP COLUMN suppresses;
			DROP INDEX uploads_undoing; ALTER TABLE uploads DROP COLUMN undo; ALTER TABLE uploads DROP COLUMN undoing;
			ALTER TABLE contacts DROP COLUMN upload; ALTER TABLE list_members DROP COLUMN upload`, "", ""},
	} {
		t.Run(damage.name, func(t *testing.T) {
			t.Parallel()
			f := fill(t)
			damageFile(t, f.path, damage.statement)
			names, texts := wrong(f.check(t))
			if got := strings.Join(names, " "); got != damage.checks || !strings.Contains(texts, damage.text) {
				t.Errorf("got %q, want %q:\n%s\nwant %q", got, damage.checks, texts, damage.text)
			}
			if aNumber.MatchString(aSID.ReplaceAllString(texts, "")) || strings.Contains(texts, "Ästa") || strings.Contains(texts, "People") {
				t.Errorf("it tells a number or a name:\n%s", texts)
			}
		})
	}
}

// TestVerifyBroken checks files whose bytes are broken.
func TestVerifyBroken(t *testing.T) {
	t.Parallel()
	f := fill(t)
	f.close(t)
	whole, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range []struct {
		name string
		make func([]byte) []byte
	}{
		{"empty", func([]byte) []byte { return nil }},
		{"header", func(b []byte) []byte { copy(b, "SQLite fotmat 3"); return b }},
		{"cut in the middle", func(b []byte) []byte { return b[:len(b)/2] }},
		{"cut within a page", func(b []byte) []byte { return b[:len(b)-100] }},
		{"schema's page", func(b []byte) []byte { clear(b[100:pageBytes]); return b }},
		{"a page of contacts", func(b []byte) []byte {
			at := bytes.LastIndex(b, []byte(`{"plan": "gold"}`)) / pageBytes * pageBytes
			clear(b[at : at+pageBytes])
			return b
		}},
		{"no database", func(b []byte) []byte { return bytes.Repeat([]byte("x"), len(b)) }},
	} {
		path := filepath.Join(t.TempDir(), "broken.db")
		if err := os.WriteFile(path, broken.make(bytes.Clone(whole)), 0o600); err != nil {
			t.Fatal(err)
		}
		names, texts := wrong(checkFile(t, path, f.files))
		if len(names) == 0 || names[0] != "structure" && names[0] != "schema" || texts == "" {
			t.Errorf("%s: got %q\n%s", broken.name, names, texts)
		}
	}
}

// TestVerifyFiles: what waits has its file, and one that has ended meanwhile needs
// none.
func TestVerifyFiles(t *testing.T) {
	t.Parallel()
	f := fill(t)
	for sid := range maps.Keys(f.files) {
		delete(f.files, sid)
		if names, texts := wrong(f.check(t)); len(names) != 1 || !strings.Contains(texts, "acme: upload "+sid.String()+" has rows left, and no file") {
			t.Errorf("got %q\n%s", names, texts)
		}
		files := func() (map[addressbook.SID]int64, error) { return maps.Clone(f.files), nil }
		err := NewVerifier(f.path, files).View(t.Context(), func(v verify.View) error {
			f.exec(t, `UPDATE uploads SET state = 1 WHERE sid = ?`, sid[:])
			ended, err := v.Ended(t.Context(), f.acme.ID, sid)
			if err == nil && !ended {
				t.Error("an upload that has ended is not seen to have")
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		break
	}
	names, texts := wrong(f.check(t))
	if len(names) != 0 {
		t.Errorf("got %q\n%s", names, texts)
	}
	f.files[addressbook.SID{1}] = 5
	if names, texts := wrong(f.check(t)); len(names) != 0 || !strings.Contains(texts, "1 files are of no upload") {
		t.Errorf("got %q\n%s", names, texts)
	}
}

// TestVerifyChangesNothing looks at a file's bytes before and after.
func TestVerifyChangesNothing(t *testing.T) {
	t.Parallel()
	f := fill(t)
	f.close(t)
	before, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	if names, texts := wrong(f.check(t)); len(names) > 0 {
		t.Errorf("got %q\n%s", names, texts)
	}
	after, err := os.ReadFile(f.path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the check changed the file, %v", err)
	}
}

// TestVerifyRollbackJournal checks a file beside which a killed process left a
// rollback journal, as a restore does that was killed while it put the log away.
func TestVerifyRollbackJournal(t *testing.T) {
	t.Parallel()
	f := fill(t)
	f.close(t)
	conn, err := sqlite.OpenConn(f.path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"PRAGMA journal_mode = DELETE", "PRAGMA cache_size = 5", "BEGIN", "UPDATE contacts SET date_updated = date_updated + 1",
	} {
		if err := sqlitex.ExecuteTransient(conn, statement, nil); err != nil {
			t.Fatal(err)
		}
	}
	killed := filepath.Join(t.TempDir(), "killed.db")
	for _, suffix := range []string{"", "-journal"} {
		content, err := os.ReadFile(f.path + suffix)
		if err == nil {
			err = os.WriteFile(killed+suffix, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if names, texts := wrong(checkFile(t, killed, f.files)); len(names) > 0 {
		t.Errorf("the checks %v found something:\n%s", names, texts)
	}
}
