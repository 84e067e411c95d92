package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"callbook/internal/audit"
	"callbook/internal/test/servertest"
)

// nothingTold are the commands that leave no entry in the audit log, and why.
var nothingTold = map[string]string{
	"account callback-secret": "it prints the secret, which the first callback would make as well",
	"account list":            "it reads",
	"account show":            "it reads",
	"audit":                   "it reads",
	"backup":                  "it reads, and writes another file",
	"check":                   "it reads",
	"health":                  "it asks a server",
	"help":                    "it prints",
	"key list":                "it reads",
	"migrate":                 "nothing of what is stored changes",
	"person export":           "it reads",
	"serve":                   "its requests have entries",
	"trunk list":              "it reads",
	"trunk show":              "it reads",
	"trunk trace":             "it reads",
	"version":                 "it prints",
}

// commandWrites are the commands that change something, in an order in which each can, and
// what the audit log tells of them. {db} is the database, {key} a key, {dir} a folder.
var commandWrites = []struct{ command, args, want string }{
	{"account create", "account create acme --db {db}", "accounts.create of acme"},
	{"account create", "account create gone --db {db}", "accounts.create of gone"},
	{"account set", "account set acme --requests-a-minute 200 --db {db}", "accounts.set of acme (requests_a_minute)"},
	{"account set", "account set acme --daily-cap 2 --db {db}", "accounts.set of acme (daily_cap)"},
	{"account set", "account set acme --requests-a-minute 200 --db {db}", ""},
	{"account disable", "account disable acme --db {db}", "accounts.set of acme (disabled)"},
	{"account enable", "account enable acme --db {db}", "accounts.set of acme (disabled)"},
	{"account rename", "account rename acme demo --db {db}", "accounts.set of demo (sid)"},
	{"account delete", "account delete gone --yes gone --db {db}", "accounts.delete of gone"},
	{"key create", "key create --account demo --name Walk --json --db {db}", "keys.create of {key}"},
	{"key rotate", "key rotate {key} --overlap 7d --json --db {db}", "keys.create of {key}, keys.expire of {old}"},
	{"key revoke", "key revoke {key} --db {db}", "keys.revoke of {key}"},
	{"key revoke", "key revoke {key} --db {db}", ""},
	{"login-link", "login-link --account demo --db {db}", "links.create"},
	{"trunk create", "trunk create pbx --address sip:127.0.0.1:1;transport=tcp --caller-id +918047000001 --db {db}", "trunks.create of pbx"},
	{"trunk set", "trunk set pbx --channels 7 --db {db}", "trunks.update of pbx (channels)"},
	{"trunk set", "trunk set pbx --channels 7 --db {db}", ""},
	{"trunk test", "trunk test pbx --call +919876543210 --db {db}", "trunks.call of pbx"},
	{"trunk remove", "trunk remove pbx --db {db}", "trunks.delete of pbx"},
	{"person erase", "person erase --account person +919876543210 --db {db}", "persons.erase"},
	{"person erase", "person erase --account person +919876543210 --db {db}", ""},
	{"copy", "copy --from {db} --to {dir}/copied.db", "databases.copy"},
	{"copy", "copy --from {db} --to {dir}/copied.db", ""},
	{"restore", "restore {dir}/book.bak --db {db}", "databases.restore"},
}

// TestAuditOfCommands runs each command that changes something, and looks for its entry:
// who, what, how many, and no personal data.
func TestAuditOfCommands(t *testing.T) {
	t.Parallel()
	db := servertest.NewDatabase(t)
	w := &commandWalk{t: t, db: db, dir: t.TempDir(), seen: make(map[string]bool)}
	ran := make(map[string]bool)
	for _, tt := range commandWrites {
		at := db
		switch tt.command {
		case "person erase":
			if !ran[tt.command] {
				w.person()
			}
		case "copy":
			w.told(db) // the copy has them too
			at = w.dir + "/copied.db"
		case "restore":
			if strings.Contains(db, "://") {
				continue // its own programs restore PostgreSQL
			}
			mustRunHere(t, "backup", w.dir+"/book.bak", "--db", db)
		}
		got := runHere(t, strings.Fields(w.fill(tt.args))...)
		if ran[tt.command] = true; got.code != exitOK && tt.command != "trunk test" {
			t.Fatalf("%s: exit code %d, %s%s", tt.args, got.code, got.out, got.errs)
		}
		var made struct {
			APIKey string `json:"api_key"`
		}
		if json.Unmarshal([]byte(got.out), &made) == nil && made.APIKey != "" {
			w.key, w.old = made.APIKey, w.key
		}
		if told, want := w.told(at), w.fill(tt.want); told != want {
			t.Errorf("%s: the entries are %q, want %q", tt.args, told, want)
		}
	}
	for _, name := range leaves(t) {
		if _, reads := nothingTold[name]; reads == ran[name] && name != "restore" {
			t.Errorf("callbook %s must be either in commandWrites or in nothingTold", name)
		}
	}
}

// leaves returns the names of all commands.
func leaves(t *testing.T) (names []string) {
	t.Helper()
	parser, err := kong.New(new(commands), kong.Vars{"default_region": "IN", "default_time_zone": "UTC"}, kong.KindMapper(reflect.Int, kong.MapperFunc(readWhole)))
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		var words []string
		for node := leaf; node.Parent != nil; node = node.Parent {
			words = append([]string{node.Name}, words...)
		}
		names = append(names, strings.Join(words, " "))
	}
	return names
}

// commandWalk is a database on which commands are run.
type commandWalk struct {
	t        *testing.T
	db, dir  string
	key, old string // the last key that was made, and the one before
	seen     map[string]bool
}

func (w *commandWalk) fill(text string) string {
	return strings.NewReplacer("{db}", w.db, "{dir}", w.dir, "{key}", w.key, "{old}", w.old).Replace(text)
}

// person stores somebody in an account of the name person.
func (w *commandWalk) person() {
	w.t.Helper()
	s := servertest.Start(w.t, servertest.Options{Path: w.db})
	s.Account("person").CreateOne(`{"number":"+919876543210","first_name":"Priya"}`)
	s.Stop()
	for _, e := range w.entries(w.db) {
		w.seen[e.SID] = true
	}
}

func (w *commandWalk) entries(db string) []entryView {
	w.t.Helper()
	got := mustRunHere(w.t, "audit", "--json", "--limit", "1000", "--db", db)
	var page auditView
	if err := json.Unmarshal([]byte(got.out), &page); err != nil {
		w.t.Fatal(err)
	}
	for _, text := range []string{"9876543210", "Priya", "Walk"} {
		if strings.Contains(got.out, text) {
			w.t.Errorf("the log has %q: %s", text, got.out)
		}
	}
	return page.Entries
}

// told returns the entries that were not seen before, which must be those of a command.
func (w *commandWalk) told(db string) string {
	w.t.Helper()
	var told []string
	for _, e := range w.entries(db) {
		if w.seen[e.SID] {
			continue
		}
		w.seen[e.SID] = true
		text := e.Action
		if e.Object != nil && e.Action != string(audit.PersonsErase) {
			text += " of " + *e.Object
		}
		if len(e.Fields) > 0 {
			text += " (" + strings.Join(e.Fields, " ") + ")"
		}
		if kind, uid := audit.Actor(e.Actor).Split(); kind != "command" || uid != userID() || e.Done < 1 || e.Failed != 0 {
			w.t.Errorf("the entry is %+v", e)
		}
		told = append(told, text)
	}
	slices.Sort(told)
	return strings.Join(told, ", ")
}
