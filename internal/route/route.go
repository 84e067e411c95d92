// Package route finds the route of a request. The API and the dashboard then answer 404
// and 405 in their own words. An http.ServeMux itself would answer both in plain text,
// and redirect a path that is not clean.
package route

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"callbook/internal/reqlog"
)

// Table is a table of routes. The zero value is not usable; see [New]. All
// routes are added before the first request.
type Table struct {
	mux      *http.ServeMux
	patterns []string
	shadowed map[string]bool // patterns that stand for no route; see Shadow
}

// New returns an empty Table.
func New() *Table {
	return &Table{mux: http.NewServeMux(), shadowed: make(map[string]bool)}
}

// Handle adds a route. The pattern is a method and a path, as http.ServeMux spells
// them; it becomes the Route of the request's access record.
func (t *Table) Handle(pattern string, h http.HandlerFunc) {
	t.patterns = append(t.patterns, pattern)
	t.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		reqlog.Of(r.Context()).Route = pattern
		h(w, r)
	})
}

// Patterns returns the patterns of all routes, in the order in which they were
// added.
func (t *Table) Patterns() []string { return t.patterns }

// Serve answers the request if there is a route for it. If not, it returns false
// and has written nothing.
func (t *Table) Serve(w http.ResponseWriter, r *http.Request) bool {
	if !t.matches(r) {
		return false
	}
	t.mux.ServeHTTP(w, r)
	return true
}

func (t *Table) matches(r *http.Request) bool {
	_, pattern := t.mux.Handler(r)
	return pattern != "" && !t.shadowed[pattern] && path.Clean(r.URL.Path) == r.URL.Path
}

// methods are those that a route may have. Where there is GET there is HEAD.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

// Allowed returns the methods that have a route at the request's path, as the
// header Allow lists them; "" means none.
func (t *Table) Allowed(r *http.Request) string {
	var allowed []string
	for _, method := range methods {
		other := *r
		other.Method = method
		if t.matches(&other) {
			allowed = append(allowed, method)
		}
	}
	return strings.Join(allowed, ", ")
}

var wildcard = regexp.MustCompile(`\{[a-z_]+\}`)

// Shadow keeps fixed paths from matching a wildcard route of another method.
// Without it, GET /contacts/csv-upload, a path that has only a POST, would match
// GET /contacts/{sid}. ServeMux excludes a path only through a pattern of its own,
// so Shadow registers one. It comes after the last Handle.
func (t *Table) Shadow() {
	for _, route := range t.patterns {
		_, own, _ := strings.Cut(route, " ")
		for _, method := range methods {
			r := &http.Request{Method: method, URL: &url.URL{Path: wildcard.ReplaceAllString(own, "x")}}
			_, pattern := t.mux.Handler(r)
			if _, other, _ := strings.Cut(pattern, " "); other == "" || other == own {
				continue
			}
			pattern = method + " " + own
			t.shadowed[pattern] = true
			t.mux.HandleFunc(pattern, http.NotFound)
		}
	}
}
