package callbook_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rules is the table of the rooms: which packages of this module each one may
// import, by their paths within it. Arrows point one way, from the front doors
// to the subjects and from the engines to the subjects; ARCHITECTURE.md says
// why.
var rules = map[string][]string{
	"":        {},
	"openapi": {},
	"cmd/callbook": {
		"internal/account",
		"internal/addressbook",
		"internal/app",
		"internal/audit",
		"internal/auditlog",
		"internal/backup",
		"internal/budget",
		"internal/campaign",
		"internal/carrier",
		"internal/certificate",
		"internal/clientaddr",
		"internal/clock",
		"internal/dbcopy",
		"internal/event",
		"internal/fault",
		"internal/journal",
		"internal/link",
		"internal/metrics",
		"internal/person",
		"internal/phone",
		"internal/session",
		"internal/speech",
		"internal/store/postgres",
		"internal/store/sqlite",
		"internal/trace",
		"internal/trash",
		"internal/trunk",
		"internal/upload",
		"internal/verify",
	},

	"internal/fault":       {},
	"internal/reqlog":      {},
	"internal/route":       {"internal/reqlog"},
	"internal/trace":       {"internal/reqlog"},
	"internal/negotiate":   {},
	"internal/clock":       {},
	"internal/phone":       {"internal/fault"},
	"internal/certificate": {"internal/clock"},
	"internal/csvcell":     {},
	"internal/xlsx":        {},
	"internal/apidoc":      {},
	"internal/slowbody":    {},
	"internal/backup":      {},
	"internal/limit":       {"internal/account", "internal/clock"},
	"internal/wav":         {"internal/fault"},
	"internal/speech":      {"internal/account", "internal/fault", "internal/limit", "internal/wav"},
	"internal/audit":       {},
	"internal/clientaddr":  {},
	"internal/account": {
		"internal/audit",
		"internal/clientaddr",
		"internal/clock",
		"internal/fault",
		"internal/phone",
	},
	"internal/budget": {
		"internal/account",
		"internal/fault",
		"internal/limit",
	},
	// Subjects.
	"internal/auditlog": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/clock",
	},
	"internal/attempts": {"internal/clock", "internal/fault"},
	"internal/addressbook": {
		"internal/account",
		"internal/audit",
		"internal/clock",
		"internal/fault",
		"internal/journal",
		"internal/phone",
	},
	"internal/journal": {
		"internal/account",
		"internal/audit",
		"internal/clock",
		"internal/fault",
	},
	"internal/session": {
		"internal/account",
		"internal/audit",
		"internal/clock",
		"internal/fault",
	},
	"internal/trash": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/budget",
		"internal/clock",
		"internal/fault",
		"internal/journal",
	},
	"internal/upload": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/budget",
		"internal/clock",
		"internal/csvcell",
		"internal/fault",
		"internal/journal",
		"internal/limit",
		"internal/phone",
		"internal/suppression",
		"internal/upload/table",
		"internal/work",
	},
	"internal/summary": {
		"internal/account",
		"internal/addressbook",
		"internal/clock",
		"internal/phone",
	},
	"internal/usage": {
		"internal/account",
		"internal/clock",
		"internal/fault",
	},
	"internal/export": {
		"internal/account",
		"internal/addressbook",
		"internal/budget",
		"internal/csvcell",
		"internal/fault",
	},
	"internal/campaign": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/callflow",
		"internal/clock",
		"internal/fault",
		"internal/journal",
		"internal/phone",
		"internal/speech",
	},
	"internal/recording": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/clock",
		"internal/fault",
		"internal/journal",
		"internal/wav",
	},
	"internal/link": {
		"internal/account",
		"internal/addressbook",
		"internal/clock",
	},
	"internal/callflow": {"internal/fault"},
	"internal/outbound": {},
	"internal/callflow/ask": {
		"internal/account",
		"internal/addressbook",
		"internal/callflow",
		"internal/fault",
		"internal/limit",
		"internal/outbound",
		"internal/phone",
		"internal/wav",
	},
	"internal/callflow/library": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/callflow",
		"internal/campaign",
		"internal/clock",
		"internal/fault",
		"internal/journal",
	},
	"internal/suppression": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/clock",
		"internal/fault",
		"internal/journal",
		"internal/phone",
	},
	"internal/person": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/budget",
		"internal/campaign",
		"internal/clock",
		"internal/event",
		"internal/fault",
		"internal/phone",
		"internal/suppression",
		"internal/upload",
		"internal/upload/table",
	},
	"internal/prompt": {
		"internal/account",
		"internal/audit",
		"internal/budget",
		"internal/clock",
		"internal/fault",
		"internal/journal",
		"internal/wav",
	},
	"internal/report": {
		"internal/account",
		"internal/addressbook",
		"internal/budget",
		"internal/campaign",
		"internal/csvcell",
		"internal/fault",
		"internal/suppression",
	},
	"internal/event": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/campaign",
		"internal/clock",
		"internal/fault",
		"internal/limit",
		"internal/outbound",
		"internal/phone",
		"internal/work",
	},
	"internal/trunk": {
		"internal/addressbook",
		"internal/audit",
		"internal/clock",
		"internal/fault",
		"internal/phone",
	},
	"internal/trunk/testcall": {
		"internal/addressbook",
		"internal/callflow",
		"internal/carrier",
		"internal/clock",
		"internal/fault",
		"internal/phone",
		"internal/trunk",
	},
	"internal/carrier": {
		"internal/addressbook",
		"internal/callflow",
		"internal/campaign",
		"internal/phone",
	},
	"internal/carrier/sip": {
		"internal/addressbook",
		"internal/callflow",
		"internal/campaign",
		"internal/carrier",
		"internal/carrier/sip/media",
		"internal/clock",
		"internal/fault",
		"internal/phone",
		"internal/trunk",
	},
	"internal/carrier/sip/media": {
		"internal/callflow",
		"internal/carrier",
		"internal/trunk",
		"internal/wav",
	},
	"internal/carrier/simulator": {
		"internal/addressbook",
		"internal/callflow",
		"internal/campaign",
		"internal/carrier",
		"internal/clock",
		"internal/phone",
	},
	"internal/dialer": {
		"internal/account",
		"internal/addressbook",
		"internal/callflow",
		"internal/callflow/ask",
		"internal/callflow/library",
		"internal/campaign",
		"internal/carrier",
		"internal/clock",
		"internal/event",
		"internal/fault",
		"internal/phone",
		"internal/work",
	},
	"internal/sound": {
		"internal/account",
		"internal/callflow",
		"internal/clock",
		"internal/fault",
		"internal/prompt",
		"internal/speech",
		"internal/wav",
	},
	"internal/dbcopy": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/campaign",
		"internal/journal",
		"internal/upload",
	},
	"internal/verify": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/campaign",
		"internal/journal",
		"internal/trunk",
		"internal/upload",
	},

	// Engines.
	"internal/store/postgres": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/auditlog",
		"internal/budget",
		"internal/callflow/library",
		"internal/campaign",
		"internal/dbcopy",
		"internal/dialer",
		"internal/event",
		"internal/fault",
		"internal/journal",
		"internal/limit",
		"internal/person",
		"internal/phone",
		"internal/prompt",
		"internal/recording",
		"internal/session",
		"internal/store",
		"internal/summary",
		"internal/suppression",
		"internal/trace",
		"internal/trash",
		"internal/trunk",
		"internal/upload",
		"internal/upload/table",
		"internal/usage",
		"internal/verify",
		"internal/work",
	},
	"internal/store/sqlite": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/auditlog",
		"internal/budget",
		"internal/callflow/library",
		"internal/campaign",
		"internal/dbcopy",
		"internal/dialer",
		"internal/event",
		"internal/fault",
		"internal/journal",
		"internal/limit",
		"internal/person",
		"internal/phone",
		"internal/prompt",
		"internal/recording",
		"internal/session",
		"internal/store",
		"internal/summary",
		"internal/suppression",
		"internal/trace",
		"internal/trash",
		"internal/trunk",
		"internal/upload",
		"internal/upload/table",
		"internal/usage",
		"internal/verify",
		"internal/work",
	},
	"internal/store": {
		"internal/account",
		"internal/addressbook",
		"internal/auditlog",
		"internal/callflow/library",
		"internal/campaign",
		"internal/dialer",
		"internal/event",
		"internal/fault",
		"internal/journal",
		"internal/person",
		"internal/prompt",
		"internal/recording",
		"internal/session",
		"internal/summary",
		"internal/suppression",
		"internal/trash",
		"internal/trunk",
		"internal/upload",
		"internal/usage",
	},
	"internal/metrics": {
		"internal/addressbook",
		"internal/campaign",
		"internal/event",
		"internal/reqlog",
		"internal/store",
		"internal/trunk",
		"internal/upload",
	},
	// What puts it all together.
	"internal/app": {
		"internal/account",
		"internal/addressbook",
		"internal/api",
		"internal/auditlog",
		"internal/budget",
		"internal/callflow",
		"internal/callflow/ask",
		"internal/callflow/library",
		"internal/campaign",
		"internal/carrier",
		"internal/carrier/simulator",
		"internal/carrier/sip",
		"internal/carrier/sip/media",
		"internal/clientaddr",
		"internal/clock",
		"internal/dialer",
		"internal/event",
		"internal/fault",
		"internal/journal",
		"internal/link",
		"internal/metrics",
		"internal/person",
		"internal/phone",
		"internal/prompt",
		"internal/recording",
		"internal/reqlog",
		"internal/server",
		"internal/session",
		"internal/sound",
		"internal/speech",
		"internal/store",
		"internal/store/postgres",
		"internal/store/sqlite",
		"internal/summary",
		"internal/suppression",
		"internal/trace",
		"internal/trash",
		"internal/trunk",
		"internal/trunk/testcall",
		"internal/upload",
		"internal/usage",
		"internal/web",
		"openapi",
	},
	"internal/upload/table": {
		"internal/addressbook",
		"internal/csvcell",
		"internal/fault",
		"internal/phone",
		"internal/xlsx",
	},
	"internal/work": {
		"internal/account",
		"internal/clock",
		"internal/fault",
	},
	// Front doors.
	"internal/api": {
		"internal/account",
		"internal/addressbook",
		"internal/attempts",
		"internal/audit",
		"internal/auditlog",
		"internal/budget",
		"internal/callflow",
		"internal/callflow/library",
		"internal/campaign",
		"internal/clientaddr",
		"internal/clock",
		"internal/csvcell",
		"internal/event",
		"internal/export",
		"internal/fault",
		"internal/journal",
		"internal/limit",
		"internal/link",
		"internal/negotiate",
		"internal/person",
		"internal/phone",
		"internal/prompt",
		"internal/recording",
		"internal/report",
		"internal/reqlog",
		"internal/route",
		"internal/slowbody",
		"internal/suppression",
		"internal/trash",
		"internal/upload",
		"internal/upload/table",
		"internal/wav",
	},
	"internal/web": {
		"internal/account",
		"internal/addressbook",
		"internal/auditlog",
		"internal/callflow/library",
		"internal/campaign",
		"internal/clock",
		"internal/event",
		"internal/journal",
		"internal/person",
		"internal/prompt",
		"internal/recording",
		"internal/session",
		"internal/speech",
		"internal/summary",
		"internal/suppression",
		"internal/trash",
		"internal/trunk",
		"internal/trunk/testcall",
		"internal/upload",
		"internal/usage",
		"internal/web/campaigns",
		"internal/web/contacts",
		"internal/web/flows",
		"internal/web/history",
		"internal/web/imports",
		"internal/web/keys",
		"internal/web/lists",
		"internal/web/overview",
		"internal/web/reference",
		"internal/web/search",
		"internal/web/shell",
		"internal/web/signin",
		"internal/web/trash",
		"internal/web/trunks",
	},
	"internal/server": {
		"internal/api",
		"internal/budget",
		"internal/clientaddr",
		"internal/fault",
		"internal/reqlog",
		"internal/web",
		"openapi",
	},
	// Of the pages: what all of them are made with, and rooms, which know no other
	// room.
	"internal/web/words": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/campaign",
		"internal/csvcell",
		"internal/fault",
		"internal/phone",
		"internal/prompt",
		"internal/trunk",
		"internal/upload",
		"internal/upload/table",
	},
	"internal/web/shell": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/budget",
		"internal/clientaddr",
		"internal/fault",
		"internal/journal",
		"internal/negotiate",
		"internal/reqlog",
		"internal/route",
		"internal/session",
		"internal/slowbody",
		"internal/web/words",
	},
	"internal/web/contacttable": {
		"internal/account",
		"internal/addressbook",
		"internal/budget",
		"internal/fault",
		"internal/phone",
		"internal/trash",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/trunks": {
		"internal/addressbook",
		"internal/audit",
		"internal/auditlog",
		"internal/campaign",
		"internal/fault",
		"internal/phone",
		"internal/trunk",
		"internal/trunk/testcall",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/overview": {
		"internal/addressbook",
		"internal/clock",
		"internal/phone",
		"internal/summary",
		"internal/upload",
		"internal/usage",
		"internal/web/contacttable",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/contacts": {
		"internal/account",
		"internal/addressbook",
		"internal/auditlog",
		"internal/budget",
		"internal/campaign",
		"internal/export",
		"internal/fault",
		"internal/person",
		"internal/phone",
		"internal/slowbody",
		"internal/summary",
		"internal/trash",
		"internal/web/contacttable",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/lists": {
		"internal/account",
		"internal/addressbook",
		"internal/auditlog",
		"internal/fault",
		"internal/trash",
		"internal/web/contacttable",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/imports": {
		"internal/account",
		"internal/addressbook",
		"internal/budget",
		"internal/fault",
		"internal/journal",
		"internal/upload",
		"internal/upload/table",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/campaigns": {
		"internal/account",
		"internal/addressbook",
		"internal/budget",
		"internal/callflow",
		"internal/callflow/library",
		"internal/campaign",
		"internal/clock",
		"internal/event",
		"internal/fault",
		"internal/recording",
		"internal/speech",
		"internal/suppression",
		"internal/trunk",
		"internal/wav",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/flows": {
		"internal/callflow",
		"internal/callflow/library",
		"internal/fault",
		"internal/prompt",
		"internal/wav",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/trash": {
		"internal/addressbook",
		"internal/clock",
		"internal/fault",
		"internal/trash",
		"internal/web/contacttable",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/keys": {
		"internal/account",
		"internal/clock",
		"internal/fault",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/reference": {
		"internal/apidoc",
		"internal/budget",
		"internal/fault",
		"internal/reqlog",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/search": {
		"internal/account",
		"internal/addressbook",
		"internal/upload",
		"internal/web/contacttable",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/history": {
		"internal/account",
		"internal/addressbook",
		"internal/audit",
		"internal/auditlog",
		"internal/web/shell",
		"internal/web/words",
	},
	"internal/web/signin": {
		"internal/account",
		"internal/attempts",
		"internal/audit",
		"internal/auditlog",
		"internal/clientaddr",
		"internal/clock",
		"internal/fault",
		"internal/session",
		"internal/web/shell",
		"internal/web/words",
	},
}

