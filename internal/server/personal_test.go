package server_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// What stands for all that is personal or secret in the requests below: a text, the
// digits of a number, and a sid.
const (
	secretText   = "Zqxjmarker"
	secretNumber = "9812345670"
	secretSID    = "c0ffee5ec3e7c0ffee5ec3e7c0ffee5e"
)

// marked returns the text with its placeholders filled in: T, N and S in braces.
func marked(text string) string {
	return strings.NewReplacer("{T}", secretText, "{N}", secretNumber, "{S}", secretSID).Replace(text)
}

// A body and its content type.
type markedBody struct{ kind, text string }

// markedBodies are bodies for every route that takes one, good ones and such as
// parsers complain of.
func markedBodies(realSID string) []markedBody {
	const (
		fields   = `"number":"+91{N}","first_name":"{T}","last_name":"{T}","company_name":"{T}","email":"{T}@example.com","tag":"{T}","custom_field":{"{T}":"{T}"},"client_ref":"{T}"`
		form     = "--{T}\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n"
		end      = "--{T}--\r\n"
		formType = `multipart/form-data; boundary={T}`
		table    = "number,first_name,{T}\n+91{N},{T},{T}\n{N}{N}{N},{T},{T}\n\"{T},{N}\n{T}\n"
	)
	file := fmt.Sprintf(form, "file_name", `; filename="{T}{N}.csv"`, table)
	parts := fmt.Sprintf(form, "list_name", "", "{T}") + fmt.Sprintf(form, "type", "", "%s") + fmt.Sprintf(form, "on_duplicate", "", "%s")
	bodies := []markedBody{
		{"application/json", `{"contacts":[{` + fields + `},{"sid":"` + realSID + `",` + fields + `},{"sid":"{S}",` + fields + `}],` +
			`"lists":[{"name":"{T}","tag":"{T}"},{"sid":"{S}","name":"{T}{N}"}],"contact_references":[{"contact_sid":"{S}"},{"contact_sid":"{T}"}],` +
			`"name":"{T}",` + fields + `}`},
		{"application/json", `{"contacts":[{"number":"+91{N}","first_name":"{T}`},
		{"application/json", `{"contacts":"{T}","lists":{N},"contact_references":{"{T}":{N}},"name":{N},"number":{N},"{T}":"\ud800"}`},
		{"application/json", `{"contacts":[{"number":{N},"first_name":["{T}"]},{T}]}`},
		{"application/json", "{\"contacts\":[{\"number\":\"\xff{N}\",\"first_name\":\"{T}\xff\x00\"}]} {T}"},
		{"{T}/{N}; charset={T}", `{T}{N}`},
		{`application/json; {T}="{N}`, `{T}{N}`},
		{formType, fmt.Sprintf(parts, "static", "update") + file + end},
		{formType, fmt.Sprintf(parts, "{T}", "{T}") + strings.ReplaceAll(file, "file_name", "file") + end},
		{formType, fmt.Sprintf(parts, "dynamic", "skip") + strings.ReplaceAll(file, "number,first_name", "{T},{N}") + end},
		{formType, "--{T}\r\n{T} {N} no colon\r\n\r\n{T}\r\n" + end},
		{formType, "--{T}\r\nContent-Disposition: form-data; name=\"file_name\"; filename=\"{T}{N}\r\nContent-Type: {T}\r\n\r\n{T}"},
		{formType, strings.ReplaceAll(file, "Content-Disposition", "Content-Transfer-Encoding: {T}\r\nContent-Disposition")},
		{`multipart/form-data; boundary="{T}`, `{T}`},
		{"application/x-www-form-urlencoded", "key={T}&token={N}&name={T}&number=%2B91{N}&first_name={T}&last_name={T}&company_name={T}&email={T}" +
			"&tag={T}&custom_field={T}&sid={S}&sids={S}&list={S}&numbers={N}%0A{T}&expires={T}&method=GET&path=/contacts/{T}?name={T}%26q=%zz{N}&body={T}" +
			"&updated={T}&next=/{T}&all={T}&list_name={T}&type={T}&undo={T}&contact={T}&column={T}"},
		{"application/x-www-form-urlencoded", "key=%zz{T}&{T};{N}=%{N}"},
	}
	for i := range bodies {
		bodies[i].kind, bodies[i].text = marked(bodies[i].kind), marked(bodies[i].text)
	}
	return bodies
}

