package web_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

const hostile = `<script>alert(1)</script>`

// drop sends a file to the imports page, with the form as it is unless the
// parts, names and values in turn, say otherwise.
func drop(b *servertest.Browser, filename, file string, parts ...string) servertest.Answer {
	form := servertest.NewForm()
	if file != "" {
		form.NamedFile("file", filename, file)
	}
	sent := map[string]string{"list_name": "Leads", "type": "static", "on_duplicate": "reject"}
	for i := 0; i < len(parts); i += 2 {
		sent[parts[i]] = parts[i+1]
	}
	for name, value := range sent {
		form.Text(name, value)
	}
	body, contentType := form.Body()
	return b.Do("POST", "/imports", body, "Content-Type", contentType)
}

var pendingPath = regexp.MustCompile(`^/imports/[0-9a-f]{32}/pending$`)

// pending sends a file that is taken, and returns the path of its page.
func pending(t *testing.T, b *servertest.Browser, file string, parts ...string) string {
	t.Helper()
	a := drop(b, "leads.csv", file, parts...)
	path := a.Header.Get("Location")
	if a.Status != 303 || !pendingPath.MatchString(path) {
		t.Fatalf("got status %d to %q; body: %.3000s", a.Status, path, a.Body)
	}
	return path
}

// reads checks that all of these are on a page, once tags are taken out.
func reads(t *testing.T, page string, words ...string) {
	t.Helper()
	text := visible(page)
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("the page has no %q: %s", word, text)
		}
	}
}

