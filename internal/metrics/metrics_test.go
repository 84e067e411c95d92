package metrics_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"callbook/internal/account"
	"callbook/internal/app"
	"callbook/internal/metrics"
	"callbook/internal/test/servertest"
)

// reader reads the metrics of a server over HTTP.
type reader struct {
	t   *testing.T
	url string
}

// serve serves the metrics of a server until the test ends.
func serve(t *testing.T, s *servertest.Server, profiles bool) *reader {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- metrics.Serve(ctx, ln, s.Metrics.Handler(profiles), slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve metrics: %v", err)
		}
	})
	return &reader{t, "http://" + ln.Addr().String()}
}

func (r *reader) get(path string) (status int, body string) {
	r.t.Helper()
	res, err := http.Get(r.url + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// families reads the metrics.
func (r *reader) families() map[string]*dto.MetricFamily {
	r.t.Helper()
	status, text := r.get("/metrics")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if status != http.StatusOK || err != nil {
		r.t.Fatalf("got %d, %v: %s", status, err, text)
	}
	return all
}

// value returns the value of a metric with these label values, or the count of a
// histogram; -1 means that there is none.
func (r *reader) value(name string, labels ...string) float64 {
	r.t.Helper()
	for _, m := range r.families()[name].GetMetric() {
		var has []string
		for _, l := range m.GetLabel() {
			has = append(has, l.GetValue())
		}
		if slices.Equal(has, labels) {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return -1
}

// await waits until a metric has a value.
func (r *reader) await(want float64, name string, labels ...string) {
	r.t.Helper()
	r.awaitThat(func(got float64) bool { return got == want }, name, labels...)
}

// awaitThat waits until the value of a metric is as the condition says.
func (r *reader) awaitThat(condition func(float64) bool, name string, labels ...string) {
	r.t.Helper()
	const patience, every = 2 * time.Minute, 20 * time.Millisecond
	again := time.NewTicker(every)
	defer again.Stop()
	for begun := time.Now(); ; <-again.C {
		got := r.value(name, labels...)
		if condition(got) {
			return
		}
		if time.Since(begun) > patience {
			r.t.Fatalf("%s %v is %v", name, labels, got)
		}
	}
}

// TestMetrics does something of each kind, and reads what is told of it.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Simulator: app.Simulator{Instant: true}})
	c, r := s.Account("demo"), serve(t, s, false)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.URL.Path, "/refuse") {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(receiver.Close)

	const asha = `{"number":"+919876543210","first_name":"Asha"}`
	c.Create(asha, `{"number":"+919876543211"}`, asha, `{"number":"nonsense"}`)
	c.Send("POST", "/contacts?dry_run=true", servertest.Contacts(`{"number":"+919876543219"}`))
	c.Send("POST", "/contacts?on_duplicate=update", servertest.Contacts(asha))
	sid := c.CreateOne(`{"number":"+919876543212"}`).SID
	c.Send("PUT", "/contacts/"+sid, `{"first_name":"Vikram"}`)
	c.Send("DELETE", "/contacts/"+sid, "")
	c.Send("DELETE", "/contacts/"+sid, "")
	c.Get("/Sandhya/+919876543210")
	c.Get("/healthz")
	c.Await(c.Upload("Tenants", "number\n+919876543220\n+919876543221\nnonsense\n"))
	c.Await(c.Upload("Tenants", "number\n+919876543222\n", "dry_run", "true"))
	busy := s.Account("busy")
	if _, err := s.Directory.Change(t.Context(), "busy", func(a *account.Account) { a.RequestsAMinute = 1 }); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		busy.Get(busy.Path("/lists"))
	}
	c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","read_via_text":"Hello, this is a call","from":["+919800000001","+919800000006"],` +
		`"status_callback":"` + receiver.URL + `/take","call_status_callback":"` + receiver.URL + `/refuse"}]}`)

	for _, want := range []struct {
		value  float64
		name   string
		labels []string
	}{
		{3, "callbook_contacts_total", []string{"created"}},
		{2, "callbook_contacts_total", []string{"updated"}},
		{1, "callbook_contacts_total", []string{"deleted"}},
		{1, "callbook_contacts_total", []string{"duplicate"}},
		{2, "callbook_contacts_total", []string{"failed"}},
		{2, "callbook_import_rows_total", []string{"success"}},
		{0, "callbook_import_rows_total", []string{"duplicate"}},
		{1, "callbook_import_rows_total", []string{"failed"}},
		{1, "callbook_calls_total", []string{"completed"}},
		{1, "callbook_calls_total", []string{"busy"}},
		{0, "callbook_calls_total", []string{"no-answer"}},
		{0, "callbook_calls_in_flight", nil},
		{0, "callbook_campaigns_in_progress", nil},
		{0, "callbook_imports", []string{"waiting"}},
		{0, "callbook_imports", []string{"working"}},
		{0, "callbook_http_requests_in_flight", nil},
		{4, "callbook_http_requests_total", []string{"POST /v2/accounts/{account_sid}/contacts", "207"}},
		{1, "callbook_http_requests_total", []string{"DELETE /v2/accounts/{account_sid}/contacts/{sid}", "404"}},
		{1, "callbook_http_requests_total", []string{"GET /healthz", "200"}},
		{1, "callbook_http_requests_total", []string{"none", "404"}},
		{2, "callbook_http_requests_limited_total", nil},
		{4, "callbook_http_request_duration_seconds", []string{"POST /v2/accounts/{account_sid}/contacts"}},
	} {
		r.await(want.value, want.name, want.labels...)
	}
	some := func(n float64) bool { return n >= 1 } // the refused ones are sent again and again
	r.awaitThat(some, "callbook_callback_requests_total", "delivered")
	r.awaitThat(some, "callbook_callback_requests_total", "retried")
	r.awaitThat(some, "callbook_callbacks_waiting")
	engine := map[string][]string{
		"callbook_sqlite_commit_duration_seconds": nil, "callbook_sqlite_commit_jobs": nil, "callbook_sqlite_database_bytes": nil, "callbook_sqlite_wal_bytes": nil,
	}
	if servertest.OnPostgres() {
		engine = map[string][]string{"callbook_postgres_pool_max_connections": nil, "callbook_postgres_pool_acquires_total": nil}
	}
	for name, labels := range engine {
		if got := r.value(name, labels...); got < 1 {
			t.Errorf("%s is %v", name, got)
		}
	}

	documented(t, r)
	drawn(t, r)
	bounded(t, r, s, "demo", sid, "98765", "9800000", "Sandhya", "nonsense", "Tenants", receiver.URL)
	_, text := r.get("/metrics")
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v, %v", problems, err)
	}
	if a := c.Get("/metrics"); a.Status != http.StatusNotFound {
		t.Errorf("the API's address answers %d at /metrics", a.Status)
	}
}

