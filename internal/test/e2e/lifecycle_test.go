package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	bootstrapSID   = regexp.MustCompile(`(?m)^\s*account sid\s+(\S+)\s*$`)
	bootstrapKey   = regexp.MustCompile(`(?m)^\s*api key\s+(\S+)\s*$`)
	bootstrapToken = regexp.MustCompile(`(?m)^\s*api token\s+(\S+)\s*$`)
)

// TestFirstStart is what a new user meets: a server that says where it is, with
// an account to use and a command to paste.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	tool(t, "curl")
	db := newDB(t)
	s := startServer(t, db)
	var command string
	waitFor(startLimit, func() bool {
		command = pastable(s.stdout.String())
		return command != ""
	})
	printed := s.stdout.String()
	if command == "" {
		t.Fatalf("no curl command in\n%s", printed)
	}
	var token string
	for _, line := range []*regexp.Regexp{bootstrapSID, bootstrapKey, bootstrapToken} {
		match := line.FindStringSubmatch(printed)
		if match == nil {
			t.Fatalf("no line %s in\n%s", line, printed)
		}
		token = match[1]
	}
	if sid := bootstrapSID.FindStringSubmatch(printed)[1]; sid != "demo" {
		t.Errorf("the account is called %q, want demo", sid)
	}

	got := run(t, exec.Command("sh", "-c", command))
	if got.code != 0 {
		t.Fatalf("exit code %d of\n%s\nstderr:\n%s", got.code, command, got.stderr)
	}
	bulk, err := parseBulk([]byte(got.stdout))
	if err != nil {
		t.Fatalf("%v\ncommand:\n%s", err, command)
	}
	if bulk.Metadata.Total == 0 || bulk.Metadata.Failed > 0 {
		t.Errorf("the command's answer: %s", got.stdout)
	}

	s.stop(t)
	wantNotInFiles(t, db, token)
	s = startServer(t, db)
	s.stop(t)
	if again := s.stdout.String() + s.stderr.String(); strings.Contains(again, token) || bootstrapToken.MatchString(again) {
		t.Errorf("a token was shown at the second start:\n%s", again)
	}
}

// pastable returns the first curl command in a text, whole: up to a line that
// ends neither with a backslash nor within quotes.
func pastable(text string) string {
	var command strings.Builder
	for line := range strings.Lines(text) {
		if command.Len() == 0 && !strings.HasPrefix(strings.TrimSpace(line), "curl ") {
			continue
		}
		command.WriteString(line)
		whole := strings.HasSuffix(line, "\n") && !strings.HasSuffix(line, "\\\n")
		if whole && strings.Count(command.String(), "'")%2 == 0 {
			return strings.TrimSpace(command.String())
		}
	}
	return ""
}

// wantNotInFiles checks that none of the database's files has this text in it.
func wantNotInFiles(t *testing.T, db, secret string) {
	t.Helper()
	files, err := filepath.Glob(db + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no database files: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), secret) {
			t.Errorf("the token is in %s as it is", filepath.Base(file))
		}
	}
}

