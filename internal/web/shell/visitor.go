package shell

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/clientaddr"
	"callbook/internal/fault"
	"callbook/internal/session"
)

// visitor is who asks: nobody known, until their session was found.
type visitor struct {
	dashboard *Dashboard
	known     bool
	account   account.Account
	session   session.Session
}

type visitorKey struct{}

func withVisitor(r *http.Request, v *visitor) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
}

// visitorOf returns who asks. For a request that no route has it is nobody.
func visitorOf(r *http.Request) *visitor {
	if v, ok := r.Context().Value(visitorKey{}).(*visitor); ok {
		return v
	}
	return new(visitor)
}

// AccountOf returns the account of those who are signed in; the zero value for
// strangers.
func AccountOf(r *http.Request) account.Account { return visitorOf(r).account }

// SessionOf returns the session of those who are signed in; the zero value for
// strangers.
func SessionOf(r *http.Request) session.Session { return visitorOf(r).session }

// Asker names the one who asks, for those who read later who has done something.
func Asker(r *http.Request) string {
	if key := SessionOf(r).Key; key != "" {
		return "API key " + key
	}
	return "dashboard"
}

// ClientOf returns what is known of the browser that sent a request.
func ClientOf(r *http.Request) session.Client {
	c := session.Client{Agent: r.UserAgent()}
	if addr := clientaddr.Peer(r); addr.IsValid() {
		c.Address = addr.String()
	}
	return c
}

// signedIn lets only those in who are signed in; others are sent to sign in
// and then back.
func (d *Dashboard) signedIn(h Handler) Handler {
	return d.recognising(h, func(r *http.Request) (Answer, error) {
		return d.askToSignIn(r, pageOf(r)), nil
	})
}

// pageOf is the page that a request asks for, or the one that a form was sent from.
func pageOf(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	if from, err := url.Parse(r.Referer()); err == nil && from.Path != "" {
		return from.RequestURI()
	}
	return "/"
}

// recognising serves those who are signed in by one handler, and strangers by another.
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

// API returns the wire API as those who are signed in may use it, as long as they
// are.
func API(r *http.Request) http.Handler {
	who := visitorOf(r)
	d := who.dashboard
	caller := account.Caller{Account: who.account, Key: who.session.Key}
	return d.cfg.API(caller, func(ctx context.Context) error { return d.cfg.Sessions.Lasts(ctx, who.session.Hash) })
}

var errNotSignedIn = fault.New(fault.NotFound, "Nobody is signed in")

// Recognise finds the session that the request's cookie names; without one it is a
// NotFound fault. Only pages that are open to everybody need it: for others it is
// done before their handlers.
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
	who.known, who.account, who.session = true, acct, s
	RecordOf(r).Account = acct.SID
	return budget.Of(r.Context()).Admit(acct.ID)
}

// secure tells whether the browser speaks TLS, be it with a proxy in front.
func (d *Dashboard) secure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(d.cfg.BaseURL, "https://")
}

// cookieName is the name of the session's cookie. The prefix makes browsers
// refuse one that another host, or a page without TLS, has planted.
func (d *Dashboard) cookieName(r *http.Request) string {
	if d.secure(r) {
		return "__Host-callbook"
	}
	return "callbook"
}

// sessionCookie is the cookie with a session's secret; "" takes it away.
func (d *Dashboard) sessionCookie(r *http.Request, secret string) *http.Cookie {
	c := &http.Cookie{
		Name:     d.cookieName(r),
		Value:    secret,
		Path:     "/",
		MaxAge:   int(session.Lifetime.Seconds()),
		Secure:   d.secure(r),
		HttpOnly: true,
		// Not Strict: somebody who follows a link to a page of the dashboard is
		// signed in there. What changes something is a POST, which neither
		// this nor the check of the origin lets another site send.
		SameSite: http.SameSiteLaxMode,
	}
	if secret == "" {
		c.MaxAge = -1
	}
	return c
}
