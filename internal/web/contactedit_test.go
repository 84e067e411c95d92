package web_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"callbook/internal/test/servertest"
)

// shown are the values that the form of a page shows for a contact, as a
// browser sends them back.
func shown(t *testing.T, c servertest.Contact, page string) url.Values {
	t.Helper()
	value := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	custom := string(c.CustomField)
	if custom == "null" {
		custom = ""
	}
	return url.Values{
		"number":       {c.Number},
		"first_name":   {strings.ReplaceAll(value(c.FirstName), "\n", "")},
		"last_name":    {value(c.LastName)},
		"company_name": {value(c.CompanyName)},
		"email":        {value(c.Email)},
		"tag":          {value(c.Tag)},
		"custom_field": {strings.ReplaceAll(custom, "\n", "\r\n")},
		"updated":      {hidden(t, page, "updated")},
	}
}

func TestCreateContact(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	has(t, b.Open("/contacts/new").PageText(t, 200), `name="number"`, `name="custom_field"`)
	a := b.Submit("/contacts", url.Values{
		"number": {" 098765-43210 "}, "first_name": {"Asha"}, "email": {"asha@example.com"}, "custom_field": {"{ \"b\": 1.0,\r\n\"a\": [] }"},
	})
	sid := strings.TrimPrefix(a.Header.Get("Location"), "/contacts/")
	a.Redirect(t, "/contacts/"+sid)
	got := c.Get(c.Path("/contacts/" + sid)).Contact(t)
	if got.Number != "+919876543210" || got.LastName != nil || *got.FirstName != "Asha" || string(got.CustomField) != `{"b":1.0,"a":[]}` {
		t.Errorf("the contact is %+v", got)
	}
	page := html.UnescapeString(b.Open("/contacts/"+sid).PageText(t, 200))
	has(t, page, "Added Asha.", "+91 98765 43210", "India", "asha@example.com", sid, "/v2/accounts/demo/contacts/"+sid, `<span class="key">b</span>`, "nothing in it")

	taken := b.Submit("/contacts", url.Values{"number": {"98765 43210"}, "first_name": {"Other"}}).PageText(t, 422)
	has(t, taken, "Another contact has this number.", `<a href="/contacts/`+sid+`">Asha</a>`, `value="98765 43210"`, `value="Other"`)
	if c.Total() != 1 {
		t.Errorf("there are %d contacts", c.Total())
	}
}

func TestContactFormErrors(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	const number = "9876543210"
	long := strings.Repeat("ü", 256)
	for _, tt := range []struct {
		form url.Values
		want []string // each as "field: text"
	}{
		{url.Values{}, []string{"number: Enter the contact's number."}},
		{url.Values{"number": {"12"}}, []string{"number: This is too short for India"}},
		{url.Values{"number": {"1-800-FLOWERS"}, "custom_field": {"x"}}, []string{"number: A telephone number has no letters.", "custom_field: This is no JSON from line 1, column 1 on"}},
		{url.Values{"number": {number}, "custom_field": {"{\r\n  \"ü\": gold}"}}, []string{"custom_field: This is no JSON from line 2, column 8 on"}},
		{url.Values{"number": {number}, "custom_field": {`{"a": 1} x`}}, []string{"custom_field: Something follows after the object's end, at line 1, column 9."}},
		{url.Values{"number": {number}, "custom_field": {`{"a": [1`}}, []string{"custom_field: The JSON ends too early, at line 1, column 9"}},
		{url.Values{"number": {number}, "custom_field": {`[1]`}}, []string{"custom_field: It must be an object"}},
		{url.Values{"number": {number}, "custom_field": {`{"a": "` + strings.Repeat("x", 16384) + `"}`}}, []string{"custom_field: This is too long: it can have 16384 bytes."}},
		{url.Values{"number": {number}, "first_name": {long}}, []string{"first_name: This is too long: it can have 255 characters."}},
		{url.Values{"number": {number}, "last_name": {"a\x00b"}}, []string{"last_name: This cannot be kept: the NUL character is not allowed."}},
		{url.Values{"number": {number}, "company_name": {"\xff"}}, []string{"company_name: This cannot be kept: not valid UTF-8."}},
		{url.Values{"number": {number}, "email": {long}}, []string{"email: This is too long"}},
		{url.Values{"number": {number}, "tag": {long}}, []string{"tag: This is too long"}},
	} {
		page := html.UnescapeString(b.Submit("/contacts", tt.form).PageText(t, 422))
		for _, want := range tt.want {
			name, text, _ := strings.Cut(want, ": ")
			has(t, page, `<p class="error" id="`+name+`-error">`+text)
		}
		if n := strings.Count(page, `class="error"`); n != len(tt.want) {
			t.Errorf("%.60v: %d fields are wrong, want %d", tt.form, n, len(tt.want))
		}
	}
	if c.Total() != 0 {
		t.Errorf("there are %d contacts", c.Total())
	}
}