// forTests are the packages that only tests and developers run. They may
// import what they like; nothing of the program may import them.
var forTests = []string{
	"internal/carrier/carriertest",
	"internal/clock/clocktest",
	"internal/store/storetest",
	"internal/test/bench",
	"internal/test/clients",
	"internal/test/e2e",
	"internal/test/openapitest",
	"internal/test/pgtest",
	"internal/test/servertest",
	"internal/test/siptest",
	"internal/test/sqlitetest",
	"internal/test/tabletest",
	"internal/test/xlsxtest",
	"internal/web/browsertest",
	"packaging",
	"packaging/sbom",
}

// libraries are those that one package hides from the others, in tests too.
var libraries = map[string][]string{
	"zombiezen.com/go/sqlite":            {"internal/store/sqlite", "internal/test/bench"},
	"github.com/jackc/pgx/v5":            {"internal/store/postgres", "internal/test/pgtest", "internal/test/bench"},
	"github.com/nyaruka/phonenumbers":    {"internal/phone"},
	"github.com/rs/cors":                 {"internal/server"},
	"github.com/gofrs/flock":             {"internal/store/sqlite"},
	"github.com/prometheus":              {"internal/metrics"},
	"go.opentelemetry.io":                {"internal/trace"},
	"github.com/pion":                    {"internal/carrier/sip/media"},
	"github.com/alecthomas/kong":         {"cmd/callbook", "internal/test/bench"},
	"github.com/chromedp/chromedp":       {"internal/web/browsertest"},
	"github.com/chromedp/cdproto":        {"internal/web/browsertest"},
	"github.com/emiago/sipgo":            {"internal/carrier/sip"},
	"github.com/icholy/digest":           {"internal/carrier/sip"},
	"go.yaml.in/yaml/v4":                 {"internal/apidoc", "internal/test/openapitest"},
	"github.com/go-json-experiment/json": {"internal/api", "internal/campaign", "internal/csvcell", "internal/web/contacts", "internal/test/openapitest"},
}