// bounded checks that labels have no value of what a client has sent.
func bounded(t *testing.T, r *reader, s *servertest.Server, secrets ...string) {
	t.Helper()
	patterns := append(s.Handler.Patterns(), "none")
	for name, family := range r.families() {
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "route" && !slices.Contains(patterns, l.GetValue()) {
					t.Errorf("%s has the route %q", name, l.GetValue())
				}
				if l.GetName() == "route" || strings.HasPrefix(name, "go_") {
					continue
				}
				for _, secret := range secrets {
					if strings.Contains(l.GetValue(), secret) {
						t.Errorf("%s has %s=%q", name, l.GetName(), l.GetValue())
					}
				}
			}
		}
	}
}

// ours returns whether a metric is one of callbook's own, and of the engine under test.
func ours(name string) bool {
	other := "callbook_postgres_"
	if servertest.OnPostgres() {
		other = "callbook_sqlite_"
	}
	return strings.HasPrefix(name, "callbook_") && !strings.HasPrefix(name, other)
}

// documented compares the metrics with the table of docs/metrics.md.
func documented(t *testing.T, r *reader) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]string)
	for _, row := range regexp.MustCompile("(?m)^\\| `(callbook_[a-z_]+)` \\| ([a-z]+) \\| ([a-z_`, ]*) ?\\| ").FindAllStringSubmatch(string(text), -1) {
		if ours(row[1]) {
			want[row[1]] = row[2] + " " + strings.TrimSpace(strings.ReplaceAll(row[3], "`", ""))
		}
	}
	got := make(map[string]string)
	for name, family := range r.families() {
		if !ours(name) {
			continue
		}
		var labels []string
		for _, l := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		got[name] = strings.ToLower(family.GetType().String()) + " " + strings.Join(labels, ", ")
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("docs/metrics.md has %s as %q, and the server as %q", name, want[name], got[name])
		}
	}
	for name := range got {
		if want[name] == "" {
			t.Errorf("docs/metrics.md has no %s", name)
		}
	}
}