var (
	tag    = regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>`)
	blanks = regexp.MustCompile(`\s+`)
)

func visible(page string) string {
	return html.UnescapeString(blanks.ReplaceAllString(tag.ReplaceAllString(page, " "), " "))
}

// await opens a page until nothing on it is in progress.
func await(t *testing.T, b *servertest.Browser, path string) string {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for range time.Tick(5 * time.Millisecond) {
		page := b.Open(path).PageText(t, 200)
		if !strings.Contains(page, `id="progress"`) {
			return page
		}
		if time.Now().After(deadline) {
			break
		}
	}
	t.Fatalf("%s is still in progress", path)
	return ""
}

// columns is the form of a pending file as the page has it, with these uses.
func columns(uses ...string) url.Values {
	form := url.Values{"list_name": {"Leads"}, "type": {"static"}, "on_duplicate": {"reject"}}
	for i, use := range uses {
		use, name, _ := strings.Cut(use, ":")
		form.Set(fmt.Sprint("use.", i), use)
		form.Set(fmt.Sprint("name.", i), name)
	}
	return form
}

func TestImport(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	c.CreateOne(`{"number":"+919876543210"}`)
	b := s.SignedIn("demo")
	reads(t, b.Open("/imports").PageText(t, 200), "New import", "Choose a CSV file")
	path := pending(t, b, "number,first_name\n9876543210,Asha\n09876543211,"+hostile+"\n9876543211,Again\nx,Bad\n")
	page := b.Open(path).PageText(t, 200)
	reads(t, page, "leads.csv", "into the new list Leads", "All 2 columns are read.", "+919876543210", "+919876543211", hostile, "It has letters")
	if strings.Contains(page, hostile) {
		t.Error("a cell is part of the page's markup")
	}

	// The dry run changes nothing, and the file stays.
	form := columns("number", "first_name")
	form.Set("then", "try")
	b.Submit(path, form).Redirect(t, path+"#check")
	page = await(t, b, path)
	reads(t, page, "Would be imported 2", "Of these, new contacts 1", "In the list already 1", "Would fail 1", "It has letters 1 line 5 x,Bad")
	if n := c.Total(); n != 1 {
		t.Fatalf("after a dry run there are %d contacts", n)
	}
	reads(t, b.Open("/imports").PageText(t, 200), "leads.csv for the list Leads waits for you to import it")

	form.Set("then", "start")
	upload := strings.TrimSuffix(path, "/pending")
	b.Submit(path, form).Redirect(t, upload)
	page = await(t, b, upload)
	reads(t, page, "leads.csv Done, some rows failed", "Imported 2", "Of these, new contacts 1", "In the list already 1", "Failed 1", "line 5 x,Bad")
	has(t, page, `<a href="#why">1</a>`, `id="why"`)
	if !regexp.MustCompile(`<dd><a href="/lists/[0-9a-f]{32}">2</a></dd>`).MatchString(page) {
		t.Error("the count of what was imported leads nowhere")
	}
	if n := c.Total(); n != 2 {
		t.Errorf("there are %d contacts", n)
	}
	errors := b.Open(upload + "/errors.csv")
	if got := string(errors.Body); errors.Status != 200 || !strings.Contains(got, "5,1002,Invalid Number: it has letters,x,Bad") ||
		!strings.Contains(errors.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the errors are %d %v %q", errors.Status, errors.Header, got)
	}
	reads(t, b.Open("/imports").PageText(t, 200), "leads.csv Leads Done, some rows failed 2 1 1 1", "1 import", "1 import")

	// It was started once, and whoever goes back finds it.
	b.Open(path).Redirect(t, upload)
	if a := b.Submit(path, form); a.Status != 404 {
		t.Errorf("started again: %d", a.Status)
	}
	b.Submit(upload+"/cancel", nil).Redirect(t, upload)
	reads(t, b.Open(upload).PageText(t, 200), "It had ended already")
}

// TestImportFaults: what is wrong is said at its field, and nothing is kept.
func TestImportFaults(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	c := s.Account("demo")
	c.CreateList("Members")
	b := s.SignedIn("demo")
	good := "number\n9876543210\n"
	for name, tt := range map[string]struct {
		file  string
		parts []string
		want  string
	}{
		"no file":        {"", nil, "Choose a file."},
		"long list name": {good, []string{"list_name", strings.Repeat("x", 256)}, "name is too long: it can have 255 characters"},
		"binary":         {"number\x00", nil, "The file is binary, not text; save it as \"CSV UTF-8\"."},
		"spreadsheet":    {"PK\x03\x04", nil, "The file is no spreadsheet of Excel"},
		"only a mark":    {"\xef\xbb\xbf", nil, "The file is empty."},
	} {
		page := drop(b, hostile+".csv", tt.file, tt.parts...).PageText(t, 422)
		if !strings.Contains(visible(page), tt.want) {
			t.Errorf("%s: no %q in %s", name, tt.want, visible(page))
		}
	}
	if got := visible(b.Open("/imports").PageText(t, 200)); strings.Contains(got, "waits for you") {
		t.Errorf("something was kept: %s", got)
	}
	big := drop(b, "big.csv", good+strings.Repeat(strings.Repeat("x", 99)+"\n", upload.MaxFileBytes/100+1))
	reads(t, big.PageText(t, 413), "A file has at most 60 MB")
	for _, path := range []string{"/imports/x", "/imports/" + strings.Repeat("0", 32), "/imports/x/pending", "/imports/x/progress", "/imports?after=x"} {
		b.Open(path).PageText(t, 404)
	}
	b.Submit("/imports/x/cancel", nil).PageText(t, 404)
	b.Submit("/imports/x/pending", columns()).PageText(t, 404)
	b.Submit("/imports/x/pending/discard", nil).Redirect(t, "/imports")
}

// TestImportsAreApart: nobody gets at another account's files.
func TestImportsAreApart(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	c := s.Account("other")
	mine := pending(t, s.SignedIn("demo"), "number\n9876543210\n")
	b := s.SignedIn("other")
	for _, path := range []string{mine, mine + "/progress", strings.TrimSuffix(mine, "/pending")} {
		b.Open(path).PageText(t, 404)
	}
	form := columns("number")
	form.Set("then", "start")
	b.Submit(mine, form).PageText(t, 404)
	b.Submit(mine+"/discard", nil).Redirect(t, "/imports")
	s.SignedIn("demo").Open(mine).PageText(t, 200)
	if strings.Contains(b.Open("/imports").PageText(t, 200), "leads.csv") || c.Total() != 0 {
		t.Error("the other account has the file")
	}
}

// TestPendingFilesSurvive: a file waits over a restart, and not for ever.
func TestPendingFilesSurvive(t *testing.T) {
	t.Parallel()
	now := time.Now()
	opts := servertest.Options{Dashboard: true, Path: servertest.NewDatabase(t)}
	s := servertest.Start(t, opts)
	s.Account("demo")
	path := pending(t, s.SignedIn("demo"), "number\n9876543210\n")
	s.Stop()
	s = servertest.Start(t, opts)
	b := s.SignedIn("demo")
	reads(t, b.Open(path).PageText(t, 200), "+919876543210")
	s.Stop()
	opts.Clock = clocktest.New(now.Add(upload.PendingLifetime + time.Minute))
	s = servertest.Start(t, opts)
	b = s.SignedIn("demo")
	deadline := time.Now().Add(2 * time.Minute)
	for b.Open(path).Status != 404 {
		if time.Now().After(deadline) {
			t.Fatal("the file still waits")
		}
	}
}

// TestProgress: the piece of the page that moves, and the reload that ends it.
func TestProgress(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	s := servertest.Start(t, servertest.Options{
		Dashboard: true,
		BatchRows: 1,
		Imports:   func(store upload.Store) upload.Store { return &gatedStore{Store: store, gate: gate} },
	})
	s.Account("demo")
	b := s.SignedIn("demo")
	path := pending(t, b, "number\n9876543210\n9876543211\n9876543212\n")
	form := columns("number")
	form.Set("then", "start")
	upload := strings.TrimSuffix(path, "/pending")
	b.Submit(path, form).Redirect(t, upload)
	gate <- struct{}{}
	page := b.Open(upload).PageText(t, 200)
	for deadline := time.Now().Add(2 * time.Minute); !strings.Contains(page, "1 row<") && time.Now().Before(deadline); {
		page = b.Open(upload).PageText(t, 200)
	}
	reads(t, page, "Running", "1 row", "Stop the import")
	piece := b.Do("GET", upload+"/progress", nil, "HX-Request", "true").PageText(t, 200)
	reads(t, piece, "45 % 1 row")
	// The list of imports asks for itself while one of them runs.
	const polls = `hx-get="/imports" hx-trigger="every`
	list := b.Open("/imports").PageText(t, 200)
	has(t, list, polls, "Running, 45 %")
	list = b.Do("GET", "/imports", nil, "HX-Request", "true").PageText(t, 200)
	has(t, list, polls, "Running, 45 %")
	if strings.Contains(list, "<html") || strings.Contains(list, "<form") {
		t.Errorf("the piece is %s", list)
	}
	if !strings.Contains(piece, `max="100" value="45"`) || strings.Contains(piece, "<html") {
		t.Errorf("the piece is %s", piece)
	}
	b.Open(upload+"/progress").Redirect(t, upload)
	b.Submit(upload+"/cancel", nil).Redirect(t, upload)
	close(gate)
	reads(t, b.Open(upload).PageText(t, 200), "Cancelled", "What was imported before stays")
	list = b.Do("GET", "/imports", nil, "HX-Request", "true").PageText(t, 200)
	has(t, list, "Cancelled")
	if strings.Contains(list, "hx-get") {
		t.Errorf("nothing runs, and the piece goes on asking: %s", list)
	}
	ended := b.Do("GET", upload+"/progress", nil, "HX-Request", "true")
	if ended.Status != 204 || ended.Header.Get("HX-Redirect") != upload {
		t.Errorf("got %d to %q", ended.Status, ended.Header.Get("HX-Redirect"))
	}
}

// TestReasonsOfNumbers checks that a page counts the rows whose numbers are wrong by
// what is wrong with them.
func TestReasonsOfNumbers(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	path := pending(t, b, "number\n12\n987654321\n98765432101\n+4420\n+999123456\n+11555550123\n\"98765, 43210\"\n9.19877E+11\n98765 43210 x5\n*1\nx\n")
	form := columns("number")
	form.Set("then", "try")
	b.Submit(path, form)
	page := await(t, b, path)
	reads(t, page, "Would fail 11",
		"Too short for India (+91) 2 line 2 12", "line 3 987654321", "Too long for India (+91) 1 line 4", "Too short for United Kingdom (+44) 1 line 5",
		"No country has its calling code 1 line 6", "Not a number that exists in United States (+1) 1 line 7", "It has several numbers 1 line 8",
		"A spreadsheet has rounded its last digits away 1 line 9", "It has an extension 1 line 10", "Not written as a telephone number 1 line 11",
		"It has letters 1 line 12")
	if strings.Contains(page, "Invalid Number") {
		t.Error("the page has the words of the API")
	}
}
