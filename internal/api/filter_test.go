package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestNumberWithBarePlus finds a number of another country that, without its
// plus, would be one of India.
func TestNumberWithBarePlus(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	there := c.CreateOne(`{"number":"+6591234567"}`)
	for words, want := range map[string]int{
		"number=%2B6591234567": 1, "number=+6591234567": 1, "number=+65+9123+4567": 1, "number=6591234567": 0, "number=++6591234567": 0,
	} {
		if got := c.List(words).Page(t).Response; len(got) != want || want > 0 && got[0].Data.SID != there.SID {
			t.Errorf("%s: got %+v", words, got)
		}
	}
}

// TestContactFilters asks for contacts by name and by list, page by page.
func TestContactFilters(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	contacts := []string{
		`"first_name":"Asha","last_name":"Rao"`,
		`"first_name":"ASHA"`,
		`"last_name":"Ashar","tag":"Rao"`,
		`"first_name":"Ра́я","last_name":"ИВАНОВА"`,
		`"first_name":"Émile","last_name":"Straße"`,
		`"first_name":"आशा","last_name":"राव"`,
		`"first_name":"100%","last_name":"_"`,
		`"first_name":"","last_name":""`,
		`"company_name":"Asha","email":"asha@example.com"`,
		`"first_name":"Ümit","last_name":"ΣΊΣΥΦΟΣ"`,
	}
	sids := make([]string, len(contacts))
	for i, fields := range contacts {
		sids[i] = c.CreateOne(fmt.Sprintf(`{"number":%q,%s}`, numbered(i), fields)).SID
	}
	a, b, empty := c.CreateList("a").SID, c.CreateList("B").SID, c.CreateList("empty").SID
	c.Add(a, sids[4], sids[0], sids[1])
	c.Add(b, sids[1], sids[5])
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	named := func(name string) string { return "name=" + url.QueryEscape(name) }
	for _, tt := range []struct {
		path  string // besides offset and limit
		words string
		want  []int
	}{
		{"/contacts", "name=", all},
		{"/contacts", "name=asha", []int{0, 1, 2}},
		{"/contacts", "name=AsHa", []int{0, 1, 2}},
		{"/contacts", "name=rao", []int{0}},
		{"/contacts", "name=sha+ra", []int{0}},
		{"/contacts", "name=ASHA+RAO", []int{0}},
		{"/contacts", "name=asharao", nil},
		{"/contacts", "name=rao+asha", nil},
		{"/contacts", named("иванов"), []int{3}},
		{"/contacts", named("РА́Я и"), []int{3}},
		{"/contacts", named("éMILE"), []int{4}},
		{"/contacts", named("strasse"), []int{4}},
		{"/contacts", named("STRAßE"), []int{4}},
		{"/contacts", named("emile"), []int{4}},
		{"/contacts", named("E\u0301mile  s"), nil},
		{"/contacts", named("E\u0301mile\u00a0s"), []int{4}},
		{"/contacts", named("рая"), []int{3}},
		{"/contacts", named("आशा र"), []int{5}},
		{"/contacts", named("σίσυφος"), []int{9}},
		{"/contacts", named("ÜMIT"), []int{9}},
		{"/contacts", named("%"), []int{6}},
		{"/contacts", named("_"), []int{6}},
		{"/contacts", named("*"), nil},
		{"/contacts", named(`'"\`), nil},
		{"/contacts", named(strings.Repeat("a", 5000)), nil},
		{"/contacts", "name=asha&sort_by=date_created:desc", []int{2, 1, 0}},
		{"/contacts", "name=asha&sort_by=name:desc", []int{2, 0, 1}},

		{"/contacts", "tag=Rao", []int{2}},
		{"/contacts", "tag=rao", nil},
		{"/contacts", "tag=", all},
		{"/contacts", "email=ASHA@example.com", []int{8}},
		{"/contacts", "email=asha@example", nil},
		{"/contacts", "number=" + url.QueryEscape(numbered(3)), []int{3}},
		{"/contacts", "number=0" + numbered(3)[3:8] + "+" + numbered(3)[8:], []int{3}},
		{"/contacts", "number=%2B14155550123", nil},
		{"/contacts", "number=" + url.QueryEscape(numbered(3)) + "&tag=Rao", nil},
		{"/contacts", "q=asha", []int{0, 1, 2, 8}},
		{"/contacts", "q=EXAMPLE.com", []int{8}},
		{"/contacts", "q=" + url.QueryEscape(numbered(4)[5:]), []int{4}},
		{"/contacts", "q=" + url.QueryEscape(numbered(4)), []int{4}},
		{"/contacts", "q=" + url.QueryEscape("σίσυφος"), []int{9}},
		{"/contacts", "q=nobody", nil},
		{"/contacts", "q=", all},
		{"/contacts", "q=+%09%C2%A0", all},
		{"/contacts", "q=rao+asha", []int{0}},
		{"/contacts", "q=ASHA+%C2%A0+EXAMPLE", []int{8}},
		{"/contacts", "q=asha+nobody", nil},
		{"/contacts", "q=emile", []int{4}},
		{"/contacts", "q=" + url.QueryEscape("strasse Emilé"), []int{4}},
		{"/contacts", "q=" + url.QueryEscape("ИВАНОВА РАЯ"), []int{3}},
		{"/contacts", "q=" + url.QueryEscape("राव आशा"), []int{5}},
		{"/contacts", "q=" + url.QueryEscape("आश"), []int{5}},
		{"/contacts", "q=" + url.QueryEscape("आशि"), nil},
		{"/contacts", "q=rao+" + numbered(0)[8:], []int{0}},
		{"/contacts", "q=rao+0" + numbered(0)[3:8], []int{0}},
		{"/contacts", "q=rao+" + numbered(1)[8:], nil},
		{"/contacts", "q=asha&tag=Rao&sort_by=name", []int{2}},
		{"/contacts", "calling_code=", all},
		{"/contacts", "calling_code=91", all},
		{"/contacts", "calling_code=%2B91&tag=Rao", []int{2}},
		{"/contacts", "calling_code=+91&name=sha+ra", []int{0}},
		{"/contacts", "calling_code=1", nil},
		{"/contacts", "regions=in&line_types=MOBILE&untagged=false", all},
		{"/contacts", "regions=US,+IN&regions=unknown&line_types=mobile,voip&name=sha+ra", []int{0}},
		{"/contacts", "regions=US", nil},
		{"/contacts", "except_regions=in", nil},
		{"/contacts", "except_regions=US,001&name=sha+ra", []int{0}},
		{"/contacts", "line_types=toll_free", nil},
		{"/contacts", "untagged=true&tag=Rao", nil},
		{"/contacts", "untagged=true&name=sha+ra", []int{0}},
		{"/contacts", "except_tags=x", []int{2}},
		{"/contacts", "except_tags=x&except_tags=Rao", nil},
		{"/contacts", "upload_sid=" + strings.Repeat("1", 32), nil},
		{"/contacts", "upload_sid=&regions=&line_types=", all},
		{"/lists/" + a + "/contacts", "regions=IN&name=asha", []int{0, 1}},
		{"/contacts", "tag_part=rA", []int{2}},
		{"/contacts", "tag_part=&calling_code=91", all},
		{"/contacts", "tag_part=rao+x", nil},
		{"/lists/" + a + "/contacts", "calling_code=91&name=asha", []int{0, 1}},
		{"/contacts", "created_from=&created_before=", all},
		{"/contacts", "created_from=2001-01-01T00:00:00Z", all},
		{"/contacts", "created_before=2001-01-01T05:30:00+05:30", nil},
		{"/contacts", "created_from=2001-01-01T05:30:00%2B05:30&created_before=9999-01-01T00:00:00Z&name=asha", []int{0, 1, 2}},
		{"/lists/" + a + "/contacts", "created_from=2001-01-01T00:00:00Z", []int{0, 1, 4}},
		{"/lists/" + a + "/contacts", "created_before=2001-01-01T00:00:00Z", nil},

		{"/contacts", "list_sids=", all},
		{"/contacts", "list_sids=,", all},
		{"/contacts", "list_sids=" + a, []int{0, 1, 4}},
		{"/contacts", "list_sids=" + strings.ToUpper(a), []int{0, 1, 4}},
		{"/contacts", "list_sids=" + b, []int{1, 5}},
		{"/contacts", "list_sids=" + empty, nil},
		{"/contacts", "list_sids=" + a + "," + b, []int{0, 1, 4, 5}},
		{"/contacts", "list_sids=" + a + "&list_sids=" + b, []int{0, 1, 4, 5}},
		{"/contacts", "list_sids=+" + a + "+,+" + a + ",&list_sids=" + a, []int{0, 1, 4}},
		{"/contacts", "list_sids=" + b + "," + sids[0] + "&list_sids=" + strings.Repeat("0", 32), []int{1, 5}},
		{"/contacts", "list_sids=" + strings.Repeat("0", 32), nil},
		{"/contacts", "list_sids=" + a + strings.Repeat(","+b, 500), []int{0, 1, 4, 5}},
		{"/contacts", "list_sids=" + a + "," + b + "&sort_by=date_created:desc", []int{5, 4, 1, 0}},
		{"/contacts", "list_sids=" + a + "," + b + "&name=asha", []int{0, 1}},
		{"/contacts", "list_sids=" + a + "&sort_by=name", []int{1, 0, 4}},
		{"/contacts", "list_sids=" + a + "&sort_by=date_updated:desc", []int{4, 1, 0}},

		{"/lists/" + a + "/contacts", "", []int{0, 1, 4}},
		{"/lists/" + b + "/contacts", "", []int{1, 5}},
		{"/lists/" + empty + "/contacts", "", nil},
		{"/lists/" + a + "/contacts", "sort_by=date_created:desc", []int{4, 1, 0}},
		{"/lists/" + a + "/contacts", "sort_by=name:desc", []int{4, 0, 1}},
		{"/lists/" + a + "/contacts", "name=asha", []int{0, 1}},
		{"/lists/" + a + "/contacts", "list_sids=" + b, []int{0, 1, 4}},
	} {
		for _, limit := range []string{"1", "2", "1000"} {
			for _, show := range []string{"", "&filter=show_list", "&filter=Show_List"} {
				path := c.Path(tt.path + "?" + tt.words + "&limit=" + limit + show)
				var want []string
				for _, i := range tt.want {
					want = append(want, sids[i])
				}
				if diff := cmp.Diff(want, visit(t, c, path)); diff != "" {
					t.Errorf("%.200s (-want +got):\n%s", path, diff)
				}
			}
		}
	}
	page := c.Get(c.Path("/lists/" + a + "/contacts?limit=1&offset=1&filter=show_list")).Page(t).Metadata
	for _, link := range []*string{page.First, page.Prev, page.Next} {
		if !strings.HasPrefix(*link, c.Path("/lists/"+a+"/contacts?")) || !strings.Contains(*link, "filter=show_list") {
			t.Errorf("the link is %s", *link)
		}
	}
}

// TestCreatedFilter: the first moment of the time that is asked for belongs to it, the
// last does not.
func TestCreatedFilter(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(time.Date(2026, 11, 28, 18, 29, 59, 999_000_000, time.UTC))
	c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
	before := c.CreateOne(`{"number":"+919876543210"}`).SID
	clock.Add(time.Millisecond) // midnight in India
	after := c.CreateOne(`{"number":"+919876543211"}`).SID
	midnight := url.QueryEscape("2026-11-29T00:00:00+05:30")
	for words, want := range map[string][]string{
		"":                                       {before, after},
		"created_from=" + midnight:               {after},
		"created_before=" + midnight:             {before},
		"created_from=2026-11-29T00:00:00+05:30": {after}, // the plus comes as a blank
		"created_from=" + midnight + "&created_before=" + midnight:                                        nil,
		"created_from=2026-11-28T18:29:59.999Z&created_before=" + midnight + "&number=%2B919876543210":    {before},
		"created_from=2026-11-28T18:29:59.999Z&created_before=" + midnight + "&number=%2B919876543211":    nil,
		"created_from=2026-11-28T18:29:59Z&created_before=2026-11-28T18:31:00Z&sort_by=date_created:desc": {after, before},
	} {
		var got []string
		page := c.List(words).Page(t)
		for _, item := range page.Response {
			got = append(got, item.Data.SID)
		}
		if diff := cmp.Diff(want, got); diff != "" || page.Metadata.Total != len(want) {
			t.Errorf("%s: of %d (-want +got):\n%s", words, page.Metadata.Total, diff)
		}
	}
	for _, wrong := range []string{"2026-11-29", "yesterday", "2026-13-01T00:00:00Z", "2026-11-29T00:00:00"} {
		if fault := c.List("created_before="+wrong).Fault(t, 400); fault.Code != 1002 || !strings.HasPrefix(fault.Description, "Invalid created_before: it must be a time") {
			t.Errorf("%s: %+v", wrong, fault)
		}
	}
	if file := c.Get(c.Path("/contacts/export?format=ndjson&created_from=" + midnight)); strings.Count(string(file.Body), "\n") != 1 || !strings.Contains(string(file.Body), after) {
		t.Errorf("the export is %s", file.Body)
	}
}

// TestNumberSearches finds a number by each spelling, in a database whose contacts have
// others that are like it.
func TestNumberSearches(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	want := c.CreateOne(`{"number":"+919876543210","first_name":"Asha","company_name":"Łódź O’Neil–Muñoz"}`).SID
	c.CreateOne(`{"number":"+919876543211","first_name":"098-765","email":"4321@example.com"}`)
	c.CreateOne(`{"number":"+14155550123"}`)
	for q, found := range map[string]bool{
		"9876543210": true, "98765 43210": true, "09876543210": true, "(098765) 43210": true, "098765-43210": true,
		"+919876543210": true, "+91 98765 43210": true, "91 98765 43210": true, "00 91 98765 43210": true, "(+91) 98765.43210": true,
		"९८७६५ ४३२१०": true, "９８７６５４３２１０": true, "98765\u00a043210": true, "98765\u201343210": true,
		"asha 98765": true, "098-765 asha": true, "98765 43210 asha": true, "43210 +91": true,
		"98765 43212": false, "+98765 43210": false, "98765 43210 44": false, "98765 43210 nobody": false,
		"o'neil": true, "munoz": true, "LODZ": true, "lodz asha": true, "neil-munoz": true, "MUN\u0303OZ": true, "munos": false,
	} {
		got := c.List("q=" + url.QueryEscape(q)).Page(t).Response
		if found != (len(got) == 1 && got[0].Data.SID == want) || !found && len(got) > 0 {
			t.Errorf("%q finds %+v", q, got)
		}
		if c.List("q="+url.QueryEscape(q)+"&calling_code=1").Page(t).Metadata.Total != 0 {
			t.Errorf("%q finds a number of another country", q)
		}
	}
	words := url.QueryEscape(strings.Repeat("a b c d e f g h i j k l m n o p ", 3))
	if page := c.List("q=" + words).Page(t); page.Metadata.Total != 0 {
		t.Errorf("16 words find %+v", page)
	}
	if fault := c.List("q="+words+"q").Fault(t, 400); fault.Code != 1002 || fault.Description != "Invalid q: a search has at most 16 words" {
		t.Errorf("of 17 words it says %+v", fault)
	}
}

// TestShowList: each contact comes with its lists, by their names.
func TestShowList(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	var sids []string
	for _, item := range c.Create(people(0, 3)...) {
		sids = append(sids, item.Data.SID)
	}
	b, a := c.CreateList(`"b"`).SID, c.CreateList("a").SID
	c.Add(a, sids[0], sids[1])
	c.Add(b, sids[0])
	want := [][]servertest.ListRef{{{SID: b, Name: `"b"`}, {SID: a, Name: "a"}}, {{SID: a, Name: "a"}}, {}}
	var got [][]servertest.ListRef
	answer := c.Get(c.Path("/contacts?filter=show_list"))
	for _, item := range answer.Page(t).Response {
		got = append(got, item.Data.Lists)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := strings.Count(string(answer.Body), `","lists":[`); n != 3 {
		t.Errorf("lists is not the last key everywhere: %s", answer.Body)
	}
	// In a list, all the lists of its contacts are shown.
	for _, item := range c.Get(c.Path("/lists/" + b + "/contacts?filter=show_list")).Page(t).Response {
		if diff := cmp.Diff(want[0], item.Data.Lists); diff != "" {
			t.Errorf("in a list (-want +got):\n%s", diff)
		}
	}
	if plain := c.Get(c.Path("/contacts")); strings.Contains(string(plain.Body), `"lists"`) {
		t.Errorf("nobody asked for lists: %s", plain.Body)
	}
	c.Send("PUT", "/lists/"+a, `{"name":"A"}`).List(t)
	c.Do("DELETE", c.Path("/lists/"+b), nil).List(t)
	first := c.Get(c.Path("/contacts?filter=show_list&limit=1")).Page(t).Response[0].Data.Lists
	if diff := cmp.Diff([]servertest.ListRef{{SID: a, Name: "A"}}, first); diff != "" {
		t.Errorf("after a rename and a delete (-want +got):\n%s", diff)
	}
}
