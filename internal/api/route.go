package api

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"callbook/internal/fault"
)

// methods are those that a route may have. Where there is GET there is HEAD.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

// routed tells whether there is a route for the request. ServeMux answers 404
// and 405 in plain text, and redirects paths that are not clean; all of these
// are ours to say in JSON.
func (a *API) routed(r *http.Request) bool {
	_, pattern := a.mux.Handler(r)
	return pattern != "" && !a.shadowed[pattern] && path.Clean(r.URL.Path) == r.URL.Path
}

var wildcard = regexp.MustCompile(`\{[a-z_]+\}`)

// shadow keeps a path of its own from being taken for another's wildcard: with
// "POST /contacts/csv-upload" and "GET /contacts/{sid}", a GET of csv-upload is
// no request for a contact. ServeMux has no way to say so but a pattern.
func (a *API) shadow() {
	for _, route := range a.patterns {
		_, own, _ := strings.Cut(route, " ")
		for _, method := range methods {
			r := &http.Request{Method: method, URL: &url.URL{Path: wildcard.ReplaceAllString(own, "x")}}
			_, pattern := a.mux.Handler(r)
			if _, other, _ := strings.Cut(pattern, " "); other == "" || other == own {
				continue
			}
			pattern = method + " " + own
			a.shadowed[pattern] = true
			a.mux.Handle(pattern, http.NotFoundHandler()) // routed lets nothing come to it
		}
	}
}

// noRoute tells why no route matches: another method would, or nothing does.
func (a *API) noRoute(w http.ResponseWriter, r *http.Request) error {
	var allowed []string
	for _, method := range methods {
		other := *r
		other.Method = method
		if a.routed(&other) {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return errNoRoute
	}
	allow := strings.Join(allowed, ", ")
	w.Header().Set("Allow", allow)
	return fault.New(fault.MethodNotAllowed, "Use "+allow)
}
