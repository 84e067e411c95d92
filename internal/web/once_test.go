package web_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/test/servertest"
	"callbook/internal/wav"
)

// TestFormsAreGoodOnce sends each form that makes something twice, as Back and
// Reload do, and then another of the same page.
func TestFormsAreGoodOnce(t *testing.T) {
	t.Parallel()
	s, clock := serve(t)
	c := s.Account("demo")
	b := s.SignedIn("demo")
	list := c.CreateList("Diwali")
	keys := func() int {
		all, err := s.Directory.Keys(t.Context(), "demo")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	makeFlow(t, b, "Rent", "greeting")
	flows := func() int { return c.Get(c.Path("/flows")).ListPage(t).Metadata.Total }
	steps := func() int { return strings.Count(b.Open("/flows/rent").PageText(t, 200), `id="step-`) }
	prompts := func() int { return c.Get(c.Path("/prompts")).ListPage(t).Metadata.Total }
	trunks := func() int { return len(trunkOrder(b.Open("/trunks").PageText(t, 200))) }
	lists := func() int { return c.Get(c.Path("/lists?limit=1")).ListPage(t).Metadata.Total }
	for name, tt := range map[string]struct {
		page, action string
		form         url.Values
		count        func() int
	}{
		"flow":      {"/flows", "/flows", url.Values{"title": {"Fees"}, "start": {"menu"}}, flows},
		"copy":      {"/flows/rent", "/flows/rent/copy", url.Values{"copy": {"again"}}, flows},
		"step":      {"/flows/rent/add?at=greeting&branch=next&kind=mark", "/flows/rent/add", url.Values{"at": {"greeting"}, "branch": {"next"}, "kind": {"mark"}, "word": {"heard"}}, steps},
		"recording": {"/prompts", "/prompts", url.Values{"name": {"hello"}}, prompts},
		"key":       {"/api", "/api/keys", url.Values{"name": {"sync"}}, keys},
		"contact":   {"/contacts/new", "/contacts", url.Values{"number": {"9876543210"}}, c.Total},
		"trunk":     {"/trunks/new", "/trunks", trunkForm("user", "", "password", ""), trunks},
		"list":      {"/lists/new", "/lists", url.Values{"name": {"Holi"}}, lists},
		"numbers":   {"/lists/" + list.SID + "/add", "/lists/" + list.SID + "/add", url.Values{"numbers": {"9820098200"}, "create": {"1"}}, c.Total},
		"console":   {"/api/console", "/api/console", request("POST", "/contacts", servertest.Contacts(`{"number":"+14155550123"}`)), c.Total},
	} {
		before := tt.count()
		tt.form.Set("once", hidden(t, b.Open(tt.page).PageText(t, 200), "once"))
		send := func() servertest.Answer {
			if tt.action == "/prompts" {
				return sendRecording(b, string(wav.Encode(make([]int16, 8))), "name", tt.form.Get("name"), "once", tt.form.Get("once"))
			}
			return b.Submit(tt.action, tt.form)
		}
		first := send()
		b.Follow(first).PageText(t, 200)
		second := send()
		second.Redirect(t, first.Header.Get("Location"))
		has(t, b.Follow(second).PageText(t, 200), "This form was sent already, and it was done once.")
		if n := tt.count() - before; n != 1 {
			t.Errorf("%s: the form was sent twice and made %d", name, n)
		}
	}
	// A key is another one when another form asks for it, be it by the same words.
	before := keys()
	for range 2 {
		b.Follow(b.Submit("/api/keys", url.Values{"name": {"sync"}, "once": {hidden(t, b.Open("/api").PageText(t, 200), "once")}})).PageText(t, 200)
	}
	if n := keys() - before; n != 2 {
		t.Errorf("two forms made %d keys", n)
	}
	// What was refused is not remembered as done.
	form := url.Values{"number": {""}, "once": {hidden(t, b.Open("/contacts/new").PageText(t, 200), "once")}}
	for range 2 {
		b.Submit("/contacts", form).PageText(t, 422)
	}
	// What it made is there when it comes again after a day, as when it comes to another
	// server at the same moment: there the key itself tells.
	form = url.Values{"name": {"sync"}, "once": {hidden(t, b.Open("/api").PageText(t, 200), "once")}}
	before = keys()
	first := b.Submit("/api/keys", form)
	clock.Add(journal.Lifetime + time.Second)
	second := b.Submit("/api/keys", form)
	second.Redirect(t, first.Header.Get("Location"))
	has(t, b.Follow(second).PageText(t, 200), "This form was sent already, and it was done once.")
	if n := keys() - before; n != 1 {
		t.Errorf("a day later, the form has made %d keys", n)
	}
}

// TestFormsAtOnce presses a button many times at once.
func TestFormsAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	form := url.Values{"name": {"sync"}, "once": {hidden(t, b.Open("/api").PageText(t, 200), "once")}}
	const n = 16
	to := make([]string, n)
	var presses sync.WaitGroup
	for i := range n {
		presses.Go(func() { to[i] = b.Submit("/api/keys", form).Header.Get("Location") })
	}
	presses.Wait()
	for _, got := range to {
		if got == "" || got != to[0] {
			t.Errorf("one leads to %q, another to %q", to[0], got)
		}
	}
	if keys, err := s.Directory.Keys(t.Context(), "demo"); err != nil || len(keys) != 2 {
		t.Errorf("there are %d keys, %v", len(keys), err)
	}
}

