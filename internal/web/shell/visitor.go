package shell

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/clientaddr"
	"callbook/internal/fault"
	"callbook/internal/session"
)

// visitor is the sender of a request, with a session if there is one.
type visitor struct {
	dashboard *Dashboard
	known     bool
	origin    *audit.Origin // of what the audit log tells of the request
	account   account.Account
	session   session.Session
}

type visitorKey struct{}

// withVisitor returns the request with its sender in the context, also as the origin of
// what the audit log tells.
func withVisitor(r *http.Request, v *visitor) *http.Request {
	v.origin = &audit.Origin{Actor: audit.Stranger, Address: ClientOf(r).Address, Request: RecordOf(r).ID, Now: v.dashboard.cfg.Now}
	ctx := audit.From(r.Context(), v.origin)
	return r.WithContext(context.WithValue(ctx, visitorKey{}, v))
}

// visitorOf returns the visitor. For a request without a route, it returns one without a
// session.
func visitorOf(r *http.Request) *visitor {
	if v, ok := r.Context().Value(visitorKey{}).(*visitor); ok {
		return v
	}
	return new(visitor)
}

// AccountOf returns the visitor's account, or the zero value if the visitor is not signed
// in.
func AccountOf(r *http.Request) account.Account { return visitorOf(r).account }

// SessionOf returns the visitor's session, or the zero value if the visitor is not signed
// in.
func SessionOf(r *http.Request) session.Session { return visitorOf(r).session }

// Asker names the visitor, for a history of who has done what.
func Asker(r *http.Request) string {
	if key := SessionOf(r).Key; key != "" {
		return "API key " + key
	}
	return "dashboard"
}

// ClientOf describes the browser of a request.
func ClientOf(r *http.Request) session.Client {
	c := session.Client{Agent: r.UserAgent()}
	if addr := clientaddr.Peer(r); addr.IsValid() {
		c.Address = addr.String()
	}
	return c
}

// signedIn calls h if the visitor is signed in. Otherwise it asks the visitor to sign in,
// and then leads back.
func (d *Dashboard) signedIn(h Handler) Handler {
	return d.recognising(h, func(r *http.Request) (Answer, error) {
		return d.askToSignIn(r, pageOf(r)), nil
	})
}

// pageOf returns the page that a request asks for, or the page from which a form was
// sent.
func pageOf(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	if from, err := url.Parse(r.Referer()); err == nil && from.Path != "" {
		return from.RequestURI()
	}
	return "/"
}

// recognising calls known if the visitor is signed in, and otherwise stranger.
func (d *Dashboard) recognising(known, stranger Handler) Handler {
	return func(r *http.Request) (Answer, error) {
		switch err := Recognise(r); {
		case fault.Is(err, fault.NotFound):
			return stranger(r)
		case err != nil:
			return Answer{}, err
		}
		return known(r)
	}
}

// API returns the wire API for the visitor's account, as long as the visitor is signed
// in.
func API(r *http.Request) http.Handler {
	who := visitorOf(r)
	d := who.dashboard
	caller := account.Caller{Account: who.account, Key: who.session.Key, Session: who.session.Hash.String()}
	return d.cfg.API(caller, func(ctx context.Context) error { return d.cfg.Sessions.Lasts(ctx, who.session.Hash) })
}

var errNotSignedIn = fault.New(fault.NotFound, "Nobody is signed in")

// Recognise finds the session of the request's cookie. The error is a NotFound fault if
// there is none, or if the key that began it may not be used from where the request comes
// from. Only handlers of pages for everybody need to call it.
func Recognise(r *http.Request) error {
	who := visitorOf(r)
	d := who.dashboard
	cookie, err := r.Cookie(d.cookieName(r))
	if err != nil {
		return errNotSignedIn
	}
	s, acct, err := d.cfg.Sessions.Find(r.Context(), cookie.Value, ClientOf(r).Address)
	if err != nil {
		return err
	}
	if s.Key != "" {
		access, err := d.cfg.Accounts.Access(r.Context(), s.Key)
		if err != nil {
			return err
		}
		if !access.From(clientaddr.Peer(r)) {
			return errNotSignedIn
		}
	}
	who.known, who.account, who.session = true, acct, s
	who.origin.Actor = audit.BySession(s.Hash.String())
	RecordOf(r).Account = acct.SID
	return budget.Of(r.Context()).Admit(acct.ID)
}

// secure reports whether browsers use TLS, perhaps with a proxy.
func (d *Dashboard) secure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(d.cfg.BaseURL, "https://")
}

// cookieName returns the name of the session's cookie. Because of its prefix, browsers
// refuse a cookie that another host, or a page without TLS, has set.
func (d *Dashboard) cookieName(r *http.Request) string {
	if d.secure(r) {
		return "__Host-callbook"
	}
	return "callbook"
}

// sessionCookie returns the cookie with a session's secret; "" deletes it.
func (d *Dashboard) sessionCookie(r *http.Request, secret string) *http.Cookie {
	c := &http.Cookie{
		Name:     d.cookieName(r),
		Value:    secret,
		Path:     "/",
		MaxAge:   int(session.Lifetime.Seconds()),
		Secure:   d.secure(r),
		HttpOnly: true,
		// Not Strict, so that visitors stay signed in when they follow a link to the
		// dashboard. Changes are always POST requests. Neither Lax nor the check of the
		// origin lets another site send those.
		SameSite: http.SameSiteLaxMode,
	}
	if secret == "" {
		c.MaxAge = -1
	}
	return c
}
