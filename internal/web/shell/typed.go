package shell

import (
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/fault"
)

// typedQuery is the word of an address that names the values of a form which somebody
// filled in before they were signed out.
const typedQuery = "typed"

// HandleTyped is [Dashboard.HandleForm] for a form that people type into. It stands on
// the page at this path, whose {names} are those of the pattern. Who is signed out when
// they send it signs in again and finds the form there, with what they typed: the
// page's handler gets it from [Typed].
func (d *Dashboard) HandleTyped(pattern, page string, h Handler) {
	signedIn := func(r *http.Request) (Answer, error) {
		if err := ReadForm(r); err != nil {
			return Answer{}, err
		}
		return once(h)(r)
	}
	signedOut := func(r *http.Request) (Answer, error) {
		at := pathOf(page, r)
		if d.signInAgain == nil || ByHTMX(r) {
			return d.askToSignIn(r, at), nil
		}
		if err := ReadStrangersForm(r); err != nil {
			return Answer{}, err
		}
		if len(r.PostForm) == 0 {
			return d.askToSignIn(r, at), nil
		}
		return d.signInAgain(r, at, r.PostForm), nil
	}
	d.routes.Handle(pattern, d.answering(d.recognising(signedIn, signedOut)))
}

// HandleSignedOut sets what answers somebody who was signed out before they sent a form:
// it asks them to sign in, keeps the values of the form meanwhile, and then leads to the
// page where the form stands, with [Dashboard.GoBack].
func (d *Dashboard) HandleSignedOut(h func(r *http.Request, page string, typed url.Values) Answer) {
	d.signInAgain = h
}

// ReadStrangersForm is [ReadForm] for those who are not signed in and send what they
// typed when they were. In the budget they are one account together, which is nobody's.
func ReadStrangersForm(r *http.Request) error {
	if err := budget.Of(r.Context()).Admit(account.None); err != nil {
		return err
	}
	return readForm(r, MaxForm, true)
}

// pathOf puts the path values of a request into the path of a page, and the request's
// query behind it: it says where somebody came from.
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

// MadeIn returns the account that a form was made for; "" when it does not say.
func MadeIn(form url.Values) string {
	sid, _, _ := strings.Cut(form.Get(onceField), ".")
	return sid
}

// Reopen leads to the page of a form, at this path, with what was typed into it, for
// another look at it. The page's handler gets that from [Typed].
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

// GoBack leads somebody who has signed in again to the page of a form, with what they
// typed. What was typed in another account stays out of this one.
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

// Typed returns the values of the page's form as somebody had filled it in before they
// were signed out; nil when nobody was.
func Typed(r *http.Request) (url.Values, error) {
	name := r.URL.Query().Get(typedQuery)
	if name == "" {
		return nil, nil
	}
	var values url.Values
	_, err := Kept(r, name, &values)
	return values, err
}

// errSignedOut is what a piece of a page says when its session has ended.
var errSignedOut = fault.New(fault.Unauthenticated, "You were signed out.")

// askToSignIn sends somebody to sign in, and then to a page. A page that asks by htmx
// stays, with what is typed in it, and says so.
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
