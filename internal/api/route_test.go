package api_test

import (
	"net/http"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	sid := c.CreateOne(`{"number":"+919876543210"}`).SID
	list := c.CreateList("Members").SID
	for _, tt := range []struct {
		method, path string
		status       int
		allow        string
	}{
		// The word accounts comes in any case; nothing else does.
		{"GET", "/v2/accounts/demo/contacts", 200, ""},
		{"GET", "/v2/Accounts/demo/contacts", 200, ""},
		{"GET", "/v2/ACCOUNTS/demo/contacts/" + sid, 200, ""},
		{"GET", "/V2/accounts/demo/contacts", 404, ""},
		{"GET", "/v2/accounts/demo/Contacts", 404, ""},
		{"GET", "/v2/accounts/Demo/contacts", 403, ""},
		{"GET", "/v2/account/demo/contacts", 404, ""},
		{"GET", "/v2/accountss/demo/contacts", 404, ""},

		{"GET", "/", 404, ""},
		{"GET", "/v2", 404, ""},
		{"GET", "/v2/", 404, ""},
		{"GET", "/v2/accounts", 404, ""},
		{"GET", "/v2/accounts/", 404, ""},
		{"GET", "/v2/accounts/demo", 404, ""},
		{"GET", "/v2/accounts/demo/", 404, ""},
		{"GET", "/v2/accounts/demo/nothing", 404, ""},
		{"GET", "/v2/accounts/demo/contacts/" + sid + "/more", 404, ""},
		{"POST", "/nothing", 404, ""},
		{"DELETE", "/nothing", 404, ""},
		{"OPTIONS", "/nothing", 404, ""},
		{"HEAD", "/nothing", 404, ""},
		{"GET", "/v1/accounts/demo/contacts", 404, ""},
		{"GET", "/v2/accounts/demo%2Fcontacts", 404, ""},
		{"GET", "/v2/ACCOUNTS/demo%2Fcontacts", 404, ""},

		// One slash at the end is taken.
		{"GET", "/v2/accounts/demo/contacts/", 200, ""},
		{"POST", "/v2/accounts/demo/contacts/", 400, ""},
		{"GET", "/v2/Accounts/demo/contacts/" + sid + "/", 200, ""},
		{"GET", "/v2/accounts/demo/lists/?limit=1", 200, ""},
		{"PATCH", "/v2/accounts/demo/contacts/", 405, "GET, HEAD, POST, PUT, DELETE"},
		{"GET", "/v2/accounts/demo/nothing/", 404, ""},
		{"GET", "/v2/accounts/demo/contacts%2F", 404, ""},
		{"GET", "/v2/accounts/demo/contacts/x%2F", 404, ""},

		// Neither redirected nor answered.
		{"GET", "/v2/accounts/demo/contacts//", 404, ""},
		{"GET", "/v2/accounts/demo//contacts", 404, ""},
		{"POST", "/v2/accounts/demo//contacts", 404, ""},
		{"GET", "/v2/accounts/demo/./contacts", 404, ""},
		{"GET", "/v2/accounts/demo/x/../contacts", 404, ""},
		{"GET", "//v2/accounts/demo/contacts", 404, ""},
		{"GET", "//healthz", 404, ""},
		{"GET", "/./healthz", 404, ""},
		{"GET", "/x/../readyz", 404, ""},
		{"GET", "/healthz/", 404, ""},
		{"GET", "/openapi.yaml/", 404, ""},

		{"PATCH", "/v2/accounts/demo/contacts", 405, "GET, HEAD, POST, PUT, DELETE"},
		{"OPTIONS", "/v2/accounts/demo/contacts", 405, "GET, HEAD, POST, PUT, DELETE"},
		{"TRACE", "/v2/accounts/demo/contacts", 405, "GET, HEAD, POST, PUT, DELETE"},
		{"BREW", "/v2/accounts/demo/contacts", 405, "GET, HEAD, POST, PUT, DELETE"},
		{"brew", "/v2/accounts/demo/contacts", 405, "GET, HEAD, POST, PUT, DELETE"},
		{"PATCH", "/v2/aCCounts/demo/contacts", 405, "GET, HEAD, POST, PUT, DELETE"},
		{"PATCH", "/v2/accounts/demo/contacts/" + sid, 405, "GET, HEAD, PUT, DELETE"},
		{"POST", "/v2/accounts/demo/contacts/" + sid, 405, "GET, HEAD, PUT, DELETE"},
		{"OPTIONS", "/v2/accounts/demo/contacts/" + sid, 405, "GET, HEAD, PUT, DELETE"},
		{"PATCH", "/v2/accounts/demo/lists", 405, "GET, HEAD, POST, PUT"},
		{"DELETE", "/v2/accounts/demo/lists", 405, "GET, HEAD, POST, PUT"},
		{"POST", "/v2/accounts/demo/lists/" + list, 405, "GET, HEAD, PUT, DELETE"},
		{"PUT", "/v2/accounts/demo/lists/" + list + "/contacts", 405, "GET, HEAD, POST, DELETE"},
		{"GET", "/v2/accounts/demo/lists/" + list + "/contacts/" + sid, 405, "DELETE"},
		{"PUT", "/v2/Accounts/demo/lists/" + list + "/contacts/" + sid, 405, "DELETE"},
		// A path of its own is not another's wildcard.
		{"GET", "/v2/accounts/demo/contacts/csv-upload/", 405, "POST"},
		{"POST", "/v2/accounts/demo/contacts/csv-upload/" + list, 405, "GET, HEAD, PUT"},
		{"GET", "/v2/accounts/demo/contacts/csv-upload", 405, "POST"},
		{"HEAD", "/v2/accounts/demo/contacts/csv-upload", 405, "POST"},
		{"PUT", "/v2/Accounts/demo/contacts/csv-upload", 405, "POST"},
		{"DELETE", "/v2/accounts/demo/contacts/csv-upload", 405, "POST"},
		{"PATCH", "/v2/accounts/demo/contacts/csv-upload", 405, "POST"},
		{"GET", "/v2/accounts/demo/contacts/csv-uploads", 404, ""},
		{"POST", "/v2/accounts/demo/contacts/csv-uploads", 405, "GET, HEAD, PUT, DELETE"},
		{"GET", "/v2/accounts/demo/lists/", 200, ""},
		{"GET", "/v2/accounts/demo/lists/" + list + "/contacts/", 200, ""},
		{"GET", "/v2/accounts/demo/lists/" + list + "/members", 404, ""},
		{"DELETE", "/v2/accounts/demo/lists/" + list + "/contacts/" + sid + "/x", 404, ""},
		{"GET", "/v2/aCCounts/demo/lists/" + list, 200, ""},
		{"GET", "/v2/Accounts/demo/lists/" + list + "/contacts", 200, ""},
		{"HEAD", "/v2/accounts/demo/lists", 200, ""},
		{"HEAD", "/v2/accounts/demo/lists/" + list + "/contacts", 200, ""},
		{"HEAD", "/v2/accounts/demo/contacts", 200, ""},
		{"HEAD", "/v2/accounts/demo/contacts/" + sid, 200, ""},
		{"POST", "/healthz", 405, "GET, HEAD"},
		{"DELETE", "/readyz", 405, "GET, HEAD"},
		{"OPTIONS", "/openapi.yaml", 405, "GET, HEAD"},
	} {
		a := c.Do(tt.method, tt.path, nil)
		if a.Status != tt.status || a.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: got %d, Allow %q, want %d, %q", tt.method, tt.path, a.Status, a.Header.Get("Allow"), tt.status, tt.allow)
			continue
		}
		if tt.method == "HEAD" {
			if len(a.Body) > 0 || a.Header.Get("Content-Length") == "" {
				t.Errorf("HEAD %s: got %q, length %q", tt.path, a.Body, a.Header.Get("Content-Length"))
			}
			continue
		}
		if want := `"method":"` + strings.ToUpper(tt.method) + `"`; tt.status != 200 && !strings.Contains(string(a.Body), want) {
			t.Errorf("%s %s: no %s in %s", tt.method, tt.path, want, a.Body)
		}
		code := map[int]int{403: 1003, 404: 1000, 405: 1405}[tt.status]
		if code != 0 {
			if fault := a.Fault(t, tt.status); fault.Code != code {
				t.Errorf("%s %s: got %+v", tt.method, tt.path, fault)
			}
		}
	}
}

