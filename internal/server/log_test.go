package server_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"callbook/internal/test/servertest"
)

// records is everything that was logged. A request's record is written after
// its answer: stop the server before reading.
type records struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *records) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

func (r *records) handler() slog.Handler {
	return slog.NewJSONHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug})
}

func (r *records) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// requests returns the records of the access log, by request id.
func (r *records) requests(t *testing.T) map[string]map[string]any {
	t.Helper()
	byID := make(map[string]map[string]any)
	for line := range strings.Lines(r.String()) {
		var rec map[string]any
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if rec["msg"] == "request" {
			id := rec["request_id"].(string)
			if byID[id] != nil {
				t.Errorf("request %s is logged twice", id)
			}
			byID[id] = rec
		}
	}
	return byID
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	log := &records{}
	s := servertest.Start(t, servertest.Options{Log: log.handler()})
	c, other := s.Account("demo"), s.Account("other")
	const (
		list = "GET /v2/accounts/{account_sid}/contacts"
		post = "POST /v2/accounts/{account_sid}/contacts"
		get  = "GET /v2/accounts/{account_sid}/contacts/{sid}"
	)
	created := c.Post(`{"contacts":[{"number":"+919876543210","first_name":"Sandhya","last_name":"Kulkarni","company_name":"Lotus",
		"email":"sandhya@example.com","tag":"Platinum","custom_field":{"pet":"Bruno"}},{"number":"98765 43210"},{"number":"98765x"}]}`)
	contact := created.Bulk(t).Response[0].Data
	type counts struct{ total, success, failed any }
	for _, tt := range []struct {
		name           string
		answer         servertest.Answer
		account, route string
		level          string
		counts         counts
	}{
		{"create", created, "demo", post, "INFO", counts{3.0, 1.0, 2.0}},
		{"read", c.Get(contact.URI), "demo", get, "INFO", counts{}},
		{"list", c.List("limit=5&name=Sandhya&x=+919876543210"), "demo", list, "INFO", counts{}},
		{"bad body", c.Post(`{"contacts":[{"number":"+919876543210"}Sandhya`), "demo", post, "INFO", counts{}},
		{"bad query", c.List("sort_by=Sandhya"), "demo", list, "INFO", counts{}},
		{"bad sid", c.Get(c.Path("/contacts/+919876543210")), "demo", get, "INFO", counts{}},
		{"no key", c.As("", "").List("name=Sandhya"), "", "", "INFO", counts{}},
		{"wrong token", c.As(c.Key, "Sandhya").List(""), "", "", "INFO", counts{}},
		{"other account", other.Get(c.Path("/contacts")), "other", "", "INFO", counts{}},
		{"no route", c.Get("/Sandhya/+919876543210"), "", "", "INFO", counts{}},
		{"method", c.Do("PATCH", c.Path("/contacts"), nil), "demo", "", "INFO", counts{}},
		{"content type", c.Do("POST", c.Path("/contacts"), strings.NewReader("Sandhya"), "Content-Type", "text/Sandhya"), "demo", post, "INFO", counts{}},
		{"probe", c.Get("/healthz"), "", "GET /healthz", "DEBUG", counts{}},
	} {
		t.Cleanup(func() {
			id := tt.answer.Header.Get("X-Request-Id")
			rec := log.requests(t)[id]
			if rec == nil {
				t.Errorf("%s: request %s is not in the log", tt.name, id)
				return
			}
			if !bytes.Contains(tt.answer.Body, []byte(id)) && tt.name != "probe" {
				t.Errorf("%s: the answer has another request id", tt.name)
			}
			got := counts{rec["total"], rec["success"], rec["failed"]}
			if rec["account"] != tt.account || rec["route"] != tt.route || rec["status"] != float64(tt.answer.Status) ||
				rec["level"] != tt.level || got != tt.counts || rec["error"] != nil {
				t.Errorf("%s: logged is %v", tt.name, rec)
			}
			if took, ok := rec["duration"].(float64); !ok || took <= 0 {
				t.Errorf("%s: duration is %v", tt.name, rec["duration"])
			}
		})
	}
	s.Stop()
	lower := strings.ToLower(log.String())
	for _, personal := range []string{
		"9876543210", "98765 43210", "98765x", "sandhya", "kulkarni", "lotus", "example.com", "platinum", "bruno",
		c.Key, c.Token, other.Key, other.Token, contact.SID, "basic",
	} {
		if strings.Contains(lower, strings.ToLower(personal)) {
			t.Errorf("the log says %q:\n%s", personal, lower)
		}
	}
}

// TestAccessLogOfReplay: an answer that is given again is logged under an id of
// its own, with that of the first request.
func TestAccessLogOfReplay(t *testing.T) {
	t.Parallel()
	log := &records{}
	s := servertest.Start(t, servertest.Options{Log: log.handler()})
	const key = "Sandhya-9876543210"
	c := s.Account("demo").Under(key)
	for range 2 {
		c.Post(`{"contacts":[{"number":"+919876543210"}]}`).Bulk(t)
	}
	s.Stop()
	var first, again map[string]any
	for _, rec := range log.requests(t) {
		if rec["replayed"] == nil {
			first = rec
		} else {
			again = rec
		}
	}
	if again == nil || again["replayed"] != first["request_id"] || again["status"] != 207.0 || again["total"] != nil || first["total"] != 1.0 {
		t.Errorf("logged are %v and %v", first, again)
	}
	if strings.Contains(log.String(), key) {
		t.Errorf("the log has the key:\n%s", log)
	}
}