func TestNoBootstrap(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	s := startServer(t, db, "--bootstrap=false")
	s.stop(t)
	if printed := s.stdout.String(); bootstrapToken.MatchString(printed) {
		t.Errorf("an account was made:\n%s", printed)
	}
	got := callbook(t, "account", "list", "--db", db)
	if got.code != 0 || strings.Contains(got.stdout, "demo") {
		t.Errorf("account list: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// TestStopAtOnce stops a server that has only just begun. Whether it got as far
// as making the first key or not, somebody must get to see one.
func TestStopAtOnce(t *testing.T) {
	t.Parallel()
	for range 5 {
		db := newDB(t)
		s := startServer(t, db)
		s.stop(t)
		if bootstrapToken.MatchString(s.stdout.String()) {
			continue
		}
		s = startServer(t, db)
		if !waitFor(startLimit, func() bool { return bootstrapToken.MatchString(s.stdout.String()) }) {
			t.Errorf("neither the first start nor the second showed a token; the second printed\n%s", s.stdout)
		}
		s.stop(t)
	}
}

func TestFlagsFromEnvironment(t *testing.T) {
	db := newDB(t)
	s := launch(t, nil, []string{"CALLBOOK_ADDR=127.0.0.1:0", "CALLBOOK_DB=" + db, "CALLBOOK_BOOTSTRAP=false"})
	if strings.HasSuffix(s.URL, ":0") || strings.HasSuffix(s.URL, ":8080") {
		t.Errorf("the server listens on %s, want a port of its own", s.URL)
	}
	if bootstrapToken.MatchString(s.stdout.String()) {
		t.Error("CALLBOOK_BOOTSTRAP=false was not heard")
	}
	if _, err := os.Stat(db); err != nil {
		t.Errorf("CALLBOOK_DB was not heard: %v", err)
	}

	create := exec.Command(binary(t), "account", "create", "env")
	create.Env = cleanEnv("CALLBOOK_DB=" + db)
	if got := run(t, create); got.code != 0 {
		t.Fatalf("account create: exit code %d\n%s", got.code, got.stderr)
	}
	newKey(t, db, "env")
}

func TestProbesAndDocument(t *testing.T) {
	t.Parallel()
	s := startServer(t, newDB(t))
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := get(t, s.URL+path); got.status != http.StatusOK {
			t.Errorf("%s: status %d: %s", path, got.status, got.body)
		}
	}
	got := get(t, s.URL+"/openapi.yaml")
	if got.status != http.StatusOK || !regexp.MustCompile(`(?m)^openapi: ["']?3\.1`).Match(got.body) {
		t.Errorf("/openapi.yaml: status %d: %.200s", got.status, got.body)
	}
}

// TestRestartKeepsContacts also reads a contact by its sid.
func TestRestartKeepsContacts(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	auth := newAccount(t, db, "keeps")
	s := startServer(t, db)
	sent := contact{Number: "+919876543210", FirstName: "Asha", CustomField: json.RawMessage(`{"b":1.50,"a":{}}`)}
	created := newClient(t, s, auth).mustPost(t, sent).Response[0].Data
	s.stop(t)

	s = startServer(t, db)
	got, err := newClient(t, s, auth).call(http.MethodGet, "/contacts/"+created.SID, nil)
	if err != nil {
		t.Fatal(err)
	}
	var single struct{ Response item }
	if err := json.Unmarshal(got.body, &single); err != nil || got.status != http.StatusOK {
		t.Fatalf("status %d, %v: %s", got.status, err, got.body)
	}
	if diff := cmp.Diff(created, single.Response.Data); diff != "" {
		t.Errorf("the contact has changed (-created +read):\n%s", diff)
	}
}

// TestBesideRunningServer runs the other commands on a database in use.
func TestBesideRunningServer(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	s := startServer(t, db, "--bootstrap=false")

	t.Run("a second server is refused", func(t *testing.T) {
		got := callbook(t, "serve", "--addr", "127.0.0.1:0", "--db", db)
		if got.code != 1 {
			t.Errorf("exit code %d, want 1", got.code)
		}
		if !strings.Contains(got.stderr, db) || !regexp.MustCompile(`(?i)another|other|already|in use`).MatchString(got.stderr) {
			t.Errorf("stderr does not say that another server uses %s:\n%s", db, got.stderr)
		}
		if listeningLine.MatchString(got.stdout) {
			t.Errorf("it said that it listens:\n%s", got.stdout)
		}
	})

	auth := newAccount(t, db, "beside")
	c := newClient(t, s, auth)
	c.mustPost(t, contact{Number: "+919876543210"})

	t.Run("a revoked key stops working within a second", func(t *testing.T) {
		other := newClient(t, s, newKey(t, db, "beside"))
		if got, err := other.call(http.MethodGet, "/contacts", nil); err != nil || got.status != http.StatusOK {
			t.Fatalf("a new key: status %d, %v", got.status, err)
		}
		if got := callbook(t, "key", "revoke", other.auth.APIKey, "--db", db); got.code != 0 {
			t.Fatalf("key revoke: exit code %d\n%s", got.code, got.stderr)
		}
		var last answer
		for revoked, late := time.Now(), false; last.status != http.StatusUnauthorized; {
			if late {
				t.Fatalf("after a second it still gets status %d", last.status)
			}
			late = time.Since(revoked) > time.Second
			got, err := other.call(http.MethodGet, "/contacts", nil)
			if err != nil {
				t.Fatal(err)
			}
			last = got
		}
		refused, err := last.refusal()
		if err != nil || refused.Response.ErrorData.Code != 1010 {
			t.Errorf("%v in %s, want code 1010", err, last.body)
		}
		if got, err := c.call(http.MethodGet, "/contacts", nil); err != nil || got.status != http.StatusOK {
			t.Errorf("the account's other key: status %d, %v", got.status, err)
		}
	})
}

// TestLogsTellNoSecrets posts what must not be logged in every place where a
// careless line would log it, also to a server that logs all it can.
func TestLogsTellNoSecrets(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) { testLog(t, format) })
	}
}

