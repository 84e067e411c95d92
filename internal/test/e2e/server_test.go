package e2e

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// How long a server may take to start and to stop. Generous: the race detector
// on a busy machine is slow, and a good server never gets near.
const (
	startLimit = 2 * time.Minute
	stopLimit  = 2 * time.Minute
)

// quitLine begins what Go prints of all goroutines at a SIGQUIT.
const quitLine = "SIGQUIT: quit"

var listeningLine = regexp.MustCompile(`(?m)^callbook is listening on (https?://\S+)$`)

// server is a running callbook serve.
type server struct {
	URL    string // as printed, without a slash at the end
	stdout *output
	stderr *output

	cmd   *exec.Cmd
	ended chan struct{} // closed when the process is gone
}

// startServer starts a server on this database, on a port of its own, and
// returns once it says that it listens. When the test ends, it is stopped and
// must end well.
func startServer(t *testing.T, db string, extraArgs ...string) *server {
	t.Helper()
	args := append([]string{"--addr", "127.0.0.1:0", "--db", db}, extraArgs...)
	return launch(t, args, nil)
}

// launch starts a server with exactly these arguments and CALLBOOK_ variables.
func launch(t *testing.T, args, env []string) *server {
	t.Helper()
	s := begin(t, args, env)
	if !s.awaitListening() {
		t.Fatalf("the server did not say that it listens; stdout:\n%s", s.stdout)
	}
	return s
}

// begin is launch, and does not wait until the server listens.
func begin(t *testing.T, args, env []string) *server {
	t.Helper()
	s := &server{
		cmd:    exec.Command(binary(t), append([]string{"serve"}, args...)...),
		stdout: &output{},
		stderr: &output{},
		ended:  make(chan struct{}),
	}
	s.cmd.Env = cleanEnv(env...)
	s.cmd.Stdout, s.cmd.Stderr = s.stdout, s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		// How it ended is read from ProcessState.
		_ = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() { s.cleanUp(t) })
	return s
}

// awaitListening waits until the server says that it listens, and sets its URL.
// False means that it ended, or did neither in time.
func (s *server) awaitListening() bool {
	var address []string
	waitFor(startLimit, func() bool {
		address = listeningLine.FindStringSubmatch(s.stdout.String())
		return address != nil || s.hasEnded()
	})
	if address == nil {
		return false
	}
	s.URL = strings.TrimSuffix(address[1], "/")
	return true
}

// stop ends the server with SIGTERM; it must end with exit code 0.
func (s *server) stop(t *testing.T) {
	t.Helper()
	s.terminate(t)
	s.awaitCleanExit(t)
}

// terminate sends SIGTERM and does not wait.
func (s *server) terminate(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
}

// awaitCleanExit waits for the server to end with exit code 0.
func (s *server) awaitCleanExit(t *testing.T) {
	t.Helper()
	if !s.awaitEnd() {
		t.Error("the server did not stop")
		return
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the server ended with exit code %d (%s), want 0", code, s.cmd.ProcessState)
	}
}

// kill ends the server as a power cut would, as far as a process can tell.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("SIGKILL: %v", err)
	}
	<-s.ended
}

// awaitEnd waits for the process to be gone. One that does not go is killed,
// and false is returned.
func (s *server) awaitEnd() bool {
	select {
	case <-s.ended:
		return true
	case <-time.After(stopLimit):
		_ = s.cmd.Process.Kill()
		<-s.ended
		return false
	}
}

func (s *server) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

func (s *server) cleanUp(t *testing.T) {
	if !s.hasEnded() {
		s.stop(t)
	}
	if strings.Contains(s.stderr.String(), "WARNING: DATA RACE") {
		t.Error("the race detector found a race in the server")
	}
	if t.Failed() {
		logged, _, _ := strings.Cut(s.stderr.String(), quitLine)
		t.Logf("the end of the server's stderr:\n%s", logged[max(0, len(logged)-4096):])
	}
}

// output collects what a running process prints.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns all that was printed so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// credentials is what key create --json prints.
type credentials struct {
	AccountSID string `json:"account_sid"`
	APIKey     string `json:"api_key"`
	APIToken   string `json:"api_token"`
}

// newDB returns the path of a database file that is not there yet.
func newDB(t *testing.T) string {
	return filepath.Join(t.TempDir(), "book.db")
}

// newAccount creates an account with one key, on the command line.
func newAccount(t *testing.T, db, sid string) credentials {
	t.Helper()
	if got := callbook(t, "account", "create", sid, "--db", db); got.code != 0 {
		t.Fatalf("account create: exit code %d\n%s", got.code, got.stderr)
	}
	return newKey(t, db, sid)
}

// newKey creates one more key for an account, on the command line.
func newKey(t *testing.T, db, sid string) credentials {
	t.Helper()
	got := callbook(t, "key", "create", "--account", sid, "--db", db, "--json")
	if got.code != 0 {
		t.Fatalf("key create: exit code %d\n%s", got.code, got.stderr)
	}
	var c credentials
	if err := json.Unmarshal([]byte(got.stdout), &c); err != nil {
		t.Fatalf("key create --json printed %q: %v", got.stdout, err)
	}
	if c.AccountSID != sid || c.APIKey == "" || c.APIToken == "" {
		t.Fatalf("key create --json printed %q", got.stdout)
	}
	return c
}
