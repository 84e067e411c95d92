// Package packaging_test keeps what ships callbook in step with the program.
package packaging_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestImageIsTheRelease: the image builds its binary with the flags of scripts/dist, and
// runs and probes the path at which it puts it.
func TestImageIsTheRelease(t *testing.T) {
	flags := regexp.MustCompile(`go build (-trimpath .*) -o (\S+) \./cmd/callbook`)
	image, release := read(t, "../Dockerfile"), read(t, "../scripts/dist")
	built, released := flags.FindStringSubmatch(image), flags.FindStringSubmatch(release)
	if built == nil || released == nil || built[1] != released[1] {
		t.Fatalf("the image is built by %q, a release by %q", built, released)
	}
	if !strings.Contains(image, "CGO_ENABLED=0 go build") || !strings.Contains(release, "CGO_ENABLED=0 ") {
		t.Error("a binary needs libraries of the system")
	}
	program := strings.TrimPrefix(built[2], "/out")
	for _, line := range []string{`ENTRYPOINT ["` + program + `"]`, `CMD ["` + program + `", "health"]`, "COPY --from=build /out/ /\n", "USER 65532:65532\n"} {
		if !strings.Contains(image, line) {
			t.Errorf("the image has no %s", line)
		}
	}
}

// TestScripts: shells can read the scripts.
func TestScripts(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("deb/p*")
	if err != nil || len(scripts) != 3 {
		t.Fatalf("the package has the scripts %v, %v", scripts, err)
	}
	for _, script := range scripts {
		if out, err := exec.Command("sh", "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v, %s", script, err, out)
		}
	}
	for _, script := range []string{"deb/build", "../scripts/dist", "../scripts/dist-check"} {
		if out, err := exec.Command("bash", "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v, %s", script, err, out)
		}
	}
}

// TestUnit: systemd takes the unit, which runs what the package installs.
func TestUnit(t *testing.T) {
	t.Parallel()
	const program = "/usr/bin/callbook"
	unit := read(t, "callbook.service")
	if !strings.Contains(unit, "\nExecStart="+program+" serve\n") || !strings.Contains(read(t, "deb/build"), `"$root`+program+`"`) {
		t.Error("the unit runs another program than the package installs")
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze")
	}
	// What is not installed here would not be found.
	file := filepath.Join(t.TempDir(), "callbook.service")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(unit, program, "/bin/true")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", file).CombinedOutput(); err != nil || strings.Contains(string(out), "callbook.service:") {
		t.Errorf("%v, %s", err, out)
	}
}

// TestBillOfMaterials: the bill of a binary has its main module and a library of it.
func TestBillOfMaterials(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "run", "./sbom", self).Output()
	var bill struct {
		BomFormat  string
		Metadata   struct{ Component struct{ Name string } }
		Components []struct{ Name, Version, PURL string }
	}
	if err != nil || json.Unmarshal(out, &bill) != nil || bill.BomFormat != "CycloneDX" || bill.Metadata.Component.Name != "callbook" {
		t.Fatalf("%v, %s", err, out)
	}
	if len(bill.Components) == 0 || bill.Components[0].PURL != "pkg:golang/std@"+bill.Components[0].Version {
		t.Errorf("the components are %v", bill.Components)
	}
}