func TestSIDs(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	sid := c.CreateOne(`{"number":"+919876543210"}`).SID
	list := c.CreateList("Members").SID
	upper := c.Get(c.Path("/contacts/" + strings.ToUpper(sid))).Contact(t)
	if upper.SID != sid || !strings.HasSuffix(upper.URI, sid) {
		t.Errorf("in upper case: got %+v", upper)
	}
	if got := c.Get(c.Path("/lists/" + strings.ToUpper(list) + "/contacts")).Page(t).Metadata.First; !strings.Contains(*got, list) {
		t.Errorf("in upper case: the link is %s", *got)
	}
	last := sid[:31] + map[bool]string{true: "1", false: "0"}[sid[31] == '0']
	for _, bad := range []string{
		last, strings.Repeat("0", 32), strings.Repeat("f", 32), sid[:31], sid + "0", sid[:31] + "g", "x", "1", "-1", "null",
		"%00", "%ff", "%2e", "%2e%2e", "%20" + sid, sid + "%20", sid[:30] + "%2F1", "'%20OR%201=1--", strings.Repeat("a", 5000),
		sid[:8] + "-" + sid[8:12] + "-" + sid[12:16] + "-" + sid[16:20] + "-" + sid[20:],
	} {
		for _, request := range []struct{ method, path, body string }{
			{"GET", "/contacts/" + bad, ""},
			{"PUT", "/contacts/" + bad, `{"tag":"x"}`},
			{"DELETE", "/contacts/" + bad, ""},
			{"GET", "/lists/" + bad, ""},
			{"PUT", "/lists/" + bad, `{"tag":"x"}`},
			{"DELETE", "/lists/" + bad, ""},
			{"GET", "/lists/" + bad + "/contacts", ""},
			{"POST", "/lists/" + bad + "/contacts", servertest.References(sid)},
			{"DELETE", "/lists/" + bad + "/contacts", servertest.References(sid)},
			{"DELETE", "/lists/" + bad + "/contacts/" + sid, ""},
			{"DELETE", "/lists/" + list + "/contacts/" + bad, ""},
		} {
			if fault := c.Send(request.method, request.path, request.body).Fault(t, 404); fault.Code != 1000 {
				t.Errorf("%s %s: got %+v", request.method, request.path, fault)
			}
		}
	}
}