type listed struct {
	ImportPath                         string
	Module                             struct{ Path string }
	Imports, TestImports, XTestImports []string
}

// room is the path of a package within the module of p; false means that the
// package is not of this module.
func (p listed) room(importPath string) (string, bool) {
	if importPath == p.Module.Path {
		return "", true
	}
	return strings.CutPrefix(importPath, p.Module.Path+"/")
}

func TestImports(t *testing.T) {
	t.Parallel()
	packages := list(t)
	seen := make(map[string]bool)
	for _, p := range packages {
		here, _ := p.room(p.ImportPath)
		seen[here] = true
		checkLibraries(t, p)
		if slices.Contains(forTests, here) {
			continue
		}
		allowed, ok := rules[here]
		if !ok {
			t.Errorf("package %q is in no table: add it to rules in imports_test.go with the packages that it may import, "+
				"or to forTests when only tests run it; see ARCHITECTURE.md for where it belongs", here)
			continue
		}
		for _, imported := range p.Imports {
			if there, ours := p.room(imported); ours && !slices.Contains(allowed, there) {
				t.Errorf("%s imports %s, which its rule in imports_test.go does not allow: it may import %v only; "+
					"see ARCHITECTURE.md", here, there, allowed)
			}
		}
	}
	for here := range rules {
		if !seen[here] {
			t.Errorf("there is no package %q any more: take it out of rules in imports_test.go", here)
		}
	}
}

