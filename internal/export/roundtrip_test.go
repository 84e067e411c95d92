package export_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"callbook/internal/test/servertest"
)

// kept is what an export keeps of a contact, as the wire has it.
type kept struct {
	Number                                       string
	FirstName, LastName, CompanyName, Email, Tag string // "null", or quoted
	CustomField                                  string
}

// everything returns all contacts of the account.
func everything(t *testing.T, c *servertest.Client) []kept {
	t.Helper()
	text := func(s *string) string {
		if s == nil {
			return "null"
		}
		return fmt.Sprintf("%q", *s)
	}
	var all []kept
	for path := c.Path("/contacts?limit=1000"); path != ""; {
		page := c.Get(path).Page(t)
		for _, item := range page.Response {
			d := item.Data
			all = append(all, kept{d.Number, text(d.FirstName), text(d.LastName), text(d.CompanyName), text(d.Email), text(d.Tag), string(d.CustomField)})
		}
		path = ""
		if next := page.Metadata.Cursor; next != nil {
			path = c.Path("/contacts?limit=1000&cursor=" + *next)
		}
	}
	return all
}

// Texts that a file could spoil: formulas, marks, blanks of all kinds, quotes,
// line ends, what looks like JSON or like a number, and what is long.
var texts = rapid.OneOf(
	rapid.SampledFrom([]string{
		"", "'", "''", "'=1", "=1+1", "+919876543210", "-5", "@SUM(A1)", "＝1", "－", "\t", "\n", "\r", "\r\n", "\r\r\n", "a\r\nb", "a\rb\n",
		" ", " Asha ", "\u00a0x", "x\u2003", "\u3000", "\u200b=1", "\ufeff", "\ufeff=1", "\"", "\"\"", "a\"b", ",", ";", "a,b", `\.`, `\`, "#", "|",
		`\N`, "NULL", `'\N`, "_x000D_", "_x005F_", "_X0041_", "\u0000", "\b\v", "\ufffe\uffff", "<&>", "]]>", "&#10;",
		"null", "true", "12", "012", "1e5", "1E+400", "-0", "{}", "[]", `{"a":1}`, `"x"`, `"`, "NaN", " 12", "12 ", "TRUE",
		"आशा", "😀", "e\u0301", "\u2028", "\u0001", "\u007f", "\u0085", "'é", "'\u00a0",
	}),
	rapid.StringOfN(rapid.RuneFrom([]rune("'=+-@\"\\,; \t\r\n\u00a0＝a1é{}[]")), 0, 8, -1),
	rapid.String().Filter(func(s string) bool { return !strings.ContainsRune(s, 0) && len(s) <= 255 }),
)

// optional is null or a text, as JSON.
var optional = rapid.Custom(func(t *rapid.T) string {
	if rapid.IntRange(0, 3).Draw(t, "null") == 0 {
		return "null"
	}
	return spelt(texts.Draw(t, "text"))
})

func spelt(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// Keys, of which few are known, so that they meet in several contacts.
var keys = rapid.OneOf(
	rapid.SampledFrom([]string{`"plan"`, `"seats"`, `"Plan"`, `"a b"`, `"number"`, `"custom_field"`, `"city"`}),
	rapid.SampledFrom([]string{`""`, `" "`, `" x"`, `"x "`, `"x\u00a0"`, `"a,b"`, `"a\"b"`, `"a\nb"`, `"a\r\nb"`, `"pl\u0061n"`, `"\u0000"`, `"नाम"`, `"=1"`, `"'"`, `"x.y"`,
		`"` + strings.Repeat("k", 300) + `"`}),
	rapid.Map(texts, spelt),
)

// Values, spelt in ways of their own too.
var values = rapid.OneOf(
	rapid.SampledFrom([]string{
		"null", "true", "false", "0", "-0", "-5", "1.50e+02", "1E5", "0.10", "12345678901234567890", "1e999", `""`, `"\u00e9"`, `"a\/b"`, `"\u0000"`,
		`"\ud83d\ude00"`, "{}", "[]", "[ 1 , 2 ]", `{"a":1,"a":2}`, `{"deep":{"a":[null,{"b":"=1"}]}}`, "{\r\n\t\"x\" : 1 }", `["=1"]`,
	}),
	rapid.Map(texts, spelt),
)

var customField = rapid.Custom(func(t *rapid.T) string {
	if rapid.IntRange(0, 3).Draw(t, "none") == 0 {
		return "null"
	}
	between := rapid.SampledFrom([]string{"", "", "", " ", "\n", "\r\n"}).Draw(t, "between")
	var members []string
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		members = append(members, keys.Draw(t, "key")+":"+values.Draw(t, "value"))
	}
	return "{" + between + strings.Join(members, ","+between) + "}"
})

