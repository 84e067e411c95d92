// Package server serves the API, the dashboard and the probes on one HTTP server. It adds
// request ids, an access log, recovery of panics, deadlines and a graceful stop.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"callbook/internal/api"
	"callbook/internal/budget"
	"callbook/internal/clientaddr"
	"callbook/internal/fault"
	"callbook/internal/reqlog"
	"callbook/internal/web"
	"callbook/openapi"
)

// Server serves the API, the dashboard and the probes.
type Server struct {
	api       *api.API
	dashboard *web.Dashboard
	ready     func(context.Context) error
	log       *slog.Logger
	begin     func(*http.Request) context.Context
	observers []Observer
	limit     time.Duration
	refuse    error
	tls       *tls.Config
	proxies   clientaddr.Proxies
	origins   *origins
	budget    *budget.Budget
	conns     *connections

	requests inFlight
	unready  atomic.Bool // whether the store failed at the last probe
	mux      *http.ServeMux
	patterns []string
}

// Config has the dependencies and limits of a [Server].
type Config struct {
	API *api.API
	// Dashboard may be nil; then the server has no dashboard.
	Dashboard *web.Dashboard
	// Ready returns an error if the store does not answer.
	Ready func(context.Context) error
	// Log receives errors that no request has caused, or whose details clients must not
	// see. It must not be nil.
	Log *slog.Logger
	// Begin, if not nil, is called when a request arrives. It returns the context of the
	// request, which the observers get too.
	Begin func(r *http.Request) context.Context
	// Observers are called after each request, in this order.
	Observers []Observer
	// Proxies are trusted to tell the addresses of their clients.
	Proxies clientaddr.Proxies
	// AllowOrigins are the origins, such as https://app.example.com, whose pages may use
	// the API in a browser. BaseURL is the server's own URL if a proxy gives it another
	// name, or "".
	AllowOrigins []string
	BaseURL      string
	// RequestTimeout bounds the time of a request, including its waits; zero means a
	// minute.
	RequestTimeout time.Duration
	// Budget bounds the memory of requests; nil means 128 MiB.
	Budget *budget.Budget
	// Connections bounds the open connections; zero means 4,096. One more closes those
	// that were idle longest. It also bounds the requests over HTTP/2 at the same time.
	Connections int
	// TLS, if not nil, is the configuration of TLS, with the protocols of HTTP.
	TLS *tls.Config
	// Refuse, if not nil, is the error for every request except those for the probes and
	// the OpenAPI document. It is for a server whose store is not open yet. The server
	// then needs no API.
	Refuse error
}

const (
	defaultRequestTimeout = time.Minute
	headerTimeout         = 10 * time.Second
	idleTimeout           = 2 * time.Minute
	maxHeaderBytes        = 64 << 10
	defaultConnections    = 4096
	// streamsAtOnce bounds the requests of one connection of HTTP/2, and unread the bytes
	// of their bodies, all together, that it may send before a handler reads them. They
	// are beside the budget.
	streamsAtOnce = 100
	unread        = 256 << 10
	defaultBudget = 128 << 20
	// stopPatience is how long a stop waits for slow clients, and stopTimeout how long
	// for all requests in flight.
	stopPatience = 20 * time.Second
	stopTimeout  = 30 * time.Second
)

// New returns a Server that is not serving yet.
func New(cfg Config) *Server {
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = defaultRequestTimeout
	}
	if cfg.Connections == 0 {
		cfg.Connections = defaultConnections
	}
	if cfg.Budget == nil {
		cfg.Budget = budget.New(defaultBudget, int64(cfg.Connections))
	}
	s := &Server{
		api:       cfg.API,
		dashboard: cfg.Dashboard,
		ready:     cfg.Ready,
		log:       cfg.Log,
		begin:     cfg.Begin,
		observers: cfg.Observers,
		limit:     cfg.RequestTimeout,
		refuse:    cfg.Refuse,
		tls:       cfg.TLS,
		proxies:   cfg.Proxies,
		origins:   newOrigins(cfg.AllowOrigins, cfg.BaseURL),
		budget:    cfg.Budget,
		conns:     newConnections(cfg.Connections),
		mux:       http.NewServeMux(),
	}
	s.requests.idle = make(chan struct{})
	s.handle("GET /healthz", s.healthz)
	s.handle("GET /readyz", s.readyz)
	s.handle("GET /openapi.yaml", s.document)
	return s
}

func (s *Server) handle(pattern string, h http.HandlerFunc) {
	s.patterns = append(s.patterns, pattern)
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		reqlog.Of(r.Context()).Route = pattern
		h(w, r)
	})
}

// Patterns returns all routes of the API and the probes in the syntax of http.ServeMux.
func (s *Server) Patterns() []string {
	return slices.Concat(s.patterns, s.api.Patterns())
}

// InFlight returns how many requests are in flight, without probes.
func (s *Server) InFlight() int { return s.requests.count() }

