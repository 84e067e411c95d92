package e2e

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// dashboardSamples are the programs that the dashboard's page of samples
// shows, by the file they are run as.
var dashboardSamples = []struct {
	lang, file string
	command    func(t *testing.T, path string) *exec.Cmd
}{
	{"curl", "sample.sh", func(t *testing.T, path string) *exec.Cmd {
		tool(t, "curl")
		return exec.Command("sh", path)
	}},
	{"go", "sample.go", func(t *testing.T, path string) *exec.Cmd { return exec.Command(tool(t, "go"), "run", path) }},
	{"node", "sample.js", func(t *testing.T, path string) *exec.Cmd { return exec.Command(tool(t, "node"), path) }},
	{"php", "sample.php", func(t *testing.T, path string) *exec.Cmd { return exec.Command(phpWithCurl(t), path) }},
	{"python", "sample.py", func(t *testing.T, path string) *exec.Cmd { return exec.Command(pythonWithRequests(t), path) }},
}

var sampleText = regexp.MustCompile(`(?s)<code id="sample">(.*?)</code>`)

// TestDashboardSamples runs each sample as the page shows it, with nothing but
// the token filled in.
func TestDashboardSamples(t *testing.T) {
	for _, sample := range dashboardSamples {
		t.Run(sample.lang, func(t *testing.T) {
			t.Parallel()
			db := newDB(t)
			auth := newAccount(t, db, "acme")
			s := startServer(t, db)
			found := sampleText.FindStringSubmatch(dashboardPage(t, s, auth, "/api/samples?lang="+sample.lang))
			if found == nil {
				t.Fatal("the page has no sample")
			}
			program := strings.ReplaceAll(html.UnescapeString(found[1]), "<your_api_token>", auth.APIToken)
			path := filepath.Join(t.TempDir(), sample.file)
			if err := os.WriteFile(path, []byte(program), 0o600); err != nil {
				t.Fatal(err)
			}
			got := run(t, sample.command(t, path))
			if got.code != 0 {
				t.Fatalf("exit code %d\n%s\n%s", got.code, got.stdout, got.stderr)
			}
			var answer struct{ Metadata struct{ Total, Success int } }
			body := got.stdout[strings.Index(got.stdout, "{"):]
			if err := json.Unmarshal([]byte(body), &answer); err != nil {
				t.Fatalf("%v in %s", err, got.stdout)
			}
			if answer.Metadata.Total != 2 || answer.Metadata.Success != 2 {
				t.Errorf("it printed %s", got.stdout)
			}
		})
	}
}

// dashboardPage signs in with a key and returns a page.
func dashboardPage(t *testing.T, s *server, c credentials, path string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	resp, err := browser.PostForm(s.URL+"/signin", url.Values{"key": {c.APIKey}, "token": {c.APIToken}, "next": {path}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Request.URL.RequestURI() != path {
		t.Fatalf("%s: %s at %s, %v", path, resp.Status, resp.Request.URL, err)
	}
	return string(page)
}
