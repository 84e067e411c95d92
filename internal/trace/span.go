package trace

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"callbook/internal/reqlog"
)

// scope is the name under which spans are sent.
const scope = "callbook"

// traceparent is the header that names the trace and the span of a caller:
// https://www.w3.org/TR/trace-context/
const traceparent = "traceparent"

// Begin begins the span of a request, unless it is a probe, and returns a context with
// it. The span continues the trace of the caller, if there is one, unless OTEL_PROPAGATORS
// leaves out tracecontext.
func (t *Tracer) Begin(r *http.Request) context.Context {
	if t == nil || r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
		return r.Context()
	}
	name, method, scheme := "HTTP", semconv.HTTPRequestMethodOther, "http" // until there is a route
	if known(r.Method) {
		name, method = r.Method, semconv.HTTPRequestMethodKey.String(r.Method)
	}
	if r.TLS != nil {
		scheme = "https"
	}
	ctx := r.Context()
	if t.continues {
		// The caller's tracestate may have kilobytes, which spans would keep.
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceparent: r.Header.Get(traceparent)})
	}
	ctx, _ = t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(method, semconv.URLScheme(scheme)))
	return ctx
}

// known reports whether a method is one of HTTP, and not anything that a client writes.
func known(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// Request ends the span that [Tracer.Begin] has put into the context. It is an observer
// of the server.
func (t *Tracer) Request(ctx context.Context, rec *reqlog.Record) {
	span := trace.SpanFromContext(ctx)
	defer span.End()
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(attribute.String("callbook.request_id", rec.ID))
	if rec.Route != "" {
		_, path, _ := strings.Cut(rec.Route, " ")
		span.SetName(rec.Route)
		span.SetAttributes(semconv.HTTPRoute(path))
	}
	if rec.Status != 0 {
		span.SetAttributes(semconv.HTTPResponseStatusCode(rec.Status))
	}
	if rec.Code != 0 {
		span.SetAttributes(attribute.Int("callbook.error_code", rec.Code))
	}
	switch {
	case rec.Status >= http.StatusInternalServerError:
		span.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(rec.Status)))
		span.SetStatus(codes.Error, "")
	case rec.BrokenOff != "":
		span.SetAttributes(semconv.ErrorTypeKey.String("broken_off"))
		span.SetStatus(codes.Error, "")
	}
}

// Span is a span that was begun. The zero Span is none.
type Span struct{ span trace.Span }

// End ends the span. An error marks it as failed; the text of the error is not sent.
func (s Span) End(err error) {
	if s.span == nil {
		return
	}
	if err != nil {
		s.span.SetStatus(codes.Error, "")
	}
	s.span.End()
}

// Call begins the span of the placing of a call, and returns a context with it.
func (t *Tracer) Call(ctx context.Context) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	ctx, span := t.tracer.Start(ctx, "place call", trace.WithSpanKind(trace.SpanKindClient))
	return ctx, Span{span}
}

// The values of db.system.name for [Write] and [Committed].
const (
	SQLite     = "sqlite"
	PostgreSQL = "postgresql"
)

// Write begins the span of a write into a database, and returns a context with it. The
// operation is a fixed text, as "insert contacts". If the context belongs to no traced
// request, there is no span.
func Write(ctx context.Context, system, operation string) (context.Context, Span) {
	return child(ctx, operation, system, time.Now())
}

// Committed tells of a commit that began at this time and has just ended. The context is
// that of [Write], or of a context made of it.
func Committed(ctx context.Context, system string, begun time.Time, err error) {
	_, span := child(ctx, "COMMIT", system, begun)
	span.End(err)
}

func child(ctx context.Context, name, system string, begun time.Time) (context.Context, Span) {
	if tracers.Load() == 0 {
		return ctx, Span{}
	}
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, Span{}
	}
	ctx, span := parent.TracerProvider().Tracer(scope).Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(begun), trace.WithAttributes(semconv.DBSystemNameKey.String(system)))
	return ctx, Span{span}
}