func testLog(t *testing.T, format string) {
	db := newDB(t)
	auth := newAccount(t, db, "discreet")
	s := startServer(t, db, "--log-level", "debug", "--log-format", format)
	c := newClient(t, s, auth)
	secret := contact{
		Number: "+919812345067", FirstName: "Firstnamevalue", LastName: "Lastnamevalue", CompanyName: "Companyvalue",
		Email: "mailvalue@example.org", Tag: "Tagvalue", CustomField: json.RawMessage(`{"Keyvalue":"Customvalue"}`),
	}
	bad := secret
	bad.Number = "+9198badnumber77"
	requestID := c.mustPost(t, secret, secret, bad).RequestID

	stranger := *c
	stranger.auth.APIToken = "wrongtokenvalue"
	for _, try := range []struct {
		client *client
		path   string
		body   string
		status int
	}{
		{c, "/contacts", `{"contacts":[{"number":"+919812345067","first_name":"Firstnamevalue`, http.StatusBadRequest},
		{c, "/contacts", `{"contacts":"+919812345067 mailvalue@example.org"}`, http.StatusBadRequest},
		{c, "/contacts/+919812345067", `{}`, http.StatusMethodNotAllowed},
		{c, "/contacts?name=Firstnamevalue", `{}`, http.StatusBadRequest},
		{&stranger, "/contacts", `{"contacts":[{"number":"+919812345067"}]}`, http.StatusUnauthorized},
	} {
		got, err := try.client.call(http.MethodPost, try.path, []byte(try.body))
		if err != nil || got.status != try.status {
			t.Errorf("POST %s: status %d (%v), want %d", try.path, got.status, err, try.status)
		}
	}
	s.stop(t)

	logged := s.stderr.String()
	for _, wanted := range []string{requestID, auth.AccountSID} {
		if !strings.Contains(logged, wanted) {
			t.Errorf("%q is not in the log, so this is no log of these requests", wanted)
		}
	}
	logged = strings.ToLower(logged + s.stdout.String())
	basic := base64.StdEncoding.EncodeToString([]byte(auth.APIKey + ":" + auth.APIToken))
	for _, unwanted := range []string{
		"9812345067", "98badnumber77", "firstnamevalue", "lastnamevalue", "companyvalue", "mailvalue", "tagvalue",
		"keyvalue", "customvalue", "wrongtokenvalue", auth.APIToken, basic,
	} {
		if strings.Contains(logged, strings.ToLower(unwanted)) {
			t.Errorf("%q is in the log", unwanted)
		}
	}
}
