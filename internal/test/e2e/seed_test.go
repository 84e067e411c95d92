package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// seedSID is the account of these tests: the PHP sample has it in its URL.
const seedSID = "exotel8u3"

// seedProgram is one of the sample programs in testdata/seed.
type seedProgram struct {
	file string
	// command makes the command that runs the program at path.
	command func(t *testing.T, path string) *exec.Cmd
	// runAs is the name under which the program is run, if not its own.
	runAs string
	// fill turns the source into one with two good numbers that differ.
	fill func(source string) string
	tags [2]string
	// repeats tells that the sample, as it is, gives one good number twice;
	// otherwise it gives two masked ones.
	repeats bool
}

var seedPrograms = []seedProgram{
	{
		file: "curl.sh", tags: [2]string{"Member", "Technician"}, fill: fillMasks,
		command: func(t *testing.T, path string) *exec.Cmd {
			tool(t, "curl")
			return exec.Command("sh", path)
		},
	},
	{
		file: "unirest.js", tags: [2]string{"Member", "Technician"}, fill: fillMasks,
		command: func(t *testing.T, path string) *exec.Cmd {
			cmd := exec.Command(tool(t, "node"), path)
			cmd.Env = cleanEnv("NODE_PATH=" + nodeModules(t))
			return cmd
		},
	},
	{
		file: "curl.php", tags: [2]string{"Member", "Technician"}, fill: fillMasks,
		command: func(t *testing.T, path string) *exec.Cmd {
			return exec.Command(phpWithCurl(t), path)
		},
	},
	{
		// Under its own name it would import itself.
		file: "requests.py", runAs: "sample.py",
		tags: [2]string{"Member", "Technician"}, fill: fillMasks,
		command: func(t *testing.T, path string) *exec.Cmd {
			return exec.Command(pythonWithRequests(t), path)
		},
	},
	{
		file: "main.go.txt", runAs: "main.go", tags: [2]string{"Member", "Member"}, repeats: true,
		fill: func(source string) string {
			source = strings.Replace(source, "+919100000010", "+919100000011", 1)
			return strings.Replace(source, "+919100000010", "+919100000012", 1)
		},
		command: func(t *testing.T, path string) *exec.Cmd {
			cmd := exec.Command(tool(t, "go"), "run", filepath.Base(path))
			cmd.Dir = filepath.Dir(path)
			return cmd
		},
	},
}

// What a program's user fills in. The programs that say https get a server
// without TLS here, and the Python sample is for Python 2, where bytes and text
// were one. Nothing else of a program may be changed.
func withCredentials(source string, s *server, c credentials) string {
	source = strings.NewReplacer(
		"https://", "http://",
		"<subdomain>", strings.TrimPrefix(s.URL, "http://"),
		"<your_api_key>", c.APIKey,
		"<your_api_token>", c.APIToken,
		"<your_sid>", c.AccountSID,
		`base64.b64encode(authKey + ":" + authToken)`,
		`base64.b64encode((authKey + ":" + authToken).encode()).decode()`,
	).Replace(source)
	for _, placeholder := range []struct {
		pattern *regexp.Regexp
		value   string
	}{
		{regexp.MustCompile(`"X{9,10}"`), c.AccountSID},
		{regexp.MustCompile(`"Y{8,10}"`), c.APIToken},
		{regexp.MustCompile(`"Z{10}"`), c.APIKey},
	} {
		source = placeholder.pattern.ReplaceAllLiteralString(source, `"`+placeholder.value+`"`)
	}
	return source
}

var mask = regexp.MustCompile(`\+91910[0-9]*(X+|Y+)10`)

// fillMasks puts digits in the place of masked ones, other digits for X than
// for Y.
func fillMasks(source string) string {
	return mask.ReplaceAllStringFunc(source, func(number string) string {
		return strings.NewReplacer("X", "1", "Y", "2").Replace(number)
	})
}

var seedNumber = regexp.MustCompile(`"number": ?"([^"]+)"`)

// TestSeedPrograms runs the programs that Exotel shows its users.
func TestSeedPrograms(t *testing.T) {
	for _, program := range seedPrograms {
		t.Run(program.file, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("testdata", "seed", program.file))
			if err != nil {
				t.Fatal(err)
			}
			db := newDB(t)
			auth := newAccount(t, db, seedSID)
			s := startServer(t, db)

			asItIs, filled := string(text), program.fill(string(text))
			if asItIs == filled {
				t.Fatal("nothing was filled in")
			}
			t.Run("as it is", func(t *testing.T) {
				printed := program.run(t, withCredentials(asItIs, s, auth))
				if program.repeats {
					program.checkRepeat(t, asItIs, printed)
				} else {
					checkInvalid(t, printed)
				}
			})
			t.Run("with good numbers", func(t *testing.T) {
				printed := program.run(t, withCredentials(filled, s, auth))
				program.checkCreated(t, filled, printed)
			})
		})
	}
}

