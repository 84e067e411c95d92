package web_test

import (
	"net/url"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// TestListNameProposed: without a name, the list is called as the file is, and never
// as one that is there.
func TestListNameProposed(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	c.CreateList("Spring leads")
	b := s.SignedIn("demo")
	for file, want := range map[string]string{
		"people_export.xlsx.csv":      "People export",
		"spring-leads.csv":            "Spring leads 2",
		"spring leads_20261129.csv":   "Spring leads 20261129",
		`C:\Users\x\club (1).csv`:     "Club",
		hostile + ".csv":              "Script&gt;",
		"2026-11-29.csv":              "2026-11-29",
		strings.Repeat("x", 250) + "": "X" + strings.Repeat("x", 249),
	} {
		a := drop(b, file, "number\n9876543210\n", "list_name", " ")
		page := b.Open(a.Header.Get("Location")).PageText(t, 200)
		has(t, page, `name="list_name" value="`+want+`"`)
		b.Submit(a.Header.Get("Location")+"/discard", nil)
	}
	// With the name of a list that is there, its kind counts.
	body := drop(b, "more.csv", "number\n9876543210\n", "list_name", "Spring leads", "type", "dynamic")
	page := b.Open(body.Header.Get("Location")).PageText(t, 200)
	reads(t, page, "into the list Spring leads, which has 0 contacts")
	has(t, page, `<option value="static" selected>`)
}

// TestLeftOutIsSaid: what is left out of a file is said before it starts, in the check
// and in the result, with a way to keep it.
func TestLeftOutIsSaid(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"static", "dynamic"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s, _ := serve(t)
			c := s.Account("demo")
			b := s.SignedIn("demo")
			const said = "2 of 3 columns are read. “Notes” is left out."
			path := pending(t, b, "number,first_name,Notes\n9876543210,Asha,likes tea\n9876543211,Ravi,\n", "type", kind)
			form := columns("number", "first_name", "")
			form.Set("type", kind)
			b.Submit(path, form).Redirect(t, path)
			reads(t, b.Open(path).PageText(t, 200), said, "Take it as a custom field")
			form.Set("then", "try")
			b.Submit(path, form).Redirect(t, path+"#check")
			page := await(t, b, path)
			if n := strings.Count(visible(page), said); n != 2 {
				t.Errorf("the file and its check say %d times what is left out", n)
			}
			form.Set("then", "take")
			b.Submit(path, form).Redirect(t, path)
			reads(t, b.Open(path).PageText(t, 200), "All 3 columns are read.", "Custom field Notes", "likes tea")
			form = pageForm(b.Open(path).PageText(t, 200))
			form.Set("type", kind)
			form.Set("use.2", "")
			form.Set("then", "start")
			b.Submit(path, form).Redirect(t, strings.TrimSuffix(path, "/pending"))
			reads(t, await(t, b, strings.TrimSuffix(path, "/pending")), said)
			if got := c.List("limit=1").Page(t).Response[0].Data; string(got.CustomField) != "null" {
				t.Errorf("the custom fields are %s", got.CustomField)
			}
		})
	}
}

// TestTakenAsCustomFields: columns with one header, and those that callbook wrote.
func TestTakenAsCustomFields(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	b := s.SignedIn("demo")
	path := pending(t, b, "number,callbook_reason,Notes,Notes,\n9876543210,why,a,b,c\n")
	page := b.Open(path).PageText(t, 200)
	reads(t, page, "1 of 4 columns are read. “callbook_reason”, “Notes” and “Notes” are left out.", "Take all 2 as custom fields")
	form := pageForm(page)
	form.Set("then", "take")
	b.Submit(path, form).Redirect(t, path)
	form = pageForm(b.Open(path).PageText(t, 200))
	form.Set("name.3", "Notes 2")
	form.Set("then", "start")
	b.Submit(path, form).Redirect(t, strings.TrimSuffix(path, "/pending"))
	await(t, b, strings.TrimSuffix(path, "/pending"))
	if got := c.List("limit=1").Page(t).Response[0].Data; string(got.CustomField) != `{"Notes":"a","Notes 2":"b"}` {
		t.Errorf("the custom fields are %s", got.CustomField)
	}
}

