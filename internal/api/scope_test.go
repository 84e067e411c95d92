package api_test

import (
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clientaddr"
	"callbook/internal/clock/clocktest"
	"callbook/internal/fault"
	"callbook/internal/test/servertest"
)

// TestScopes asks each route with a key of each scope: those without the route's scope
// are refused, and change nothing.
func TestScopes(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	// Which scopes let a request pass, by the beginning of the route's path; the longest
	// counts. "admin" always does.
	read, write := []account.Scope{account.ContactsRead, account.ContactsWrite}, []account.Scope{account.ContactsWrite}
	lists, imports, campaigns := []account.Scope{account.Lists}, []account.Scope{account.Imports}, []account.Scope{account.CampaignsScope}
	passes := map[string][]account.Scope{
		"GET /contacts": read, "POST /contacts": write, "PUT /contacts": write, "DELETE /contacts": write,
		"GET /trash/contacts": read, "POST /trash/contacts": write, "DELETE /trash/contacts": write,
		"GET /contacts/csv-upload": imports, "POST /contacts/csv-upload": imports, "PUT /contacts/csv-upload": imports,
		"GET /csv-": imports, "POST /csv-": imports, "DELETE /csv-": imports,
		"GET /lists": lists, "POST /lists": lists, "PUT /lists": lists, "DELETE /lists": lists,
		"GET /trash/lists": lists, "POST /trash/lists": lists, "DELETE /trash/lists": lists,
		"GET /campaign": campaigns, "POST /campaign": campaigns, "PUT /campaign": campaigns, "DELETE /campaign": campaigns,
		"GET /flows": campaigns, "POST /flows": campaigns, "PUT /flows": campaigns, "DELETE /flows": campaigns,
		"GET /prompts": campaigns, "POST /prompts": campaigns, "PUT /prompts": campaigns, "DELETE /prompts": campaigns,
		"GET /audit":        {account.Admin},
		"GET /suppressions": campaigns, "POST /suppressions": campaigns, "DELETE /suppressions": campaigns,
	}
	wildcard := regexp.MustCompile(`\{[^}]*\}`)
	clients := make(map[account.Scope]*servertest.Client)
	for _, scope := range account.Scopes() {
		key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{Access: account.Access{Scopes: []account.Scope{scope}}})
		if err != nil {
			t.Fatal(err)
		}
		clients[scope] = c.As(key.ID, token)
	}
	routes := 0
	for _, pattern := range s.Handler.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		path, ours := strings.CutPrefix(path, "/v2/accounts/{account_sid}")
		if !ours {
			continue
		}
		routes++
		var best string
		for route := range passes {
			if strings.HasPrefix(method+" "+path, route) && len(route) > len(best) {
				best = route
			}
		}
		if best == "" {
			t.Errorf("%s %s has no scope", method, path)
			continue
		}
		for scope, client := range clients {
			// Requests like this, without a body, need not have documented answers.
			req, err := http.NewRequest(method, s.URL+c.Path(wildcard.ReplaceAllString(path, strings.Repeat("0", 32))), http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth(client.Key, client.Token)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			want := scope == account.Admin
			for _, s := range passes[best] {
				want = want || s == scope
			}
			if got := res.StatusCode != http.StatusForbidden; got != want {
				t.Errorf("%s %s with %s: got %d %s", method, path, scope, res.StatusCode, body)
			}
			if !want && !strings.Contains(string(body), `The API key lacks the scope \"`+string(passes[best][0])+`\"`) {
				t.Errorf("%s %s with %s: got %s", method, path, scope, body)
			}
		}
	}
	if routes < 50 {
		t.Errorf("only %d routes were asked", routes)
	}
}

// TestScopeOfPersons: what is stored about a person is more than contacts, so a key for
// contacts alone gets none of it and erases nothing.
func TestScopeOfPersons(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	c.CreateOne(`{"number":"+919876543210"}`)
	for scope, want := range map[account.Scope]int{account.ContactsWrite: 403, account.CampaignsScope: 403, account.Admin: 200} {
		key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{Access: account.Access{Scopes: []account.Scope{scope}}})
		if err != nil {
			t.Fatal(err)
		}
		as := c.As(key.ID, token)
		for _, query := range []string{"/contacts/export?number=%2B919876543210", "/contacts/export?number=%2B919876543210&format=json"} {
			if a := as.Get(c.Path(query)); a.Status != want {
				t.Errorf("GET %s with %s: got %d %s", query, scope, a.Status, a.Body)
			}
		}
		if scope == account.Admin {
			continue
		}
		as.Do("DELETE", c.Path("/contacts?number=%2B919876543210"), nil).Fault(t, want)
	}
	// A body whose length is not told may mean contacts to delete, as any other.
	c.Do("DELETE", c.Path("/contacts?number=%2B919876543210"), io.MultiReader(strings.NewReader(`{"contacts":[]}`))).Fault(t, 400)
	if got := c.Total(); got != 1 {
		t.Errorf("%d contacts are left", got)
	}
	// Nor does the key get the kept answer of another key, which tells what there was.
	erase := func(c *servertest.Client) servertest.Answer {
		return c.Do("DELETE", c.Path("/contacts?number=%2B919876543210"), nil, "Idempotency-Key", "one")
	}
	if a := erase(c); a.Status != 200 {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{Access: account.Access{Scopes: []account.Scope{account.ContactsWrite}}})
	if err != nil {
		t.Fatal(err)
	}
	erase(c.As(key.ID, token)).Fault(t, 403)
}

