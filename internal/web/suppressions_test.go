package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestSuppressions adds numbers that no campaign may call, finds one, lets it be called
// again, and sees that a campaign leaves the others out.
func TestSuppressions(t *testing.T) {
	t.Parallel()
	_, b := calling(t)
	const path = "/campaigns/suppressions"
	has(t, b.Open(path).PageText(t, 200), "There is none yet")
	has(t, b.Submit(path, url.Values{"numbers": {"9876500010\n98450\nAsha"}}).PageText(t, 422), "2 lines are no telephone number: 98450, Asha.")
	// With script, the form takes the place of the whole main element.
	whole := b.Do("POST", path, strings.NewReader(url.Values{"numbers": {"Asha"}}.Encode()),
		"Content-Type", "application/x-www-form-urlencoded", "HX-Request", "true", "HX-Target", "main").PageText(t, 422)
	has(t, whole, "1 line is no telephone number: Asha.", "Import a file", "There is none yet")
	has(t, b.Submit(path, url.Values{"numbers": {""}}).PageText(t, 422), `class="error"`)
	has(t, b.Submit(path, url.Values{"numbers": {"9876500010"}, "note": {strings.Repeat("x", 256)}}).PageText(t, 422), "too long")
	has(t, b.Open(path).PageText(t, 200), "There is none yet")
	b.Submit(path, url.Values{"numbers": {"9876500010\n98765 00026"}, "note": {"asked"}}).Redirect(t, path)
	has(t, b.Open(path).PageText(t, 200), "2 numbers added. No campaign calls them.", "98765 00010", "98765 00026", "By hand", "asked", "2 numbers")
	b.Submit(path, url.Values{"numbers": {"9876500026\n9876500037"}}).Redirect(t, path)
	has(t, b.Open(path).PageText(t, 200), "1 number added. 1 was there already.")
	has(t, b.Open(path).PageText(t, 200), `href="/campaigns/suppressions/export"`)
	file := string(b.Open(path + "/export").Body)
	has(t, file, "number,source,note,date_created\n", "\n+919876500010,dashboard,asked,", "\n+919876500037,dashboard,,")
	page := b.Open(path+"?q=09876500026").PageText(t, 200)
	has(t, page, "98765 00026", "1 number")
	lacks(t, page, "98765 00010")
	has(t, b.Open(path+"?q=nobody").PageText(t, 200), "This number is not there")
	b.Submit(path+"/remove", url.Values{"number": {"+919876500026"}}).Redirect(t, path)
	has(t, b.Open(path).PageText(t, 200), "Campaigns may call", "again.", "2 numbers")
	b.Submit(path+"/remove", url.Values{"number": {"+919876500026"}}).Redirect(t, path)
	has(t, b.Open(path).PageText(t, 200), "The number is not there any more.")

	review := b.Submit("/campaigns/review", campaignForm(nil)).Header.Get("Location")
	has(t, b.Open(review).PageText(t, 200), "Call 1 number now?")
}

// TestSuppressionsFile imports a file of numbers that no campaign may call.
func TestSuppressionsFile(t *testing.T) {
	t.Parallel()
	_, b := calling(t)
	const path = "/campaigns/suppressions"
	has(t, b.Open(path).PageText(t, 200), "Import a file", `action="/imports/suppressions"`)
	send := func(file string) servertest.Answer {
		body, contentType := servertest.NewForm().NamedFile("file", "registry.csv", file).Body()
		return b.Do("POST", "/imports/suppressions", body, "Content-Type", contentType)
	}
	result := send("Phone,Remarks\n9876500010,asked\nAsha,\n").Header.Get("Location")
	page := opened(t, b, result, "Done, some rows failed")
	has(t, page, "registry.csv", "Open the numbers that are not called", "Of these, new", "Asha", result+"/errors.csv",
		"All 2 columns are read.", "“Remarks” is Note")
	lacks(t, page, "/lists/", "Undo this import", "contacts stay", "In the list already")
	has(t, b.Open(path).PageText(t, 200), "98765 00010", "By an import", "asked", "1 number")
	has(t, b.Open("/imports").PageText(t, 200), "registry.csv", ">Numbers that are not called</a>")
	send("name\nAsha\n").Redirect(t, path)
	has(t, b.Open(path).PageText(t, 200), "here is no column called number")
	body, contentType := servertest.NewForm().Text("x", "y").Body()
	b.Do("POST", "/imports/suppressions", body, "Content-Type", contentType).Redirect(t, path)
	has(t, b.Open(path).PageText(t, 200), "Choose a file.")
}

// TestManySuppressions: the page counts no more numbers than a person wants to know of,
// and leads to all of them.
func TestManySuppressions(t *testing.T) {
	t.Parallel()
	_, b := calling(t)
	const path = "/campaigns/suppressions"
	next := 9876500000
	for _, n := range []int{5000, 5000, 2} {
		var numbers strings.Builder
		for range n {
			fmt.Fprintln(&numbers, next)
			next++
		}
		b.Submit(path, url.Values{"numbers": {numbers.String()}}).Redirect(t, path)
	}
	has(t, b.Open(path).PageText(t, 200), "1 to 50 of more than 10,000 numbers", `rel="next"`)
	has(t, b.Open(path+"?from=9951").PageText(t, 200), "9,951 to 10,000 of more than 10,000 numbers", `rel="next"`)
	last := b.Open(path+"?from=10001").PageText(t, 200)
	has(t, last, "10,001 to 10,002 of 10,002 numbers")
	lacks(t, last, `rel="next"`)
}

// TestCallbacks shows what a program was told, why not, and sends it again.
func TestCallbacks(t *testing.T) {
	t.Parallel()
	_, b := calling(t)
	form := campaignForm(url.Values{"number": {"9876500010"}, "status_callback": {"http://127.0.0.1:1/hook"}})
	page := b.Open(b.Submit("/campaigns/review", form).Header.Get("Location")).PageText(t, 200)
	path := b.Submit("/campaigns", url.Values{"draft": {hidden(t, page, "draft")}}).Header.Get("Location")
	page = opened(t, b, path+"/callbacks", "There is no connection")
	has(t, page, "The campaign has begun", "http://127.0.0.1:1/hook")
	event := between(t, page, `name="event" value="`, `"`)
	b.Submit(path+"/callbacks", url.Values{"event": {event}}).Redirect(t, path+"/callbacks")
	has(t, b.Open(path+"/callbacks").PageText(t, 200), "The callback is sent again.")
	b.Submit(path+"/callbacks", url.Values{"event": {strings.Repeat("ab", 16)}}).Redirect(t, path+"/callbacks")
	has(t, b.Open(path+"/callbacks").PageText(t, 200), "This callback is not kept any more.")
	b.Submit(path+"/callbacks", url.Values{"all": {"1"}}).Redirect(t, path+"/callbacks")
	has(t, b.Open(path+"/callbacks?state=delivered").PageText(t, 200), "No callback matches")

	opened(t, b, path, ">Completed<")
	report := b.Open(path + "/report")
	if report.Status != 200 || !strings.Contains(string(report.Body), "Rent June,+919876500010,") {
		t.Errorf("the report is %d %s", report.Status, report.Body)
	}
}

// between returns the text between two others.
func between(t *testing.T, page, before, after string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, before)
	text, _, closed := strings.Cut(rest, after)
	if !found || !closed {
		t.Fatalf("the page has no %q: %s", before, page)
	}
	return text
}