func TestNumberPreview(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	asha := c.CreateOne(`{"number": "9876543210", "first_name": "Asha"}`)
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"number=", nil},
		{"number=98", []string{"Too short for India (+91)"}},
		{"number=98200%2098200", []string{"India", "+91 98200 98200", "+919820098200"}},
		{"number=%2B14155550123", []string{"United States", "+1 415-555-0123"}},
		{"number=%2B12423651234", []string{"Bahamas"}},
		{"number=9876543210", []string{"It belongs to", `href="/contacts/` + asha.SID + `"`, "Asha"}},
		{"number=98200%2098200&sid=" + asha.SID, []string{"India"}},
	} {
		page := html.UnescapeString(b.Do("GET", "/contacts/number?"+tt.query, nil, "HX-Request", "true").PageText(t, 200))
		has(t, page, tt.want...)
		if strings.Contains(page, "<html") || tt.want == nil && strings.TrimSpace(page) != "" {
			t.Errorf("%s: the fragment is %q", tt.query, page)
		}
	}
	if page := b.Do("GET", "/contacts/number?number=9876543210&sid="+asha.SID, nil, "HX-Request", "true").PageText(t, 200); strings.Contains(page, "belongs") {
		t.Errorf("the contact's own number is said to be taken: %s", page)
	}
	has(t, b.Open("/contacts/number?number=98200+98200").PageText(t, 200), "<html", `value="98200 98200"`, "India")
}

// TestEditContact saves forms in which little or nothing was changed: the rest
// stays as it was, to the byte.
func TestEditContact(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	const custom = "{\r\n \"b\" : 1.0,\n\"a\":[] }"
	before := c.CreateOne(`{"number": "9876543210", "first_name": "As\nha", "last_name": "", "tag": "Member", "custom_field": ` + custom + `}`)
	path := "/contacts/" + before.SID
	page := b.Open(path+"/edit").PageText(t, 200)
	form := shown(t, before, page)
	form.Set("custom_field", strings.ReplaceAll(strings.ReplaceAll(custom, "\r\n", "\n"), "\n", "\r\n"))
	form.Set("email", "asha@example.com")
	form.Set("tag", "")
	b.Submit(path, form).Redirect(t, path)
	got := c.Get(c.Path(path)).Contact(t)
	if *got.FirstName != "As\nha" || got.LastName == nil || *got.LastName != "" || got.CompanyName != nil || *got.Email != "asha@example.com" ||
		got.Tag != nil || string(got.CustomField) != `{"b":1.0,"a":[]}` || got.Number != before.Number || got.DateUpdated == before.DateUpdated {
		t.Errorf("the contact is %+v, was %+v", got, before)
	}

	other := c.CreateOne(`{"number": "9820098200", "first_name": "Rohan"}`)
	form = shown(t, got, b.Open(path+"/edit").PageText(t, 200))
	form.Set("number", "98200 98200")
	has(t, b.Submit(path, form).PageText(t, 422), "Another contact has this number.", `<a href="/contacts/`+other.SID+`">Rohan</a>`)
	form.Set("number", "12")
	form.Set("custom_field", "{")
	has(t, b.Submit(path, form).PageText(t, 422), "This is too short for India", "The JSON ends too early")
	form.Set("number", "+14155550123")
	form.Set("custom_field", "")
	b.Submit(path, form).Redirect(t, path)
	if got := c.Get(c.Path(path)).Contact(t); got.Number != "+14155550123" || string(got.CustomField) != "null" {
		t.Errorf("the contact is %+v", got)
	}
	b.Open("/contacts/"+strings.Repeat("0", 32)+"/edit").PageText(t, 404)
	b.Open("/contacts/x").PageText(t, 404)
}

