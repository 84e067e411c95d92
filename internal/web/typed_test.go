package web_test

import (
	"bytes"
	"fmt"
	"html"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// signOutElsewhere ends the browser's session and leaves it its cookie, as a session
// that has run out does.
func signOutElsewhere(t *testing.T, s *servertest.Server, b *servertest.Browser) {
	t.Helper()
	b.Do("POST", "/signout", nil, "Cookie", "callbook="+b.Cookie("callbook"))
	b.Open("/sessions").Redirect(t, "/signin?next=%2Fsessions")
}

// TestTypedSurvivesSigningOut sends each form after the session has ended, signs in by a
// link or a key, and finds the form with what was typed: the right one.
func TestTypedSurvivesSigningOut(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	contact := c.CreateOne(`{"number": "9876543210", "first_name": "Asha"}`).SID
	list := c.CreateList("Diwali").SID
	other := s.SignedIn("demo")
	file := pending(t, other, "number,who\n9820098200,x\n")
	selected := other.Submit("/contacts/selected", url.Values{"sid": {contact}, "do": {"tag"}}).Header.Get("Location")
	toList := other.Submit("/contacts/selected", url.Values{"sid": {contact}, "do": {"list"}}).Header.Get("Location")
	for name, tt := range map[string]struct {
		page, action string
		form         url.Values
		says         []string // the page in the end
	}{
		"add a contact":  {"/contacts/new", "/contacts", url.Values{"number": {"98200"}, "custom_field": {"{\"a\":\r\n1"}}, []string{"<h1>Add a contact</h1>", `value="98200"`, "{\"a\":\n1</textarea>"}},
		"edit a contact": {"/contacts/" + contact + "/edit", "/contacts/" + contact, url.Values{"number": {"+919876543210"}, "first_name": {"Aasha <b>"}}, []string{"<h1>Edit the contact</h1>", `value="Aasha <b>"`, `action="/contacts/` + contact + `"`, `name="was.first_name" value="Asha"`}},
		"join a list":    {"/contacts/" + contact, "/contacts/" + contact + "/lists", url.Values{"name": {"Holi"}}, []string{"<h1>Asha</h1>", `value="Holi"`}},
		"make a list":    {"/lists/new", "/lists", url.Values{"name": {"Holi"}, "tag": {"x"}}, []string{"<h1>Make a list</h1>", `value="Holi"`, `value="x"`}},
		"edit a list":    {"/lists/" + list + "/edit", "/lists/" + list, url.Values{"name": {"Diwali 2"}}, []string{"<h1>Edit the list</h1>", `value="Diwali 2"`, `action="/lists/` + list + `"`}},
		"paste numbers":  {"/lists/" + list + "/add", "/lists/" + list + "/add", url.Values{"numbers": {strings.Repeat("98200 98200\r\n", 900)}}, []string{"98200 98200\n98200 98200"}},
		"a key":          {"/api", "/api/keys", url.Values{"name": {"nightly"}, "expires": {"30"}}, []string{`value="nightly"`, `<option value="30" selected>`}},
		"the console":    {"/api/console", "/api/console", request("PUT", "/lists/x", "{}"), []string{`<option value="PUT" selected>`, `value="/lists/x"`, ">{}</textarea>"}},
		"a tag for many": {selected, "/contacts/selected/tag", url.Values{"value": {"VIP"}}, []string{"<h1>Set the tag</h1>", "1 contact is selected.", `value="VIP"`}},
		"a list of many": {toList, "/contacts/selected/list", url.Values{"name": {"Pongal"}}, []string{"<h1>Add to a list</h1>", "1 contact is selected.", `value="Pongal"`}},
		"an import":      {file, file, url.Values{"list_name": {"Leads"}, "on_duplicate": {"update"}, "use.1": {"custom"}, "name.1": {"the one"}}, []string{`value="Leads"`, `<option value="update" selected>`, `value="the one"`}},
	} {
		for _, by := range []string{"key", "link"} {
			t.Run(name+" by "+by, func(t *testing.T) {
				t.Parallel()
				b := s.SignedIn("demo")
				form := pageFields(b.Open(tt.page).PageText(t, 200))
				for name, values := range tt.form {
					form[name] = values
				}
				signOutElsewhere(t, s, b)
				page := b.Submit(tt.action, form).PageText(t, 403)
				has(t, page, "You were signed out", "to demo")
				typed := pageFields(page)
				// Signing in may fail on the way.
				wrong := b.Submit("/signin/again", typed).PageText(t, 422)
				has(t, wrong, "You are not signed in yet.")
				typed = pageFields(wrong)
				if by == "link" {
					b.Submit(s.Link("demo"), nil).Redirect(t, "/")
				} else {
					typed.Set("key", c.Key)
					if name == "add a contact" { // who is wrong too often has to wait
						typed.Set("token", "wrong")
						has(t, b.Submit("/signin/again", typed).PageText(t, 422), "do not match")
					}
					typed.Set("token", c.Token)
				}
				back := html.UnescapeString(b.Follow(b.Submit("/signin/again", typed)).PageText(t, 200))
				has(t, back, "You are signed in again. What you typed is here, and not saved yet.", "data-unsaved")
				has(t, back, tt.says...)
				if strings.HasPrefix(name, "edit") && strings.Contains(back, "Add a contact") {
					t.Error("an edit is the form of a new contact")
				}
			})
		}
	}
}

// TestTypedIsForItsAccount: what was typed in one account never gets into another.
func TestTypedIsForItsAccount(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	other := s.Account("other")
	b := s.SignedIn("demo")
	form := pageFields(b.Open("/contacts/new").PageText(t, 200))
	form.Set("number", "9876543210")
	signOutElsewhere(t, s, b)
	typed := pageFields(b.Submit("/contacts", form).PageText(t, 403))
	typed.Set("key", other.Key)
	typed.Set("token", other.Token)
	a := b.Submit("/signin/again", typed)
	a.Redirect(t, "/")
	has(t, b.Open("/").PageText(t, 200), "for another account")
	// What one account kept is nothing to another.
	typed.Del("key")
	typed.Del("token")
	mine := s.SignedIn("demo")
	back := mine.Submit("/signin/again", typed).Header.Get("Location")
	if page := b.Open(back).PageText(t, 200); strings.Contains(page, "9876543210") {
		t.Error("another account sees what was typed")
	}
	// Nor does it lead to another site.
	typed.Set("next", "https://evil.example/")
	if to := mine.Submit("/signin/again", typed).Header.Get("Location"); !strings.HasPrefix(to, "/?typed=") {
		t.Errorf("it leads to %q", to)
	}
}

// TestSignedOutKeepsTheWayBack: who signs in again goes on in the same filtered table.
func TestSignedOutKeepsTheWayBack(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	path := "/contacts/" + c.CreateOne(`{"number": "9876543210"}`).SID
	const from = "?from=%2Fcontacts%3Fsort%3Dname%26tag%3DT1"
	b := s.SignedIn("demo")
	form := pageFields(b.Open(path+"/edit"+from).PageText(t, 200))
	form.Set("first_name", "Asha")
	signOutElsewhere(t, s, b)
	typed := pageFields(b.Submit(path+from, form).PageText(t, 403))
	typed.Set("key", c.Key)
	typed.Set("token", c.Token)
	back := html.UnescapeString(b.Follow(b.Submit("/signin/again", typed)).PageText(t, 200))
	has(t, back, `value="Asha"`, `action="`+path+from+`"`)

	// A button is on the page that it was pressed on.
	signOutElsewhere(t, s, b)
	a := b.Do("POST", path+"/delete"+from, nil, "Referer", s.URL+path+from)
	a.Redirect(t, "/signin?"+url.Values{"next": {path + from}}.Encode())
}

// TestSignedOutWithFile: of an import's form everything but the file is there again, and
// the page says which file to choose.
func TestSignedOutWithFile(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	b := s.SignedIn("demo")
	once := hidden(t, b.Open("/imports").PageText(t, 200), "once")
	signOutElsewhere(t, s, b)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "leads.csv")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(file, "number\n9876543210\n")
	for _, field := range [][2]string{{"once", once}, {"list_name", "Diwali"}, {"type", "dynamic"}} {
		if err := form.WriteField(field[0], field[1]); err != nil {
			t.Fatal(err)
		}
	}
	form.Close()
	page := b.Do("POST", "/imports", &body, "Content-Type", form.FormDataContentType()).PageText(t, 403)
	has(t, html.UnescapeString(page), "You were signed out", "Only the file “leads.csv” could not be kept: you have to choose it again.")
	typed := pageFields(page)
	typed.Set("key", c.Key)
	typed.Set("token", c.Token)
	back := html.UnescapeString(b.Follow(b.Submit("/signin/again", typed)).PageText(t, 200))
	has(t, back, "not saved yet. The file “leads.csv” is not: it has to be chosen again.", "Choose the file “leads.csv” again.", `value="Diwali"`)
}

