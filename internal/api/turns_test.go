package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestUnreadExportsHoldNoTurn: exports that wait for their client keep no other
// account from its bulk requests, and can be read to their ends afterwards.
func TestUnreadExportsHoldNoTurn(t *testing.T) {
	t.Parallel()
	const contacts, exports = 4000, 4
	s := servertest.Start(t, servertest.Options{})
	large, other := s.Account("large"), s.Account("other")
	filler := strings.Repeat("x", 8000)
	for from := 0; from < contacts; from += 1000 {
		items := make([]string, 1000)
		for i := range items {
			items[i] = fmt.Sprintf(`{"number":"+9198%08d","custom_field":{"filler":%q}}`, from+i, filler)
		}
		large.Create(items...)
	}
	other.Total() // so that two accounts are active
	var answers []*http.Response
	for range exports {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+large.Path("/contacts/export?format=ndjson"), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", large.Authorization())
		answer, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("an export answers %d", answer.StatusCode)
		}
		answers = append(answers, answer)
	}
	items := make([]string, 2000) // more than what counts as small
	for i := range items {
		items[i] = fmt.Sprintf(`{"number":"+9197%08d","first_name":"somebody"}`, i)
	}
	for _, item := range other.Create(items...) {
		if item.Status != "success" {
			t.Fatalf("another account's contact: %+v", item)
		}
	}
	for _, answer := range answers {
		body, err := io.ReadAll(answer.Body)
		if n := strings.Count(string(body), "\n"); err != nil || n != contacts {
			t.Errorf("the export has %d contacts: %v", n, err)
		}
	}
}
