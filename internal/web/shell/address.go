package shell

import (
	"net/http"
	"net/url"
	"regexp"

	"callbook/internal/addressbook"
)

// plainHost matches the hosts that a sample may repeat. A request may claim any host.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)

// BaseURL returns the URL of the server for clients.
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

// AccountURL returns the base URL of the API for the visitor's account.
func AccountURL(r *http.Request) string { return BaseURL(r) + AccountPath(r) }

// AccountPath returns the base path of the API for the visitor's account.
func AccountPath(r *http.Request) string { return "/v2/accounts/" + AccountOf(r).SID }

// FromAPI returns the API's answer to a GET of this path and query, below the visitor's
// account.
func FromAPI(path string, query url.Values) Answer {
	return Answer{Raw: func(w http.ResponseWriter, r *http.Request) {
		asked := r.Clone(r.Context())
		asked.URL = &url.URL{Path: AccountPath(r) + path, RawQuery: query.Encode()}
		asked.RequestURI = asked.URL.RequestURI()
		API(r).ServeHTTP(w, asked)
	}}
}

// PathSID returns a sid in the path. An invalid one becomes a sid that nothing has.
func PathSID(r *http.Request, name string) addressbook.SID {
	sid, _ := addressbook.ParseSID(r.PathValue(name))
	return sid
}
