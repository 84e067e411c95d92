package shell

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/negotiate"
	"callbook/internal/slowbody"
)

// view is what a template sees, as its $. What the page itself is about is
// Data.
type view struct {
	Title    string
	SignedIn bool
	Account  account.Account
	Nav      []NavItem
	Notice   *notice
	// Unsaved tells that the page's form has something in it that is not saved.
	Unsaved bool
	Data    any
}

// Time shows a time in the account's zone; nothing when it has not come.
func (v view) Time(t time.Time) template.HTML {
	return v.when(t, "2 Jan 2006, 15:04")
}

// Day is Time for where its day is enough; its moment is in the title.
func (v view) Day(t time.Time) template.HTML {
	return v.when(t, "2 Jan 2006")
}

func (v view) when(t time.Time, layout string) template.HTML {
	if t.IsZero() {
		return ""
	}
	if v.Account.TimeZone != nil {
		t = t.In(v.Account.TimeZone)
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`,
		t.Format(time.RFC3339), t.Format("Monday, 2 January 2006, 15:04:05 -07:00"), t.Format(layout)))
}

// securityPolicy lets a page load nothing but the dashboard's own files, run no
// script that stands in a page, and be shown in no frame.
const securityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// send makes the whole page, and then sends it: one that cannot be made is an
// error page and never half a page.
func (d *Dashboard) send(w http.ResponseWriter, r *http.Request, a Answer) {
	h := w.Header()
	h.Set("Content-Security-Policy", securityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if a.secret != nil {
		http.SetCookie(w, d.sessionCookie(r, *a.secret))
	}
	if a.remember != nil {
		http.SetCookie(w, d.rememberCookie(r, *a.remember))
	}
	switch {
	case a.Raw != nil:
		a.Raw(w, r)
	case a.location != "":
		d.redirect(w, r, a)
	default:
		d.sendPage(w, r, a)
	}
}

// maxLocation bounds the address of a page that is gone to, in bytes: proxies refuse an
// answer with a longer one, and then a browser could not ask for it.
const maxLocation = 4 << 10

func (d *Dashboard) redirect(w http.ResponseWriter, r *http.Request, a Answer) {
	if len(a.location) > maxLocation {
		a.location, _, _ = strings.Cut(a.location, "?")
	}
	if a.notice != nil {
		http.SetCookie(w, d.keepNotice(r, a.notice))
	}
	if a.handed != "" {
		http.SetCookie(w, d.handedCookie(r, a.location, a.handed))
	}
	w.Header().Set("Cache-Control", "no-store")
	if ByHTMX(r) { // which would put the other page into this one
		if samePage(r, a.location) {
			w.Header().Set("HX-Refresh", "true") // to go there would only scroll
		} else {
			w.Header().Set("HX-Redirect", a.location)
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, a.location, http.StatusSeeOther)
}

// samePage tells whether a place is one on the page that asks by htmx.
func samePage(r *http.Request, location string) bool {
	here, err := url.Parse(r.Header.Get("HX-Current-URL"))
	page, _, placed := strings.Cut(location, "#")
	return err == nil && placed && here.RequestURI() == page
}

func (d *Dashboard) sendPage(w http.ResponseWriter, r *http.Request, a Answer) {
	who := visitorOf(r)
	v := view{Title: a.title, SignedIn: who.known, Account: who.account, Notice: a.notice, Data: a.data}
	if who.known {
		v.Nav = d.navFor(r.URL.Path)
	}
	v.Unsaved = a.status >= 400 && a.status < 500 || r.URL.Query().Has(typedQuery)
	name := "layout"
	if a.piece == "" && ByHTMX(r) && r.Header.Get("HX-Target") == "main" {
		name = "page"
	} else if a.piece != "" && ByHTMX(r) {
		name = a.piece
		if a.above {
			w.Header().Set("HX-Retarget", "#trouble")
			w.Header().Set("HX-Reswap", "innerHTML show:#trouble:top")
		}
		if a.url != "" {
			w.Header().Set("HX-Push-Url", a.url)
		}
	} else if v.Notice == nil {
		if v.Notice = keptNotice(r); v.Notice != nil {
			v.Notice.Here = r.URL.RequestURI()
			http.SetCookie(w, d.keepNotice(r, nil))
		}
	}
	// A page that could not be made has not shown it.
	if _, err := r.Cookie(handedCookie); err == nil && a.status < 400 {
		http.SetCookie(w, d.handedCookie(r, r.URL.Path, ""))
	}
	share := budget.Of(r.Context())
	page := pageBuffer{ctx: r.Context(), share: share, before: share.Used()}
	if err := a.pages.parsed()[a.page].ExecuteTemplate(&page, name, v); err != nil {
		err = fmt.Errorf("make page %s: %w", a.page, err)
		if a.pages == pages { // that of an error: nothing is left to show
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
	if len(body) >= minCompressed && negotiate.AcceptsGzip(r.Header) {
		body = compress(body)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	// The error of a client that went away, or takes the page too slowly, is
	// nobody's to mend.
	_, _ = slowbody.NewAnswer(w, share.Scarce).Write(body)
}

// ByHTMX tells whether htmx asks for a piece of a page.
func ByHTMX(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// minCompressed is from where on compressing pays: below, the answer is one
// packet in any case.
const minCompressed = 1400

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