// TestNetworks: a key works from its networks only.
func TestNetworks(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	for network, want := range map[string]int{"127.0.0.0/8": 200, "10.0.0.0/8": 403} {
		access, err := account.ParseAccess(nil, []string{network})
		if err != nil {
			t.Fatal(err)
		}
		key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{Access: access})
		if err != nil {
			t.Fatal(err)
		}
		a := c.As(key.ID, token).List("")
		if a.Status != want || want == 403 && !strings.Contains(string(a.Body), "The API key may not be used from this address") {
			t.Errorf("a key for %s: got %d %s", network, a.Status, a.Body)
		}
	}
}

// TestNetworksBehindProxy: a key works from its networks only, whatever its client writes
// into the headers of proxies. The proxy is in the key's network.
func TestNetworksBehindProxy(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Proxies: clientaddr.Proxies{netip.MustParsePrefix("127.0.0.0/8")}})
	access, err := account.ParseAccess(nil, []string{"127.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	c := s.Account("demo")
	key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{Access: access})
	if err != nil {
		t.Fatal(err)
	}
	c = c.As(key.ID, token)
	for _, tt := range []struct {
		legacy, standard string // X-Forwarded-For and Forwarded; "" is none
		want             int
	}{
		{"", "", 200}, // the proxy itself
		{"192.0.2.7", "", 200},
		{"::ffff:192.0.2.7", "", 200},
		{"2001:db8::7", "", 200},
		{"", `for="[2001:db8::7]:80"`, 200},
		{"203.0.113.9", "", 403},
		{"192.0.2.7, 203.0.113.9", "", 403},
		{"::ffff:203.0.113.9", "", 403},
		{"2001:db9::7", "", 403},
		// The proxy writes one of the headers, and passes on the other.
		{"203.0.113.9", "for=192.0.2.7", 403},
		{"203.0.113.9", "for=127.0.0.1", 403},
		{"127.0.0.1", "for=203.0.113.9", 403},
		{"203.0.113.9", "nonsense", 403},
		{"", "for=unknown", 403},
		{"192.0.2.7, unknown", "", 403},
	} {
		var headers []string
		if tt.legacy != "" {
			headers = append(headers, "X-Forwarded-For", tt.legacy)
		}
		if tt.standard != "" {
			headers = append(headers, "Forwarded", tt.standard)
		}
		if a := c.Do("GET", c.Path("/contacts"), nil, headers...); a.Status != tt.want {
			t.Errorf("X-Forwarded-For %q, Forwarded %q: got %d, want %d", tt.legacy, tt.standard, a.Status, tt.want)
		}
	}
}

// TestRotation: the new key works at once and may what the old one may, which works until
// the end of the overlap.
func TestRotation(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(goldenTime)
	s := servertest.Start(t, servertest.Options{Clock: clock})
	c := s.Account("demo")
	access := account.Access{Scopes: []account.Scope{account.ContactsRead}}
	first, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{Name: "reader", Access: access})
	if err != nil {
		t.Fatal(err)
	}
	old := c.As(first.ID, token)
	old.Total()
	second, token, ends, sid, err := s.Directory.RotateKey(t.Context(), first.ID, time.Hour)
	if err != nil || sid != "demo" || !ends.Expires.Equal(goldenTime.Add(time.Hour)) || second.Name != "reader" {
		t.Fatalf("got %+v, %+v, %q, %v", second, ends, sid, err)
	}
	fresh := c.As(second.ID, token)
	old.Total()
	fresh.Total()
	fresh.Get(c.Path("/lists")).Fault(t, 403)
	clock.Add(time.Hour)
	old.List("").Fault(t, 401)
	fresh.Total()
	if _, _, _, _, err := s.Directory.RotateKey(t.Context(), first.ID, 0); !fault.Is(err, fault.Invalid) {
		t.Errorf("a key that has ended: %v", err)
	}
}
