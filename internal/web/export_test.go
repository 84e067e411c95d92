package web_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var exportURL = regexp.MustCompile(`<a href="([^"]+)" download>`)

// TestExport follows the link below a table: the file has what the table has,
// all pages of it.
func TestExport(t *testing.T) {
	t.Parallel()
	c, b, sids := crowd(t, 60)
	abroad := c.CreateOne(`{"number": "+14155550123", "first_name": "=1+1", "tag": "T1"}`)
	list := c.CreateList("list & co")
	c.Add(list.SID, sids[0], abroad.SID)
	for _, tt := range []struct {
		page string
		want int
		has  string
	}{
		{"/contacts", 61, "+14155550123"},
		{"/contacts?sort=-name", 61, "P059"},
		{"/contacts?tag=T1", 21, "P001"},
		{"/contacts?country=1", 1, "+14155550123"},
		{"/contacts?country=91&q=P00&tag=T2", 3, "P008"},
		{"/contacts?q=98100+00007", 1, "P007"},
		{"/contacts?list=list+%26+co", 2, "P000"},
		{"/lists/" + list.SID, 2, "P000"},
		{"/lists/" + list.SID + "?q=p000", 1, "P000"},
	} {
		m := exportURL.FindStringSubmatch(b.Open(tt.page).PageText(t, 200))
		if m == nil {
			t.Errorf("%s: there is no link", tt.page)
			continue
		}
		a := b.Open(html.UnescapeString(m[1]))
		if a.Status != 200 || a.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: got %d, %v", tt.page, a.Status, a.Header)
		}
		if got := strings.Count(string(a.Body), "\n") - 1; got != tt.want || !strings.Contains(string(a.Body), tt.has) {
			t.Errorf("%s: the file has %d contacts, want %d:\n%.2000s", tt.page, got, tt.want, a.Body)
		}
	}
	b.Open("/contacts/export?list=nothing").PageText(t, 404)
	b.Open("/lists/"+strings.Repeat("0", 32)+"/export").PageText(t, 404)
	b.Open("/lists/"+strings.Repeat("1", 32)+"/export").PageText(t, 404)
}

// TestExportSelected exports the rows that were checked, and no others.
func TestExportSelected(t *testing.T) {
	t.Parallel()
	c, b, sids := crowd(t, 60)
	hostile := c.CreateOne(`{"number": "+14155550123", "first_name": "=1+1", "custom_field": {"plan":"gold"}}`)
	gone := strings.Repeat("0", 32)
	a := b.Submit("/contacts/selected/export", url.Values{"sid": {sids[7], hostile.SID, gone, sids[7]}})
	body := string(a.Body)
	if a.Status != 200 || a.Header.Get("Content-Type") != "text/csv; charset=utf-8" ||
		a.Header.Get("Content-Disposition") != `attachment; filename="selected-demo.csv"` {
		t.Errorf("got %d, %v", a.Status, a.Header)
	}
	if strings.Count(body, "\n") != 3 {
		t.Errorf("the file has not two contacts and a header:\n%s", body)
	}
	has(t, body, "custom_field.plan", "+919810000007,P007", "+14155550123,'=1+1", "gold")

	// All that match are the export of the page.
	b.Submit("/contacts/selected/export", url.Values{"all": {"1"}, "tag": {"T1"}}).Redirect(t, "/contacts/export?tag=T1")
	b.Submit("/contacts/selected/export", url.Values{"tag": {"T1"}}).Redirect(t, "/contacts?tag=T1")
	has(t, b.Open("/contacts?tag=T1").PageText(t, 200), "No contact is selected.")
}
