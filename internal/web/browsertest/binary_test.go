package browsertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

var binaryDir string

// binary returns the path of the server's binary, built by the first test that
// asks for it, or what E2E_BINARY names.
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
	dir, err := os.MkdirTemp("", "callbook-browsertest-")
	if err != nil {
		return "", err
	}
	binaryDir = dir
	path := filepath.Join(dir, "callbook")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/callbook")
	cmd.Dir = moduleRoot
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
})

func removeBinary() {
	if binaryDir != "" {
		os.RemoveAll(binaryDir)
	}
}