// markedQueries are queries for every route.
var markedQueries = []string{
	"",
	marked("?name={T}&number={N}&q={T}&tag={T}&email={T}@example.com&limit=5&calling_code=91&sort_by=name:asc&next=/{T}"),
	marked("?list_sids={S}&list={S}&cursor={T}&sort_by={T}&limit={N}{N}{N}&offset={N}{N}{N}&filter={T}&calling_code={T}&on_duplicate={T}&dry_run={T}&format={T}&page={T}&method={T}&path={T}&key={T}"),
	marked("?name=%zz{T}&{T};{N}=%{N}"),
}

// markedHeaders are headers that any request may have, names and values in turn.
func markedHeaders() []string {
	var headers []string
	for _, name := range []string{
		"User-Agent", "Referer", "Idempotency-Key", "X-Marker", "X-Forwarded-For", "Forwarded", "Accept-Encoding", "Accept-Language",
		"X-Request-Id", "If-None-Match", "Range", "Cookie",
	} {
		headers = append(headers, name, marked("{T}={N}"))
	}
	return headers
}

// wildcard is a path element that a pattern leaves open.
var wildcard = regexp.MustCompile(`\{[^}]+\}`)

// fillPath returns the paths of a pattern with each of these in its place.
func fillPaths(path string, elements ...string) (paths []string) {
	path = strings.ReplaceAll(strings.ReplaceAll(path, "{account_sid}", "demo"), "{$}", "")
	for _, element := range elements {
		if filled := wildcard.ReplaceAllLiteralString(path, element); !slices.Contains(paths, filled) {
			paths = append(paths, filled)
		}
	}
	return paths
}

