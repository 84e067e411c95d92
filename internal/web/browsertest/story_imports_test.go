package browsertest

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
	"callbook/internal/test/xlsxtest"
	"callbook/internal/upload"
)

// importWorld is a server whose account has grown over some months.
func importWorld(t *testing.T) *world {
	t.Helper()
	now := time.Now()
	clock := clocktest.New(now.AddDate(0, -9, 0))
	s := servertest.Start(t, servertest.Options{Dashboard: true, Clock: clock})
	w := &world{t: t, server: s, client: s.Account("demo")}
	s.Account("empty")
	random := rand.New(rand.NewPCG(1, 1))
	for month := range 9 {
		for range month + 2 {
			clock.Add(5 * 24 * time.Hour)
			w.client.Create(someContacts(random, 20+random.IntN(40*(month+1)))...)
		}
		clock.Set(now.AddDate(0, month-8, 0))
	}
	for day := range 14 {
		clock.Set(now.AddDate(0, 0, day-13))
		for range 5 + random.IntN(20) {
			w.client.Total()
		}
		for range random.IntN(4) {
			w.client.Get(w.client.Path("/contacts/0")) // refused
		}
	}
	clock.Set(now)
	w.client.CreateList("Members")
	return w
}

// someContacts are contacts of several countries, kinds and tags.
func someContacts(random *rand.Rand, n int) []string {
	starts := []struct {
		from string
		open int
	}{{"+9198", 8}, {"+9198", 8}, {"+9170", 8}, {"+9111", 8}, {"+1415555", 4}, {"+447400", 6}, {"+65812", 5}, {"+9715012", 5}, {"+91180012", 4}}
	tags := []string{"Member", "Member", "Trial", "Partner", "", "Lead"}
	all := make([]string, n)
	for i := range all {
		start := starts[random.IntN(len(starts))]
		digits := make([]byte, start.open)
		for j := range digits {
			digits[j] = byte('0' + random.IntN(10))
		}
		all[i] = fmt.Sprintf(`{"number":"%s%s","first_name":"Asha","tag":%q}`, start.from, digits, tags[random.IntN(len(tags))])
	}
	return all
}

// csvFile writes a file for a browser to send.
func csvFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// choose puts a file into the form, as a person does who chooses one.
func (b *tab) choose(path string) {
	b.t.Helper()
	b.do(void(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{path})))
}

// import pages, of a world with some months behind it.
var importPages = []page{
	{name: "overview", path: at("/")},
	{name: "imports", path: at("/imports")},
	{name: "imports-wrong", path: at("/imports"), before: func(b *tab) {
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#file").required = false`))
		b.fill("#list_name", "Leads")
		b.click("#new-import .primary")
		b.await(`document.querySelector("#file-error")`)
	}},
	{name: "import-pending", path: func(w *world) string { return w.waiting(mixedFile, "") }, before: openReading},
	{name: "import-sheet", path: func(w *world) string { return w.waiting(sheets, "") }, before: openReading},
	{name: "import-checked", path: func(w *world) string { return w.waiting(mixedFile, "try") }},
	{name: "import-left-out", path: func(w *world) string {
		w.discardWaiting() // only so many may wait
		return w.waiting(leftOutFile, "")
	}},
	{name: "imports-checks", path: at("/imports?show=checks")},
	{name: "import-no-number", path: func(w *world) string { return w.waiting("who,when\nAsha,today\n", "") }},
	{name: "import-done", path: func(w *world) string { return w.waiting(mixedFile, "start") }},
	{name: "imports-many", path: at("/imports")},
	{name: "import-undo", path: func(w *world) string { return w.waiting("Name,Mobile\nLeela,98111 22233\n", "start") + "/undo" }},
	{name: "imports-full", path: func(w *world) string {
		w.discardWaiting()
		for range 4 {
			w.waiting(leftOutFile, "")
		}
		return "/imports"
	}, before: func(b *tab) {
		b.choose(csvFile(b.t, "fifth.csv", leftOutFile))
		b.retype("#list_name", "Fifth")
		b.click("#new-import .primary")
		b.await(`document.querySelector("#file-error + ul")`)
	}},
}

// openReading opens what tells how a file is read.
func openReading(b *tab) {
	b.click("#pending summary")
	b.await(`document.querySelector("#header_line").checkVisibility()`)
}

// sheets is a spreadsheet of two sheets.
var sheets = string(xlsxtest.Write(
	xlsxtest.Sheet{Name: "Leads", Rows: [][]string{{"Name", "Mobile"}, {"Asha", xlsxtest.Number + "9876543210"}}},
	xlsxtest.Sheet{Name: "Old leads", Rows: [][]string{{"Name", "Mobile"}}}))

