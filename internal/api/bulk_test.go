package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// bulkRoutes are those whose body is {"key":[...]}; Title is what the texts call
// the array. List stands for a list's sid.
var bulkRoutes = []struct{ method, path, key, title string }{
	{"POST", "/contacts", "contacts", "Contacts"},
	{"PUT", "/contacts", "contacts", "Contacts"},
	{"DELETE", "/contacts", "contacts", "Contacts"},
	{"POST", "/lists", "lists", "Lists"},
	{"PUT", "/lists", "lists", "Lists"},
	{"POST", "/lists/LIST/contacts", "contact_references", "ContactReferences"},
	{"DELETE", "/lists/LIST/contacts", "contact_references", "ContactReferences"},
}

// TestBulkBodies: the bodies of all bulk routes are read in the same way, and
// one that fails as a whole changes nothing.
func TestBulkBodies(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	in, out := c.CreateOne(`{"number":"+919876543210"}`), c.CreateOne(`{"number":"+919876543211"}`)
	list := c.CreateList("Members")
	c.Add(list.SID, in.SID)
	state := func() string {
		return string(normalise(c.Get(c.Path("/contacts?filter=show_list")).Body)) + normalise(c.Get(c.Path("/lists")).Body)
	}
	before := state()
	// What each route would take.
	items := map[string]string{
		"POST /contacts":              `{"number":"+919876543212"}`,
		"PUT /contacts":               fmt.Sprintf(`{"sid":%q,"tag":"x"}`, in.SID),
		"DELETE /contacts":            fmt.Sprintf(`{"sid":%q}`, in.SID),
		"POST /lists":                 `{"name":"Guests"}`,
		"PUT /lists":                  fmt.Sprintf(`{"sid":%q,"tag":"x"}`, list.SID),
		"POST /lists/LIST/contacts":   fmt.Sprintf(`{"contact_sid":%q}`, out.SID),
		"DELETE /lists/LIST/contacts": fmt.Sprintf(`{"contact_sid":%q}`, in.SID),
	}
	for _, route := range bulkRoutes {
		name := route.method + " " + route.path
		path := strings.Replace(route.path, "LIST", list.SID, 1)
		bodyOf := func(items ...string) string {
			return fmt.Sprintf(`{%q:[%s]}`, route.key, strings.Join(items, ","))
		}
		item := items[name]
		mandatory, tooMany := route.title+" is mandatory", fmt.Sprintf("Maximum allowed length for %s is 5000", route.title)
		for _, tt := range []struct {
			body        string
			code        int
			description string // "" for any
		}{
			{"", 1007, "unexpected end of JSON input"},
			{`{}`, 1001, mandatory},
			{`{"other":[` + item + `]}`, 1001, mandatory},
			{fmt.Sprintf(`{%q:null}`, route.key), 1001, mandatory},
			{bodyOf(), 1001, mandatory},
			{strings.TrimSuffix(bodyOf(item), "}") + fmt.Sprintf(`,%q:[]}`, strings.ToUpper(route.key)), 1001, mandatory},
			{bodyOf(slices.Repeat([]string{item}, 5001)...), 1002, tooMany},
			{fmt.Sprintf(`{%q:{}}`, route.key), 1007, ""},
			{fmt.Sprintf(`{%q:"x"}`, route.key), 1007, ""},
			{`[` + item + `]`, 1007, ""},
			{`null`, 1007, "the body must be a JSON object"},
			{bodyOf(item)[:len(bodyOf(item))-1], 1007, "unexpected end of JSON input"},
			{bodyOf(item, "x"), 1007, "invalid character 'x' looking for beginning of value"},
			{bodyOf(item) + "x", 1007, "invalid character 'x' after top-level value"},
		} {
			fault := c.Send(route.method, path, tt.body).Fault(t, 400)
			if fault.Code != tt.code || tt.description != "" && fault.Description != tt.description {
				t.Errorf("%s %.60q: got %+v", name, tt.body, fault)
			}
			if strings.Contains(fault.Description, "json: ") && !strings.Contains(fault.Description, "cannot unmarshal") {
				t.Errorf("%s %.60q: got %+v", name, tt.body, fault)
			}
		}
		if fault := c.Do(route.method, c.Path(path), strings.NewReader(bodyOf(item)), "Content-Type", "text/plain").Fault(t, 415); fault.Code != 1011 {
			t.Errorf("%s: got %+v", name, fault)
		}
	}
	if after := state(); after != before {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
	for _, route := range bulkRoutes {
		name := route.method + " " + route.path
		got := c.Send(route.method, strings.Replace(route.path, "LIST", list.SID, 1), fmt.Sprintf(`{%q:[%s,7]}`, route.key, items[name])).Bulk(t)
		if len(got.Response) != 2 || got.Response[1].Code != 400 || got.Response[1].Error.Code != 1002 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// TestLargeBulks writes as many items as there may be, by each route.
func TestLargeBulks(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	t.Parallel()
	const n = 5000
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	list := c.CreateList("Members")
	var sids []string
	for _, item := range c.Create(people(0, n)...) {
		sids = append(sids, item.Data.SID)
	}
	each := func(format string) string {
		items := make([]string, n)
		for i, sid := range sids {
			items[i] = fmt.Sprintf(format, sid)
		}
		return strings.Join(items, ",")
	}
	listNames := make([]string, n)
	for i := range listNames {
		listNames[i] = fmt.Sprintf(`{"name":"List %d"}`, i)
	}
	for _, tt := range []struct {
		method, path, body string
		members, contacts  int // after it
	}{
		{"PUT", "/contacts", `{"contacts":[` + each(`{"sid":%q,"tag":"x"}`) + `]}`, 0, n},
		{"POST", "/lists/" + list.SID + "/contacts", servertest.References(sids...), n, n},
		{"DELETE", "/lists/" + list.SID + "/contacts", servertest.References(sids...), 0, n},
		{"POST", "/lists/" + list.SID + "/contacts", servertest.References(sids...), n, n},
		{"POST", "/lists", `{"lists":[` + strings.Join(listNames, ",") + `]}`, n, n},
		{"DELETE", "/contacts", `{"contacts":[` + each(`{"sid":%q}`) + `]}`, 0, 0},
	} {
		if got := c.Send(tt.method, tt.path, tt.body).Bulk(t).Metadata; got.Success != n || got.Total != n {
			t.Errorf("%s %s: got %+v", tt.method, tt.path, got)
		}
		if got := c.Get(list.URI).List(t).ContactCount; got != tt.members {
			t.Errorf("%s %s: the list has %d contacts, want %d", tt.method, tt.path, got, tt.members)
		}
		if got := c.Total(); got != tt.contacts {
			t.Errorf("%s %s: there are %d contacts, want %d", tt.method, tt.path, got, tt.contacts)
		}
	}
	if got := c.Get(c.Path("/lists?limit=1")).ListPage(t).Metadata.Total; got != n+1 {
		t.Errorf("there are %d lists", got)
	}
}
