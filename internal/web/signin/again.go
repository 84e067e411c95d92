package signin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

// typedField is the prefix of the fields with the values of another form, which somebody
// typed before being signed out.
const typedField = "typed."

// signedOut returns the page that asks a visitor to sign in again. The page itself holds
// the typed values, because the server stores nothing for unknown visitors.
func (room *Room) signedOut(_ *http.Request, page string, typed url.Values) shell.Answer {
	return againForm(page, typed).again().WithStatus(http.StatusForbidden)
}

// againForm returns the form that signs in again and holds the typed values.
func againForm(page string, typed url.Values) signInForm {
	form := newSignInForm(page)
	form.Was, form.File = shell.MadeIn(typed), shell.LostFile(typed)
	// Signing in with a link needs neither.
	form.Key.Required, form.Token.Required = false, false
	for name, values := range typed {
		for _, value := range values {
			form.Typed = append(form.Typed, shell.Option{Value: typedField + name, Label: value})
		}
	}
	slices.SortStableFunc(form.Typed, func(a, b shell.Option) int { return strings.Compare(a.Value, b.Value) })
	return form
}

func (f signInForm) again() shell.Answer { return pages.Show("signin-again", "You were signed out", f) }

// signInAgain signs in with a key, or uses the session that a link has begun in another
// tab. Then it redirects to the form with the typed values.
func (room *Room) signInAgain(r *http.Request) (shell.Answer, error) {
	if err := shell.ReadStrangersForm(r); err != nil {
		return shell.Answer{}, err
	}
	typed := make(url.Values)
	for name, values := range r.PostForm {
		if name, ok := strings.CutPrefix(name, typedField); ok {
			typed[name] = values
		}
	}
	form := againForm(r.PostForm.Get("next"), typed)
	form.Key.Value = strings.TrimSpace(r.PostForm.Get("key"))
	token := strings.TrimSpace(r.PostForm.Get("token"))
	if form.Key.Value == "" && token == "" {
		err := shell.Recognise(r)
		if fault.Is(err, fault.NotFound) {
			form.Error = "You are not signed in yet. Enter a key and its token, or follow a link in another tab first."
			return form.again().Invalid(), nil
		}
		if err != nil {
			return shell.Answer{}, err
		}
		return shell.GoBack(r, shell.AccountOf(r), form.Next, typed)
	}
	var caller account.Caller
	err := room.attempt(r, func(ctx context.Context) (err error) {
		caller, err = room.Accounts.Authenticate(ctx, form.Key.Value, token)
		return err
	})
	if fault.Is(err, fault.Unauthenticated) {
		room.Audit.Refused(r.Context(), audit.SessionsRefused, form.Key.Value)
	}
	if refused := refusedKey(err); refused != "" {
		form.Error = refused
		return form.again().Invalid(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	if form.Error = barred(r, caller.Access); form.Error != "" {
		room.Audit.Refused(r.Context(), audit.SessionsRefused, caller.Key)
		return form.again().Invalid(), nil
	}
	secret, err := room.Sessions.Begin(r.Context(), caller, shell.ClientOf(r))
	if err != nil {
		return shell.Answer{}, err
	}
	shell.RecordOf(r).Account = caller.Account.SID
	back, err := shell.GoBack(r, caller.Account, form.Next, typed)
	return back.SignedIn(secret), err
}