// pageFields are the values of a page's form as a browser sends them back untouched.
func pageFields(page string) url.Values {
	form := make(url.Values)
	for _, m := range regexp.MustCompile(`<input [^>]*>`).FindAllString(page, -1) {
		attribute := func(name string) string {
			found := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(m)
			if found == nil {
				return ""
			}
			return html.UnescapeString(found[1])
		}
		if name := attribute("name"); name != "" && attribute("type") != "radio" && attribute("type") != "checkbox" {
			value := strings.ReplaceAll(strings.ReplaceAll(attribute("value"), "\r\n", "\n"), "\n", "\r\n")
			if attribute("type") != "hidden" { // which has one line
				value = strings.ReplaceAll(value, "\r\n", "")
			}
			form.Add(name, value)
		}
	}
	for _, m := range regexp.MustCompile(`(?s)<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(page, -1) {
		form.Add(m[1], strings.ReplaceAll(html.UnescapeString(m[2]), "\n", "\r\n"))
	}
	return form
}

// two are two browsers and a contact that both edit.
func two(t *testing.T, contact string) (c *servertest.Client, first, second *servertest.Browser, path string) {
	t.Helper()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	c = s.Account("demo")
	return c, s.SignedIn("demo"), s.SignedIn("demo"), "/contacts/" + c.CreateOne(contact).SID
}

// TestEditsMerge: what only one of two has changed is saved without a question.
func TestEditsMerge(t *testing.T) {
	t.Parallel()
	c, first, second, path := two(t, `{"number": "9876543210", "first_name": "As\nha", "last_name": "Rao", "tag": "Member",
		"custom_field": {"plan": "gold", "since": 2019, "score": 4.50}}`)
	mine, theirs := pageFields(first.Open(path+"/edit").PageText(t, 200)), pageFields(second.Open(path+"/edit").PageText(t, 200))
	list := c.CreateList("Diwali")
	c.Add(list.SID, strings.TrimPrefix(path, "/contacts/"))
	theirs.Set("email", "asha@example.com")
	theirs.Set("last_name", "")
	theirs.Set("custom_field", `{"plan": "silver", "since": 2019, "score": 4.50, "city": "Pune"}`)
	second.Submit(path, theirs).Redirect(t, path)
	mine.Set("company_name", "Exotel")
	mine.Set("tag", "VIP")
	mine.Set("number", "098200 98200")
	mine.Set("custom_field", `{"plan": "gold", "since": 2020, "score": 4.50}`)
	first.Submit(path, mine).Redirect(t, path)
	has(t, html.UnescapeString(first.Open(path).PageText(t, 200)),
		"Saved. Somebody else changed Last name, E-mail, plan (custom field) and city (custom field) meanwhile, and that is kept.", "Diwali")
	got := c.Get(c.Path(path)).Contact(t)
	if got.Number != "+919820098200" || *got.FirstName != "As\nha" || got.LastName != nil || *got.Email != "asha@example.com" || *got.Tag != "VIP" ||
		*got.CompanyName != "Exotel" || string(got.CustomField) != `{"plan":"silver","since":2020,"score":4.50,"city":"Pune"}` {
		t.Errorf("the contact is %+v, %s", got, got.CustomField)
	}
	// A form of which nothing was touched erases nothing, however old it is.
	untouched := pageFields(first.Open(path+"/edit").PageText(t, 200))
	c.Send("PUT", path, `{"first_name": "Aasha", "custom_field": null}`)
	first.Submit(path, untouched).Redirect(t, path)
	if got := c.Get(c.Path(path)).Contact(t); *got.FirstName != "Aasha" || string(got.CustomField) != "null" {
		t.Errorf("the contact is %+v", got)
	}
}

// TestEditConflict: three fields that both have changed, beside three that each has by
// himself.
func TestEditConflict(t *testing.T) {
	t.Parallel()
	c, first, second, path := two(t, `{"number": "9876543210", "first_name": "Asha", "last_name": "Rao", "tag": "Member", "custom_field": {"plan": "gold", "since": 2019}}`)
	mine, theirs := pageFields(first.Open(path+"/edit").PageText(t, 200)), pageFields(second.Open(path+"/edit").PageText(t, 200))
	theirs.Set("first_name", "Aasha")
	theirs.Set("tag", "")
	theirs.Set("email", "aasha@example.com")
	theirs.Set("custom_field", `{"plan": "silver", "since": 2018}`)
	second.Submit(path, theirs).Redirect(t, path)

	mine.Set("first_name", "Ash")
	mine.Set("tag", "VIP")
	mine.Set("company_name", "Exotel")
	mine.Set("custom_field", `{"plan": "bronze", "since": 2019, "city": "Pune"}`)
	page := first.Submit(path, mine).PageText(t, 409)
	has(t, page, "Somebody else changed this contact meanwhile", `<span class="typed">Aasha</span>`, `<span class="typed">Ash</span>`,
		`<em>empty</em>`, `<span class="typed">VIP</span>`, `<legend>plan (custom field)</legend>`,
		"The rest is merged. Theirs: E-mail and since (custom field). Yours: Company and city (custom field).")
	if n := strings.Count(page, "<fieldset"); n != 3 {
		t.Errorf("%d fields are asked about, want 3", n)
	}
	if got := c.Get(c.Path(path)).Contact(t); *got.FirstName != "Aasha" || got.CompanyName != nil {
		t.Errorf("the contact is %+v", got)
	}

	// A choice that is not made is asked for again, and nothing is saved.
	form := pageFields(page)
	form.Set("choose.first_name", "theirs")
	form.Set("choose.tag", "mine")
	again := first.Submit(path, form).PageText(t, 409)
	has(t, again, "Choose one of the two.", "<legend>plan (custom field)</legend>")

	// A third change comes while the first looks at the second's: it is merged, or
	// asked about where it is of the same field.
	c.Send("PUT", path, `{"last_name": "Rao-Iyer", "tag": "Lead"}`)
	form.Set("choose.custom_field.plan", "mine")
	page = first.Submit(path, form).PageText(t, 409)
	has(t, page, "<legend>Tag</legend>", `<span class="typed">Lead</span>`, `<span class="typed">VIP</span>`)
	if n := strings.Count(page, "<fieldset"); n != 1 {
		t.Errorf("%d fields are asked about, want 1", n)
	}
	form = pageFields(page)
	form.Set("choose.tag", "mine")
	first.Submit(path, form).Redirect(t, path)
	got := c.Get(c.Path(path)).Contact(t)
	if *got.FirstName != "Aasha" || *got.LastName != "Rao-Iyer" || *got.Tag != "VIP" || *got.Email != "aasha@example.com" || *got.CompanyName != "Exotel" ||
		string(got.CustomField) != `{"plan":"bronze","since":2018,"city":"Pune"}` {
		t.Errorf("the contact is %+v, %s", got, got.CustomField)
	}

	// Two who type the same have no conflict.
	mine, theirs = pageFields(first.Open(path+"/edit").PageText(t, 200)), pageFields(second.Open(path+"/edit").PageText(t, 200))
	theirs.Set("tag", "Gold")
	second.Submit(path, theirs).Redirect(t, path)
	mine.Set("tag", "Gold")
	first.Submit(path, mine).Redirect(t, path)
	has(t, first.Open(path).PageText(t, 200), "Somebody else saved the very same meanwhile.")

	// A form that does not say what it was loaded with erases nothing unasked.
	has(t, first.Submit(path, url.Values{"number": {"9876543210"}, "updated": {"1"}}).PageText(t, 409), "<legend>First name</legend>", "<legend>Tag</legend>")

	// What was typed for a contact that was deleted is not lost either.
	c.Send("DELETE", path, "")
	mine.Set("tag", "Silver")
	page = first.Submit(path, mine).PageText(t, 409)
	has(t, page, "The contact was deleted meanwhile", `action="/contacts"`, `value="Rao-Iyer"`)
	if strings.Contains(page, "Add a contact") || c.Total() != 0 {
		t.Error("it is said to be a new contact, or was created again unasked")
	}
	b := first.Submit("/contacts", pageFields(page))
	if b.Status != 303 {
		t.Errorf("to save it again is answered %d", b.Status)
	}
}

// TestEditsAtOnce saves forms that were loaded together at the same moment: nobody's
// change is lost, and nobody is asked.
func TestEditsAtOnce(t *testing.T) {
	t.Parallel()
	c, b, _, path := two(t, `{"number": "9876543210"}`)
	loaded := b.Open(path+"/edit").PageText(t, 200)
	fields := []string{"first_name", "last_name", "company_name", "email"}
	var saves sync.WaitGroup
	for _, field := range fields {
		form := pageFields(loaded)
		form.Set(field, "x")
		saves.Go(func() {
			if a := b.Submit(path, form); a.Status != 303 {
				t.Errorf("%s: got %d", field, a.Status)
			}
		})
	}
	saves.Wait()
	got := c.Get(c.Path(path)).Contact(t)
	for i, text := range []*string{got.FirstName, got.LastName, got.CompanyName, got.Email} {
		if text == nil || *text != "x" {
			t.Errorf("%s is lost", fields[i])
		}
	}
}

// TestCustomFieldLines: the form has a custom field on lines of its own, and leaves it
// as it is stored when nobody changes it.
func TestCustomFieldLines(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	before := c.CreateOne(`{"number": "9876543210", "custom_field": {"plan":"gold","tags":["a",1.50]}}`)
	path := "/contacts/" + before.SID
	page := b.Open(path+"/edit").PageText(t, 200)
	has(t, html.UnescapeString(page), "{\n  \"plan\": \"gold\",\n  \"tags\": [\n    \"a\",\n    1.50\n  ]\n}</textarea>")
	b.Submit(path, pageFields(page)).Redirect(t, path)
	if got := c.Get(c.Path(path)).Contact(t); string(got.CustomField) != string(before.CustomField) || got.DateUpdated != before.DateUpdated {
		t.Errorf("the contact is %+v, was %+v", got, before)
	}
}

// TestDeleteAndUndo deletes a contact and brings it back as it was.
func TestDeleteAndUndo(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	before := c.CreateOne(`{"number": "9876543210", "first_name": "Asha", "last_name": "", "custom_field": {"b" : 1.0, "a": "<\n>"}}`)
	stays, goes := c.CreateList("stays"), c.CreateList("goes")
	c.Add(stays.SID, before.SID)
	c.Add(goes.SID, before.SID)
	path := "/contacts/" + before.SID
	page := b.Follow(b.Submit(path+"/delete", nil)).PageText(t, 200)
	has(t, page, "Deleted Asha", "for 30 days", "Undo brings it back")
	if c.Total() != 0 {
		t.Fatalf("there are %d contacts", c.Total())
	}
	b.Submit(path+"/delete", nil).PageText(t, 404)
	c.Send("DELETE", "/lists/"+goes.SID, "")

	undo := url.Values{"deletion": {hidden(t, page, "deletion")}}
	b.Submit("/trash/restore", undo).Redirect(t, path)
	page = b.Open(path).PageText(t, 200)
	has(t, page, "Restored 1 contact.", ">stays</a>")
	got := c.Get(c.Path(path)).Contact(t)
	if got.SID != before.SID || got.Number != before.Number || *got.FirstName != "Asha" || got.LastName == nil || *got.LastName != "" ||
		got.Email != nil || string(got.CustomField) != string(before.CustomField) || got.DateCreated != before.DateCreated || got.DateUpdated != before.DateUpdated {
		t.Errorf("the contact is %+v, was %+v", got, before)
	}

	// Again: nothing is left to be done, and nothing is changed.
	b.Submit("/trash/restore", undo).Redirect(t, "/contacts")
	has(t, b.Open("/contacts").PageText(t, 200), "Nothing was restored")
	if c.Total() != 1 {
		t.Errorf("there are %d contacts", c.Total())
	}
	for _, deletion := range []string{"", "x", before.SID[1:]} {
		b.Submit("/trash/restore", url.Values{"deletion": {deletion}}).PageText(t, 400)
	}
}

// TestCustomFieldAsLines: a custom field is edited with its lines, and what is not
// touched stays as it is.
func TestCustomFieldAsLines(t *testing.T) {
	t.Parallel()
	c, first, second, path := two(t, `{"number": "9876543210", "custom_field": {"plan":"gold","since":2019.0,"half":"\u00bd","city":{"pin":"560001"}}}`)
	page := first.Open(path+"/edit?from=/contacts%3Fq%3Dgold").PageText(t, 200)
	mine, theirs := pageFields(page), pageFields(second.Open(path+"/edit").PageText(t, 200))

	// What is wrong stands beside its line, and everything typed stays.
	mine.Set("line.1.value", "soon")
	mine.Set("line.4.value", "12")
	wrong := first.Submit(path, mine).PageText(t, 422)
	has(t, html.UnescapeString(wrong), `id="line.1-error">This is a number.`, `value="soon"`, `id="line.4-error">Give this line a name`)
	mine = pageFields(wrong)
	mine.Set("line.1.value", "2020")
	mine.Set("line.4.name", "seats")

	// More lines are a page of their own, with what was typed.
	mine.Set("more_lines", "1")
	a := first.Submit(path+"?from=/contacts%3Fq%3Dgold", mine)
	if to := a.Header.Get("Location"); a.Status != 303 || !strings.HasPrefix(to, path+"/edit?from=%2Fcontacts%3Fq%3Dgold&typed=") {
		t.Fatalf("more lines lead to %d %s", a.Status, to)
	}
	more := first.Follow(a).PageText(t, 200)
	has(t, more, `value="2020"`, `name="line.10.name"`, "from=%2Fcontacts%3Fq%3Dgold")
	mine = pageFields(more)

	// They change another line meanwhile.
	theirs.Set("line.0.value", "silver")
	second.Submit(path, theirs).Redirect(t, path)
	first.Submit(path, mine).Redirect(t, path)
	if got := c.Get(c.Path(path)).Contact(t); string(got.CustomField) != `{"plan":"silver","since":2020,"half":"\u00bd","city":{"pin":"560001"},"seats":"12"}` {
		t.Errorf("the custom field is %s", got.CustomField)
	}
	form := pageFields(first.Open("/contacts/new").PageText(t, 200))
	form.Set("number", "98200 98200")
	form.Set("line.1.name", "plan")
	form.Set("line.1.value", "gold")
	a = first.Submit("/contacts", form)
	if got := c.Get(c.Path(a.Header.Get("Location"))).Contact(t); string(got.CustomField) != `{"plan":"gold"}` {
		t.Errorf("the custom field is %s", got.CustomField)
	}
}