// TestKeyOnServersAtOnce makes a key as several servers do that get one form at the same
// moment: one of them makes it, and all tell of the same.
func TestKeyOnServersAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	const n = 8
	ids, tokens := make([]string, n), make([]string, n)
	var servers sync.WaitGroup
	for i := range n {
		servers.Go(func() {
			key, token, err := s.Directory.CreateKeyOnce(t.Context(), [32]byte{1}, "demo", account.KeyDraft{Name: "sync"})
			if err != nil && !fault.Is(err, fault.Duplicate) {
				t.Error(err)
			}
			ids[i], tokens[i] = key.ID, token
		})
	}
	servers.Wait()
	if keys, err := s.Directory.Keys(t.Context(), "demo"); err != nil || len(keys) != 2 {
		t.Errorf("there are %d keys, %v", len(keys), err)
	}
	slices.Sort(tokens)
	if len(slices.Compact(ids)) != 1 || len(slices.Compact(tokens)) != 2 {
		t.Errorf("they tell of %q, with %d tokens", ids, len(slices.Compact(tokens)))
	}
}

// TestFormOfAnotherAccount sends a form after the browser was signed in to another
// account.
func TestFormOfAnotherAccount(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	other := s.Account("other")
	b := s.SignedIn("demo")
	form := url.Values{"number": {"9876543210"}, "once": {hidden(t, b.Open("/contacts/new").PageText(t, 200), "once")}}
	b.Submit(s.Link("other"), nil).Redirect(t, "/")
	has(t, b.Submit("/contacts", form).PageText(t, 403), "opened in the account demo", "signed in to other by now")
	if other.Total() != 0 {
		t.Error("the contact of one account is in the other")
	}
}

// TestTokenIsShownOnce: to the session that made the key, and to no other.
func TestTokenIsShownOnce(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	made := b.Submit("/api/keys", url.Values{"name": {"sync"}})
	page := made.Header.Get("Location")
	cookie, _, _ := strings.Cut(made.Header.Get("Set-Cookie"), ";")
	if !strings.Contains(made.Header.Get("Set-Cookie"), "; Path="+page+"; Max-Age=60; HttpOnly; SameSite=Strict") {
		t.Errorf("the cookie is %q", made.Header.Get("Set-Cookie"))
	}
	another := s.SignedIn("demo")
	stolen := another.Do("GET", page, nil, "Cookie", "callbook="+another.Cookie("callbook")+"; "+cookie).PageText(t, 200)
	if newCredentials.MatchString(stolen) {
		t.Error("another session is shown the token")
	}
	if !newCredentials.MatchString(b.Open(page).PageText(t, 200)) {
		t.Error("the token is not shown")
	}
	again := b.Open(page).PageText(t, 200)
	has(t, again, "The token was shown once")
	if newCredentials.MatchString(again) {
		t.Error("the token is shown twice")
	}
}

