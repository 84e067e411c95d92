package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"callbook/internal/test/pgtest"
)

// TestCopyKilled copies a file to PostgreSQL and back. Both copies are ended in
// the middle again and again, and go on.
func TestCopyKilled(t *testing.T) {
	t.Parallel()
	requests := 12
	if testing.Short() || raceDetector {
		requests = 4
	}
	file, back, db := newDB(t), newDB(t), pgtest.Database(t, nil)
	auth := newAccount(t, file, "acme")
	s := startServer(t, file)
	c := newClient(t, s, auth)
	if got := callbook(t, "copy", "--from", file, "--to", db); got.code != 1 || !strings.Contains(got.stderr, "stop that one") {
		t.Errorf("while a server runs: exit code %d, %s", got.code, got.stderr)
	}
	for r := range requests {
		contacts := make([]contact, 5000)
		for i := range contacts {
			contacts[i] = contact{Number: fmt.Sprintf("+9198%08d", r*5000+i), Tag: "x"}
		}
		c.mustPost(t, contacts...)
	}
	s.stop(t)

	began := time.Now()
	whole := callbook(t, "copy", "--from", file, "--to", newDB(t))
	lasts := time.Since(began)
	if whole.code != 0 || !strings.Contains(whole.stdout, "has everything") {
		t.Fatalf("copy: exit code %d, %s%s", whole.code, whole.stdout, whole.stderr)
	}
	checksum := checksumOf(t, whole.stdout)
	resumed := 0
	for _, way := range [][2]string{{file, db}, {db, back}} {
		stdout, times := copyInterrupted(t, way[0], way[1], lasts)
		if got := checksumOf(t, stdout); got != checksum {
			t.Errorf("from %s: the checksum is %s, want %s", way[0], got, checksum)
		}
		resumed += times
	}
	if resumed == 0 {
		t.Error("no copy was ended in its middle: this test has tested nothing")
	}
	for _, copied := range []string{db, back} {
		s := startServer(t, copied)
		if stored := storedContacts(t, newClient(t, s, auth)); len(stored) != requests*5000 {
			t.Errorf("there are %d contacts, want %d", len(stored), requests*5000)
		}
		s.stop(t)
	}
}

// copyInterrupted copies, ends that at random moments and begins it again, and
// returns what the last one said, and how many times it went on. Lasts is about
// how long the whole takes; between other databases, or while the machine is busy with
// something else, it takes longer or shorter, so the moments come later and later.
func copyInterrupted(t *testing.T, from, to string, lasts time.Duration) (stdout string, resumed int) {
	t.Helper()
	refused := 0
	for attempt := range 50 {
		var out, errs bytes.Buffer
		cmd := exec.Command(binary(t), "copy", "--from", from, "--to", to)
		cmd.Env = cleanEnv()
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		signal := []os.Signal{os.Kill, syscall.SIGINT}[rand.IntN(2)]
		after := lasts/16 + rand.N(lasts/16)
		for range attempt { // from each to the next, so little more that one is in the middle
			after += after / 4
		}
		timer := time.AfterFunc(after, func() { _ = cmd.Process.Signal(signal) })
		err := cmd.Wait()
		timer.Stop()
		if strings.Contains(errs.String(), "Going on with a copy") {
			resumed++
		}
		if err == nil {
			t.Logf("it went on %d times, and a server was refused %d times", resumed, refused)
			return out.String(), resumed
		}
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() > 1 || exit.ExitCode() == 1 && !strings.Contains(errs.String(), "run the same command again") {
			t.Fatalf("%v: %s%s", err, &out, &errs)
		}
		// One that says that it was stopped has not come to its end; of one that
		// was killed nobody knows.
		if exit.ExitCode() == 1 && resumed > 0 && refused == 0 {
			refused++
			got := callbook(t, "serve", "--addr", "127.0.0.1:0", "--db", to)
			if got.code != 1 || !strings.Contains(got.stderr, "unfinished copy") {
				t.Errorf("serve: exit code %d, %s", got.code, got.stderr)
			}
		}
	}
	t.Fatal("the copy comes to no end")
	return "", 0
}

// checksumOf reads the checksum of the one account.
func checksumOf(t *testing.T, stdout string) string {
	t.Helper()
	for line := range strings.Lines(stdout) {
		if fields := strings.Fields(line); len(fields) == 6 && fields[0] == "acme" {
			return fields[5]
		}
	}
	t.Fatalf("no checksum in %q", stdout)
	return ""
}
