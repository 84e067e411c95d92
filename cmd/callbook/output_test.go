package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fullDisk is where nothing can be written.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestOutputLost: a command fails when what it made could not be shown. A token
// is shown once.
func TestOutputLost(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "callbook.db")
	run := func(args ...string) (code int, told string) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // serve would go on
		defer cancel()
		var stderr strings.Builder
		code = run(ctx, append(args, "--db", db), streams{out: fullDisk{}, err: &stderr})
		return code, stderr.String()
	}
	for _, command := range []string{
		"serve --addr 127.0.0.1:0",
		"account create acme",
		"account list",
		"key create --account acme",
		"key create --account acme --json",
		"key list --account acme",
		"login-link --account acme",
		"login-link --account acme --json",
		"trunk create pbx --address sip:pbx",
		"trunk list",
		"trunk show pbx",
		"trunk set pbx --json",
		"trunk remove pbx",
		"migrate",
	} {
		if code, told := run(strings.Fields(command)...); code != exitFailed || !strings.Contains(told, "no space left") {
			t.Errorf("%s: the exit code is %d, and it tells %q", command, code, told)
		}
	}
}
