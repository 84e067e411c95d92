package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// contact is one contact as a client sends it and as it comes back.
type contact struct {
	SID         string          `json:"sid,omitempty"`
	DateCreated string          `json:"date_created,omitempty"`
	DateUpdated string          `json:"date_updated,omitempty"`
	AccountSID  string          `json:"account_sid,omitempty"`
	Number      string          `json:"number"`
	FirstName   string          `json:"first_name,omitempty"`
	LastName    string          `json:"last_name,omitempty"`
	CompanyName string          `json:"company_name,omitempty"`
	Email       string          `json:"email,omitempty"`
	Tag         string          `json:"tag,omitempty"`
	CustomField json.RawMessage `json:"custom_field,omitempty"`
	URI         string          `json:"uri,omitempty"`
}

// item is the answer for one contact.
type item struct {
	Code      int `json:"code"`
	ErrorData *struct {
		Code        int    `json:"code"`
		Message     string `json:"message"`
		Description string `json:"description"`
	} `json:"error_data"`
	Status string   `json:"status"`
	Data   *contact `json:"data"`
}

// envelope is an answer with an array of items: of a bulk request or a page.
type envelope struct {
	RequestID string `json:"request_id"`
	Method    string `json:"method"`
	HTTPCode  int    `json:"http_code"`
	Metadata  struct {
		Failed, Total, Success int // Total is on pages, too
		Count, Offset, Limit   int
	} `json:"metadata"`
	Response []item `json:"response"`
}

// fault is an answer that refuses a whole request.
type fault struct {
	RequestID string `json:"request_id"`
	HTTPCode  int    `json:"http_code"`
	Response  item   `json:"response"`
}

// answer is a whole answer that came back over HTTP.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// client calls one server as one account.
type client struct {
	http *http.Client
	base string // the account's own part of the server
	auth credentials
}

// newClient returns a client with connections of its own, which it keeps.
func newClient(t *testing.T, s *server, auth credentials) *client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{
		http: &http.Client{Transport: transport, Timeout: patience},
		base: s.URL + "/v2/accounts/" + auth.AccountSID,
		auth: auth,
	}
}

// call makes one request. An error means that no whole answer came back.
func (c *client) call(method, path string, body []byte) (answer, error) {
	return c.stream(method, path, bytes.NewReader(body), len(body))
}

// stream is call with a body of this size that is read while it is sent.
func (c *client) stream(method, path string, body io.Reader, size int) (answer, error) {
	req, err := http.NewRequest(method, c.base+path, body)
	if err != nil {
		return answer{}, err
	}
	req.SetBasicAuth(c.auth.APIKey, c.auth.APIToken)
	if size > 0 {
		req.ContentLength = int64(size)
		req.Header.Set("Content-Type", "application/json")
	}
	return send(c.http, req)
}

// post sends contacts in one request.
func (c *client) post(contacts []contact) (answer, error) {
	return c.call(http.MethodPost, "/contacts", contactsBody(contacts))
}

// mustPost sends contacts and wants the 207.
func (c *client) mustPost(t *testing.T, contacts ...contact) envelope {
	t.Helper()
	got, err := c.post(contacts)
	if err != nil {
		t.Fatal(err)
	}
	bulk, err := got.bulk(len(contacts))
	if err != nil {
		t.Fatal(err)
	}
	return bulk
}

// get fetches a URL that needs no account.
func get(t *testing.T, url string) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := send(http.DefaultClient, req)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func send(c *http.Client, req *http.Request) (answer, error) {
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, body}, err
}

func contactsBody(contacts []contact) []byte {
	body, err := json.Marshal(map[string][]contact{"contacts": contacts})
	if err != nil {
		panic(err) // none of the fields can make it fail
	}
	return body
}

// bulk reads the answer of a bulk request, and checks what holds for all of
// them: one item a contact, and counts that add up.
func (a answer) bulk(contacts int) (envelope, error) {
	if a.status != http.StatusMultiStatus {
		return envelope{}, fmt.Errorf("status %d, want 207: %s", a.status, a.body)
	}
	got, err := parseBulk(a.body)
	if err != nil {
		return envelope{}, err
	}
	if len(got.Response) != contacts {
		return envelope{}, fmt.Errorf("%d items for %d contacts", len(got.Response), contacts)
	}
	return got, nil
}

// parseBulk reads the body of a bulk answer.
func parseBulk(body []byte) (envelope, error) {
	var got envelope
	if err := json.Unmarshal(body, &got); err != nil {
		return got, fmt.Errorf("%w in %s", err, body)
	}
	success := 0
	for i, item := range got.Response {
		if good := item.Code == 200; good != (item.Status == "success") || good != (item.ErrorData == nil) {
			return got, fmt.Errorf("item %d is good and bad at once: %+v", i, item)
		} else if good {
			success++
		}
	}
	m := got.Metadata
	if got.HTTPCode != 207 || m.Total != len(got.Response) || m.Success != success || m.Failed != m.Total-success {
		return got, fmt.Errorf("http_code %d and metadata %+v for %d items, %d of them good",
			got.HTTPCode, m, len(got.Response), success)
	}
	return got, nil
}

// page reads a page of contacts.
func (a answer) page() (envelope, error) {
	if a.status != http.StatusOK {
		return envelope{}, fmt.Errorf("status %d, want 200: %s", a.status, a.body)
	}
	var got envelope
	if err := json.Unmarshal(a.body, &got); err != nil {
		return got, err
	}
	if got.Metadata.Count != len(got.Response) {
		return got, fmt.Errorf("metadata.count is %d for %d items", got.Metadata.Count, len(got.Response))
	}
	for i, item := range got.Response {
		if item.Code != http.StatusOK || item.Data == nil {
			return got, fmt.Errorf("item %d of a page: %+v", i, item)
		}
	}
	return got, nil
}

// refusal reads the answer to a request that was refused as a whole.
func (a answer) refusal() (fault, error) {
	var got fault
	if err := json.Unmarshal(a.body, &got); err != nil {
		return got, fmt.Errorf("%w in %q", err, a.body)
	}
	if got.HTTPCode != a.status || got.Response.Code != a.status || got.Response.ErrorData == nil {
		return got, fmt.Errorf("status %d with a body that says otherwise: %s", a.status, a.body)
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		return got, fmt.Errorf("content type %q, want JSON", a.header.Get("Content-Type"))
	}
	return got, nil
}
