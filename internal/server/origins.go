package server

import (
	"net/http"
	"time"

	"github.com/rs/cors"

	"callbook/internal/api"
	"callbook/internal/fault"
)

// origins decides what pages of other sites may do with the API in a browser. A browser
// sends its cached credentials for the server whichever page asks. So origins refuses
// writes from pages of an origin that is not allowed. It need not refuse reads, because
// the browser hides their answers from such pages.
type origins struct {
	writes *http.CrossOriginProtection
	cors   *cors.Cors // nil if no origin is allowed
}

// preflightFor is how long a browser may cache the answer to a preflight.
const preflightFor = 10 * time.Minute

// newOrigins returns origins that accept these origins, and the pages of baseURL, even if
// a proxy forwards requests to the server under another name. It panics if one of them is
// not a valid origin.
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
			ExposedHeaders:   []string{"X-Request-Id", "Retry-After", "Idempotency-Replayed", "Content-Disposition", "Allow", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"},
			AllowCredentials: true,
			MaxAge:           int(preflightFor.Seconds()),
			// The server's answers to preflights have a body; the library's have none.
			OptionsPassthrough: true,
		})
	}
	return o
}

var errOtherSite = fault.New(fault.Forbidden, "A browser has sent this write from a page of another origin. "+
	"The server takes those only from origins that it was started with: --allow-origin https://app.example.com")

// answer sets the CORS headers. It returns true if it has answered the request itself: a
// preflight, or a write that it refuses.
func (o *origins) answer(w http.ResponseWriter, r *http.Request) bool {
	if o.cors != nil {
		o.cors.ServeHTTP(w, r, func(http.ResponseWriter, *http.Request) {}) // this only sets headers
		// For an origin that is not allowed, the library sets no headers. Such a
		// preflight is refused like any other OPTIONS request.
		if r.Method == http.MethodOptions && w.Header().Get("Access-Control-Allow-Methods") != "" {
			api.Preflight(w, r)
			return true
		}
	}
	if o.writes.Check(r) != nil { // errOtherSite says all that this error says
		api.Fail(w, r, errOtherSite)
		return true
	}
	return false
}
