package web_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

var overviewBar = regexp.MustCompile(`<th scope="row">(?:<a href="([^"]+)">)?([^<]*)(?:</a>)?<svg class="bar".*?</th><td>([\d,]+)</td>`)

// TestBarsLeadOn follows every bar of the overview: the table, its file and a selection of
// all that match have the contacts that it counts.
func TestBarsLeadOn(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	c, b := s.Account("demo"), s.SignedIn("demo")
	var contacts []string
	for i, number := range []string{
		"+919876543210", "+911123456789", "+14155550123", "+16135550123", "+447400123456", "+441481960194", "+80012345678", "+18005550123", "+6581234567",
		"+33612345678", "+4915112345678", "+34612345678", "+39312345678", "+819012345678", "+61412345678", "+12423591234",
	} {
		for j := range 1 + i%3 {
			tag := []string{`null`, `""`, `"T` + strconv.Itoa(i) + ` \"x\", y"`}[i%3*j%3]
			if i > 1 {
				tag = `"T` + strconv.Itoa(i) + ` \"x\", y"`
			}
			contacts = append(contacts, fmt.Sprintf(`{"number":"%s%d","tag":%s}`, number[:len(number)-1], j, tag))
		}
	}
	c.Create(contacts...)
	bars := overviewBar.FindAllStringSubmatch(b.Open("/").PageText(t, 200), -1)
	labels := make(map[string]bool)
	for _, bar := range bars {
		labels[bar[2]] = true
		if bar[1] == "" {
			t.Errorf("the bar of %s leads nowhere", bar[2])
			continue
		}
		address := html.UnescapeString(bar[1])
		page := b.Open(address).PageText(t, 200)
		if got := strconv.Itoa(len(rows(page))); got != bar[3] {
			t.Errorf("%s counts %s, and %s has %s", bar[2], bar[3], address, got)
			continue
		}
		if file := b.Open(html.UnescapeString(exportURL.FindStringSubmatch(page)[1])); strconv.Itoa(strings.Count(string(file.Body), "\n")-1) != bar[3] {
			t.Errorf("%s counts %s, and the file of %s is %s", bar[2], bar[3], address, file.Body)
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		form := u.Query()
		form.Set("all", "1")
		form.Set("do", "delete")
		n, _ := strconv.Atoi(bar[3])
		reads(t, b.Follow(b.Submit("/contacts/selected", form)).PageText(t, 200), []string{bar[3] + " contacts", "1 contact"}[min(1, 1/n)])
	}
	for _, label := range []string{"Other countries", "Other tags", "No tag", "Mobile", "Fixed line", "Toll-free", "Guernsey"} {
		if !labels[label] {
			t.Errorf("there is no bar of %s: %v", label, labels)
		}
	}
}

// TestSetFilters: what a link has set can be taken away, and says what it is.
func TestSetFilters(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	c.Create(`{"number":"+919876543210","first_name":"A","tag":"Gold"}`, `{"number":"+919876543211","first_name":"B","tag":"gold leaf"}`)
	upload := c.Upload("Leads", "number,first_name\n+919876543210,x\n+919876543212,C\n+14155550123,D\n")
	c.Await(upload)
	u := upload.ID
	page := b.Open("/contacts?tag=%22Gold%22").PageText(t, 200)
	if got := rows(page); len(got) != 1 || got[0] != "A" {
		t.Errorf("got %q", got)
	}
	has(t, page, `id="tag" name="tag" type="text" value=""`, `<input type="checkbox" name="tag_is" value="Gold" autocomplete="off" checked><span>Tag is “Gold”</span>`, `that match tag is “Gold”`)
	imports := b.Open("/imports/"+u).PageText(t, 200)
	has(t, imports, `href="/contacts?import=`+u+`">2</a>`)
	page = b.Open("/contacts?country=US&import="+u).PageText(t, 200)
	if got := rows(page); len(got) != 1 || got[0] != "D" {
		t.Errorf("got %q", got)
	}
	has(t, page, "Added by one import", `<option value="US" selected>`)
	for query, want := range map[string]string{
		"country=XX":             "There is no country “XX”.",
		"countries_except=,":     "There is no country “”.",
		"kind=nothing":           "There is no kind of numbers called “nothing”.",
		"import=x":               "There is no such import.",
		"tags_except=x":          "“x” are no tags.",
		"import=" + u[:31] + "0": "No contact matches",
	} {
		status := 400
		if want == "No contact matches" {
			status = 200
		}
		reads(t, b.Open("/contacts?"+query).PageText(t, status), want)
	}
}