// TestManyFieldsOfStranger: a stranger's form with a file and a hundred thousand fields is
// answered by a small page, which has none of those that are too many.
func TestManyFieldsOfStranger(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	var form bytes.Buffer
	for i := range 100_000 {
		fmt.Fprintf(&form, "--B\r\nContent-Disposition: form-data; name=\"field%d\"\r\n\r\n\r\n", i)
	}
	form.WriteString("--B--\r\n")
	for _, path := range []string{"/imports", "/prompts"} {
		page := s.Browser().Do("POST", path, bytes.NewReader(form.Bytes()), "Content-Type", "multipart/form-data; boundary=B").PageText(t, 403)
		if len(page) > 64<<10 {
			t.Errorf("%s: the page has %d bytes", path, len(page))
		}
	}
}

// TestSignedOutByHTMX: a page that asks for a piece stays as it is.
func TestSignedOutByHTMX(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	for _, request := range [][2]string{{"GET", "/contacts/number?number=98"}, {"POST", "/contacts"}, {"GET", "/contacts?q=x"}} {
		a := s.Browser().Do(request[0], request[1], nil, "HX-Request", "true", "HX-Target", "main")
		page := a.PageText(t, 403)
		has(t, page, "You were signed out.", `target="_blank"`)
		if a.Header.Get("HX-Retarget") != "#trouble" || a.Header.Get("HX-Redirect") != "" || strings.Contains(page, "<main") {
			t.Errorf("%v: the page does not stay: %v", request, a.Header)
		}
	}
}

