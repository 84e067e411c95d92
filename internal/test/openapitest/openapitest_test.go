package openapitest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recorder is a test that only remembers its failures.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// roundTrip is a transport without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestOperations(t *testing.T) {
	want := []string{
		"DELETE /v2/accounts/{account_sid}/campaigns/{sid}",
		"DELETE /v2/accounts/{account_sid}/campaigns/{sid}/call-details/{call_sid}/recording",
		"DELETE /v2/accounts/{account_sid}/contacts",
		"DELETE /v2/accounts/{account_sid}/contacts/{sid}",
		"DELETE /v2/accounts/{account_sid}/csv-uploads/{upload_id}",
		"DELETE /v2/accounts/{account_sid}/flows/{name}",
		"DELETE /v2/accounts/{account_sid}/lists/{sid}",
		"DELETE /v2/accounts/{account_sid}/lists/{sid}/contacts",
		"DELETE /v2/accounts/{account_sid}/lists/{sid}/contacts/{contact_sid}",
		"DELETE /v2/accounts/{account_sid}/prompts/{name}",
		"DELETE /v2/accounts/{account_sid}/suppressions",
		"DELETE /v2/accounts/{account_sid}/trash/contacts",
		"DELETE /v2/accounts/{account_sid}/trash/lists",
		"GET /healthz",
		"GET /openapi.yaml",
		"GET /readyz",
		"GET /v2/accounts/{account_sid}/audit",
		"GET /v2/accounts/{account_sid}/campaign/{sid}/call-details",
		"GET /v2/accounts/{account_sid}/campaigns",
		"GET /v2/accounts/{account_sid}/campaigns/{sid}",
		"GET /v2/accounts/{account_sid}/campaigns/{sid}/call-details",
		"GET /v2/accounts/{account_sid}/campaigns/{sid}/call-details/{call_sid}/recording",
		"GET /v2/accounts/{account_sid}/campaigns/{sid}/callbacks",
		"GET /v2/accounts/{account_sid}/campaigns/{sid}/report",
		"GET /v2/accounts/{account_sid}/campaigns/{sid}/targets",
		"GET /v2/accounts/{account_sid}/contacts",
		"GET /v2/accounts/{account_sid}/contacts/csv-upload/{list_sid}",
		"GET /v2/accounts/{account_sid}/contacts/export",
		"GET /v2/accounts/{account_sid}/contacts/{sid}",
		"GET /v2/accounts/{account_sid}/csv-status/{upload_id}",
		"GET /v2/accounts/{account_sid}/csv-status/{upload_id}/errors",
		"GET /v2/accounts/{account_sid}/csv-uploads",
		"GET /v2/accounts/{account_sid}/flows",
		"GET /v2/accounts/{account_sid}/flows/{name}",
		"GET /v2/accounts/{account_sid}/lists",
		"GET /v2/accounts/{account_sid}/lists/{sid}",
		"GET /v2/accounts/{account_sid}/lists/{sid}/contacts",
		"GET /v2/accounts/{account_sid}/lists/{sid}/export",
		"GET /v2/accounts/{account_sid}/prompts",
		"GET /v2/accounts/{account_sid}/prompts/{name}",
		"GET /v2/accounts/{account_sid}/suppressions",
		"GET /v2/accounts/{account_sid}/suppressions/export",
		"GET /v2/accounts/{account_sid}/trash/contacts",
		"GET /v2/accounts/{account_sid}/trash/lists",
		"POST /v2/accounts/{account_sid}/campaigns",
		"POST /v2/accounts/{account_sid}/campaigns/{sid}",
		"POST /v2/accounts/{account_sid}/campaigns/{sid}/callbacks/send",
		"POST /v2/accounts/{account_sid}/campaigns/{sid}/callbacks/{event_id}/send",
		"POST /v2/accounts/{account_sid}/campaigns/{sid}/copy",
		"POST /v2/accounts/{account_sid}/contacts",
		"POST /v2/accounts/{account_sid}/contacts/csv-upload",
		"POST /v2/accounts/{account_sid}/csv-uploads/{upload_id}/undo",
		"POST /v2/accounts/{account_sid}/flows",
		"POST /v2/accounts/{account_sid}/lists",
		"POST /v2/accounts/{account_sid}/lists/{sid}/contacts",
		"POST /v2/accounts/{account_sid}/prompts",
		"POST /v2/accounts/{account_sid}/suppressions",
		"POST /v2/accounts/{account_sid}/suppressions/csv-upload",
		"POST /v2/accounts/{account_sid}/trash/contacts/restore",
		"POST /v2/accounts/{account_sid}/trash/lists/restore",
		"PUT /v2/accounts/{account_sid}/campaigns/{sid}",
		"PUT /v2/accounts/{account_sid}/contacts",
		"PUT /v2/accounts/{account_sid}/contacts/csv-upload/{list_sid}",
		"PUT /v2/accounts/{account_sid}/contacts/{sid}",
		"PUT /v2/accounts/{account_sid}/flows/{name}",
		"PUT /v2/accounts/{account_sid}/lists",
		"PUT /v2/accounts/{account_sid}/lists/{sid}",
		"PUT /v2/accounts/{account_sid}/prompts/{name}",
	}
	if diff := cmp.Diff(want, New(t).Operations()); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

