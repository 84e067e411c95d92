package e2e

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestOperatingGuide runs the commands of docs/operating.md as they stand, from the first to
// the last: on a copy of this machine that is gone afterwards, with the Debian package of
// this tree. Stand-ins are what the copy cannot have: systemd, the network, a container
// daemon.
func TestOperatingGuide(t *testing.T) {
	t.Parallel()
	switch {
	case os.Getuid() != 0:
		t.Skip("only root may install packages")
	case raceDetector || runtime.GOARCH != "amd64":
		t.Skip("the package would be another one than the guide's")
	}
	for _, name := range []string{"unshare", "dpkg-deb", "setpriv", "perl", "openssl", "ip"} {
		tool(t, name)
	}
	clone := t.TempDir()
	dist := makeRelease(t, clone)
	watch(t, "packaging")
	watch(t, "internal/test/e2e/testdata/operating")
	// Some seconds of work, which take longer on a busy machine than run waits.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	guide := exec.CommandContext(ctx, "unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child",
		"testdata/operating/machine", clone, filepath.Join(moduleRoot, "docs/operating.md"))
	said, err := guide.CombinedOutput()
	const noMachine = 77
	if guide.ProcessState.ExitCode() == noMachine {
		t.Skipf("no copy of this machine can be made here: %s", said)
	}
	if err != nil {
		t.Errorf("%v, with %s\n%s", err, dist, said)
	}
	if n := strings.Count(string(said), "\n++ callbook "); n < 20 {
		t.Errorf("only %d commands of callbook were run:\n%s", n, said)
	}
}

// makeRelease puts the archive and the Debian package of the binary under test into
// clone/dist, as make dist does, but quickly, and returns the names of the files.
func makeRelease(t *testing.T, clone string) []string {
	t.Helper()
	const name = "callbook-v0.0.0-linux-amd64"
	release, dist := filepath.Join(t.TempDir(), name), filepath.Join(clone, "dist")
	if err := os.MkdirAll(filepath.Join(release, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dist, 0o755); err != nil {
		t.Fatal(err)
	}
	program := binary(t)
	for _, file := range []string{program, "LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "docs/operating.md"} {
		to := filepath.Join(release, file)
		if file == program {
			to = filepath.Join(release, "callbook")
		} else {
			file = filepath.Join(moduleRoot, file)
		}
		content, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(to, content, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	deb := exec.Command(filepath.Join(moduleRoot, "packaging/deb/build"), release, "v0.0.0", "amd64", dist)
	deb.Env = cleanEnv("DEB_COMPRESSION=none")
	archive := exec.Command("tar", "--create", "--use-compress-program=gzip -1", "--file="+filepath.Join(dist, name+".tar.gz"), "--directory="+filepath.Dir(release), name)
	for _, cmd := range []*exec.Cmd{deb, archive} {
		if got := run(t, cmd); got.code != 0 {
			t.Fatalf("%s: %s", cmd, got.stderr)
		}
	}
	files, err := filepath.Glob(dist + "/*")
	if err != nil || len(files) != 2 {
		t.Fatalf("the release is %v, %v", files, err)
	}
	return files
}

// watch opens the files below a folder of the module, for the reason that readSources gives.
func watch(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(moduleRoot, folder), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			_, err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