// drawn checks that the dashboard of Grafana asks for metrics that exist only, and for
// all that callbook has.
func drawn(t *testing.T, r *reader) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "grafana", "callbook.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	families, asked := r.families(), make(map[string]bool)
	suffix := regexp.MustCompile(`_(bucket|sum|count)$`)
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			names := regexp.MustCompile(`\b(callbook|process|go)_[a-z_]+`).FindAllString(target.Expr, -1)
			if len(names) == 0 {
				t.Errorf("%s: %q has no metric", panel.Title, target.Expr)
			}
			for _, name := range names {
				if name == "go_version" {
					continue // a label
				}
				if base := suffix.ReplaceAllString(name, ""); families[name] == nil && families[base].GetType() == dto.MetricType_HISTOGRAM {
					name = base
				}
				asked[name] = true
				if families[name] == nil && (ours(name) || !strings.HasPrefix(name, "callbook_")) {
					t.Errorf("%s: there is no metric %s", panel.Title, name)
				}
			}
		}
	}
	for name := range families {
		if ours(name) && !asked[name] {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

// TestProfiles: profiles are served when they are asked for, and never the command line,
// which may have the database's password.
func TestProfiles(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	without, with := serve(t, s, false), serve(t, s, true)
	for path, want := range map[string]int{
		"/debug/pprof/": http.StatusOK, "/debug/pprof/heap": http.StatusOK, "/debug/pprof/goroutine?debug=1": http.StatusOK,
		"/debug/pprof/cmdline": http.StatusNotFound, "/debug/pprof/nothing": http.StatusNotFound, "/": http.StatusNotFound,
	} {
		if status, body := with.get(path); status != want {
			t.Errorf("%s: got %d %.200s, want %d", path, status, body, want)
		}
		if status, _ := without.get(path); status != http.StatusNotFound {
			t.Errorf("%s without profiles: got %d", path, status)
		}
	}
	if a := s.Account("demo").Get("/debug/pprof/heap"); a.Status != http.StatusNotFound {
		t.Errorf("the API's address answers %d", a.Status)
	}
}

// TestDatabaseAway: what the database does not tell is left out, and the rest is served.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	r := serve(t, s, false)
	r.await(0, "callbook_callbacks_waiting")
	s.BreakDatabase()
	if got := r.value("callbook_callbacks_waiting"); got != -1 {
		t.Errorf("callbacks_waiting is %v", got)
	}
	if got := r.value("callbook_build_info", metricsLabels(r)...); got != 1 {
		t.Errorf("build_info is %v", got)
	}
}

func metricsLabels(r *reader) (values []string) {
	for _, l := range r.families()["callbook_build_info"].GetMetric()[0].GetLabel() {
		values = append(values, l.GetValue())
	}
	return values
}
