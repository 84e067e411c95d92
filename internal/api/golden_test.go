package api_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenTime is what the clock shows while golden answers are made.
var goldenTime = time.Date(2026, 3, 14, 3, 56, 53, 589793230, time.UTC)

// golden compares a whole answer, byte for byte, with a golden file: one of
// JSON, unless the name has an extension of its own. Only what
// is random is replaced: the request's id, and the sids in the order in which
// they come.
func golden(t *testing.T, name string, a servertest.Answer) {
	t.Helper()
	got := normalise(a.Body)
	if filepath.Ext(name) == "" {
		name += ".json"
	}
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

var (
	requestID = regexp.MustCompile(`"request_id":"[0-9a-f]{32}"`)
	sid       = regexp.MustCompile(`[0-9a-f]{32}`)
	cursor    = regexp.MustCompile(`("next_cursor":"|cursor=)[A-Za-z0-9_-]+`) // it has a sid in it
)

func normalise(body []byte) string {
	text := requestID.ReplaceAllString(string(body), `"request_id":"<request_id>"`)
	text = cursor.ReplaceAllString(text, `${1}<cursor>`)
	names := make(map[string]string)
	text = sid.ReplaceAllStringFunc(text, func(s string) string {
		if names[s] == "" {
			names[s] = fmt.Sprintf("<sid %d>", len(names)+1)
		}
		return names[s]
	})
	return text + "\n"
}

// The contact of the seed's samples.
const captain = `{ "number": "+919100000010", "first_name": "captain", "last_name": "exotel", ` +
	`"company_name": "Exotel", "email": "captain@email.com", "tag": "Member", ` +
	`"custom_field": { "key": { "key1": "values1" } } }`

// TestGolden posts bodies one after the other, each to the same new account;
// the last answer is the golden one. A get after them is the golden one
// instead.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		posts []string
		get   string // with %s for the first sid
	}{
		{name: "create_one", posts: []string{servertest.Contacts(captain)}},
		{name: "create_number_only", posts: []string{`{"contacts":[{"number":"9876543210"}]}`}},
		{name: "create_null_and_empty", posts: []string{`{"contacts":[{"number":"+919876543210","first_name":null,` +
			`"last_name":"","company_name":null,"email":"","tag":"","custom_field":{}},` +
			`{"number":"+919876543211","custom_field":null}]}`}},
		{name: "create_escapes", posts: []string{`{"contacts":[{"number":"\u002b919876543210",` +
			`"first_name":"\"q\" \\ \/ \b\f\n\r\t \u0001\u007f","last_name":"<b>&'</b> \u003c",` +
			`"company_name":"\u0905\u0936\u0930 \ud83d\ude00 😀 é e\u0301","email":"a\u2028b\u2029c\ufeff","tag":"आशा"}]}`}},
		{name: "create_custom", posts: []string{servertest.Contacts(
			`{"number":"+919876543210","custom":{"from":"custom"}}`,
			`{"number":"+919876543211","custom_field":{"from":"custom_field"},"custom":{"from":"custom"}}`,
			`{"number":"+919876543212","custom":{"from":"custom"},"custom_field":{"from":"custom_field"}}`,
			`{"number":"+919876543213","custom":{"from":"custom"},"custom_field":null}`,
			`{"number":"+919876543214","custom_field":null,"custom":{"from":"custom"}}`,
			`{"number":"+919876543215","custom":[],"custom_field":{"from":"custom_field"}}`,
			`{"number":"+919876543216","custom":null}`,
		)}},
		{name: "create_custom_as_it_came", posts: []string{servertest.Contacts(
			`{"number":"+919876543210","custom_field": {"z":1.50e+02 ,  "a" :[1, -0, 0.10,1E5,12345678901234567890],` +
				"\n\t" + `"m":{"k":"\u0041\/<&>","":null},"dup":1,"dup":2} }`)}},
		{name: "create_mixed", posts: []string{`{"contacts":[{"number":"+919876543210"},{"number":"12"},{},7,` +
			`{"number":""},{"number":null},{"number":919876543211},{"number":"+919876543212","tag":5},` +
			`{"number":"+919876543213","custom_field":[1]},{"number":"+91910XXXXX10"},` +
			`{"number":"+919876543214","email":"` + strings.Repeat("x", 256) + `"}]}`}},
		{name: "duplicate_in_store", posts: []string{
			`{"contacts":[{"number":"+919876543210","first_name":"Asha"}]}`,
			`{"contacts":[{"number":"098765 43210","first_name":"Another","tag":"New"},{"number":"+919876543211"}]}`}},
		{name: "repeat_in_request", posts: []string{servertest.Contacts(captain, captain)}},
		{name: "repeat_of_duplicate", posts: []string{servertest.Contacts(captain), servertest.Contacts(captain, captain)}},
		{name: "single_contact", posts: []string{servertest.Contacts(captain)}, get: "/contacts/%s"},
		{name: "page", posts: []string{`{"contacts":[{"number":"+919876543210","first_name":"Asha"},` +
			`{"number":"+919876543211","tag":""},{"number":"+919876543212"}]}`}, get: "/contacts?sort_by=date_created:asc&offset=1&limit=1"},
		{name: "page_default", posts: []string{servertest.Contacts(captain)}, get: "/contacts"},
		{name: "page_empty", get: "/contacts"},
		{name: "error_contacts_missing", posts: []string{`{}`}},
		{name: "error_unparsable", posts: []string{`{"contacts":[{"number":"+9198`}},
		{name: "error_bad_limit", get: "/contacts?limit=0"},
		{name: "error_no_contact", get: "/contacts/0198f2c4a1b27d3e9f405162738495a6x"},
		{name: "error_no_route", get: "/nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Clock: clocktest.New(goldenTime)})
			c := s.Account("demo")
			var last servertest.Answer
			for _, body := range tt.posts {
				last = c.Post(body)
			}
			if tt.get != "" {
				path := tt.get
				if strings.Contains(path, "%s") {
					path = fmt.Sprintf(path, last.Bulk(t).Response[0].Data.SID)
				}
				last = c.Get(c.Path(path))
			}
			golden(t, tt.name, last)
		})
	}
}

// TestGoldenErrors is for the errors that need more than an odd body or path.
func TestGoldenErrors(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{MaxBody: 1 << 10})
	c := s.Account("demo")
	other := s.Account("other")
	path := c.Path("/contacts")
	tooLarge := strings.Repeat(" ", 2<<10)
	for _, tt := range []struct {
		name   string
		answer servertest.Answer
	}{
		{"error_no_key", c.As("", "").Get(path)},
		{"error_wrong_token", c.As(c.Key, other.Token).Get(path)},
		{"error_other_account", other.Get(path)},
		{"error_content_type", c.Do("POST", path, strings.NewReader("{}"), "Content-Type", "text/plain")},
		{"error_method", c.Do("PATCH", path, nil)},
		{"error_too_large", c.Post(tooLarge)},
	} {
		golden(t, tt.name, tt.answer)
	}
}
