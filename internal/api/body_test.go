package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"callbook/internal/test/servertest"
)

// TestBadBodies: a request that fails as a whole stores nothing, also when
// good contacts came before the trouble.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	good := people(0, 3)[0]
	tooMany := servertest.Contacts(people(0, 5001)...)
	const mandatory, tooLong = "Contacts is mandatory", "Maximum allowed length for Contacts is 5000"
	for _, tt := range []struct {
		name, body  string
		code        int
		description string // "" for any
	}{
		{"empty", "", 1007, "unexpected end of JSON input"},
		{"blank", " \n", 1007, "unexpected end of JSON input"},
		{"no contacts", `{}`, 1001, mandatory},
		{"other keys", `{"contact":[` + good + `]}`, 1001, mandatory},
		{"empty contacts", `{"contacts":[]}`, 1001, mandatory},
		{"null contacts", `{"contacts":null}`, 1001, mandatory},
		{"object contacts", `{"contacts":{}}`, 1007, ""},
		{"string contacts", `{"contacts":"` + `+919876543210"}`, 1007, ""},
		{"object, then array", `{"contacts":{},"contacts":[` + good + `]}`, 1007, ""},
		{"array", `[]`, 1007, ""},
		{"array of contacts", `[` + good + `]`, 1007, ""},
		{"null", `null`, 1007, ""},
		{"text", `"contacts"`, 1007, ""},
		{"form", `contacts=1`, 1007, "invalid character 'c' looking for beginning of value"},
		{"cut in a string", `{"contacts":[` + good + `,{"number":"+9198`, 1007, "unexpected end of JSON input"},
		{"cut after an item", `{"contacts":[` + good, 1007, "unexpected end of JSON input"},
		{"cut before the end", `{"contacts":[` + good + `]`, 1007, "unexpected end of JSON input"},
		{"comma at the end", `{"contacts":[` + good + `,]}`, 1007, "invalid character ']' looking for beginning of value"},
		{"bad escape", `{"contacts":[` + good + `,{"tag":"\x"}]}`, 1007, "invalid character 'x' in string escape code"},
		{"bytes after", servertest.Contacts(good) + `x`, 1007, "invalid character 'x' after top-level value"},
		{"a value after", servertest.Contacts(good) + ` {}`, 1007, "invalid character '{' after top-level value"},
		{"NUL after", servertest.Contacts(good) + "\x00", 1007, `invalid character '\x00' after top-level value`},
		{"byte order mark", "\ufeff" + servertest.Contacts(good), 1007, "invalid character 'ï' looking for beginning of value"},
		{"deep", `{"contacts":[` + good + `],"x":` + strings.Repeat("[", 100_000) + `}`, 1007, "invalid character '[' exceeded max depth"},
		{"5001", tooMany, 1002, tooLong},
		{"5001 of nothing", servertest.Contacts(strings.Split(strings.Repeat("1,", 5000)+"1", ",")...), 1002, tooLong},
		{"5001 and cut", tooMany[:len(tooMany)-1], 1007, "unexpected end of JSON input"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := servertest.Start(t, servertest.Options{}).Account("demo")
			for how, body := range map[string]io.Reader{
				"with its length": strings.NewReader(tt.body),
				"in chunks":       struct{ io.Reader }{strings.NewReader(tt.body)},
			} {
				fault := c.Do("POST", c.Path("/contacts"), body).Fault(t, 400)
				if fault.Code != tt.code || tt.description != "" && fault.Description != tt.description {
					t.Errorf("%s: got %+v, want %d, %q", how, fault, tt.code, tt.description)
				}
			}
			if got := c.Total(); got != 0 {
				t.Errorf("%d contacts were stored", got)
			}
		})
	}
}

// TestGoodBodies are odd but right.
func TestGoodBodies(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	chunked := struct{ io.Reader }{strings.NewReader(servertest.Contacts(people(0, 2000)...))}
	if got := c.Do("POST", c.Path("/contacts"), chunked).Bulk(t).Metadata; got.Success != 2000 {
		t.Errorf("in chunks: got %+v", got)
	}
	spaced := "\n\t {\"contacts\"\r\n:\t[ " + people(2000, 1)[0] + " ] , \"more\" : [[[]]] } \n"
	if got := c.Post(spaced).Bulk(t).Metadata; got.Success != 1 {
		t.Errorf("with blanks: got %+v", got)
	}
	if got := c.Post(servertest.Contacts(people(3000, 5000)...)).Bulk(t).Metadata; got.Success != 5000 {
		t.Errorf("5000: got %+v", got)
	}
	if got := c.Total(); got != 7001 {
		t.Errorf("total is %d", got)
	}
}