// TestPostsLeadOn goes over every route that takes a POST: each answers with 303 or
// with a page that says why not, so that Reload never asks to send a form again that
// was done. An export is a file, and leaves the browser at its page.
func TestPostsLeadOn(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	b := s.SignedIn("demo")
	spare, _, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{})
	if err != nil {
		t.Fatal(err)
	}
	contact := func() string {
		return c.CreateOne(fmt.Sprintf(`{"number": "+9198200%05d"}`, c.Total())).SID
	}
	list := c.CreateList("Diwali")
	c.Add(list.SID, contact())
	makeFlow(t, b, "Rent", "greeting")
	makeFlow(t, b, "Gone", "greeting")
	makeFlow(t, b, "Pasted", "greeting")
	makeFlow(t, b, "Menu", "menu")
	for _, name := range []string{"kept", "gone"} {
		b.Submit("/trunks", trunkForm("name", name, "user", "", "password", "")).Redirect(t, "/trunk/"+name)
	}
	was := func(path, name string) string { return hidden(t, b.Open(path).PageText(t, 200), name) }
	one := url.Values{"sid": {contact()}, "do": {"tag"}, "name": {"Diwali"}, "value": {"VIP"}, "count": {"1"}}
	edited := contact()
	updated := func(path string) string { return hidden(t, b.Open(path+"/edit").PageText(t, 200), "updated") }
	forms := map[string]struct {
		path string
		form url.Values
	}{
		"POST /api/console":                       {"/api/console", request("POST", "/lists", `{"lists": [{"name": "by console"}]}`)},
		"POST /api/keys":                          {"/api/keys", url.Values{"name": {"sync"}}},
		"POST /api/keys/{id}/revoke":              {"/api/keys/" + c.Key + "/revoke", nil},
		"POST /trunks":                            {"/trunks", trunkForm("user", "", "password", "")},
		"POST /trunk/{name}":                      {"/trunk/kept", trunkForm("user", "", "password", "")},
		"POST /trunk/{name}/move":                 {"/trunk/kept/move", url.Values{"to": {"down"}}},
		"POST /trunk/{name}/remove":               {"/trunk/gone/remove", nil},
		"POST /api/keys/{id}/rotate":              {"/api/keys/" + spare.ID + "/rotate", url.Values{"overlap": {"1d"}}},
		"POST /contacts":                          {"/contacts", url.Values{"number": {"9876543210"}}},
		"POST /contacts/{sid}":                    {"/contacts/" + edited, url.Values{"number": {"9876500000"}, "updated": {updated("/contacts/" + edited)}}},
		"POST /contacts/{sid}/delete":             {"/contacts/" + contact() + "/delete", nil},
		"POST /contacts/{sid}/lists":              {"/contacts/" + contact() + "/lists", url.Values{"name": {"Diwali"}}},
		"POST /contacts/selected":                 {"/contacts/selected", one},
		"POST /contacts/selected/list":            {"/contacts/selected/list", one},
		"POST /contacts/selected/tag":             {"/contacts/selected/tag", one},
		"POST /contacts/selected/delete":          {"/contacts/selected/delete", url.Values{"sid": {contact()}, "count": {"1"}}},
		"POST /lists":                             {"/lists", url.Values{"name": {"Holi"}}},
		"POST /lists/{sid}":                       {"/lists/" + list.SID, url.Values{"name": {"Diwali 2026"}, "updated": {updated("/lists/" + list.SID)}}},
		"POST /lists/{sid}/add":                   {"/lists/" + list.SID + "/add", url.Values{"numbers": {"9820098200"}, "create": {"1"}}},
		"POST /lists/{sid}/remove":                {"/lists/" + list.SID + "/remove", one},
		"POST /lists/{sid}/delete":                {"/lists/" + c.CreateList("Gone").SID + "/delete", nil},
		"POST /flows":                             {"/flows", url.Values{"title": {"Fees"}, "start": {"menu"}}},
		"POST /flows/{name}/title":                {"/flows/rent/title", url.Values{"title": {"Rents"}, "was": {"Rent"}}},
		"POST /flows/{name}/copy":                 {"/flows/rent/copy", url.Values{"copy": {"again"}}},
		"POST /flows/{name}/json":                 {"/flows/pasted/json", url.Values{"code": {`{"start":"a","steps":{"a":{"kind":"hangup"}}}`}, "loaded": {was("/flows/pasted/json", "loaded")}}},
		"POST /flows/{name}/delete":               {"/flows/gone/delete", nil},
		"POST /flows/{name}/add":                  {"/flows/rent/add", url.Values{"at": {"greeting"}, "branch": {"next"}, "kind": {"mark"}, "word": {"heard"}}},
		"POST /flows/{name}/steps/{step}":         {"/flows/rent/steps/greeting", url.Values{"text": {"Good day."}, "was": {was("/flows/rent/steps/greeting", "was")}}},
		"POST /flows/{name}/steps/{step}/delete":  {"/flows/menu/steps/thanks/delete", url.Values{"was": {was("/flows/menu/steps/thanks", "was")}}},
		"POST /prompts/{name}/delete":             {"/prompts/hello/delete", nil},
		"POST /imports/{sid}/pending":             {pending(t, b, "number\n9876543211\n"), columns("number")},
		"POST /imports/{sid}/pending/discard":     {pending(t, b, "number\n9876543211\n") + "/discard", nil},
		"POST /contacts/{sid}/lists/{list}/leave": {"/contacts/" + one.Get("sid") + "/lists/" + list.SID + "/leave", nil},
	}
	tried := 0
	for _, pattern := range s.Dashboard.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		if method != "POST" || strings.HasSuffix(path, "/signout") {
			continue
		}
		// Whatever nobody can take is refused with a page.
		nothing := regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(path, "x")
		if a := b.Submit(nothing, nil); a.Status != 303 && (a.Status < 400 || a.Status > 499) {
			t.Errorf("%s with nothing in it: got %d", pattern, a.Status)
		}
		tt, ok := forms[pattern]
		if !ok {
			continue
		}
		tried++
		// What is done, and what a second press brings about.
		first := b.Submit(tt.path, tt.form)
		if first.Status != 303 {
			t.Errorf("%s: got %d: %.200s", pattern, first.Status, html.UnescapeString(string(first.Body)))
		}
		b.Open(first.Header.Get("Location"))
		if second := b.Submit(tt.path, tt.form); second.Status != 303 && (second.Status < 400 || second.Status > 499) {
			t.Errorf("%s again: got %d", pattern, second.Status)
		}
	}
	if tried != len(forms) {
		t.Errorf("%d forms have no route", len(forms)-tried)
	}
}