func TestTransportReportsAndPassesOn(t *testing.T) {
	const good, bad = `{"status":"ok"}`, `{"status":"fine"}`
	body := good
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	}))
	defer server.Close()
	reports := &recorder{TB: t}
	client := &http.Client{Transport: New(reports).Transport(nil)}

	for _, body = range []string{good, bad} {
		resp, err := client.Get(server.URL + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(got) != body {
			t.Errorf("the caller read %q, %v; want %q", got, err, body)
		}
	}
	if len(reports.failures) != 1 {
		t.Fatalf("got %d failures, want one: %q", len(reports.failures), reports.failures)
	}
	for _, want := range []string{"GET /healthz", "200", "/status", bad} {
		if !strings.Contains(reports.failures[0], want) {
			t.Errorf("the failure does not tell %q: %s", want, reports.failures[0])
		}
	}
}

func TestTransportKeepsFailuresShort(t *testing.T) {
	a := manyContacts(1000)
	a.body = bytes.ReplaceAll(a.body, []byte(`"tag":null`), []byte(`"tag":7`))
	reports := send(t, a)
	if len(reports) != 1 || len(reports[0]) > maxReason+maxExcerpt+300 {
		t.Errorf("got %d failures, want a single short one", len(reports))
	}
}

func TestTransportBrokenBody(t *testing.T) {
	broken := errors.New("connection reset")
	reports := &recorder{TB: t}
	rt := New(reports).Transport(roundTrip(func(*http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(`{"sta`), brokenReader{broken})
		return &http.Response{StatusCode: 200, Body: io.NopCloser(body)}, nil
	}))
	resp, err := rt.RoundTrip(httptest.NewRequest("GET", "/healthz", nil))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	if string(got) != `{"sta` || !errors.Is(err, broken) {
		t.Errorf("the caller read %q, %v; want the half and the error", got, err)
	}
	if len(reports.failures) != 0 {
		t.Errorf("half an answer was judged: %q", reports.failures)
	}
}

func TestTransportError(t *testing.T) {
	refused := errors.New("connection refused")
	rt := New(t).Transport(roundTrip(func(*http.Request) (*http.Response, error) { return nil, refused }))
	if _, err := rt.RoundTrip(httptest.NewRequest("GET", "/healthz", nil)); !errors.Is(err, refused) {
		t.Errorf("got %v, want %v", err, refused)
	}
}

func TestTransportConcurrently(t *testing.T) {
	reports := &recorder{TB: t}
	checker := New(reports)
	good, bad := manyContacts(20), manyContacts(20)
	bad.body = bytes.Replace(bad.body, []byte(`"failed":0`), []byte(`"failed":1`), 1)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, a := range []answer{good, bad} {
				if _, err := checker.Transport(a.transport()).RoundTrip(a.request()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(reports.failures) != 8 {
		t.Errorf("got %d failures, want 8: %q", len(reports.failures), reports.failures)
	}
}

func TestGzip(t *testing.T) {
	a := manyContacts(3)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(a.body)
	w.Close()
	a.body = packed.Bytes()
	a.header.Set("Content-Encoding", "gzip")
	if reports := send(t, a); len(reports) != 0 {
		t.Errorf("refused: %q", reports)
	}
}

// A checker that doubles the time of every test would soon be taken out.
func TestBigAnswerIsCheckedQuickly(t *testing.T) {
	a := manyContacts(5000)
	doc := New(t).doc
	start := time.Now()
	if err := doc.check(a); err != nil {
		t.Fatalf("refused: %.500s", err)
	}
	took := time.Since(start)
	t.Logf("%d bytes in %v", len(a.body), took)
	if took > time.Minute { // far off, for the race detector on a busy machine
		t.Errorf("5,000 items took %v", took)
	}
}

func BenchmarkCheck5000(b *testing.B) {
	a := manyContacts(5000)
	doc := New(b).doc
	b.SetBytes(int64(len(a.body)))
	for b.Loop() {
		if err := doc.check(a); err != nil {
			b.Fatal(err)
		}
	}
}

// manyContacts is the answer to a bulk write of n new contacts.
func manyContacts(n int) answer {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(`{"code":200,"error_data":null,"status":"success","data":{`+
			`"sid":"%032x","date_created":"2026-03-14T09:26:53.58979323+05:30",`+
			`"date_updated":"2026-03-14T09:26:53.58979323+05:30","account_sid":"demo",`+
			`"number":"+9198%08d","first_name":"Asha","last_name":"Rao","company_name":"",`+
			`"email":null,"tag":null,"custom_field":{"plan":{"name":"gold","seats":3}},`+
			`"uri":"/v2/accounts/demo/contacts/%032x"}}`, i, i, i)
	}
	return answer{
		method: "POST",
		path:   "/v2/accounts/demo/contacts",
		status: 207,
		header: http.Header{
			"Content-Type": {"application/json"},
			"X-Request-Id": {requestID},
		},
		body: fmt.Appendf(nil, `{"request_id":"%s","method":"POST","http_code":207,`+
			`"metadata":{"failed":0,"total":%d,"success":%d},"response":[%s]}`,
			requestID, n, n, strings.Join(items, ",")),
	}
}

const requestID = "0b6f3c51d9a84e6c8f2a7e5d4c3b2a19"

func (a answer) request() *http.Request { return httptest.NewRequest(a.method, a.path, nil) }

func (a answer) transport() http.RoundTripper {
	return roundTrip(func(*http.Request) (*http.Response, error) {
		body := io.NopCloser(bytes.NewReader(a.body))
		return &http.Response{StatusCode: a.status, Header: a.header, Body: body}, nil
	})
}

// send returns the failures that an answer causes.
func send(t *testing.T, a answer) []string {
	t.Helper()
	reports := &recorder{TB: t}
	if _, err := New(reports).Transport(a.transport()).RoundTrip(a.request()); err != nil {
		t.Fatal(err)
	}
	return reports.failures
}