// Serve serves requests until ctx ends or ln fails; the latter is an error. Then it
// answers the requests in flight, refuses new ones with 503, and returns when all are
// done. While it stops, clients get less time to send and to read. After 20 seconds it
// closes their connections. It returns an error if requests are still in flight after
// half a minute. It closes ln.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	httpServer := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       s.limit,
		WriteTimeout:      2 * s.limit, // counts from the end of the header, so it covers reading the body and working
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		TLSConfig:         s.tls,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: streamsAtOnce, MaxReceiveBufferPerConnection: unread, MaxReceiveBufferPerStream: unread},
		ConnState:         s.conns.changed,
		ConnContext:       remember,
		// net/http would answer OPTIONS * without a body.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(httpErrors{s.log}, "", 0),
	}
	served := make(chan error, 1)
	go func() {
		if counted := s.conns.listen(ln); s.tls == nil {
			served <- httpServer.Serve(counted)
		} else {
			served <- httpServer.ServeTLS(counted, "", "")
		}
	}()
	var broken error
	select {
	case broken = <-served:
	case <-ctx.Done():
	}

	if s.refuse == nil {
		s.log.Info("stopping: requests in flight are answered, new ones refused")
	}
	s.budget.Hurry()
	err := errors.Join(broken, s.finish(context.WithoutCancel(ctx), httpServer))
	if broken == nil {
		<-served // returns http.ErrServerClosed
	}
	return err
}

// finish waits for the requests in flight, and closes the server.
func (s *Server) finish(ctx context.Context, httpServer *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	done := s.requests.drain()
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	select {
	case <-done:
		return httpServer.Shutdown(ctx)
	case <-patience.C:
	}
	s.log.Warn("clients that have not sent their requests or read their answers are cut off", "requests", s.requests.count())
	err := httpServer.Close()
	select {
	case <-done:
	case <-ctx.Done():
		err = errors.Join(err, errors.New("requests were still in flight when the time to stop was over"))
	}
	return err
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	done, ok := s.conns.stream(r)
	if !ok {
		// An answer would wait for its client, who could have any number of them wait.
		panic(http.ErrAbortHandler)
	}
	defer done()
	s.observe(w, r, s.route)
}

var errStopping = &fault.Error{
	Kind:       fault.Unavailable,
	Detail:     "The server is shutting down",
	RetryAfter: 5 * time.Second,
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	if !s.forDashboard(r) && s.origins.answer(w, r) {
		return
	}
	own := s.ownPath(r)
	if own {
		if _, pattern := s.mux.Handler(r); pattern != "" {
			s.mux.ServeHTTP(w, r)
			return
		}
	}
	if !s.requests.enter() {
		w.Header().Set("Connection", "close")
		s.fail(w, r, errStopping)
		return
	}
	defer s.requests.leave()
	if own {
		w.Header().Set("Allow", "GET, HEAD")
		api.Fail(w, r, fault.New(fault.MethodNotAllowed, "Use GET, HEAD"))
		return
	}
	if s.refuse != nil {
		s.fail(w, r, s.refuse)
		return
	}
	if s.forDashboard(r) {
		s.dashboard.ServeHTTP(w, r)
		return
	}
	s.api.ServeHTTP(w, r)
}

// forDashboard reports whether the dashboard answers the request. A program that asks for
// an unknown path gets the API's error, not a page.
func (s *Server) forDashboard(r *http.Request) bool {
	return s.dashboard != nil && !strings.HasPrefix(r.URL.Path, "/v2/") && !s.ownPath(r) && s.dashboard.Wants(r)
}

// fail answers a failed request in the words of the dashboard or of the API.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if s.forDashboard(r) {
		s.dashboard.Fail(w, r, err)
		return
	}
	api.Fail(w, r, err)
}

// ownPath reports whether the server itself has a route with this path, for any method.
func (s *Server) ownPath(r *http.Request) bool {
	for _, pattern := range s.patterns {
		if _, path, _ := strings.Cut(pattern, " "); path == r.URL.Path {
			return true
		}
	}
	return false
}

// healthz answers that the process runs.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	probe(w, http.StatusOK, `{"status":"ok"}`)
}

// readyz answers whether the server accepts requests: it is not stopping, and its store
// answers.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	err := s.ready(r.Context())
	// Log only changes: probes come every few seconds, and an outage may be long.
	switch was := s.unready.Swap(err != nil); {
	case err != nil && !was:
		s.log.Error("the store does not answer", "error", err)
	case err == nil && was:
		s.log.Info("the store answers again")
	}
	if err != nil || s.requests.draining() {
		probe(w, http.StatusServiceUnavailable, `{"status":"unavailable"}`)
		return
	}
	probe(w, http.StatusOK, `{"status":"ok"}`)
}

func probe(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(body))
}

// document serves the OpenAPI document.
func (s *Server) document(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Write(openapi.Document)
}
