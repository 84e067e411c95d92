package web

import (
	"net/http"
	"net/url"
	"regexp"

	"callbook/internal/addressbook"
)

// plainHost is a host as a sample may have it. A request may claim any.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)

// baseURL is where clients reach the server.
func baseURL(r *http.Request) string {
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

// accountURL is where the API of the account begins.
func accountURL(r *http.Request) string { return baseURL(r) + accountPath(r) }

// accountPath is the path at which the API of the account begins.
func accountPath(r *http.Request) string { return "/v2/accounts/" + accountOf(r).SID }

// answerOfAPI is what the wire API answers to the visitor who gets this path and
// query of their account.
func answerOfAPI(path string, query url.Values) answer {
	return answer{raw: func(w http.ResponseWriter, r *http.Request) {
		asked := r.Clone(r.Context())
		asked.URL = &url.URL{Path: accountPath(r) + path, RawQuery: query.Encode()}
		asked.RequestURI = asked.URL.RequestURI()
		api(r).ServeHTTP(w, asked)
	}}
}

// sidIn reads a sid of the path; what is none is one that nobody has.
func sidIn(r *http.Request, name string) addressbook.SID {
	sid, _ := addressbook.ParseSID(r.PathValue(name))
	return sid
}
