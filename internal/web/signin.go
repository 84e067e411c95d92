package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/clientaddr"
	"callbook/internal/fault"
)

// signInForm is what the template signin.html shows.
type signInForm struct {
	Key, Token field
	Next       string
	Error      string
}

func newSignInForm(next string) signInForm {
	return signInForm{
		Key:   field{Name: "key", Label: "API key", Autocomplete: "username", Required: true, Mono: true},
		Token: field{Name: "token", Label: "API token", Type: "password", Autocomplete: "current-password", Required: true, Mono: true},
		Next:  localPath(next),
	}
}

// How often signing in may fail, for each address that it is tried from: by a
// wrong key, or by a link that leads nowhere. Keys and links are not to be guessed
// in any case; this keeps guesses from being work for the database.
const (
	failuresAtOnce = 10
	failureEvery   = 6 * time.Second
)

// attempt tries to sign somebody in, unless that failed too often from the
// request's address, which is a TooMany fault.
func (d *Dashboard) attempt(r *http.Request, signIn func(context.Context) error) error {
	one, err := d.failures.Begin(r.Context(), clientaddr.Peer(r))
	if err != nil {
		return err
	}
	failed := false
	defer func() { one.End(failed) }()
	err = signIn(r.Context())
	failed = fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.NotFound)
	return err
}

func (d *Dashboard) signInPage(r *http.Request) (answer, error) {
	next := r.URL.Query().Get("next")
	switch err := d.recognise(r); {
	case err == nil:
		return goTo(localPath(next)), nil
	case !fault.Is(err, fault.NotFound):
		return answer{}, err
	}
	return show("signin", "Sign in", newSignInForm(next)), nil
}

func (d *Dashboard) signInWithKey(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	form := newSignInForm(r.PostForm.Get("next"))
	form.Key.Value = strings.TrimSpace(r.PostForm.Get("key"))
	token := strings.TrimSpace(r.PostForm.Get("token"))
	if form.Key.Value == "" {
		form.Key.Error = "Enter the API key."
	}
	if token == "" {
		form.Token.Error = "Enter the token that was shown when the key was made."
	}
	if form.Key.Error != "" || form.Token.Error != "" {
		return show("signin", "Sign in", form).invalid(), nil
	}
	var caller account.Caller
	err := d.attempt(r, func(ctx context.Context) (err error) {
		caller, err = d.cfg.Accounts.Authenticate(ctx, form.Key.Value, token)
		return err
	})
	if fault.Is(err, fault.Unauthenticated) {
		form.Error = "This key and token do not belong together, or the key was revoked or has expired."
		return show("signin", "Sign in", form).invalid(), nil
	}
	if err != nil {
		return answer{}, err
	}
	secret, err := d.cfg.Sessions.Begin(r.Context(), caller, r.UserAgent())
	if err != nil {
		return answer{}, err
	}
	return d.welcome(r, caller.Account, secret, form.Next), nil
}

// linkForm is what the template link.html shows.
type linkForm struct {
	AccountSID string // "" when the link leads nowhere
	Token      string
}

// linkPage asks before it uses the link up: programs that look at links before
// people do only get this page.
func (d *Dashboard) linkPage(r *http.Request) (answer, error) {
	token := r.PathValue("token")
	var acct account.Account
	err := d.attempt(r, func(ctx context.Context) (err error) {
		acct, err = d.cfg.Sessions.LinkAccount(ctx, token)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return deadLink(), nil
	}
	if err != nil {
		return answer{}, err
	}
	return show("link", "Sign in", linkForm{AccountSID: acct.SID, Token: token}), nil
}

func (d *Dashboard) followLink(r *http.Request) (answer, error) {
	var secret string
	var acct account.Account
	err := d.attempt(r, func(ctx context.Context) (err error) {
		secret, acct, err = d.cfg.Sessions.FollowLink(ctx, r.PathValue("token"), r.UserAgent())
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return deadLink(), nil
	}
	if err != nil {
		return answer{}, err
	}
	return d.welcome(r, acct, secret, "/"), nil
}

func deadLink() answer {
	a := show("link", "This link does not work", linkForm{})
	a.status = http.StatusNotFound
	return a
}

// welcome ends signing in: the browser gets its cookie.
func (d *Dashboard) welcome(r *http.Request, acct account.Account, secret, next string) answer {
	recordOf(r).Account = acct.SID
	return goTo(next).with(d.sessionCookie(r, secret))
}

func (d *Dashboard) signOut(r *http.Request) (answer, error) {
	switch err := d.recognise(r); {
	case err == nil:
		who := visitorOf(r)
		err := d.cfg.Sessions.End(r.Context(), who.account, who.session.Hash.String())
		if err != nil && !fault.Is(err, fault.NotFound) {
			return answer{}, err
		}
	case !fault.Is(err, fault.NotFound):
		return answer{}, err
	}
	return goTo("/signin").saying("You are signed out.").with(d.sessionCookie(r, "")), nil
}

// localPath is next when it is a path of the dashboard, and the first page
// otherwise: a link to the sign-in page must not lead to another site.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, `\`) {
		return "/"
	}
	return u.RequestURI()
}
