package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// missing skips a test for want of a tool. On a build server every tool is to
// be there, and a skip would hide that one is not.
func missing(t *testing.T, what string) {
	t.Helper()
	const hint = "make test installs what it can"
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing, and CI=true allows no skip; %s", what, hint)
	}
	t.Skipf("%s is missing; %s", what, hint)
}

// tool returns the path of a program.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name)
	}
	return path
}

// phpWithCurl returns a PHP for the command line that has its curl extension.
func phpWithCurl(t *testing.T) string {
	t.Helper()
	php := tool(t, "php")
	if exec.Command(php, "-r", `exit(extension_loaded("curl") ? 0 : 1);`).Run() != nil {
		missing(t, "PHP's curl extension")
	}
	return php
}

// pythonWithRequests returns a Python 3 that has the requests package. A
// version manager's Python often comes before the system's and lacks it.
func pythonWithRequests(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import requests").Run() == nil {
			return python
		}
	}
	missing(t, "a python3 with requests")
	return ""
}

// nodeModules returns the folder in which Node finds unirest: what
// E2E_NODE_MODULES says, or where scripts/install-test-tools puts it.
func nodeModules(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("E2E_NODE_MODULES")
	if dir == "" {
		dir = filepath.Join(moduleRoot, ".tools", "node_modules")
	}
	if _, err := os.Stat(filepath.Join(dir, "unirest", "package.json")); err != nil {
		missing(t, "Node's unirest package")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
