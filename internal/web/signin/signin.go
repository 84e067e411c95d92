// Package signin has the pages for signing in and out, and the page of sessions.
package signin

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/attempts"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
	"callbook/internal/clientaddr"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/session"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files)

// Room has the pages for signing in and out.
type Room struct {
	Accounts *account.Directory
	Sessions *session.Keeper
	Audit    *auditlog.Log
	Clock    clock.Clock
	failures *attempts.Failures
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	room.failures = attempts.New(failuresAtOnce, failureEvery, room.Clock,
		"Signing in failed too often from your address. Wait a minute, then try again.")
	d.AddNav(shell.NavItem{Path: "/sessions", Label: "Sessions", Icon: shell.Drawing(`<rect x="2.5" y="4" width="15" height="9.5" rx="1.5"/><path d="M7 17h6"/>`)})
	d.HandleOpen("GET /signin", room.signInPage)
	d.HandleOpen("POST /signin", room.signInWithKey)
	d.HandleOpen("GET /signin/link/{token}", room.linkPage)
	d.HandleOpen("POST /signin/link/{token}", room.followLink)
	d.HandleOpen("POST /signin/again", room.signInAgain)
	d.HandleSignedOut(room.signedOut)
	d.HandleOpen("POST /signout", room.signOut)
	d.Handle("GET /sessions", room.sessionsPage)
	d.Handle("POST /sessions/{id}/end", room.endSession)
	d.Handle("POST /sessions/end-others", room.endOtherSessions)
}

// signInForm is the data of the template signin.html.
type signInForm struct {
	Key, Token shell.Field
	Next       string
	Error      string
	// Typed are the values to fill into the previous form, by the names of fields. Was is
	// the account of that form.
	Typed []shell.Option
	Was   string
	File  string // the name of the form's file, which is lost
}

func newSignInForm(next string) signInForm {
	return signInForm{
		Key:   shell.Field{Name: "key", Label: "API key", Autocomplete: "username", Required: true, Mono: true, Focus: true},
		Token: shell.Field{Name: "token", Label: "API token", Type: "password", Autocomplete: "current-password", Required: true, Mono: true},
		Next:  localPath(next),
	}
}

// How often an address may fail to sign in, with a wrong key or an invalid link. Keys and
// links cannot be guessed anyway; the limit protects the database from the work.
const (
	failuresAtOnce = 10
	failureEvery   = 6 * time.Second
)

// attempt calls signIn. If too many attempts from the request's address have failed, it
// returns a TooMany fault instead.
func (room *Room) attempt(r *http.Request, signIn func(context.Context) error) error {
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

func (room *Room) signInPage(r *http.Request) (shell.Answer, error) {
	next := r.URL.Query().Get("next")
	switch err := shell.Recognise(r); {
	case err == nil:
		return shell.GoTo(localPath(next)), nil
	case !fault.Is(err, fault.NotFound):
		return shell.Answer{}, err
	}
	return pages.Show("signin", "Sign in", newSignInForm(next)), nil
}

func (room *Room) signInWithKey(r *http.Request) (shell.Answer, error) {
	if err := shell.ReadForm(r); err != nil {
		return shell.Answer{}, err
	}
	form := newSignInForm(r.PostForm.Get("next"))
	form.Key.Value = strings.TrimSpace(r.PostForm.Get("key"))
	token := strings.TrimSpace(r.PostForm.Get("token"))
	if form.Key.Value == "" {
		form.Key.Error = "Enter the API key."
	}
	if token == "" {
		form.Token.Error = "Enter the token that was shown when the key was created."
	}
	if form.Key.Error != "" || form.Token.Error != "" {
		return pages.Show("signin", "Sign in", form).Invalid(), nil
	}
	var caller account.Caller
	err := room.attempt(r, func(ctx context.Context) (err error) {
		caller, err = room.Accounts.Authenticate(ctx, form.Key.Value, token)
		return err
	})
	if fault.Is(err, fault.Unauthenticated) {
		room.Audit.Refused(r.Context(), audit.SessionsRefused, form.Key.Value)
	}
	if form.Error = refusedKey(err); form.Error != "" {
		return pages.Show("signin", "Sign in", form).Invalid(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	if form.Error = barred(r, caller.Access); form.Error != "" {
		room.Audit.Refused(r.Context(), audit.SessionsRefused, caller.Key)
		return pages.Show("signin", "Sign in", form).Invalid(), nil
	}
	secret, err := room.Sessions.Begin(r.Context(), caller, shell.ClientOf(r))
	if err != nil {
		return shell.Answer{}, err
	}
	return room.welcome(r, caller.Account, secret, form.Next), nil
}

// barred returns why a key with this access must not sign in, or "".
func barred(r *http.Request, access account.Access) string {
	switch {
	case !access.From(clientaddr.Peer(r)):
		return "This key may not be used from your address."
	case !access.Allows(account.Admin):
		return "This key may only do some things by the API. Sign in with one that may do everything, or with a link."
	}
	return ""
}

// refusedKey returns why a key and token were refused, or "" for any other error.
func refusedKey(err error) string {
	switch {
	case fault.Is(err, fault.Unauthenticated):
		return wrongKey
	case fault.Is(err, fault.Forbidden):
		return words.Sentence(fault.As(err))
	}
	return ""
}

const wrongKey = "This key and token do not match, or the key was revoked or has expired."

// linkForm is the data of the template link.html.
type linkForm struct {
	AccountSID string // "" if the link is invalid
	Token      string
}

// linkPage asks before it uses up the link, because programs such as mail scanners open
// links before people do.
func (room *Room) linkPage(r *http.Request) (shell.Answer, error) {
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
		return shell.Answer{}, err
	}
	return pages.Show("link", "Sign in", linkForm{AccountSID: acct.SID, Token: token}), nil
}

func (room *Room) followLink(r *http.Request) (shell.Answer, error) {
	var secret string
	var acct account.Account
	err := room.attempt(r, func(ctx context.Context) (err error) {
		secret, acct, err = room.Sessions.FollowLink(ctx, r.PathValue("token"), shell.ClientOf(r))
		return err
	})
	if fault.Is(err, fault.NotFound) {
		room.Audit.Refused(r.Context(), audit.SessionsRefused, "")
		return deadLink(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return room.welcome(r, acct, secret, "/"), nil
}

func deadLink() shell.Answer {
	return pages.Show("link", "This link does not work", linkForm{}).WithStatus(http.StatusNotFound)
}

// welcome sets the cookie of a new session and redirects to next.
func (room *Room) welcome(r *http.Request, acct account.Account, secret, next string) shell.Answer {
	shell.RecordOf(r).Account = acct.SID
	return shell.GoTo(next).SignedIn(secret)
}

func (room *Room) signOut(r *http.Request) (shell.Answer, error) {
	switch err := shell.Recognise(r); {
	case err == nil:
		err := room.Sessions.End(r.Context(), shell.AccountOf(r), shell.SessionOf(r).Hash.String())
		if err != nil && !fault.Is(err, fault.NotFound) {
			return shell.Answer{}, err
		}
	case !fault.Is(err, fault.NotFound):
		return shell.Answer{}, err
	}
	return shell.GoTo("/signin").Saying("You are signed out.").SignedOut(), nil
}

// localPath returns next if it is a path of the dashboard, and otherwise the path of the
// first page. A link to the sign-in page must not lead to another site.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, `\`) {
		return "/"
	}
	return u.RequestURI()
}