// mixedFile has rows of each sort, and columns that need a look.
const mixedFile = "Name,Mobile No.,City,Plan\nAsha,98765 43210,Bengaluru,gold\nVikram,080 2345 6789,Pune,silver\n" +
	"Asha again,+919876543210,Bengaluru,\n<script>alert(1)</script>,12,=1+1,free\nMeera,,Chennai,gold\nRavi,+6581234567,Singapore,\n"

// leftOutFile has columns that are left out, and e-mails that cannot be one.
const leftOutFile = "Full name,Mobile,E-mail,Notes,Joined on,Favourite colour of the person who answers\n" +
	"Asha Rao,98765 43210,asha@example.in,likes tea,2024-01-02,green\nVikram Nair,98765 43211,n/a,,2024-02-03,\n" +
	"Meera,98765 43212,meera@example,calls back,2024-03-04,red\n"

// discardWaiting removes the files that wait.
func (w *world) discardWaiting() {
	w.t.Helper()
	b := w.server.SignedIn("demo")
	for _, path := range regexp.MustCompile(`/imports/[0-9a-f]{32}/pending`).FindAllString(b.Open("/imports").PageText(w.t, 200), -1) {
		b.Submit(path+"/discard", nil)
	}
}

// waiting sends a file, presses a button of its page if there is one to press,
// and returns where that leads once nothing is in progress.
func (w *world) waiting(file, press string) string {
	w.t.Helper()
	b := w.server.SignedIn("demo")
	body, contentType := servertest.NewForm("list_name", "Leads", "type", "static", "on_duplicate", "reject").NamedFile("file", "spring leads.csv", file).Body()
	path := b.Do("POST", "/imports", body, "Content-Type", contentType).Header.Get("Location")
	if press == "" {
		return path
	}
	path = b.Submit(path, url.Values{"list_name": {"Leads"}, "type": {"static"}, "on_duplicate": {"reject"}, "then": {press},
		"use.0": {"first_name"}, "use.1": {"number"}, "use.2": {"custom"}, "use.3": {"tag"}}).Header.Get("Location")
	path, _, _ = strings.Cut(path, "#")
	deadline := time.Now().Add(limit)
	for range time.Tick(10 * time.Millisecond) {
		if !strings.Contains(b.Open(path).PageText(w.t, 200), `id="progress"`) {
			break
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s is in progress after %v", path, limit)
		}
	}
	return path
}

// TestImportPages looks at the overview and the pages of imports.
func TestImportPages(t *testing.T) { importWorld(t).look(t, importPages) }

// TestEmptyOverview looks at what somebody sees first.
func TestEmptyOverview(t *testing.T) {
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	w := &world{t: t, server: s, client: s.Account("demo")}
	w.look(t, []page{{name: "overview-empty", path: at("/")}, {name: "imports-empty", path: at("/imports")}})
}

// manyRows is a file of n rows, of which every hundredth fails.
func manyRows(n int) string {
	var b strings.Builder
	b.WriteString("Phone,Name,Plan\n")
	for i := range n {
		if i%100 == 99 {
			fmt.Fprintf(&b, "%d,Nobody %d,\n", i, i)
			continue
		}
		fmt.Fprintf(&b, "98%08d,Person %d,gold\n", i, i)
	}
	return b.String()
}

