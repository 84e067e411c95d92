package web_test

import (
	"archive/zip"
	"bytes"
	"html"
	"io"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
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
		{"/contacts?country=US&kind=fixed_line_or_mobile", 1, "+14155550123"},
		{"/contacts?countries_except=US,GB&tag=%22T1%22", 20, "P001"},
		{"/contacts?tags_except=%5B%22T1%22,%22T2%22%5D", 20, "P000"},
		{"/contacts?country=91&q=P00&tag=T2", 3, "P008"},
		{"/contacts?q=98100+00007", 1, "P007"},
		{"/contacts?list=list+%26+co", 2, "P000"},
		{"/lists/" + list.SID, 2, "P000"},
		{"/lists/" + list.SID + "?q=p000", 1, "P000"},
	} {
		links := exportURL.FindAllStringSubmatch(b.Open(tt.page).PageText(t, 200), -1)
		if len(links) != 2 {
			t.Errorf("%s: there are %d links", tt.page, len(links))
			continue
		}
		sheet := b.Open(html.UnescapeString(links[1][1]))
		if rows := sheetRows(t, sheet); strings.Count(rows, "<row ")-1 != tt.want || !strings.Contains(rows, tt.has) {
			t.Errorf("%s: the spreadsheet has not %d contacts:\n%.2000s", tt.page, tt.want, rows)
		}
		a := b.Open(html.UnescapeString(links[0][1]))
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

// sheetRows returns the first sheet of an answer that is a spreadsheet, as XML.
func sheetRows(t *testing.T, a servertest.Answer) string {
	t.Helper()
	if a.Status != 200 || a.Header.Get("Content-Type") != "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" {
		t.Fatalf("got %d, %v", a.Status, a.Header)
	}
	z, err := zip.NewReader(bytes.NewReader(a.Body), int64(len(a.Body)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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

	a = b.Submit("/contacts/selected/export", url.Values{"sid": {sids[7], hostile.SID, gone}, "format": {"xlsx"}})
	if got := a.Header.Get("Content-Disposition"); got != `attachment; filename="selected-demo.xlsx"` {
		t.Errorf("the file is %q", got)
	}
	rows := sheetRows(t, a)
	if strings.Count(rows, "<row ") != 3 {
		t.Errorf("the spreadsheet has not two contacts and a header:\n%s", rows)
	}
	has(t, rows, "custom_field.plan", "+919810000007", ">'=1+1<", "gold")

	// All that match are the export of the page.
	b.Submit("/contacts/selected/export", url.Values{"all": {"1"}, "tag": {"T1"}}).Redirect(t, "/contacts/export?format=csv&tag=T1")
	b.Submit("/contacts/selected/export", url.Values{"all": {"1"}, "tag": {"T1"}, "format": {"xlsx"}}).Redirect(t, "/contacts/export?format=xlsx&tag=T1")
	if a := b.Open("/contacts/export?format=x&tag=T1"); a.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("in no known format, got %d, %v", a.Status, a.Header)
	}
	b.Submit("/contacts/selected/export", url.Values{"tag": {"T1"}}).Redirect(t, "/contacts?tag=T1")
	has(t, b.Open("/contacts?tag=T1").PageText(t, 200), "No contact is selected.")
}
