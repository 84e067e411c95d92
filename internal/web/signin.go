package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/attempts"
	"callbook/internal/clientaddr"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/session"
)

// signinRoom is the pages that let browsers in and out: by key, by link, and the sessions
// that there are.
type signinRoom struct {
	Accounts *account.Directory
	Sessions *session.Keeper
	Clock    clock.Clock
	failures *attempts.Failures
}

// Routes implements shell.Room.
func (room *signinRoom) Routes(d *Dashboard) {
	pages.Parse()
	room.failures = attempts.New(failuresAtOnce, failureEvery, room.Clock,
		"Signing in failed too often from your address. Wait a minute, then try again.")
	d.navigation(navItem{Path: "/sessions", Label: "Sessions", Icon: drawing(`<rect x="2.5" y="4" width="15" height="9.5" rx="1.5"/><path d="M7 17h6"/>`)})
	d.open("GET /signin", room.signInPage)
	d.open("POST /signin", room.signInWithKey)
	d.open("GET /signin/link/{token}", room.linkPage)
	d.open("POST /signin/link/{token}", room.followLink)
	d.open("POST /signout", room.signOut)
	d.handle("GET /sessions", room.sessionsPage)
	d.handle("POST /sessions/{id}/end", room.endSession)
}

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
func (room *signinRoom) attempt(r *http.Request, signIn func(context.Context) error) error {
	one, err := room.failures.Begin(r.Context(), clientaddr.Peer(r))
	if err != nil {
		return err
	}
	failed := false
	defer func() { one.End(failed) }()
	err = signIn(r.Context())
	failed = fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.NotFound)
	return err
}

func (room *signinRoom) signInPage(r *http.Request) (answer, error) {
	next := r.URL.Query().Get("next")
	switch err := recognise(r); {
	case err == nil:
		return goTo(localPath(next)), nil
	case !fault.Is(err, fault.NotFound):
		return answer{}, err
	}
	return pages.show("signin", "Sign in", newSignInForm(next)), nil
}

func (room *signinRoom) signInWithKey(r *http.Request) (answer, error) {
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
		return pages.show("signin", "Sign in", form).invalid(), nil
	}
	var caller account.Caller
	err := room.attempt(r, func(ctx context.Context) (err error) {
		caller, err = room.Accounts.Authenticate(ctx, form.Key.Value, token)
		return err
	})
	if fault.Is(err, fault.Unauthenticated) {
		form.Error = "This key and token do not belong together, or the key was revoked or has expired."
		return pages.show("signin", "Sign in", form).invalid(), nil
	}
	if err != nil {
		return answer{}, err
	}
	secret, err := room.Sessions.Begin(r.Context(), caller, r.UserAgent())
	if err != nil {
		return answer{}, err
	}
	return room.welcome(r, caller.Account, secret, form.Next), nil
}

// linkForm is what the template link.html shows.
type linkForm struct {
	AccountSID string // "" when the link leads nowhere
	Token      string
}

// linkPage asks before it uses the link up: programs that look at links before
// people do only get this page.
func (room *signinRoom) linkPage(r *http.Request) (answer, error) {
	token := r.PathValue("token")
	var acct account.Account
	err := room.attempt(r, func(ctx context.Context) (err error) {
		acct, err = room.Sessions.LinkAccount(ctx, token)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return deadLink(), nil
	}
	if err != nil {
		return answer{}, err
	}
	return pages.show("link", "Sign in", linkForm{AccountSID: acct.SID, Token: token}), nil
}

func (room *signinRoom) followLink(r *http.Request) (answer, error) {
	var secret string
	var acct account.Account
	err := room.attempt(r, func(ctx context.Context) (err error) {
		secret, acct, err = room.Sessions.FollowLink(ctx, r.PathValue("token"), r.UserAgent())
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return deadLink(), nil
	}
	if err != nil {
		return answer{}, err
	}
	return room.welcome(r, acct, secret, "/"), nil
}

func deadLink() answer {
	a := pages.show("link", "This link does not work", linkForm{})
	a.status = http.StatusNotFound
	return a
}

// welcome ends signing in: the browser gets its cookie.
func (room *signinRoom) welcome(r *http.Request, acct account.Account, secret, next string) answer {
	recordOf(r).Account = acct.SID
	return goTo(next).signedIn(secret)
}

func (room *signinRoom) signOut(r *http.Request) (answer, error) {
	switch err := recognise(r); {
	case err == nil:
		err := room.Sessions.End(r.Context(), accountOf(r), sessionOf(r).Hash.String())
		if err != nil && !fault.Is(err, fault.NotFound) {
			return answer{}, err
		}
	case !fault.Is(err, fault.NotFound):
		return answer{}, err
	}
	return goTo("/signin").saying("You are signed out.").signedOut(), nil
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
