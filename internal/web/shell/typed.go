package shell

import (
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/fault"
)

// typedQuery is the query parameter that names the stored values of a form.
const typedQuery = "typed"

// PasswordField is the name of fields whose values no page shows again, and that are not
// among what [Typed] returns.
const PasswordField = "password"

// HandleTyped is [Dashboard.HandleForm] for a form that people type into. Page is the
// path of the form's page, with the {names} of the pattern. A visitor who was signed out
// before sending it can sign in and gets the form back: the page's handler gets its
// values from [Typed].
func (d *Dashboard) HandleTyped(pattern, page string, h Handler) {
	signedIn := func(r *http.Request) (Answer, error) {
		if err := ReadForm(r); err != nil {
			return Answer{}, err
		}
		return Once(h)(r)
	}
	signedOut := func(r *http.Request) (Answer, error) {
		at := pathOf(page, r)
		if d.signInAgain == nil || ByHTMX(r) {
			return d.askToSignIn(r, at), nil
		}
		if err := ReadStrangersForm(r); err != nil {
			return Answer{}, err
		}
		r.PostForm.Del(PasswordField)
		if len(r.PostForm) == 0 {
			return d.askToSignIn(r, at), nil
		}
		return d.signInAgain(r, at, r.PostForm), nil
	}
	d.routes.Handle(pattern, d.answering(d.recognising(signedIn, signedOut)))
}

// HandleSignedOut sets the handler for a form of a visitor who was signed out. It must
// ask the visitor to sign in, keep the values of the form in its own page, and then
// redirect to the form's page with [Dashboard.GoBack].
func (d *Dashboard) HandleSignedOut(h func(r *http.Request, page string, typed url.Values) Answer) {
	d.signInAgain = h
}

// ReadStrangersForm is [ReadForm] for visitors who are not signed in any more, with the
// usual size limit. In the budget, they all count as one account.
func ReadStrangersForm(r *http.Request) error {
	if err := budget.Of(r.Context()).Admit(account.None); err != nil {
		return err
	}
	return readForm(r, MaxForm, true)
}

// pathOf fills the request's path values into page, and appends the request's query.
func pathOf(page string, r *http.Request) string {
	parts := strings.Split(page, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			parts[i] = url.PathEscape(r.PathValue(strings.TrimSuffix(name, "}")))
		}
	}
	page = strings.Join(parts, "/")
	if r.URL.RawQuery != "" {
		page += "?" + r.URL.RawQuery
	}
	return page
}

// MadeIn returns the account for which a form was made, or "" if the form does not say.
func MadeIn(form url.Values) string {
	sid, _, _ := strings.Cut(form.Get(OnceField), ".")
	return sid
}

// Reopen redirects to the page of a form and fills in the typed values, which the page's
// handler gets from [Typed].
func Reopen(r *http.Request, acct account.Account, page string, typed url.Values) (Answer, error) {
	name, err := KeepFor(r, acct, typed)
	if err != nil {
		return Answer{}, err
	}
	mark := "?"
	if strings.Contains(page, "?") {
		mark = "&"
	}
	return GoTo(page + mark + typedQuery + "=" + name), nil
}

// GoBack redirects a visitor who has signed in again to the page of a form and fills in
// the typed values. It discards them if the form was made for another account.
func GoBack(r *http.Request, acct account.Account, page string, typed url.Values) (Answer, error) {
	if sid := MadeIn(typed); sid != "" && sid != acct.SID {
		return GoTo("/").Warning("What you typed was for another account than the one that you signed in to, so it was not taken over."), nil
	}
	a, err := Reopen(r, acct, page, typed)
	text := "You are signed in again. What you typed is here, and not saved yet."
	if file := LostFile(typed); file != "" {
		text += " The file “" + file + "” is not: it has to be chosen again."
	}
	return a.Noting(text), err
}

// Typed returns the values that somebody has typed into the page's form before being
// signed out, or nil.
func Typed(r *http.Request) (url.Values, error) {
	name := r.URL.Query().Get(typedQuery)
	if name == "" {
		return nil, nil
	}
	var values url.Values
	_, err := Kept(r, name, &values)
	return values, err
}

// errSignedOut is the fault of a request by htmx whose session has ended.
var errSignedOut = fault.New(fault.Unauthenticated, "You were signed out.")

// askToSignIn redirects to the sign-in page, which then leads to next. For a request by
// htmx, it shows a message instead, so that the page keeps what is typed into it.
func (d *Dashboard) askToSignIn(r *http.Request, next string) Answer {
	if ByHTMX(r) {
		a := pages.Show("error", "", nil).WithStatus(troubles[errSignedOut.Kind].status).Piece("signed-out")
		a.above = true
		return a
	}
	to := "/signin"
	if next != "/" {
		to += "?" + url.Values{"next": {next}}.Encode()
	}
	if r.Method == http.MethodPost {
		return GoTo(to).Warning("You were signed out, so that was not done. Sign in, and do it again.")
	}
	return GoTo(to)
}