// TestCutConnection sends less than it announced.
func TestCutConnection(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	body := servertest.Contacts(people(0, 3)...)
	for name, sent := range map[string]string{
		"with its length": fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body)+1, body),
		"in chunks":       fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(body), body),
	} {
		conn := open(t, s)
		head, text, _ := strings.Cut(sent, "\r\n\r\n")
		post(t, conn, c, head)
		io.WriteString(conn, text)
		conn.(*net.TCPConn).CloseWrite()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %s", name, resp.Status)
		}
	}
	if got := c.Total(); got != 0 {
		t.Errorf("%d contacts were stored", got)
	}
}

// TestSlowBody: a body that does not come is told so, and not between which
// addresses it did not.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{RequestTimeout: time.Second})
	c := s.Account("demo")
	conn := open(t, s)
	post(t, conn, c, "Content-Length: 100")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || err != nil || strings.Contains(string(body), "127.0.0.1") {
		t.Errorf("got %s, %v, %s", resp.Status, err, body)
	}
}

// TestRefusedBody: whoever looks at the answer only after all is sent gets it,
// however early it was clear.
func TestRefusedBody(t *testing.T) {
	t.Parallel()
	const size = 20 << 20 // more than lies in the buffers of a connection
	s := servertest.Start(t, servertest.Options{})
	c, other := s.Account("demo"), s.Account("other")
	const json = "Content-Type: application/json"
	for name, tt := range map[string]struct {
		method, path string
		header       string
		as           *servertest.Client
		status       int
	}{
		"wrong key":         {"POST", "/contacts", json, c.As("x", "y"), 401},
		"another's account": {"POST", "/contacts", json, other, 403},
		"no route":          {"POST", "/nothing", json, c, 404},
		"method":            {"PATCH", "/contacts", json, c, 405},
		"type":              {"POST", "/contacts", "Content-Type: text/plain", c, 415},
		"encoding":          {"POST", "/lists", json + "\r\nContent-Encoding: br", c, 415},
		"bad key":           {"POST", "/contacts", json + "\r\nIdempotency-Key: a b", c, 400},
		"upload, wrong key": {"POST", "/contacts/csv-upload", "Content-Type: multipart/form-data; boundary=x", c.As("x", "y"), 401},
		"upload, type":      {"POST", "/contacts/csv-upload", "Content-Type: text/csv", c, 415},
		"upload, no form":   {"POST", "/contacts/csv-upload", json, c, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := open(t, s)
			fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n%s\r\nContent-Length: %d\r\n\r\n",
				tt.method, c.Path(tt.path), tt.as.Authorization(), tt.header, size)
			if sent, err := io.CopyN(conn, zeros{}, size); err != nil {
				t.Fatalf("%d bytes were sent: %v", sent, err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status {
				t.Errorf("got %s", resp.Status)
			}
		})
	}
}

// TestHugeBody sends 100 MB. It is not parallel, so that what it allocates is
// its own. A body that says how large it is takes nothing; one in chunks some
// times the limit, as the buffer grows, and less than it would take to hold it.
func TestHugeBody(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	const size, limit = 100 << 20, 16 << 20
	c := servertest.Start(t, servertest.Options{MaxBody: limit}).Account("demo")
	for _, tt := range []struct {
		name      string
		maxMemory uint64
		headers   []string
	}{
		{"with its length", limit, []string{"Content-Length", fmt.Sprint(size)}},
		{"in chunks", 10 * limit, []string{"Content-Type", "application/json"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			open := servertest.Contacts(people(0, 1)...)
			open = open[:len(open)-2] + `,{"tag":"`
			body := io.LimitReader(io.MultiReader(strings.NewReader(open), zeros{}), size)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			fault := c.For(t).Do("POST", c.Path("/contacts"), body, tt.headers...).Fault(t, 413)
			runtime.ReadMemStats(&after)
			if fault.Code != 1413 || fault.Message != "Payload too large" {
				t.Errorf("got %+v", fault)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took >= tt.maxMemory {
				t.Errorf("it took %d MB of memory", took>>20)
			}
			if got := c.Total(); got != 0 {
				t.Errorf("%d contacts were stored", got)
			}
		})
	}
}

// zeros reads as the digit 0 without end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '0'
	}
	return len(b), nil
}
