package shell

import (
	"net/http"
	"net/url"
	"regexp"

	"callbook/internal/addressbook"
)

// plainHost is a host as a sample may have it. A request may claim any.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)

// BaseURL is where clients reach the server.
func BaseURL(r *http.Request) string {
	configured := visitorOf(r).dashboard.cfg.BaseURL
	switch {
	case configured != "":
		return configured
	case !plainHost.MatchString(r.Host):
		return "http://<your_host>"
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// AccountURL is where the API of the account begins.
func AccountURL(r *http.Request) string { return BaseURL(r) + AccountPath(r) }

// AccountPath is the path at which the API of the account begins.
func AccountPath(r *http.Request) string { return "/v2/accounts/" + AccountOf(r).SID }

// FromAPI is what the wire API answers to the visitor who gets this path and
// query of their account.
func FromAPI(path string, query url.Values) Answer {
	return Answer{Raw: func(w http.ResponseWriter, r *http.Request) {
		asked := r.Clone(r.Context())
		asked.URL = &url.URL{Path: AccountPath(r) + path, RawQuery: query.Encode()}
		asked.RequestURI = asked.URL.RequestURI()
		API(r).ServeHTTP(w, asked)
	}}
}

// PathSID reads a sid of the path; what is none is one that nobody has.
func PathSID(r *http.Request, name string) addressbook.SID {
	sid, _ := addressbook.ParseSID(r.PathValue(name))
	return sid
}