// TestFormsByHTMX: a form that htmx sends gets the whole of #main when something is
// wrong, and is led on when nothing is.
func TestFormsByHTMX(t *testing.T) {
	t.Parallel()
	_, b := book(t)
	send := func(number string) servertest.Answer {
		return b.Do("POST", "/contacts", strings.NewReader(url.Values{"number": {number}}.Encode()),
			"Content-Type", "application/x-www-form-urlencoded", "HX-Request", "true", "HX-Target", "main", "HX-Current-URL", "http://x/contacts/new")
	}
	page := send("12").PageText(t, 422)
	has(t, page, "<title>Add a contact", `<main id="main"`, "data-unsaved", "This is too short")
	if strings.Contains(page, "<html") || strings.Contains(page, "<nav") {
		t.Errorf("it is a whole page:\n%s", page)
	}
	if a := send("9876543210"); a.Status != 204 || !strings.HasPrefix(a.Header.Get("HX-Redirect"), "/contacts/") {
		t.Errorf("got %d to %q", a.Status, a.Header.Get("HX-Redirect"))
	}
	// To go to another place of the same page would not load it anew.
	file := pending(t, b, "number\n9820098200\n")
	form := columns("number")
	form.Set("then", "try")
	a := b.Do("POST", file, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded",
		"HX-Request", "true", "HX-Target", "main", "HX-Current-URL", "http://x"+file+"#check")
	if a.Status != 204 || a.Header.Get("HX-Refresh") != "true" {
		t.Errorf("got %d, %v", a.Status, a.Header)
	}
}

// TestFifthFileIsRefused: no file that waits goes without a word.
func TestFifthFileIsRefused(t *testing.T) {
	t.Parallel()
	_, b := book(t)
	var waiting []string
	for i := range 4 {
		waiting = append(waiting, pending(t, b, fmt.Sprintf("number\n987654321%d\n", i)))
	}
	page := drop(b, "leads.csv", "number\n9876543219\n").PageText(t, 422)
	has(t, page, "4 files are waiting already, and this one was not taken.")
	for _, path := range waiting {
		has(t, page, `<a href="`+path+`">`)
		b.Open(path).PageText(t, 200)
	}
	b.Submit(waiting[0]+"/discard", nil).Redirect(t, "/imports")
	if a := drop(b, "leads.csv", "number\n9876543219\n"); a.Status != 303 {
		t.Errorf("with room again, the file is answered %d", a.Status)
	}
}