// TestNothingPersonalInTheLog sends marked secrets in every part of requests for
// every route, good requests and bad ones, and looks for them in the log.
func TestNothingPersonalInTheLog(t *testing.T) {
	t.Parallel()
	log := &records{}
	var ticks atomic.Int64
	began := time.Now()
	s := servertest.Start(t, servertest.Options{
		Dashboard: true, Log: log.handler(),
		// Time passes, so that signing in may fail often.
		Clock: clocktest.Func(func() time.Time { return began.Add(time.Duration(ticks.Add(1)) * 10 * time.Second) }),
	})
	c := s.Account("demo")
	real := c.CreateOne(marked(`{"number":"+91{N}","first_name":"{T}"}`)).SID
	list := c.CreateList(secretText).SID
	c.Add(list, real)
	bodies := markedBodies(real)
	elements := []string{secretSID, marked("{T}%20{N}"), marked("%ff{T}"), real, list}

	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	sent := 0
	do := func(method, target string, body markedBody, headers ...string) {
		t.Helper()
		req, err := http.NewRequest(method, s.URL+target, strings.NewReader(body.text))
		if err != nil {
			t.Fatal(err)
		}
		all := markedHeaders()
		if sent++; sent%3 == 0 {
			all = nil // some headers keep a request from being served at all
		}
		if body.kind != "" {
			all = append(all, "Content-Type", body.kind)
		}
		for i := 0; i+1 < len(all); i += 2 {
			req.Header.Set(all[i], all[i+1])
		}
		if sent%2 == 0 {
			req.Header.Del("Idempotency-Key")
		}
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatalf("%s %s: %v", method, target, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode >= 500 && resp.StatusCode != 503 {
			t.Errorf("%s %s with %.80q: got %d", method, target, body.text, resp.StatusCode)
		}
	}
	wrong := "Basic " + base64.StdEncoding.EncodeToString([]byte(secretText+":"+secretNumber))
	routes := 0
	each := func(patterns []string, headers func() []string) {
		for _, pattern := range patterns {
			method, path, _ := strings.Cut(pattern, " ")
			routes++
			signedIn := headers()
			for _, target := range fillPaths(path, elements...) {
				if method == "GET" {
					for _, query := range markedQueries {
						do(method, target+query, markedBody{}, signedIn...)
					}
					continue
				}
				if strings.Contains(target, real) || strings.Contains(target, list) {
					do(method, target+markedQueries[1], bodies[1], signedIn...)
					continue // it changes, or is gone, after the first
				}
				for i, body := range bodies {
					do(method, target+markedQueries[i%len(markedQueries)], body, signedIn...)
				}
			}
			target := fillPaths(path, elements[0])[0]
			do("OPTIONS", target, bodies[0], "Origin", "https://"+secretText+".example", "Sec-Fetch-Site", secretText)
			do(method, target, bodies[0], "Authorization", wrong, "Cookie", "callbook="+secretText)
			do(method, target, bodies[0], "Authorization", "Basic ?"+secretText, "Content-Encoding", secretText)
			do(secretText, target, bodies[0], signedIn...)
		}
	}
	each(s.Handler.Patterns(), func() []string { return []string{"Authorization", c.Authorization()} })
	each(s.Dashboard.Patterns(), func() []string {
		return []string{"Cookie", "callbook=" + s.SignedIn("demo").Cookie("callbook"), "Accept", "text/html", "Sec-Fetch-Site", "same-origin"}
	})
	for _, target := range []string{"/", "/{T}", "/v2/{T}/{N}", "/v2/accounts/{T}/contacts", "/v2/accounts/demo/{T}", "/static/{T}", "/v2/accounts/demo//{T}"} {
		do("GET", marked(target), markedBody{}, "Authorization", c.Authorization())
		do("GET", marked(target), markedBody{}, "Accept", "text/html")
	}
	for _, raw := range []string{
		"GET /{T} HTTP/1.1\r\n{T} {N}\r\n\r\n",
		"GET /{T} HTTP/9.{N}\r\nHost: x\r\n\r\n",
		"{T}\r\n\r\n",
		"POST /v2/accounts/demo/contacts HTTP/1.1\r\nHost: {T}\r\nAuthorization: " + c.Authorization() + "\r\nTransfer-Encoding: chunked\r\n\r\n{T}\r\n{N}\r\n\r\n",
		"POST /v2/accounts/demo/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: " + c.Authorization() + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{T}{N}\r\n0\r\n\r\n",
		"POST /v2/accounts/demo/contacts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {T}\r\n\r\n",
		"POST /v2/accounts/demo/contacts HTTP/1.1\r\nHost: x\r\nContent-Length: {T}\r\n\r\n",
		"POST /v2/accounts/demo/contacts HTTP/1.1\r\nHost: x\r\nExpect: {T}\r\nContent-Length: 3\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: {T} {N}\r\n\r\n",
	} {
		sendRaw(t, s, marked(raw))
	}
	s.Stop() // which also ends the uploads
	text := log.String()
	token, _, _ := strings.Cut(strings.TrimPrefix(c.Authorization(), "Basic "), "=")
	lower := strings.ToLower(text)
	for _, secret := range []string{secretText, secretNumber, secretSID[:16], c.Token, token, strings.TrimPrefix(wrong, "Basic ")[:16]} {
		if at := strings.Index(lower, strings.ToLower(secret)); at >= 0 {
			t.Errorf("the log has %q: ...%.300s", secret, text[max(0, at-200):])
		}
	}
	requests := 0
	for line := range strings.Lines(text) {
		var rec struct {
			Level, Msg string
			Status     int
		}
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		if rec.Msg == "request" {
			requests++
		}
		if rec.Level == "ERROR" && rec.Status < 500 {
			t.Errorf("what a client did is an error of the server: %s", line)
		}
	}
	if routes < 80 || requests < sent {
		t.Errorf("the log has %d requests of %d, for %d routes", requests, sent, routes)
	}
	t.Logf("%d requests to %d routes", sent, routes)
}

// sendRaw sends bytes as they are and returns what comes back until the server
// closes the connection or has sent one answer.
func sendRaw(t *testing.T, s *servertest.Server, raw string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// Not all of it may be read before the answer comes.
	go func() { _, _ = io.WriteString(conn, raw) }()
	method, _, _ := strings.Cut(raw, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.60q: %v", raw, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%.60q: %v", raw, err)
	}
	return resp, string(body)
}

// TestPanicIsNotQuoted: the value of a panic may be what a client sent.
func TestPanicIsNotQuoted(t *testing.T) {
	t.Parallel()
	log := &records{}
	s := servertest.Start(t, servertest.Options{Log: log.handler(), Contacts: hook(func(context.Context) error {
		panic(fmt.Errorf("cannot do %s", secretText))
	})})
	c := s.Account("demo")
	c.Post(`{"contacts":[{"number":"+919876543210"}]}`).Fault(t, 500)
	s.Stop()
	if text := log.String(); strings.Contains(text, secretText) || !strings.Contains(text, "panic: a *") || !strings.Contains(text, "goroutine") {
		t.Errorf("logged is %s", text)
	}
}
