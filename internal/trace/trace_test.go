package trace_test

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"callbook/internal/app"
	"callbook/internal/test/servertest"
	"callbook/internal/trace"
)

// receiver is a collector that keeps what it gets.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	refuse bool
	bodies bytes.Buffer
	about  map[string]string // the attributes of the resource
	spans  []*spans.Span
}

// receive starts a collector, at which the environment points until the test ends.
func receive(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		body, err := io.ReadAll(req.Body)
		var all collector.ExportTraceServiceRequest
		if err != nil || req.URL.Path != "/v1/traces" || proto.Unmarshal(body, &all) != nil {
			t.Errorf("%v at %s: %q", err, req.URL, body)
		}
		if r.refuse {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.bodies.Write(body)
		for _, of := range all.GetResourceSpans() {
			r.about = attributes(of.GetResource().GetAttributes())
			for _, scope := range of.GetScopeSpans() {
				r.spans = append(r.spans, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(r.Close)
	for _, name := range []string{"TRACES_EXPORTER", "SDK_DISABLED", "PROPAGATORS", "EXPORTER_OTLP_CERTIFICATE", "EXPORTER_OTLP_PROTOCOL", "EXPORTER_OTLP_TRACES_PROTOCOL", "EXPORTER_OTLP_TRACES_ENDPOINT", "TRACES_SAMPLER"} {
		t.Setenv("OTEL_"+name, "")
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	return r
}

func (r *receiver) setRefuse(refuse bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = refuse
}

func attributes(all []*common.KeyValue) map[string]string {
	m := make(map[string]string)
	for _, a := range all {
		m[a.GetKey()] = a.GetValue().GetStringValue()
		if n := a.GetValue().GetIntValue(); n != 0 {
			m[a.GetKey()] = strconv.FormatInt(n, 10)
		}
	}
	return m
}

// named returns the only span of this name below the parent, if one is given.
func (r *receiver) named(t *testing.T, name string, parent *spans.Span) *spans.Span {
	t.Helper()
	var found []*spans.Span
	for _, s := range r.spans {
		if s.GetName() == name && (parent == nil || bytes.Equal(s.GetParentSpanId(), parent.GetSpanId())) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("got %d spans %q, want 1; all: %v", len(found), name, r.spans)
	}
	return found[0]
}

func open(t *testing.T, log io.Writer) *trace.Tracer {
	t.Helper()
	tracer := trace.New(t.Context(), "v1.2.3", slog.New(slog.NewTextHandler(log, nil)))
	t.Cleanup(func() { tracer.Close(t.Context()) })
	return tracer
}

// TestRequests traces requests and a call, and reads what the collector got.
func TestRequests(t *testing.T) {
	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	r := receive(t)
	t.Setenv("OTEL_SERVICE_NAME", "book of Pune")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	tracer := open(t, io.Discard)
	s := servertest.Start(t, servertest.Options{Trace: tracer, Simulator: app.Simulator{Instant: true}, Dashboard: true})
	c := s.Account("demo")
	created := c.Do("POST", c.Path("/contacts"), strings.NewReader(servertest.Contacts(`{"number":"+919876543210","first_name":"Asha"}`)),
		"Content-Type", "application/json", "Traceparent", "00-"+trace+"-"+parent+"-01", "Tracestate", "vendor=theirs").Bulk(t)
	c.Get(c.Path("/contacts/nosuchsid"))
	c.List("number=%2B919876543210")
	c.Do("ASHA", "/Asha/+919876543210", nil)
	campaign := c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","read_via_text":"Hello, this is a call","from":["+919800000001"]}]}`)
	c.As("wrong", "token").List("")
	for _, probe := range []string{"/healthz", "/readyz"} {
		if a := s.Browser().Open(probe); a.Status != http.StatusOK {
			t.Errorf("got %d from %s", a.Status, probe)
		}
	}
	awaitEnd(t, c, campaign.ID)
	tracer.Close(t.Context())

	if r.about["service.name"] != "book of Pune" || r.about["service.version"] != "v1.2.3" || r.about["deployment.environment.name"] != "test" {
		t.Errorf("got resource %v", r.about)
	}
	post := r.named(t, "POST /v2/accounts/{account_sid}/contacts", nil)
	if id, under := hex.EncodeToString(post.GetTraceId()), hex.EncodeToString(post.GetParentSpanId()); id != trace || under != parent {
		t.Errorf("got trace %s below %s, want those of the caller", id, under)
	}
	for name, want := range map[string]string{
		"http.request.method": "POST", "http.route": "/v2/accounts/{account_sid}/contacts", "url.scheme": "http",
		"http.response.status_code": "207", "callbook.request_id": created.RequestID,
	} {
		if got := attributes(post.GetAttributes())[name]; got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	write := r.named(t, "insert contacts", post)
	r.named(t, "COMMIT", write)
	get := r.named(t, "GET /v2/accounts/{account_sid}/contacts/{sid}", nil)
	if got := attributes(get.GetAttributes()); got["http.response.status_code"] != "404" || got["callbook.error_code"] == "" || get.GetStatus().GetCode() == spans.Status_STATUS_CODE_ERROR {
		t.Errorf("got %v with status %v", got, get.GetStatus())
	}
	if got := attributes(r.named(t, "HTTP", nil).GetAttributes())["http.request.method"]; got != "_OTHER" {
		t.Errorf("got method %q", got)
	}
	r.named(t, "GET", nil) // of the wrong key, which has reached no route
	r.named(t, "place call", nil)
	for _, secret := range []string{"9876543210", "9800000001", "Asha", "ASHA", "nosuchsid", "demo", "wrong", "token", "healthz", "readyz", "vendor", "theirs"} {
		if bytes.Contains(r.bodies.Bytes(), []byte(secret)) {
			t.Errorf("%q was sent", secret)
		}
	}
}

// patience is how long a test waits for something.
const patience = 2 * time.Minute

// awaitEnd waits until a campaign is over.
func awaitEnd(t *testing.T, c *servertest.Client, id string) {
	t.Helper()
	const every = 20 * time.Millisecond
	again := time.NewTicker(every)
	defer again.Stop()
	for begun := time.Now(); ; <-again.C {
		if strings.EqualFold(c.GetCampaign(id).Status, "completed") {
			return
		}
		if time.Since(begun) > patience {
			t.Fatal("the campaign is not over")
		}
	}
}

// TestUnset tells which environments ask for no traces, and what the log says of them.
func TestUnset(t *testing.T) {
	secure := httptest.NewTLSServer(nil)
	defer secure.Close()
	for name, tt := range map[string]struct{ variable, value, says string }{
		"no endpoint": {"OTEL_EXPORTER_OTLP_ENDPOINT", "", ""},
		"disabled":    {"OTEL_SDK_DISABLED", "True", ""},
		"none":        {"OTEL_TRACES_EXPORTER", "none", ""},
		"zipkin":      {"OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER must be"},
		"certificate": {"OTEL_EXPORTER_OTLP_CERTIFICATE", certificate(t, secure), "no traces are sent"},
		"gRPC":        {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "PROTOCOL must be http/protobuf"},
		"no URL":      {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "secret:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			r := receive(t)
			t.Setenv(tt.variable, tt.value)
			var log bytes.Buffer
			tracer := open(t, &log)
			if tracer != nil {
				t.Error("got a tracer")
			}
			if !strings.Contains(log.String(), tt.says) || tt.says == "" && log.Len() > 0 || strings.Contains(log.String(), "secret") {
				t.Errorf("got log %q", log.String())
			}
			s := servertest.Start(t, servertest.Options{Trace: tracer})
			s.Account("demo").Create(`{"number":"+919876543210"}`)
			s.Stop()
			tracer.Close(t.Context())
			if r.bodies.Len() > 0 {
				t.Errorf("got %d bytes", r.bodies.Len())
			}
		})
	}
}

// certificate returns the path of a file with the certificate of a server.
func certificate(t *testing.T, s *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCollectorWithTLS sends traces over TLS, in the trace of the caller or, where the
// environment says so, not.
func TestCollectorWithTLS(t *testing.T) {
	const caller = "0af7651916cd43dd8448eb211c80319c"
	for propagators, want := range map[string]bool{"": true, "baggage, tracecontext": true, "none": false} {
		r := receive(t)
		secure := httptest.NewTLSServer(r.Config.Handler)
		defer secure.Close()
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", " "+secure.URL+" ")
		t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", certificate(t, secure))
		t.Setenv("OTEL_TRACES_EXPORTER", "otlp")
		t.Setenv("OTEL_PROPAGATORS", propagators)
		tracer := open(t, io.Discard)
		c := servertest.Start(t, servertest.Options{Trace: tracer}).Account("demo")
		c.Do("GET", c.Path("/contacts"), nil, "Traceparent", "00-"+caller+"-b7ad6b7169203331-01")
		tracer.Close(t.Context())
		span := r.named(t, "GET /v2/accounts/{account_sid}/contacts", nil)
		if got := hex.EncodeToString(span.GetTraceId()) == caller; got != want {
			t.Errorf("with the propagators %q, the span is in the trace of the caller: %v", propagators, got)
		}
	}
}

// TestSampler tests a variable that the library reads.
func TestSampler(t *testing.T) {
	r := receive(t)
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	tracer := open(t, io.Discard)
	s := servertest.Start(t, servertest.Options{Trace: tracer})
	s.Account("demo").Create(`{"number":"+919876543210"}`)
	tracer.Close(t.Context())
	if len(r.spans) > 0 {
		t.Errorf("got %v", r.spans)
	}
}

// TestAway lets a collector refuse many traces: requests go on, and the log has a line of
// it. It has another one when the collector takes traces again.
func TestAway(t *testing.T) {
	r := receive(t)
	r.setRefuse(true)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key secret")
	var log syncBuffer
	s := servertest.Start(t, servertest.Options{Trace: open(t, &log)})
	c := s.Account("demo")
	awaitLog := func(text string) {
		t.Helper()
		for begun := time.Now(); !strings.Contains(log.String(), text); c.List("") {
			if time.Since(begun) > patience {
				t.Fatalf("got log %q", log.String())
			}
		}
	}
	awaitLog("does not take traces")
	for range 50 {
		c.List("")
	}
	r.setRefuse(false)
	awaitLog("takes traces again")
	if n := strings.Count(log.String(), "does not take traces"); n != 1 {
		t.Errorf("got %d lines of it: %s", n, log.String())
	}
	if !strings.Contains(log.String(), "parse headers") || strings.Contains(log.String(), "secret") {
		t.Errorf("got log %q", log.String())
	}
}

// syncBuffer is a buffer for several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestSilentCollector closes a tracer whose collector takes spans and does not answer.
func TestSilentCollector(t *testing.T) {
	r := receive(t)
	silent, asked := make(chan struct{}), make(chan struct{}, 16)
	r.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		io.Copy(io.Discard, req.Body)
		asked <- struct{}{}
		select {
		case <-silent:
		case <-req.Context().Done():
		}
	})
	t.Cleanup(func() { close(silent) })
	for _, name := range []string{"BSP_EXPORT", "EXPORTER_OTLP"} {
		t.Setenv("OTEL_"+name+"_TIMEOUT", "600000") // ms
	}
	var log syncBuffer
	tracer := open(t, &log)
	s := servertest.Start(t, servertest.Options{Trace: tracer})
	s.Account("demo").List("")
	begun := time.Now()
	tracer.Close(t.Context())
	if took := time.Since(begun); took > 2*time.Minute {
		t.Errorf("took %v", took)
	}
	<-asked
	if !strings.Contains(log.String(), "the last traces were not sent") {
		t.Errorf("got log %q", log.String())
	}
}