// TestImportStory brings a file of 50,000 rows in: its columns are named, it is
// checked, started, watched over a reload, and what failed is downloaded.
func TestImportStory(t *testing.T) {
	const rows, batch = 50_000, 500
	var store *pacedStore
	s := servertest.Start(t, servertest.Options{Dashboard: true, BatchRows: batch, Imports: func(plain upload.Store) upload.Store {
		store = newPacedStore(plain)
		return store
	}})
	w := &world{t: t, server: s, client: s.Account("demo")}
	b := newTab(t, s.URL)
	b.signIn(w, "demo")
	b.open("/imports")
	b.choose(csvFile(t, "people.csv", manyRows(rows)))
	b.fill("#list_name", "Spring <b>leads</b>")
	b.follow("#new-import .primary")
	if got := b.text(".preview tbody tr:nth-child(1)"); !strings.Contains(got, "+919800000000") {
		t.Errorf("the first row is %q", got)
	}
	// The header called it Phone; the guess is right, and Plan gets a use.
	if got := run(b, chromedp.Evaluate[string](`document.querySelector("select[name='use.0']").value`)); got != "number" {
		t.Errorf("the first column is %q", got)
	}
	b.do(chromedp.SetValue(chromedp.CSS("select[name='use.2']"), "custom"))
	b.follow("button[value=try]")
	store.let(rows/batch + 1) // the last one has no rows
	b.await(`document.querySelector("#check .figures")`)
	if got := b.text("#check .figures"); !strings.Contains(got, "49,500") || !strings.Contains(got, "500") {
		t.Errorf("the check says %q", got)
	}
	if n := w.client.Total(); n != 0 {
		t.Fatalf("after a check there are %d contacts", n)
	}

	b.follow("button[value=start]")
	bar := func() float64 { return run(b, chromedp.Evaluate[float64](`document.querySelector("#bar").value`)) }
	if got := bar(); got != 0 {
		t.Errorf("the bar begins at %v", got)
	}
	for _, part := range []float64{20, 40} {
		store.let(rows / batch / 5)
		b.await(fmt.Sprintf(`document.querySelector("#bar").value >= %v`, part-1))
	}
	b.set(looks[0])
	b.picture("import-running-" + looks[0].String())
	b.do(chromedp.Reload())
	if got := bar(); got < 39 || got > 41 {
		t.Errorf("after a reload the bar is at %v", got)
	}
	// The list of imports moves by itself, too, and a link in it keeps the focus.
	upload := b.location()
	b.open("/imports")
	b.do(chromedp.Focus(chromedp.CSS("tbody a")))
	const listed = `Number(document.querySelector("#imports").innerText.match(/Running, (\d+) %%/)?.[1]) >= %d`
	b.await(fmt.Sprintf(listed, 39))
	store.let(rows / batch / 5)
	b.await(fmt.Sprintf(listed, 59))
	if got := run(b, chromedp.Evaluate[string]("document.activeElement.innerText")); got != "people.csv" {
		t.Errorf("after that, the focus is on %q", got)
	}
	b.open(upload)
	store.let(rows)
	b.await(`document.querySelector(".figures")`) // the page comes by itself
	if got := b.text("h1"); !strings.Contains(got, "Done, some rows failed") {
		t.Errorf("the page says %q", got)
	}
	if n := w.client.Total(); n != rows-rows/100 {
		t.Errorf("there are %d contacts", n)
	}
	dir := b.downloadsInto()
	b.click("a[href$='errors.csv']")
	text := downloaded(t, dir)
	if lines := strings.Count(text, "\n"); lines != 1+rows/100 || !strings.HasPrefix(text, "\ufeffcallbook_line,callbook_code,callbook_reason,number,first_name,custom_field.Plan\n") {
		t.Errorf("the file has %d lines: %.200s", lines, text)
	}
}

// downloadsInto makes the window keep what it downloads in a folder.
func (b *tab) downloadsInto() (dir string) {
	b.t.Helper()
	dir = b.t.TempDir()
	window := call(b, target.GetTargetInfo, target.GetTargetInfoParams{})
	call(b, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: window.TargetInfo.BrowserContextID, DownloadPath: dir,
	})
	return dir
}

// downloaded waits for the one file in a folder. The browser puts an empty one
// there before it is whole, which it is all at once.
func downloaded(t *testing.T, dir string) string {
	t.Helper()
	deadline := time.Now().Add(limit)
	for range time.Tick(5 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(dir, "errors-*.csv"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 1 {
			text, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			if len(text) > 0 {
				return string(text)
			}
		}
		if time.Now().After(deadline) {
			break
		}
	}
	t.Fatal("nothing was downloaded")
	return ""
}

// TestImportWithoutScript does the story in a browser whose script is off.
func TestImportWithoutScript(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	w := &world{t: t, server: s, client: s.Account("demo")}
	b := newTab(t, s.URL)
	b.switchScriptOff()
	b.signIn(w, "demo")
	b.open("/")
	if got := b.text("main"); !strings.Contains(got, "The address book is empty") {
		t.Errorf("the overview says %q", got)
	}
	b.open("/imports")
	b.choose(csvFile(t, "people.csv", "Asha,98765 43210\nVikram,x\n"))
	b.fill("#list_name", "Leads")
	b.follow("main form button.primary")
	b.follow("button[value=try]")
	b.awaitReloading("#check", "Would be imported")
	b.follow("button[value=start]")
	b.awaitReloading("main", "Done, some rows failed")
	b.open("/")
	if got := b.text("main"); !strings.Contains(got, "By country") || !strings.Contains(got, "India") {
		t.Errorf("the overview says %q", got)
	}
}
