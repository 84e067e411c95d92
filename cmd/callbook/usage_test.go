package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAddr: an address that nobody can listen on is refused before anything is
// opened.
func TestAddr(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1:8080", ":8080", ":0", "[::1]:65535", "localhost:80"} {
		if err := checkAddr("--addr", addr); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
	for addr, want := range map[string]string{
		"8080":            `--addr "8080" has no colon before the port: write it as 127.0.0.1:8080 or :8080`,
		"localhost":       "127.0.0.1:8080",
		"":                "127.0.0.1:8080",
		"::1:8080":        "[::1]:8080",
		"127.0.0.1:":      "from 0 to 65535",
		"127.0.0.1:65536": "from 0 to 65535",
		":-1":             "from 0 to 65535",
	} {
		db := filepath.Join(t.TempDir(), "book.db")
		got := runHere(t, "serve", "--addr="+addr, "--db", db)
		if got.code != exitUsage || !strings.Contains(got.errs, want) {
			t.Errorf("%q: exit code %d, %s", addr, got.code, got.errs)
		}
		noFile(t, db)
	}
}

func noFile(t *testing.T, db string) {
	t.Helper()
	if left, err := filepath.Glob(db + "*"); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

// TestPortInUse: a server that cannot listen leaves no database.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	db := filepath.Join(t.TempDir(), "book.db")
	if got := runHere(t, "serve", "--addr", ln.Addr().String(), "--db", db); got.code != exitFailed || !strings.Contains(got.errs, "end that one, or take another port") {
		t.Errorf("exit code %d, %s", got.code, got.errs)
	}
	noFile(t, db)
}

// TestLimits: what is refused is named with its value.
func TestLimits(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"--max-body", "--index-memory", "--kept-answers"} {
		if got := runHere(t, "serve", name+"=0"); got.code != exitUsage || !strings.Contains(got.errs, name+" 0 is too little: it must be 1 or more") {
			t.Errorf("%s: exit code %d, %s", name, got.code, got.errs)
		}
	}
	for _, name := range []string{"--memory", "--connections"} {
		if got := runHere(t, "serve", name+"=-1"); got.code != exitUsage || !strings.Contains(got.errs, name+" -1 is too little: it must be 0 or more") {
			t.Errorf("%s: exit code %d, %s", name, got.code, got.errs)
		}
	}
}

// TestFewerConnections: a limit on open files that is below --connections is told.
func TestFewerConnections(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	log := slog.New(slog.NewTextHandler(&said, nil))
	m := memory{total: defaultMemory * mib}
	n := m.planConnections(math.MaxInt32, log)
	if want := fmt.Sprintf("asked=%d connections=%d", math.MaxInt32, n); !strings.Contains(said.String(), want) {
		t.Errorf("it said %q, not %q", said.String(), want)
	}
	said.Reset()
	if m.planConnections(0, log); said.Len() > 0 {
		t.Errorf("without --connections it said %q", said.String())
	}
}

// TestUsageNamesCommand: a usage error points to the help of its command.
func TestUsageNamesCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, want string }{
		{"nonsense", "callbook help"},
		{"serve --nonsense", "callbook help serve"},
		{"serve --max-body=x", "callbook help serve"},
		{"serve --max-body=0", "callbook help serve"},
		{"account nonsense", "callbook help account"},
		{"account create", "callbook help account create"},
		{"key list", "callbook help key list"},
		{"trunk create", "callbook help trunk create"},
		{"backup a b", "callbook help backup"},
	} {
		got := runHere(t, strings.Fields(tt.line)...)
		if got.code != exitUsage || !strings.Contains(got.errs, "Run \""+tt.want+"\"") {
			t.Errorf("%s: exit code %d, %s", tt.line, got.code, got.errs)
		}
	}
}

// TestForceIsTyped: no variable of the environment forces a command.
func TestForceIsTyped(t *testing.T) {
	t.Setenv("CALLBOOK_FORCE", "1")
	db, file := newBackup(t)
	if got := runHere(t, "backup", file, "--db", db); got.code != exitFailed || !strings.Contains(got.errs, "--force") {
		t.Errorf("exit code %d, %s", got.code, got.errs)
	}
	for _, command := range []string{"backup", "restore"} {
		if got := mustRunHere(t, command, "--help"); strings.Contains(got.out, "CALLBOOK_FORCE") || !strings.Contains(got.out, "--force") {
			t.Errorf("help of %s:\n%s", command, got.out)
		}
	}
}

// stopAt is a writer that stops a server when it says these words.
type stopAt struct {
	words string
	stop  context.CancelFunc
}

func (w stopAt) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.words) {
		w.stop()
	}
	return len(p), nil
}

// TestEmptyFile: only what makes databases makes one in an empty file.
func TestEmptyFile(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "book.db")
	if err := os.WriteFile(db, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"account list", "key list --account a", "key create --account a", "key revoke k", "login-link --account a", "trunk list", "trunk show a", "trunk set a", "trunk remove a"} {
		got := runHere(t, append(strings.Fields(line), "--db", db)...)
		if got.code != exitFailed || !strings.Contains(got.errs, "is empty") || !strings.Contains(got.errs, "callbook account create") {
			t.Errorf("%s: exit code %d, %s", line, got.code, got.errs)
		}
		if left, err := filepath.Glob(db + "*"); err != nil || !slices.Equal(left, []string{db}) || len(mustRead(t, db)) > 0 {
			t.Fatalf("%s: there is %v, %v", line, left, err)
		}
	}
	for _, warns := range []bool{true, false} { // the second time there is a database
		ctx, stop := context.WithCancel(t.Context())
		var errs strings.Builder
		code := run(ctx, []string{"serve", "--addr", "127.0.0.1:0", "--db", db}, streams{out: stopAt{"listening", stop}, err: &errs})
		if code != exitOK || strings.Contains(errs.String(), `level=WARN msg="the file was there and empty; a new database was made in it"`) != warns {
			t.Errorf("exit code %d, %s", code, errs.String())
		}
	}
}
