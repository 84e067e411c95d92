// Package e2e tests callbook as its users meet it: the built binary, real
// client programs, signals, and nothing that only Go code could reach.
package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// moduleRoot is where go.mod is, as seen from a test's working directory.
const moduleRoot = "../../.."

// binDir is where the binary is built.
var binDir string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "callbook-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binDir = dir
	return m.Run()
}

// binary returns the path of the server's binary: the one that E2E_BINARY
// names, or one built from this tree by the first test that asks for it.
func binary(t *testing.T) string {
	t.Helper()
	path, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var buildOnce = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("E2E_BINARY"); path != "" {
		return filepath.Abs(path)
	}
	if err := readSources(); err != nil {
		return "", err
	}
	path := filepath.Join(binDir, "callbook")
	args := []string{"build", "-o", path}
	if raceDetector {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "./cmd/callbook")...)
	cmd.Dir = moduleRoot
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// readSources opens every folder with sources of the server. The go command
// keeps the result of a test until a file or folder that the test opened
// changes, and knows nothing of what a test has built: without this, it would
// show an old result for a new server.
func readSources() error {
	for _, dir := range []string{"cmd", "internal", "openapi"} {
		err := filepath.WalkDir(filepath.Join(moduleRoot, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil && os.IsNotExist(err) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		if _, err := os.Stat(filepath.Join(moduleRoot, file)); err != nil {
			return err
		}
	}
	return nil
}

// cleanEnv is the environment for a callbook process: this one's, less what
// would set one of its flags, and with extra.
func cleanEnv(extra ...string) []string {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "CALLBOOK_") {
			env = append(env, entry)
		}
	}
	return append(env, extra...)
}

// outcome is what a command that ran to its end left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// callbook runs a callbook command that is expected to end by itself.
func callbook(t *testing.T, args ...string) outcome {
	t.Helper()
	return run(t, exec.Command(binary(t), args...))
}

// run runs a command to its end, with no flag set by the environment. A
// command that hangs is killed, and fails the test.
func run(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if cmd.Env == nil {
		cmd.Env = cleanEnv()
	}
	// Something that the command has started may keep its output open.
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	const limit = 5 * time.Minute // on a busy machine, "go run" takes more than one
	timer := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if !timer.Stop() {
		t.Fatalf("%s did not end\nstdout:\n%s\nstderr:\n%s", cmd, &stdout, &stderr)
	}
	if err != nil && cmd.ProcessState.ExitCode() < 0 {
		t.Fatalf("%s: %v\nstderr:\n%s", cmd, err, &stderr)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// waitFor polls until the condition holds, and tells whether it did in time.
func waitFor(limit time.Duration, condition func() bool) bool {
	deadline := time.Now().Add(limit)
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			return false
		}
		<-ticker.C
	}
	return true
}
