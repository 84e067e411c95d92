package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/slowbody"
)

//go:embed templates/*.html
var embedded embed.FS

var shellFiles = func() fs.FS {
	files, err := fs.Sub(embedded, "templates")
	if err != nil {
		panic(err)
	}
	return files
}()

// pages are those of the shell itself.
var pages = newPages(shellFiles)

// pageSet is the pages of a room by the names of their files, each together with
// the layout and the parts that it shares with others.
type pageSet struct {
	parse func() map[string]*template.Template
}

// newPages returns the pages whose templates are in files, and which use more
// parts. Their files are named NAME.html. Only a server parses them: it took a third
// of the processor time of a short command, such as "callbook key list".
func newPages(files fs.FS, parts ...fs.FS) *pageSet {
	return &pageSet{sync.OnceValue(func() map[string]*template.Template { return parsePages(files, parts) })}
}

// Parse parses the templates now and not with the first page. It panics when they
// are not well-formed.
func (p *pageSet) Parse() { p.parse() }

// show answers with a page: the name of its template, its title, and what the
// template's .Data is.
func (p *pageSet) show(name, title string, data any) answer {
	return answer{pages: p, page: name, title: title, data: data}
}

// parsePages parses the templates of files.
func parsePages(files fs.FS, parts []fs.FS) map[string]*template.Template {
	shared := template.New("").Funcs(template.FuncMap{
		"asset":  assetURL,
		"icon":   icon,
		"count":  count,
		"plural": plural,
		"prose":  prose,
		"bytes":  fileSize,
		"reason": rowWords,
	})
	for _, from := range slices.Concat([]fs.FS{shellFiles}, parts, []fs.FS{files}) {
		if found := glob(from, "parts*.html"); found != nil {
			template.Must(shared.ParseFS(from, found...))
		}
	}
	pages := make(map[string]*template.Template)
	for _, file := range glob(files, "*.html") {
		if !strings.HasPrefix(file, "parts") {
			pages[strings.TrimSuffix(file, ".html")] = template.Must(template.Must(shared.Clone()).ParseFS(files, file))
		}
	}
	return pages
}

func glob(files fs.FS, pattern string) []string {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		panic(err)
	}
	return names
}

// view is what a template sees, as its $. What the page itself is about is
// Data.
type view struct {
	Title    string
	SignedIn bool
	Account  account.Account
	Nav      []navItem
	Notice   *notice
	Data     any
}

// Time shows a time in the account's zone; nothing when it has not come.
func (v view) Time(t time.Time) template.HTML {
	if t.IsZero() {
		return ""
	}
	if v.Account.TimeZone != nil {
		t = t.In(v.Account.TimeZone)
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`,
		t.Format(time.RFC3339), t.Format("Monday, 2 January 2006, 15:04:05 -07:00"), t.Format("2 Jan 2006, 15:04")))
}

// Day is Time for where its day is enough; its moment is in the title.
func (v view) Day(t time.Time) template.HTML {
	if t.IsZero() {
		return ""
	}
	if v.Account.TimeZone != nil {
		t = t.In(v.Account.TimeZone)
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`,
		t.Format(time.RFC3339), t.Format("Monday, 2 January 2006, 15:04:05 -07:00"), t.Format("2 Jan 2006")))
}

// securityPolicy lets a page load nothing but the dashboard's own files, run no
// script that stands in a page, and be shown in no frame.
const securityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// send makes the whole page, and then sends it: one that cannot be made is an
// error page and never half a page.
func (d *Dashboard) send(w http.ResponseWriter, r *http.Request, a answer) {
	h := w.Header()
	h.Set("Content-Security-Policy", securityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if a.secret != nil {
		http.SetCookie(w, d.sessionCookie(r, *a.secret))
	}
	switch {
	case a.raw != nil:
		a.raw(w, r)
	case a.location != "":
		d.redirect(w, r, a)
	default:
		d.sendPage(w, r, a)
	}
}

func (d *Dashboard) redirect(w http.ResponseWriter, r *http.Request, a answer) {
	if a.notice != nil {
		http.SetCookie(w, d.keepNotice(r, a.notice))
	}
	w.Header().Set("Cache-Control", "no-store")
	if byHTMX(r) { // which would put the other page into this one
		w.Header().Set("HX-Redirect", a.location)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, a.location, http.StatusSeeOther)
}

func (d *Dashboard) sendPage(w http.ResponseWriter, r *http.Request, a answer) {
	who := visitorOf(r)
	v := view{Title: a.title, SignedIn: who.known, Account: who.account, Notice: a.notice, Data: a.data}
	if who.known {
		v.Nav = d.navFor(r.URL.Path)
	}
	name := "layout"
	if a.fragment != "" && byHTMX(r) {
		name = a.fragment
		if a.url != "" {
			w.Header().Set("HX-Push-Url", a.url)
		}
	} else if v.Notice == nil {
		if v.Notice = keptNotice(r); v.Notice != nil {
			http.SetCookie(w, d.keepNotice(r, nil))
		}
	}
	share := budget.Of(r.Context())
	page := pageBuffer{ctx: r.Context(), share: share, before: share.Used()}
	if err := a.pages.parse()[a.page].ExecuteTemplate(&page, name, v); err != nil {
		err = fmt.Errorf("make page %s: %w", a.page, err)
		if a.page == "error" { // nothing is left to show
			panic(err)
		}
		share.Give(page.before)
		d.Fail(w, r, err)
		return
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	h := w.Header()
	if a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests {
		h.Set("Retry-After", "5")
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	// A page has people's data in it, and after signing out nobody is to get at
	// it with the back button.
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Encoding")
	body := page.text.Bytes()
	if len(body) >= minCompressed && acceptsGzip(r) {
		body = compress(body)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	// The error of a client that went away, or takes the page too slowly, is
	// nobody's to mend.
	_, _ = slowbody.NewAnswer(w, share.Scarce).Write(body)
}

// byHTMX tells whether htmx asks for a piece of a page.
func byHTMX(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// minCompressed is from where on compressing pays: below, the answer is one
// packet in any case.
const minCompressed = 1400

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(coding, "gzip") && strings.ReplaceAll(q, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

var compressors = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func compress(b []byte) []byte {
	var packed bytes.Buffer
	z := compressors.Get().(*gzip.Writer)
	defer compressors.Put(z)
	z.Reset(&packed)
	z.Write(b) // into memory, which does not fail
	z.Close()
	return packed.Bytes()
}
