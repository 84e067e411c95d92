package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the command line as the scripts in testdata/script tell.
// They have two things of their own: $DB, the database, which every command
// finds without a flag, and
//
//	setjson VAR key
//
// which sets a variable to a value of the JSON object on the last stdout.
func TestScripts(t *testing.T) {
	if raceDetector {
		t.Skip("many short processes, which start slowly with the race detector and have little to race")
	}
	bin := filepath.Dir(binary(t))
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("DB", filepath.Join(env.WorkDir, "book.db"))
			env.Setenv("CALLBOOK_DB", env.Getenv("DB"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"setjson": setJSON},
	})
}

func setJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: setjson VAR key")
	}
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &object))
	value, ok := object[args[1]].(string)
	if !ok || value == "" {
		ts.Fatalf("no text under %q in the last stdout", args[1])
	}
	ts.Setenv(args[0], value)
}
