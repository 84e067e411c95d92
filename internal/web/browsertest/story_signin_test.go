package browsertest

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var printedLink = regexp.MustCompile(`(?m)^  (http://\S+)(/signin/link/[0-9a-f]{64})$`)

// TestFirstStart follows the link that the built server prints at its first
// start.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "book.db")
	out := new(output)
	cmd := exec.Command(binary(t), "serve", "--addr", "127.0.0.1:0", "--db", db)
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended: %v", err)
		}
	})
	link := out.await(t, printedLink)

	b := newTab(t, link[1])
	b.open("/")
	if got := b.location(); got != "/signin" {
		t.Fatalf("without a session, / leads to %s", got)
	}
	b.open(link[2])
	if got := b.text("h1"); got != "Sign in to demo" {
		t.Fatalf("the link's page says %q", got)
	}
	b.follow("main form button")
	if got := b.text(".who-name"); got != "demo" {
		t.Fatalf("signed in to %q", got)
	}
	b.open("/sessions")
	if got := b.text("tbody"); !strings.Contains(got, "this browser") || !strings.Contains(got, "Link") {
		t.Errorf("the sessions are %q", got)
	}
	// In another window the link is dead; one that is made beside the running
	// server works.
	other := newTab(t, link[1])
	other.expectFailures.Store(true)
	other.open(link[2])
	if got := other.text("h1"); got != "This link does not work" {
		t.Errorf("the second time, the link's page says %q", got)
	}
	made, err := exec.Command(binary(t), "login-link", "--account", "demo", "--db", db, "--base-url", link[1]).Output()
	if err != nil {
		t.Fatal(err)
	}
	other.open(printedLink.FindStringSubmatch(string(made))[2])
	other.follow("main form button")
	other.open("/sessions")
	// The other one's session, which is the second row, is ended from here.
	other.follow("tbody tr:nth-child(2) button")
	if got := other.text(".notice"); !strings.Contains(got, "The session has ended.") {
		t.Errorf("the notice is %q", got)
	}
	b.open("/sessions")
	if got := b.location(); got != "/signin?next=%2Fsessions" {
		t.Errorf("after its session ended, the first window is at %s", got)
	}
	other.follow(".who button")
	if got := other.text(".notice"); got != "You are signed out." {
		t.Errorf("the notice is %q", got)
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

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until something was printed, and returns it as
// FindStringSubmatch does.
func (o *output) await(t *testing.T, what *regexp.Regexp) []string {
	t.Helper()
	deadline := time.Now().Add(limit)
	for range time.Tick(5 * time.Millisecond) {
		if found := what.FindStringSubmatch(o.String()); found != nil {
			return found
		}
		if time.Now().After(deadline) {
			break
		}
	}
	t.Fatalf("%s was not printed, but:\n%s", what, o)
	return nil
}