// TestRoundTrip: what was exported in either format imports again unchanged, into a
// list of either type.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		from := s.Account(fmt.Sprintf("from-%d", round))
		var contacts []string
		for i := range rapid.IntRange(1, 12).Draw(rt, "contacts") {
			contacts = append(contacts, fmt.Sprintf(
				`{"number":"+9198765%05d","first_name":%s,"last_name":%s,"company_name":%s,"email":%s,"tag":%s,"custom_field":%s}`,
				i, optional.Draw(rt, "first"), optional.Draw(rt, "last"), optional.Draw(rt, "company"), optional.Draw(rt, "email"),
				optional.Draw(rt, "tag"), customField.Draw(rt, "custom")))
		}
		from.Create(contacts...) // those that are not valid are not there
		want := everything(t, from)
		path := from.Path("/contacts/export")
		if rapid.Bool().Draw(rt, "from a list") {
			list := from.CreateList("all")
			for _, item := range from.List("limit=1000").Page(t).Response {
				from.Add(list.SID, item.Data.SID)
			}
			path = list.URI + "/export"
		}
		format := rapid.SampledFrom([]string{"csv", "xlsx"}).Draw(rt, "format")
		file := string(from.Get(path + "?format=" + format).Body)
		kind := rapid.SampledFrom([]string{"static", "dynamic"}).Draw(rt, "type")
		to := s.Account(fmt.Sprintf("to-%d", round))
		u := to.Upload("Leads", file, "type", kind)
		if got := to.Await(u); got.Stats != (servertest.Stats{Total: len(want), Success: len(want)}) {
			_, records := to.Errors(u)
			rt.Fatalf("%s, %s: got %+v: %q\nof the file\n%s", format, kind, got.Stats, records, file)
		}
		if diff := cmp.Diff(want, everything(t, to)); diff != "" {
			rt.Fatalf("%s, %s (-exported +imported):\n%s\nof the file\n%s", format, kind, diff, file)
		}
	})
}

// TestRoundTripOfPages is TestRoundTrip for more contacts than are read at
// once, of which the last ones bring new columns.
func TestRoundTripOfPages(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	from, to := s.Account("from"), s.Account("to")
	const n = 3500
	var contacts []string
	for i := range n {
		contacts = append(contacts, fmt.Sprintf(`{"number":"+9198765%05d","first_name":"=A%d","tag":"","custom_field":{"all":%d,"of %d":"\u0061%d"}}`,
			i, i, i, i/1000, i))
	}
	from.Create(contacts...)
	file := string(from.Get(from.Path("/contacts/export")).Body)
	u := to.Upload("Leads", file)
	if got := to.Await(u); got.Stats != (servertest.Stats{Total: n, Success: n}) {
		t.Fatalf("got %+v", got)
	}
	if diff := cmp.Diff(everything(t, from), everything(t, to)); diff != "" {
		t.Errorf("(-exported +imported):\n%.2000s", diff)
	}
	if header, _, _ := strings.Cut(file, "\n"); !strings.Contains(header, "custom_field.of 3,") {
		t.Errorf("the columns are %s", header)
	}
	again := string(to.Get(to.Path("/contacts/export")).Body)
	if a, b := withoutOurs(file), withoutOurs(again); a != b {
		t.Errorf("the export of what was imported differs: %s", cmp.Diff(a[:2000], b[:2000]))
	}
}

// withoutOurs is a file without its columns of ours at the end.
func withoutOurs(file string) string {
	lines := strings.Split(file, "\n")
	for i, line := range lines {
		if cells := strings.Split(line, ","); len(cells) > 3 {
			lines[i] = strings.Join(cells[:len(cells)-3], ",")
		}
	}
	return strings.Join(lines, "\n")
}
