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

// view is the $ of templates. Data is the data of the page itself.
type view struct {
	Title    string
	SignedIn bool
	Account  account.Account
	Nav      []NavItem
	Notice   *notice
	// Unsaved means that the page's form has unsaved values.
	Unsaved bool
	Data    any
	// Main is what is special to the page, for the layout around it.
	Main template.HTML
}

// Time shows a time in the account's time zone, and nothing for the zero time.
func (v view) Time(t time.Time) template.HTML {
	return v.when(t, "2 Jan 2006, 15:04")
}

// Day is like Time, but shows only the day, with the exact time in the title.
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

// securityPolicy allows a page to load only the dashboard's own files. It forbids inline
// scripts and frames around the page.
const securityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// send renders the whole page and then sends it. If rendering fails, it sends an error
// page instead, and never half a page.
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

// maxLocation bounds the URL of a redirect, in bytes. Proxies refuse longer headers, and
// browsers could not request such a URL.
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
	if ByHTMX(r) { // htmx would follow a redirect and insert the other page into this one
		if samePage(r, a.location) {
			w.Header().Set("HX-Refresh", "true") // HX-Redirect would only scroll
		} else {
			w.Header().Set("HX-Redirect", a.location)
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, a.location, http.StatusSeeOther)
}

// samePage reports whether location is a place on the page from which htmx asks.
func samePage(r *http.Request, location string) bool {
	here, err := url.Parse(r.Header.Get("HX-Current-URL"))
	page, _, placed := strings.Cut(location, "#")
	return err == nil && placed && here.RequestURI() == page
}

func (d *Dashboard) sendPage(w http.ResponseWriter, r *http.Request, a Answer) {
	who := visitorOf(r)
	v := view{Title: a.title, SignedIn: who.known, Account: who.account, Notice: a.notice, Data: a.data}
	if who.known {
		v.Nav = d.navFor(r)
	}
	v.Unsaved = a.status >= 400 && a.status < 500 || r.URL.Query().Has(typedQuery)
	name := "layout"
	// A piece with a URL is a table that filters renew. A form of the same page that is
	// refused takes the place of the whole main element, and gets it all.
	if (a.piece == "" || a.url != "") && ByHTMX(r) && r.Header.Get("HX-Target") == "main" {
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
	// Keep the cookie if the page could not be rendered, and so has not shown its
	// content.
	if _, err := r.Cookie(handedCookie); err == nil && a.status < 400 {
		http.SetCookie(w, d.handedCookie(r, r.URL.Path, ""))
	}
	share := budget.Of(r.Context())
	page := pageBuffer{ctx: r.Context(), share: share, before: share.Used()}
	if err := a.render(&page, name, v); err != nil {
		err = fmt.Errorf("make page %s: %w", a.page, err)
		if a.pages == pages { // the error page itself has failed
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
	// A page has personal data. After signing out, nobody may see it with the back
	// button.
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Encoding")
	body := page.text.Bytes()
	if len(body) >= minCompressed && negotiate.AcceptsGzip(r.Header) {
		body = compress(body)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	// Ignore the error of a client that went away or is too slow.
	_, _ = slowbody.NewAnswer(w, share.Scarce).Write(body)
}

// render writes the template with a name to the page. For the layout and for a whole main
// element, it renders what is special to the page first.
func (a Answer) render(page *pageBuffer, name string, v view) error {
	templates := a.pages.parsed()
	if name == "layout" || name == "page" {
		main := pageBuffer{ctx: page.ctx, share: page.share}
		if err := templates.ExecuteTemplate(&main, mainOf(a.page), v); err != nil {
			return err
		}
		v.Main = template.HTML(main.text.String())
	}
	return templates.ExecuteTemplate(page, name, v)
}

// ByHTMX reports whether htmx has sent the request.
func ByHTMX(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// minCompressed is the size from which on compressing pays. A smaller page fits into one
// packet anyway.
const minCompressed = 1400

var compressors = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func compress(b []byte) []byte {
	var packed bytes.Buffer
	z := compressors.Get().(*gzip.Writer)
	defer compressors.Put(z)
	z.Reset(&packed)
	z.Write(b) // cannot fail: it writes to memory
	z.Close()
	return packed.Bytes()
}