// TestIgnoredBodies: clients send one with a GET or a DELETE, and it means
// nothing.
func TestIgnoredBodies(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	for _, body := range []string{"{}", "not json", servertest.Contacts(people(0, 1)...), strings.Repeat("x", 200<<10)} {
		contact, list := c.CreateOne(`{"number":"+919876543210"}`), c.CreateList("Members")
		c.Add(list.SID, contact.SID)
		send := func(method, path string) servertest.Answer {
			return c.Do(method, path, strings.NewReader(body), "Content-Type", "text/plain")
		}
		if got := send("GET", contact.URI).Contact(t); got.SID != contact.SID {
			t.Errorf("got %+v", got)
		}
		if got := send("GET", list.URI).List(t); got.SID != list.SID {
			t.Errorf("got %+v", got)
		}
		for _, path := range []string{c.Path("/contacts"), c.Path("/lists"), list.URI + "/contacts"} {
			if got := send("GET", path).Page(t); got.Metadata.Total != 1 {
				t.Errorf("%s: got %+v", path, got)
			}
		}
		if got := send("DELETE", list.URI+"/contacts/"+contact.SID).Member(t); got.ListID != list.SID {
			t.Errorf("got %+v", got)
		}
		if got := send("DELETE", list.URI).List(t); got.SID != list.SID {
			t.Errorf("got %+v", got)
		}
		if got := send("DELETE", contact.URI).Contact(t); got.SID != contact.SID {
			t.Errorf("got %+v", got)
		}
	}
}

// TestEncodedAccount: a slash in the place of the account's sid leads nowhere, encoded or
// not. The document does not know such paths.
func TestEncodedAccount(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	for path, want := range map[string]int{
		"/v2/accounts/%64emo/contacts":               http.StatusOK,
		"/v2/%61ccounts/demo/contacts":               http.StatusOK,
		"/v2/accounts/demo%2Fother/contacts":         http.StatusNotFound,
		"/v2/accounts/demo%2fcontacts/contacts":      http.StatusNotFound,
		"/v2/Accounts/demo%2F..%2Fother/contacts":    http.StatusNotFound,
		"/v2/accounts/other%2F..%2Fdemo/contacts":    http.StatusForbidden,
		"/v2/accounts/demo%2Fcontacts/contacts?x=%2": http.StatusNotFound,
	} {
		req, err := http.NewRequest("GET", s.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(c.Key, c.Token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: got %d, want %d", path, res.StatusCode, want)
		}
	}
}
