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

// anyPath is the pattern of what no route has. ServeMux itself would answer 404
// and 405 in plain text; these are ours to say in JSON.
const anyPath = "/"

// unrouted answers a request that there is no route for.
func (a *API) unrouted(w http.ResponseWriter, r *http.Request) {
	a.drain(r)
	Fail(w, r, a.noRoute(w, r))
}

// routed tells whether there is a route for the request.
func (a *API) routed(r *http.Request) bool {
	_, pattern := a.mux.Handler(r)
	return pattern != anyPath && !a.shadowed[pattern] && path.Clean(r.URL.Path) == r.URL.Path
}

var wildcard = regexp.MustCompile(`\{[a-z_]+\}`)

// shadow keeps a fixed path from matching a wildcard route of another method.
// Without it, GET /contacts/csv-upload, a path that has only a POST, would match
// GET /contacts/{sid}. ServeMux excludes a path only through a pattern of its own,
// so shadow registers one.
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
			a.mux.HandleFunc(pattern, a.unrouted)
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
