package servertest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"callbook/internal/test/openapitest"
)

// Client asks a server as one account. Every answer it gets is held against
// the OpenAPI document, except under race detection: that would take over half of the
// processor time, and the same tests run without it too.
type Client struct {
	Account, Key, Token string

	idempotencyKey string

	t      testing.TB
	server *Server
	http   *http.Client
}

// At returns a client with the same credentials for another server.
func (c *Client) At(s *Server) *Client {
	at := *c
	at.server = s
	return at.For(s.t)
}

// For returns the same client for another test, as for a subtest.
func (c *Client) For(t testing.TB) *Client {
	other := *c
	other.t = t
	transport := http.RoundTripper(c.server.http)
	if !underRace {
		transport = openapitest.New(t).Transport(transport)
	}
	other.http = &http.Client{
		Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a redirect is an answer to look at
		},
	}
	return &other
}

// As returns the same client with another key and token; two empty ones send
// none.
func (c *Client) As(key, token string) *Client {
	other := *c
	other.Key, other.Token = key, token
	return &other
}

// Under returns the same client with an Idempotency-Key on each request.
func (c *Client) Under(key string) *Client {
	other := *c
	other.idempotencyKey = key
	return &other
}

// Authorization is the header that the client's requests carry, for a test
// that writes a request by hand.
func (c *Client) Authorization() string {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(c.Key, c.Token)
	return req.Header.Get("Authorization")
}

// Path is a path of the client's account, as "/contacts".
func (c *Client) Path(rest string) string { return "/v2/accounts/" + c.Account + rest }

// Answer is what came back for a request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Try asks for a path, from "/" on, and returns an error only when no answer
// came. The headers are names and values in turn; a Content-Length is taken
// for the request's own. Without a header, a body is sent as JSON.
func (c *Client) Try(method, path string, body io.Reader, headers ...string) (Answer, error) {
	req, err := http.NewRequest(method, c.server.URL+path, body)
	if err != nil {
		return Answer{}, err
	}
	if c.Key != "" || c.Token != "" {
		req.SetBasicAuth(c.Key, c.Token)
	}
	if c.idempotencyKey != "" {
		req.Header.Set("Idempotency-Key", c.idempotencyKey)
	}
	if body != nil && len(headers) == 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Content-Length" {
			if _, err := fmt.Sscan(headers[i+1], &req.ContentLength); err != nil {
				return Answer{}, err
			}
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	return c.round(req)
}

func (c *Client) round(req *http.Request) (Answer, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: text}, err
}

// Round sends a request that a test wrote by itself, as it is.
func (c *Client) Round(req *http.Request) Answer {
	c.t.Helper()
	a, err := c.round(req)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// Do is Try for the test's own goroutine: no answer ends the test.
func (c *Client) Do(method, path string, body io.Reader, headers ...string) Answer {
	c.t.Helper()
	a, err := c.Try(method, path, body, headers...)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// Post sends a body to the account's contacts.
func (c *Client) Post(body string) Answer {
	c.t.Helper()
	return c.Do("POST", c.Path("/contacts"), strings.NewReader(body))
}

// Get reads a path, from "/" on.
func (c *Client) Get(path string) Answer {
	c.t.Helper()
	return c.Do("GET", path, nil)
}

// List reads a page of the account's contacts; query is without its "?".
func (c *Client) List(query string) Answer {
	c.t.Helper()
	return c.Get(c.Path("/contacts?" + query))
}

// Create creates contacts, each written as a JSON object, and returns their
// items.
func (c *Client) Create(contacts ...string) []Item {
	c.t.Helper()
	return c.Post(Contacts(contacts...)).Bulk(c.t).Response
}

// CreateOne creates a contact, which must be a success.
func (c *Client) CreateOne(contact string) Contact {
	c.t.Helper()
	item := c.Create(contact)[0]
	if item.Code != http.StatusOK {
		c.t.Fatalf("create %s: got %+v", contact, item)
	}
	return *item.Data
}

// Send sends a body to a path of the account, as "/lists".
func (c *Client) Send(method, path, body string) Answer {
	c.t.Helper()
	return c.Do(method, c.Path(path), strings.NewReader(body))
}

// CreateList creates a list, which must be a success.
func (c *Client) CreateList(name string) List {
	c.t.Helper()
	item := c.Send("POST", "/lists", fmt.Sprintf(`{"lists":[{"name":%q}]}`, name)).BulkLists(c.t).Response[0]
	if item.Code != http.StatusOK {
		c.t.Fatalf("create list %q: got %+v", name, item)
	}
	return *item.Data
}

// Add puts contacts into a list, by their sids, and returns the items.
func (c *Client) Add(list string, contacts ...string) []ItemOf[Membership] {
	c.t.Helper()
	return c.Send("POST", "/lists/"+list+"/contacts", References(contacts...)).BulkMembers(c.t).Response
}

// Total is how many contacts the account has.
func (c *Client) Total() int {
	c.t.Helper()
	return c.List("limit=1").Page(c.t).Metadata.Total
}

// Contacts is a request's body of these items.
func Contacts(items ...string) string {
	return `{"contacts":[` + strings.Join(items, ",") + `]}`
}

// References is a request's body that names these contacts.
func References(contacts ...string) string {
	items := make([]string, len(contacts))
	for i, sid := range contacts {
		items[i] = fmt.Sprintf(`{"contact_sid":%q}`, sid)
	}
	return `{"contact_references":[` + strings.Join(items, ",") + `]}`
}
