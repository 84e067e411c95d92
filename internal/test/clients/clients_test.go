// Package clients holds the OpenAPI document against the programs that people give
// it to: generators of clients, a linter, and a proxy that compares answers with it.
package clients

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"callbook/internal/test/servertest"
	"callbook/openapi"
)

// tools is where scripts/install-test-tools puts these programs.
const tools = "../../../.tools"

// tool returns the path of a program, or skips the test. On a build server every
// tool is to be there, and a skip would hide that one is not.
func tool(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(tools, path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		const hint = "make test installs what it can"
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing, and CI=true allows no skip; %s", filepath.Base(path), hint)
		}
		t.Skipf("%s is missing; %s", filepath.Base(path), hint)
	}
	return path
}

// run runs a program in a folder, and fails the test when it fails.
func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := command(t.Context(), dir, program, args...)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(program), err, output)
	}
	return string(output)
}

func command(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "REDOCLY_SUPPRESS_UPDATE_NOTICE=true", "REDOCLY_TELEMETRY=off", "NO_COLOR=1")
	return cmd
}

// folder returns a folder with the document and a copy of a folder of testdata.
func folder(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if name != "" {
		if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "openapi.yaml"), openapi.Document, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestGoClient makes a client with oapi-codegen, which creates and changes contacts.
func TestGoClient(t *testing.T) {
	t.Parallel()
	generator := tool(t, "bin/oapi-codegen")
	dir := folder(t, "goclient")
	run(t, dir, generator, "-generate", "types,client", "-package", "main", "-o", "client.go", "openapi.yaml")
	run(t, dir, "go", "build", "-o", "client", ".")
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	run(t, dir, filepath.Join(dir, "client"), s.URL, c.Account, c.Key, c.Token)
	if c.Total() != 1 {
		t.Errorf("the account has %d contacts", c.Total())
	}
}

// TestTypeScriptTypes makes types with openapi-typescript, and compiles what uses
// them.
func TestTypeScriptTypes(t *testing.T) {
	t.Parallel()
	generator, compiler := tool(t, "node_modules/.bin/openapi-typescript"), tool(t, "node_modules/.bin/tsc")
	dir := folder(t, "typescript")
	run(t, dir, generator, "openapi.yaml", "-o", "types.ts")
	run(t, dir, compiler, "--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "use.ts")
}

// TestLint lints the document with redocly: not even a warning.
func TestLint(t *testing.T) {
	t.Parallel()
	redocly := tool(t, "node_modules/.bin/redocly")
	cmd := command(t.Context(), folder(t, ""), redocly, "lint", "--format=json", "openapi.yaml")
	output, err := cmd.Output()
	var report struct {
		Totals   struct{ Errors, Warnings int }
		Problems []struct{ Message string }
	}
	if jsonErr := json.Unmarshal(output, &report); jsonErr != nil {
		t.Fatalf("redocly: %v: %s", err, output)
	}
	if err != nil || report.Totals.Errors+report.Totals.Warnings > 0 {
		t.Errorf("redocly: %v: %+v", err, report)
	}
}