func checkLibraries(t *testing.T, p listed) {
	t.Helper()
	here, _ := p.room(p.ImportPath)
	for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
		for library, users := range libraries {
			if (imported == library || strings.HasPrefix(imported, library+"/")) && !slices.Contains(users, here) {
				t.Errorf("%s imports %s, which is for %v only: ask that package instead, or change libraries in imports_test.go",
					here, imported, users)
			}
		}
	}
}

// parts are the packages of the pages that rooms may import. Every other one
// below internal/web is a room, and only internal/web may import that.
var parts = []string{"internal/web/words", "internal/web/shell", "internal/web/contacttable"}

// TestRules keeps the table itself honest: who it names is there, only app wires
// the server, only app and cmd know an engine, and no room knows another.
func TestRules(t *testing.T) {
	t.Parallel()
	for here, allowed := range rules {
		for _, there := range allowed {
			if _, ok := rules[there]; !ok {
				t.Errorf("the rule of %q names %q, which has none", here, there)
			}
			engine := there == "internal/store/sqlite" || there == "internal/store/postgres"
			if here != "internal/app" && (there == "internal/server" || engine && !strings.HasPrefix(here, "cmd/")) {
				t.Errorf("the rule of %q allows %q, which is for app to import, and an engine for cmd too", here, there)
			}
			if here != "internal/web" && strings.HasPrefix(there, "internal/web/") && !slices.Contains(parts, there) {
				t.Errorf("the rule of %q allows the room %q, which only internal/web may import", here, there)
			}
		}
	}
}

func list(t *testing.T) []listed {
	t.Helper()
	lookAround(t)
	var stderr strings.Builder
	cmd := exec.Command("go", "list", "-json=ImportPath,Module,Imports,TestImports,XTestImports", "./...")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// lookAround reads the folders of the module. The go command repeats a test
// that passed only when something has changed that the test itself read, and
// what "go list" reads is not seen.
func lookAround(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