// TestEmailsInDoubt: e-mails that cannot be one are pointed out, and imported.
func TestEmailsInDoubt(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	b := s.SignedIn("demo")
	path := pending(t, b, "number,email\n9876543210,asha@example.in\n9876543211,n/a\nx,n/a\n9876543212,\n9876543213,ravi@\n")
	page := b.Open(path).PageText(t, 200)
	if n := strings.Count(page, "no valid e-mail<"); n != 3 {
		t.Errorf("%d e-mails of the first rows are pointed out", n)
	}
	const said = "2 e-mails are not valid: lines 3 and 6. E-mails are imported as they are."
	form := pageForm(page)
	form.Set("then", "try")
	b.Submit(path, form)
	reads(t, await(t, b, path), said)
	form.Set("then", "start")
	b.Submit(path, form)
	reads(t, await(t, b, strings.TrimSuffix(path, "/pending")), "Imported 4", said)
	if got := c.List("limit=2").Page(t).Response[1].Data; got.Email == nil || *got.Email != "n/a" {
		t.Errorf("the e-mail is %v", got.Email)
	}
}

// TestChecksAreNoImports: they stand apart, under names of their own, and an import
// that is started ends the check that runs.
func TestChecksAreNoImports(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	s := servertest.Start(t, servertest.Options{
		Dashboard: true,
		BatchRows: 1,
		Imports:   func(store upload.Store) upload.Store { return &gatedStore{Store: store, gate: gate} },
	})
	c := s.Account("demo")
	b := s.SignedIn("demo")
	path := pending(t, b, "number\n9876543210\n9876543211\n9876543212\n")
	form := columns("number")
	form.Set("then", "try")
	b.Submit(path, form).Redirect(t, path+"#check")
	reads(t, b.Open(path).PageText(t, 200), "Checking every row", "if you import at once, it ends")
	checks := b.Open("/imports?show=checks").PageText(t, 200)
	reads(t, checks, "Check of leads.csv", "Checking", "1 check")
	check := checks[strings.Index(checks, `href="/imports/0`)+len(`href="`):]
	check, _, _ = strings.Cut(check, `"`)
	reads(t, b.Open(check).PageText(t, 200), "Check of leads.csv Checking", "A check: nothing is imported by it", "Stop the check", "About this check")
	list := b.Open("/imports").PageText(t, 200)
	if strings.Contains(list, "Check of") {
		t.Errorf("the check is among the imports: %s", visible(list))
	}
	if overview := b.Open("/").PageText(t, 200); strings.Contains(overview, "leads.csv") || !strings.Contains(visible(overview), "Imports 0") {
		t.Errorf("the overview counts a check: %s", visible(overview))
	}

	form.Set("then", "start")
	b.Submit(path, form).Redirect(t, strings.TrimSuffix(path, "/pending"))
	reads(t, b.Open(check).PageText(t, 200), "Check of leads.csv Not finished")
	close(gate)
	reads(t, await(t, b, strings.TrimSuffix(path, "/pending")), "Imported 3")
	reads(t, b.Open("/imports").PageText(t, 200), "leads.csv", "1 import")
	reads(t, b.Open("/imports?show=checks").PageText(t, 200), "Check of leads.csv", "Not finished", "1 check")
	reads(t, b.Open("/").PageText(t, 200), "Imports 1")
	if n := c.Total(); n != 3 {
		t.Errorf("there are %d contacts", n)
	}
}

// TestNoStartBesideAnError: what forbids an import leaves no button that starts it, and
// the choices of a pending file are looked at.
func TestNoStartBesideAnError(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	const start = `name="then" value="start"`
	for name, tt := range map[string]struct{ file, want string }{
		"no numbers":  {"a,b\nx,y\n", "No column has the numbers yet."},
		"title above": {"All our leads\nName,City\nAsha,Pune\nBoss,Mob. No.\n", "No column has the numbers"},
		"twice":       {"number,Number\n9876543210,9876543211\n", "Two columns are for “Number”."},
	} {
		page := b.Open(pending(t, b, tt.file)).PageText(t, 200)
		if !strings.Contains(visible(page), tt.want) || strings.Contains(page, start) || strings.Contains(page, `value="try"`) {
			t.Errorf("%s: %s", name, visible(page))
		}
		b.Submit(strings.SplitAfter(page[strings.Index(page, "/imports/0"):], "/pending")[0]+"/discard", nil)
	}
	path := pending(t, b, "a,b,c,d,e,f,g\n9876543210,1,2,3,4,5,6\n", "type", "dynamic")
	has(t, b.Open(path).PageText(t, 200), "A dynamic list takes 5 variables from a file, and these are 6.")
	path = pending(t, b, "number\n9876543210\n")
	for want, wrong := range map[string]url.Values{
		"Choose what kind of list it is": {"type": {"x"}},
		"Choose what happens then":       {"on_duplicate": {"x"}},
	} {
		form := columns("number")
		for name, value := range wrong {
			form[name] = value
		}
		form.Set("then", "start")
		reads(t, b.Submit(path, form).PageText(t, 422), want)
	}
}
