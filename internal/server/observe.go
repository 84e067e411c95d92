package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"callbook/internal/fault"
	"callbook/internal/reqlog"
)

// An Observer is told of each request once it was answered. The client may wait
// for it, so it must be quick. It must not keep or change the Record.
type Observer func(ctx context.Context, rec *reqlog.Record)

// observe serves a request with all that every request gets: an id, a
// deadline, an answer even to a panic. It tells the observers.
func (s *Server) observe(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	start := time.Now()
	serving(r.Context())
	ctx, cancel := context.WithTimeout(r.Context(), s.limit)
	defer cancel()
	ctx, rec := reqlog.Begin(ctx)
	ctx, share := s.budget.Begin(ctx)
	defer share.End() // once the client has the answer, or never will
	r = r.WithContext(ctx)
	if client := s.proxies.Of(r); client.IsValid() {
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
				p = nil // it is answered
			}
		}
		rec.Status, rec.Took = watched.status, time.Since(start)
		for _, observe := range s.observers {
			observe(ctx, rec)
		}
		if p != nil {
			// An answer was begun and has no end: it must not look whole.
			panic(http.ErrAbortHandler)
		}
	}()
	serve(watched, r)
}

// AccessLog returns an [Observer] that writes one line a request to log. The line
// names the route and not the path or query, since those are the caller's and may
// hold a number or a name.
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

// statusWriter remembers the status that was sent; 0 means none yet.
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

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
