package server

import (
	"net/http"
	"time"

	"github.com/rs/cors"

	"callbook/internal/api"
	"callbook/internal/fault"
)

// origins decides what pages of other sites may do with the API in a browser. A
// browser sends the credentials that it has cached for the server whatever page
// asks, so a write that comes from a page of an origin that is not allowed is
// refused. Reads are not: the browser does not show their answers to such a page.
type origins struct {
	writes *http.CrossOriginProtection
	cors   *cors.Cors // nil when no origin is allowed
}

// preflightFor is how long a browser may remember the answer to a preflight.
const preflightFor = 10 * time.Minute

// newOrigins allows these origins, and takes writes from baseURL's own pages, also
// when a proxy gives the server another name than browsers know. It panics when
// one of them is no origin.
func newOrigins(allowed []string, baseURL string) *origins {
	o := &origins{writes: http.NewCrossOriginProtection()}
	trust := func(origin string) {
		if err := o.writes.AddTrustedOrigin(origin); err != nil {
			panic(err)
		}
	}
	if baseURL != "" {
		trust(baseURL)
	}
	for _, origin := range allowed {
		trust(origin)
	}
	if len(allowed) > 0 {
		o.cors = cors.New(cors.Options{
			AllowedOrigins:   allowed,
			AllowedMethods:   []string{"GET", "HEAD", "POST", "PUT", "DELETE"},
			AllowedHeaders:   []string{"Authorization", "Content-Type", "Idempotency-Key"},
			ExposedHeaders:   []string{"X-Request-Id", "Retry-After", "Idempotency-Replayed", "Content-Disposition", "Allow"},
			AllowCredentials: true,
			MaxAge:           int(preflightFor.Seconds()),
			// Answers have a body here, so the preflight's is not the library's.
			OptionsPassthrough: true,
		})
	}
	return o
}

var errOtherSite = fault.New(fault.Forbidden, "A browser has sent this write from a page of another origin. "+
	"The server takes those only from origins that it was started with: --allow-origin https://app.example.com")

// answer writes the headers that a browser looks for, and the whole answer to a
// preflight or a write that is refused; then it returns true.
func (o *origins) answer(w http.ResponseWriter, r *http.Request) bool {
	if o.cors != nil {
		o.cors.ServeHTTP(w, r, func(http.ResponseWriter, *http.Request) {}) // it sets headers alone
		// For an origin that is not allowed, the library sets no headers. Such a
		// preflight is refused like any other OPTIONS request.
		if r.Method == http.MethodOptions && w.Header().Get("Access-Control-Allow-Methods") != "" {
			api.Preflight(w, r)
			return true
		}
	}
	if o.writes.Check(r) != nil { // its error has no more to say
		api.Fail(w, r, errOtherSite)
		return true
	}
	return false
}
