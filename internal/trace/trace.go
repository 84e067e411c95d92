// Package trace sends traces of requests, of what they write into the database, and of
// the placing of calls to a collector of OpenTelemetry. The usual variables of the
// environment configure it; docs/metrics.md lists them. Spans hold no personal data: no
// number, name, token, path or query, and no text of an error.
package trace

import (
	"cmp"
	"context"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr/funcr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// closeTimeout bounds how long [Tracer.Close] waits for the collector.
const closeTimeout = 3 * time.Second

// Tracer makes the spans of a server. It is safe for concurrent use, and so is nil, which
// makes none.
type Tracer struct {
	provider *sdk.TracerProvider
	exporter *exporter
	tracer   trace.Tracer
	log      *slog.Logger
	// continues means that traces of callers are continued.
	continues bool
}

// tracers counts the tracers that are open. Without one, nobody looks for spans in
// contexts.
var tracers atomic.Int32

// New returns a Tracer as the environment asks for, which must be closed. It returns nil if
// the environment asks for no traces, or for some that callbook cannot send. It logs the
// variables that it does not understand. The collector need not run: spans wait in a queue of
// 2,048, or of OTEL_BSP_MAX_QUEUE_SIZE, and are lost while the queue is full.
func New(ctx context.Context, version string, log *slog.Logger) *Tracer {
	if !wanted(log) {
		return nil
	}
	// OpenTelemetry has one logger for the whole program. What it logs beside the text may
	// be the headers of OTEL_EXPORTER_OTLP_HEADERS, and those are secrets.
	otel.SetLogger(funcr.New(func(_, text string) { log.Warn("a variable of OpenTelemetry was ignored", "failed", text) },
		funcr.Options{RenderBuiltinsHook: onlyMessage, RenderArgsHook: nothing}))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("OpenTelemetry", "error", err) }))

	client, err := otlptracehttp.New(ctx)
	if err != nil {
		log.Warn("no traces are sent", "error", err)
		return nil
	}
	about, err := resource.New(ctx, resource.WithAttributes(semconv.ServiceName("callbook"), semconv.ServiceVersion(version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv()) // the last one counts
	if err != nil {
		otel.Handle(err) // about has what was understood
	}
	t := &Tracer{exporter: &exporter{SpanExporter: client, log: log}, log: log}
	propagators := setting("OTEL_PROPAGATORS")
	t.continues = propagators == "" || strings.Contains(propagators, "tracecontext")
	t.provider = sdk.NewTracerProvider(sdk.WithBatcher(t.exporter), sdk.WithResource(about))
	t.tracer = t.provider.Tracer(scope)
	tracers.Add(1)
	log.Info("traces are sent to the collector of OpenTelemetry that the environment names")
	return t
}

// setting returns the value of a variable of the environment. An empty one is as one that
// is not set.
func setting(name string) string { return strings.TrimSpace(os.Getenv(name)) }

// wanted reports whether the environment asks for traces that callbook can send.
func wanted(log *slog.Logger) bool {
	name := "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	if setting(name) == "" {
		name = "OTEL_EXPORTER_OTLP_ENDPOINT"
	}
	endpoint, kind := setting(name), setting("OTEL_TRACES_EXPORTER")
	if endpoint == "" && kind == "" || kind == "none" || strings.EqualFold(setting("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	if kind != "" && kind != "otlp" {
		log.Warn("no traces are sent: OTEL_TRACES_EXPORTER must be otlp or none")
		return false
	}
	switch cmp.Or(setting("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), setting("OTEL_EXPORTER_OTLP_PROTOCOL")) {
	case "", "http/protobuf", "http/json":
	default:
		log.Warn("no traces are sent: OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or http/json; a collector takes those at port 4318")
		return false
	}
	// With otlp and no endpoint, the library sends to port 4318 of this machine.
	if u, err := url.Parse(endpoint); endpoint != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		log.Warn("no traces are sent: " + name + " must be a URL as http://collector.example.com:4318")
		return false
	}
	return true
}

// onlyMessage returns the message of a log line, which is all that is logged of it.
func onlyMessage(kvs []any) []any {
	for i := 0; i+1 < len(kvs); i += 2 {
		if kvs[i] == "msg" {
			return kvs[i : i+2]
		}
	}
	return nil
}

func nothing([]any) []any { return nil }

// Close sends the spans that wait. After three seconds, it gives them up.
func (t *Tracer) Close(ctx context.Context) {
	if t == nil {
		return
	}
	tracers.Add(-1)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.log.Warn("the last traces were not sent", "error", err)
		_ = t.exporter.Shutdown(ctx) // interrupts what is being sent
	}
}

// exporter sends spans, and logs when the collector goes away and comes back.
type exporter struct {
	sdk.SpanExporter
	log  *slog.Logger
	away bool // used by one call of ExportSpans at a time
}

// mostReason bounds a reason in the log, in bytes, because the collector may have written it.
const mostReason = 300

// ExportSpans implements sdk.SpanExporter.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && !e.away:
		reason := err.Error()
		e.log.Warn("the collector does not take traces; they are lost until it does", "error", reason[:min(len(reason), mostReason)])
	case err == nil && e.away:
		e.log.Info("the collector takes traces again")
	}
	e.away = err != nil
	return nil
}
