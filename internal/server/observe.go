package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"callbook/internal/fault"
	"callbook/internal/reqlog"
)

// An Observer is called with the Record of each request after its answer. It must be
// quick, since the client may wait for it. It must not keep or change the Record.
type Observer func(ctx context.Context, rec *reqlog.Record)

// observe serves a request with an id, a deadline and a share of the budget. It recovers
// panics, answers them if possible, and calls the observers.
func (s *Server) observe(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	start := time.Now()
	serving(r.Context())
	ctx := r.Context()
	if s.begin != nil {
		ctx = s.begin(r)
	}
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	ctx, rec := reqlog.Begin(ctx)
	ctx, share := s.budget.Begin(ctx)
	defer share.End() // when the answer is complete or given up
	r = r.WithContext(ctx)
	client := s.proxies.Of(r)
	if r.RemoteAddr = ""; client.IsValid() {
		r.RemoteAddr = client.String()
	}
	w.Header().Set("X-Request-Id", rec.ID)
	watched := &statusWriter{ResponseWriter: w}
	defer func() {
		p := recover()
		if p != nil && p != http.ErrAbortHandler {
			rec.Err = fault.Panic(p)
			if watched.status == 0 {
				s.fail(watched, r, rec.Err)
				p = nil // the panic was answered
			}
		}
		rec.Status, rec.Took = watched.status, time.Since(start)
		for _, observe := range s.observers {
			observe(ctx, rec)
		}
		if p != nil {
			// Abort the connection, so that the client does not take a part of the answer
			// for the whole.
			panic(http.ErrAbortHandler)
		}
	}()
	serve(watched, r)
}

// AccessLog returns an [Observer] that logs a line per request. It logs the route, and
// not the path or query, since these may contain a number or a name.
func AccessLog(log *slog.Logger) Observer {
	return func(ctx context.Context, rec *reqlog.Record) { logAccess(ctx, log, rec) }
}

func logAccess(ctx context.Context, log *slog.Logger, rec *reqlog.Record) {
	level := slog.LevelInfo
	refused := rec.Status >= http.StatusBadRequest && rec.Status < http.StatusInternalServerError
	switch {
	case refused:
	case rec.Err != nil || rec.Status >= http.StatusInternalServerError && rec.Status != http.StatusServiceUnavailable:
		level = slog.LevelError
	case rec.Account == "" && rec.Status == http.StatusOK:
		level = slog.LevelDebug // a probe
	}
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", rec.ID),
		slog.String("route", rec.Route),
		slog.String("account", rec.Account),
		slog.Int("status", rec.Status),
		slog.Duration("duration", rec.Took),
	}
	if rec.Bulk {
		attrs = append(attrs, slog.Int("total", rec.Total), slog.Int("success", rec.Total-rec.Failed), slog.Int("failed", rec.Failed))
	}
	if rec.Replayed != "" {
		attrs = append(attrs, slog.String("replayed", rec.Replayed))
	}
	if rec.BrokenOff != "" {
		attrs = append(attrs, slog.String("broken_off", rec.BrokenOff))
	}
	if rec.Err != nil && !refused {
		attrs = append(attrs, slog.String("error", rec.Err.Error()))
	}
	log.LogAttrs(ctx, level, "request", attrs...)
}

// statusWriter remembers the status of the answer; 0 means that none was sent yet.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find the original writer.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
