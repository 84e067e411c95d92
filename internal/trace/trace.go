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
}

// tracers counts the tracers that are open. Without one, nobody looks for spans in
// contexts.
var tracers atomic.Int32

// New returns a Tracer as the environment asks for, which must be closed, or nil if the
// environment asks for none. It logs what it does not understand there. The collector
// need not be there: spans wait in a queue of 2,048, unless OTEL_BSP_MAX_QUEUE_SIZE says
// otherwise, and those that find it full are lost.
func New(ctx context.Context, version string, log *slog.Logger) (*Tracer, error) {
	if !wanted(log) {
		return nil, nil
	}
	// OpenTelemetry has one logger for the whole program. What it logs beside the text may
	// be the headers of OTEL_EXPORTER_OTLP_HEADERS, and those are secrets.
	otel.SetLogger(funcr.New(func(_, text string) { log.Warn("a variable of OpenTelemetry was ignored", "failed", text) },
		funcr.Options{RenderBuiltinsHook: onlyMessage, RenderArgsHook: nothing}))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("OpenTelemetry", "error", err) }))

	client, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithAttributes(semconv.ServiceName("callbook"), semconv.ServiceVersion(version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv()) // the last one counts
	if err != nil {
		otel.Handle(err) // about has what was understood
	}
	t := &Tracer{exporter: &exporter{SpanExporter: client, log: log}, log: log}
	t.provider = sdk.NewTracerProvider(sdk.WithBatcher(t.exporter), sdk.WithResource(about))
	t.tracer = t.provider.Tracer(scope)
	tracers.Add(1)
	log.Info("traces are sent to the collector of OpenTelemetry that the environment names")
	return t, nil
}

// wanted reports whether the environment asks for traces that callbook can send.
func wanted(log *slog.Logger) bool {
	name := "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	if os.Getenv(name) == "" {
		name = "OTEL_EXPORTER_OTLP_ENDPOINT"
	}
	endpoint := os.Getenv(name)
	if endpoint == "" || strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	switch os.Getenv("OTEL_TRACES_EXPORTER") {
	case "", "otlp":
	case "none":
		return false
	default:
		log.Warn("no traces are sent: OTEL_TRACES_EXPORTER must be otlp or none")
		return false
	}
	switch cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")) {
	case "", "http/protobuf", "http/json":
	default:
		log.Warn("no traces are sent: OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or http/json; a collector takes those at port 4318")
		return false
	}
	if u, err := url.Parse(endpoint); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
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

// mostReason bounds the bytes of a reason in the log, since the collector may have
// written it.
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
