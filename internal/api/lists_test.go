package api_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// visit follows next_page_uri from a path to the end, and returns the sids of
// the contacts or lists on the way.
func visit(t *testing.T, c *servertest.Client, path string) []string {
	t.Helper()
	var all []string
	for next := &path; next != nil; {
		page := c.Get(*next).Page(t)
		for _, item := range page.Response {
			if slices.Contains(all, item.Data.SID) {
				t.Fatalf("%s comes twice", item.Data.SID)
			}
			all = append(all, item.Data.SID)
		}
		if next = page.Metadata.Next; next == nil && page.Metadata.Total != len(all) {
			t.Fatalf("%s: total is %d, the pages hold %d", path, page.Metadata.Total, len(all))
		}
	}
	return all
}

// TestListPages sorts lists, and looks for parts of their names.
func TestListPages(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(goldenTime)
	c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
	names := []string{"bravo", "Alpha", "ИВАН", "alpha 2", "Straße", "100%", "1000", "Émile", "a_b", "अशोक", "Ωmega"}
	sids := make([]string, len(names))
	for i, name := range names {
		clock.Add(time.Second)
		sids[i] = c.CreateList(name).SID
	}
	// The first is the last one changed.
	clock.Add(time.Second)
	c.Send("PUT", "/lists/"+sids[0], `{"tag":"x"}`).List(t)

	byCreation := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, tt := range []struct {
		words string
		want  []int
	}{
		{"", byCreation},
		{"sort_by=date_created:desc", []int{10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
		{"sort_by=date_updated", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0}},
		{"sort_by=DATE_UPDATED:Desc", []int{0, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{"sort_by=name", []int{5, 6, 8, 1, 3, 0, 4, 7, 10, 2, 9}},
		{"sort_by=name:desc", []int{9, 2, 10, 7, 4, 0, 3, 1, 8, 6, 5}},
		{"name=", byCreation},
		{"name=ALPHA", []int{1, 3}},
		{"name=a+2", []int{3}},
		{"name=alpha&sort_by=name:desc", []int{3, 1}},
		{"name=" + url.QueryEscape("иван"), []int{2}},
		{"name=" + url.QueryEscape("ÉMI"), []int{7}},
		{"name=" + url.QueryEscape("STRASS"), []int{4}},
		{"name=" + url.QueryEscape("ωM"), []int{10}},
		{"name=" + url.QueryEscape("शो"), []int{9}},
		{"name=%25", []int{5}},
		{"name=_", []int{8}},
		{"name=emile", nil},
		{"name=nothing", nil},
		{"name=alpha&name=bravo", []int{1, 3}},
	} {
		for _, limit := range []string{"1", "3", "11", "1000"} {
			got := visit(t, c, c.Path("/lists?limit="+limit+"&"+tt.words))
			var want []string
			for _, i := range tt.want {
				want = append(want, sids[i])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q, %s a page (-want +got):\n%s", tt.words, limit, diff)
			}
		}
	}
	m := c.Get(c.Path("/lists?limit=4&offset=4&name=A")).ListPage(t).Metadata
	if m.Count != 2 || m.Total != 6 || m.Next != nil || m.Prev == nil {
		t.Errorf("got %+v", m)
	}
	first, err := url.Parse(*m.First)
	if err != nil || first.Path != c.Path("/lists") {
		t.Fatalf("%s: %v", *m.First, err)
	}
	if diff := cmp.Diff(url.Values{"name": {"A"}, "limit": {"4"}, "offset": {"0"}}, first.Query()); diff != "" {
		t.Errorf("first page (-want +got):\n%s", diff)
	}
}

// TestPageWordsOfAll: the words that all pages share are judged in the same way
// by each.
func TestPageWordsOfAll(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	list := c.CreateList("Members")
	for _, path := range []string{"/contacts", "/lists", "/lists/" + list.SID + "/contacts"} {
		for _, words := range []string{
			"limit=0", "limit=x", "offset=-1", "offset=x", "sort_by=number", "sort_by=name:up", "name=%ff", "name=a%00b", "limit=%zz", "a;b",
		} {
			if fault := c.Get(c.Path(path+"?"+words)).Fault(t, 400); fault.Code != 1002 {
				t.Errorf("%s?%s: got %+v", path, words, fault)
			}
		}
		most := 1000
		if strings.HasPrefix(path, "/lists/") {
			most = 5000
		}
		if got := c.Get(c.Path(path + "?limit=6000")).Page(t).Metadata.Limit; got != most {
			t.Errorf("%s: the limit is %d", path, got)
		}
		for _, words := range []string{"filter=", "filter=show", "filter=show_list,x"} {
			if path == "/lists" {
				c.Get(c.Path(path + "?" + words)).ListPage(t) // a word that means nothing there
			} else if fault := c.Get(c.Path(path+"?"+words)).Fault(t, 400); fault.Code != 1002 {
				t.Errorf("%s?%s: got %+v", path, words, fault)
			}
		}
	}
	missing := strings.Repeat("0", 32)
	for _, path := range []string{"/lists/" + missing, "/lists/" + missing + "/contacts", "/lists/x/contacts"} {
		if fault := c.Get(c.Path(path)).Fault(t, 404); fault.Description != "There is no list with this sid" {
			t.Errorf("%s: got %+v", path, fault)
		}
	}
}

// TestCounts looks at the lists' counts and at what is in them after each step.
func TestCounts(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	var people4 [4]servertest.Contact
	for i, item := range c.Create(people(0, 4)...) {
		people4[i] = *item.Data
	}
	a, b := c.CreateList("A"), c.CreateList("B")
	sid := func(i int) string { return people4[i].SID }
	deleted := map[string]bool{}
	for i, step := range []struct {
		do           func() servertest.Answer
		inA, inB     []int
		failed, code int // items of a bulk write, and their code
	}{
		{do: func() servertest.Answer {
			return c.Send("POST", "/lists/"+a.SID+"/contacts", servertest.References(sid(0), sid(1), sid(2)))
		}, inA: []int{0, 1, 2}},
		{do: func() servertest.Answer {
			return c.Send("POST", "/lists/"+b.SID+"/contacts", servertest.References(sid(2), sid(3), sid(2)))
		}, inA: []int{0, 1, 2}, inB: []int{2, 3}, failed: 1, code: 409},
		{do: func() servertest.Answer {
			return c.Send("POST", "/lists/"+a.SID+"/contacts", servertest.References(sid(0), sid(1), sid(3)))
		}, inA: []int{0, 1, 2, 3}, inB: []int{2, 3}, failed: 2, code: 409},
		{do: func() servertest.Answer { return c.Do("DELETE", a.URI+"/contacts/"+sid(1), nil) }, inA: []int{0, 2, 3}, inB: []int{2, 3}},
		{do: func() servertest.Answer {
			return c.Send("DELETE", "/lists/"+a.SID+"/contacts", servertest.References(sid(0), sid(0), sid(1)))
		}, inA: []int{2, 3}, inB: []int{2, 3}, failed: 2, code: 404},
		{do: func() servertest.Answer {
			return c.Send("PUT", "/contacts/"+sid(2), `{"number":"+919999999999","tag":"x"}`)
		}, inA: []int{2, 3}, inB: []int{2, 3}},
		{do: func() servertest.Answer { return c.Send("PUT", "/lists/"+b.SID, `{"name":"C"}`) }, inA: []int{2, 3}, inB: []int{2, 3}},
		{do: func() servertest.Answer { deleted[sid(3)] = true; return c.Do("DELETE", people4[3].URI, nil) }, inA: []int{2}, inB: []int{2}},
		{do: func() servertest.Answer {
			return c.Send("POST", "/lists/"+a.SID+"/contacts", servertest.References(sid(3), sid(0)))
		}, inA: []int{0, 2}, inB: []int{2}, failed: 1, code: 404},
		{do: func() servertest.Answer {
			deleted[sid(2)] = true
			return c.Send("DELETE", "/contacts", servertest.Contacts(fmt.Sprintf(`{"sid":%q}`, sid(2)), fmt.Sprintf(`{"sid":%q}`, sid(3))))
		}, inA: []int{0}, inB: nil, failed: 1, code: 404},
		{do: func() servertest.Answer { return c.Send("POST", "/contacts", servertest.Contacts(people(3, 1)...)) }, inA: []int{0}},
	} {
		answer := step.do()
		if answer.Status == 207 {
			got := answer.Bulk(t)
			if got.Metadata.Failed != step.failed {
				t.Errorf("step %d: got %+v", i, got)
			}
			for _, item := range got.Response {
				if item.Code != 200 && item.Code != step.code {
					t.Errorf("step %d: an item is %+v", i, item)
				}
			}
		} else if answer.Status != 200 {
			t.Errorf("step %d: got %d", i, answer.Status)
		}
		for list, want := range map[*servertest.List][]int{&a: step.inA, &b: step.inB} {
			var sids []string
			for _, n := range want {
				sids = append(sids, sid(n))
			}
			if diff := cmp.Diff(sids, visit(t, c, list.URI+"/contacts?limit=1")); diff != "" {
				t.Errorf("step %d: list %s (-want +got):\n%s", i, list.Name, diff)
			}
			if got := c.Get(list.URI).List(t).ContactCount; got != len(want) {
				t.Errorf("step %d: list %s counts %d, want %d", i, list.Name, got, len(want))
			}
		}
	}
	last := c.Do("DELETE", a.URI, nil).List(t)
	if last.ContactCount != 1 || last.Name != "A" {
		t.Errorf("got %+v", last)
	}
	c.Get(a.URI).Fault(t, 404)
	c.Get(a.URI+"/contacts").Fault(t, 404)
	c.Get(people4[0].URI).Contact(t)
	again := c.CreateList("A")
	if again.SID == a.SID || again.ContactCount != 0 || len(visit(t, c, again.URI+"/contacts")) != 0 {
		t.Errorf("got %+v", again)
	}
	if got := c.Total(); got != 3 {
		t.Errorf("there are %d contacts", got)
	}
}

// TestListsAreTheAccounts: another account's lists and contacts are not there.
func TestListsAreTheAccounts(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	one, two := s.Account("one"), s.Account("two")
	contact, list := one.CreateOne(`{"number":"+919876543210"}`), one.CreateList("Members")
	one.Add(list.SID, contact.SID)
	own := two.CreateList("Members") // the name is free there
	if item := two.Add(own.SID, contact.SID)[0]; item.Code != 404 {
		t.Errorf("got %+v", item)
	}
	for _, request := range []struct{ method, path, body string }{
		{"GET", "/lists/" + list.SID, ""},
		{"PUT", "/lists/" + list.SID, `{"name":"x"}`},
		{"DELETE", "/lists/" + list.SID, ""},
		{"GET", "/lists/" + list.SID + "/contacts", ""},
		{"POST", "/lists/" + list.SID + "/contacts", servertest.References(contact.SID)},
		{"DELETE", "/lists/" + list.SID + "/contacts", servertest.References(contact.SID)},
		{"DELETE", "/lists/" + list.SID + "/contacts/" + contact.SID, ""},
		{"PUT", "/contacts/" + contact.SID, `{"tag":"x"}`},
		{"DELETE", "/contacts/" + contact.SID, ""},
	} {
		if fault := two.Send(request.method, request.path, request.body).Fault(t, 404); fault.Code != 1000 {
			t.Errorf("%s %s: got %+v", request.method, request.path, fault)
		}
	}
	for _, request := range []struct{ method, path, body string }{
		{"PUT", "/contacts", fmt.Sprintf(`{"contacts":[{"sid":%q,"tag":"x"}]}`, contact.SID)},
		{"DELETE", "/contacts", fmt.Sprintf(`{"contacts":[{"sid":%q}]}`, contact.SID)},
		{"PUT", "/lists", fmt.Sprintf(`{"lists":[{"sid":%q,"name":"x"}]}`, list.SID)},
	} {
		if item := two.Send(request.method, request.path, request.body).Bulk(t).Response[0]; item.Code != 404 || item.Error.Code != 1000 {
			t.Errorf("%s %s: got %+v", request.method, request.path, item)
		}
	}
	if got := visit(t, two, two.Path("/contacts?list_sids="+list.SID)); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	if got := one.Get(list.URI).List(t); got.ContactCount != 1 || got.Name != "Members" || got.Tag != nil {
		t.Errorf("got %+v", got)
	}
	if got := one.Get(contact.URI).Contact(t); got.Tag != nil {
		t.Errorf("got %+v", got)
	}
}

// TestListNameTrimmed: the blanks around a list's name are no part of it.
func TestListNameTrimmed(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	list := c.CreateList("  Customers\u00a0")
	if list.Name != "Customers" {
		t.Errorf("the list is called %q", list.Name)
	}
	items := c.Send("POST", "/lists", `{"lists":[{"name":"Customers "},{"name":" \t"}]}`).BulkLists(t).Response
	if items[0].Code != 409 || items[1].Code != 400 || items[1].Error.Code != 1001 {
		t.Errorf("the same name, and blanks alone: %+v", items)
	}
	if got := c.Send("PUT", "/lists/"+list.SID, `{"name":" Clients "}`).List(t); got.Name != "Clients" {
		t.Errorf("the list is now called %q", got.Name)
	}
	if u := c.Upload(" Clients ", "number\n+919876543210\n"); u.List != list.SID {
		t.Errorf("a file for it went into %+v", u)
	}
}
