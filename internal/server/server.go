// Package server puts the front doors on one HTTP server: request ids, the
// access log, panics, deadlines, probes, and a stop that cuts nobody off.
package server

import (
	"context"
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
	"callbook/internal/web"
	"callbook/openapi"
)

// Server serves the API, the dashboard and the probes.
type Server struct {
	api       *api.API
	dashboard *web.Dashboard
	ready     func(context.Context) error
	log       *slog.Logger
	observers []Observer
	limit     time.Duration
	refuse    error
	proxies   clientaddr.Proxies
	origins   *origins
	budget    *budget.Budget
	conns     *connections

	requests inFlight
	unready  atomic.Bool // the store did not answer the last probe
	mux      *http.ServeMux
	patterns []string
}

// Config is what a [Server] is made of.
type Config struct {
	API *api.API
	// Dashboard may be nil: then there is none.
	Dashboard *web.Dashboard
	// Ready tells whether the store answers.
	Ready func(context.Context) error
	// Log gets what no caller is told and no request is about. It must not be nil.
	Log *slog.Logger
	// Observers are told of each request, in their order.
	Observers []Observer
	// Proxies are those whose word on a client's address counts.
	Proxies clientaddr.Proxies
	// AllowOrigins are the origins, as https://app.example.com, whose pages may use
	// the API in a browser, and BaseURL the server's own, where a proxy gives it
	// another name; "" means that there is none.
	AllowOrigins []string
	BaseURL      string
	// RequestTimeout is how long one request may take, waiting included; zero
	// means a minute.
	RequestTimeout time.Duration
	// Budget is what requests hold of the memory; nil means 128 MiB.
	Budget *budget.Budget
	// Connections is how many connections there may be at once; zero means 4,096.
	// One more closes those that have been idle for longest.
	Connections int
	// Refuse, when not nil, is what is answered to every request but those for
	// the probes and the document, by a server whose store is not there yet. It
	// needs no API.
	Refuse error
}

const (
	defaultRequestTimeout = time.Minute
	headerTimeout         = 10 * time.Second
	idleTimeout           = 2 * time.Minute
	maxHeaderBytes        = 64 << 10
	defaultConnections    = 4096
	defaultBudget         = 128 << 20
	// stopPatience is how long a stop waits for the clients of the requests in
	// flight, and stopTimeout for the requests.
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
		observers: cfg.Observers,
		limit:     cfg.RequestTimeout,
		refuse:    cfg.Refuse,
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
	s.mux.HandleFunc(pattern, h)
}

// Patterns returns every route of the API and the probes as method and path, as
// http.ServeMux spells them.
func (s *Server) Patterns() []string {
	return slices.Concat(s.patterns, s.api.Patterns())
}

// Serve answers requests until ctx ends, or ln takes no more of them, which is an
// error. Then those in flight are answered, new ones get 503, and Serve returns
// once all are done. Clients get less time to send and to read then, and those
// that are not done after 20 seconds are cut off. Requests that are not done
// after half a minute all the same are an error. It closes ln.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	httpServer := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       s.limit,
		WriteTimeout:      2 * s.limit, // it counts from the end of the header, so it includes reading and working
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnState:         s.conns.changed,
		ConnContext:       remember,
		// OPTIONS * would be answered without a body.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(httpErrors{s.log}, "", 0),
	}
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(s.conns.listen(ln)) }()
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
		<-served // http.ErrServerClosed
	}
	return err
}

// finish ends the server once the requests in flight are done.
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

// forDashboard tells whether the dashboard has the request's answer. A program
// that asks for what is not there gets the API's error and not a page.
func (s *Server) forDashboard(r *http.Request) bool {
	return s.dashboard != nil && !strings.HasPrefix(r.URL.Path, "/v2/") && !s.ownPath(r) && s.dashboard.Wants(r)
}

// fail answers a request that could not be served, in the words of the front
// door that it is for.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if s.forDashboard(r) {
		s.dashboard.Fail(w, r, err)
		return
	}
	api.Fail(w, r, err)
}

// ownPath tells whether a route here has the request's path, perhaps with
// another method.
func (s *Server) ownPath(r *http.Request) bool {
	for _, pattern := range s.patterns {
		if _, path, _ := strings.Cut(pattern, " "); path == r.URL.Path {
			return true
		}
	}
	return false
}

// healthz tells that the process runs.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	probe(w, http.StatusOK, `{"status":"ok"}`)
}

// readyz tells whether requests are welcome: the server is not stopping, and
// its store answers.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	err := s.ready(r.Context())
	// Probes come every few seconds, and an outage may be long.
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