// run runs a program, which must end well, and returns the answer that it
// printed.
func (p seedProgram) run(t *testing.T, source string) []byte {
	t.Helper()
	name := p.runAs
	if name == "" {
		name = p.file
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	got := run(t, p.command(t, path))
	if got.code != 0 {
		t.Fatalf("exit code %d\nstdout:\n%s\nstderr:\n%s", got.code, got.stdout, got.stderr)
	}
	// Python prints a second, indented version, which is not the server's.
	var printed json.RawMessage
	if err := json.NewDecoder(strings.NewReader(got.stdout)).Decode(&printed); err != nil {
		t.Fatalf("%v\nstdout:\n%s\nstderr:\n%s", err, got.stdout, got.stderr)
	}
	return printed
}

// checkInvalid checks the answer to two masked numbers.
func checkInvalid(t *testing.T, printed []byte) {
	t.Helper()
	wantSameShape(t, golden(t, "answer-invalid.json"), printed)
	for _, item := range printedItems(t, printed) {
		if item.Code != 400 || item.ErrorData == nil || item.ErrorData.Code != 1002 ||
			item.ErrorData.Message != "Invalid parameter" || item.ErrorData.Description != "Invalid Number: it has letters" {
			t.Errorf("a masked number was answered with %+v, want 400/1002 Invalid Number: it has letters\n%s", item, printed)
		}
	}
}

// checkRepeat checks the answer to one good number given twice.
func (p seedProgram) checkRepeat(t *testing.T, source string, printed []byte) {
	t.Helper()
	wantSameShape(t, golden(t, "answer-repeat.json"), printed)
	items := printedItems(t, printed)
	first, second := items[0], items[1]
	if first.Code != 200 || first.Data == nil {
		t.Fatalf("the first contact was answered with %+v, want 200", first)
	}
	checkSeedContact(t, *first.Data, p.wantContacts(t, source)[0])
	if second.Code != 409 || second.ErrorData == nil || second.ErrorData.Code != 1008 ||
		second.ErrorData.Message != "Duplicate resource" {
		t.Fatalf("the repeat was answered with %+v, want 409/1008 Duplicate resource", second)
	}
	if diff := cmp.Diff(first.Data, second.Data); diff != "" {
		t.Errorf("the repeat shows another contact than the first (-first +repeat):\n%s", diff)
	}
}

// checkCreated checks the answer to two new contacts.
func (p seedProgram) checkCreated(t *testing.T, source string, printed []byte) {
	t.Helper()
	wantSameShape(t, golden(t, "answer.json"), printed)
	want := p.wantContacts(t, source)
	for i, item := range printedItems(t, printed) {
		if item.Code != 200 || item.Data == nil {
			t.Errorf("contact %d was answered with %+v, want 200", i, item)
			continue
		}
		checkSeedContact(t, *item.Data, want[i])
	}
}

// wantContacts returns the contacts that a program sends, as far as it says.
func (p seedProgram) wantContacts(t *testing.T, source string) []contact {
	t.Helper()
	numbers := seedNumber.FindAllStringSubmatch(source, -1)
	if len(numbers) != 2 {
		t.Fatalf("found %d numbers in the program, want 2", len(numbers))
	}
	var want []contact
	for i, number := range numbers {
		want = append(want, contact{
			AccountSID: seedSID, Number: number[1],
			FirstName: "captain", LastName: "exotel", CompanyName: "Exotel", Email: "captain@email.com",
			Tag: p.tags[i], CustomField: json.RawMessage(`{"key":{"key1":"values1"}}`),
		})
	}
	return want
}

// printedItems reads a printed answer to two contacts.
func printedItems(t *testing.T, printed []byte) []item {
	t.Helper()
	got, err := parseBulk(printed)
	if err != nil {
		t.Fatal(err)
	}
	if !hexID.MatchString(got.RequestID) || got.Method != "POST" || len(got.Response) != 2 {
		t.Fatalf("unexpected request_id, method or number of items in %s", printed)
	}
	return got.Response
}

var (
	hexID = regexp.MustCompile(`^[0-9a-f]{32}$`)
	// Trailing zeros of the fraction are trimmed, and then the point.
	seedDate = regexp.MustCompile(`^[0-9T:-]{19}(\.[0-9]{0,8}[1-9])?\+05:30$`)
)

// checkSeedContact checks what a server makes up by form, and the rest against
// what was sent.
func checkSeedContact(t *testing.T, got, want contact) {
	t.Helper()
	if !hexID.MatchString(got.SID) {
		t.Errorf("sid %q, want 32 hex digits", got.SID)
	}
	if got.DateCreated != got.DateUpdated || !seedDate.MatchString(got.DateCreated) {
		t.Errorf("dates %q and %q, want the same, in India's time", got.DateCreated, got.DateUpdated)
	}
	if created, err := time.Parse(time.RFC3339Nano, got.DateCreated); err != nil || time.Since(created).Abs() > 10*time.Minute {
		t.Errorf("date_created %q is not now (%v)", got.DateCreated, err)
	}
	if uri := fmt.Sprintf("/v2/accounts/%s/contacts/%s", seedSID, got.SID); got.URI != uri {
		t.Errorf("uri %q, want %q", got.URI, uri)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, got.CustomField); err != nil {
		t.Fatal(err)
	}
	got.CustomField = compact.Bytes()
	want.SID, want.DateCreated, want.DateUpdated, want.URI = got.SID, got.DateCreated, got.DateUpdated, got.URI
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the contact differs from what was sent (-want +got):\n%s", diff)
	}
}

func golden(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "seed", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
