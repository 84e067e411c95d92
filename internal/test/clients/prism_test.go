package clients

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/test/openapitest"
	"callbook/internal/test/servertest"
)

// asciiWAV is a WAV file of eight samples of 8 bits. Prism forwards bodies as UTF-8, so
// it would change bytes from 0x80 on.
const asciiWAV = "RIFF,\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00@\x1f\x00\x00@\x1f\x00\x00\x01\x00\x08\x00data\x08\x00\x00\x00@@@@@@@@"

// TestPrism sends a request of each operation through Prism, which compares requests
// and answers with the document and tells what differs.
func TestPrism(t *testing.T) {
	t.Parallel()
	prism := tool(t, "node_modules/.bin/prism")
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	proxy := startPrism(t, prism, folder(t, ""), s.URL)

	asha := c.CreateOne(`{"number":"+919876543210","first_name":"Asha","custom_field":{"plan":{"name":"gold"}}}`)
	vikram := c.CreateOne(`{"number":"+919876543211"}`)
	list := c.CreateList("Members")
	upload := c.Upload("Members", "number\n+919876543212\nx\n")
	c.Await(upload)
	const menu = `"start":"menu","steps":{"menu":{"kind":"gather","text":"Press 9 if we shall never call again.","digits":1,"branches":{"9":"never"}},"never":{"kind":"suppress"}}`
	const campaign = `{"campaigns":[{"caller_id":"1234","from":["+919876543210"],"url":"http://my.exotel.com/demo/exoml/start_voice/42","schedule":{"send_at":"2100-01-01T10:00:00+05:30"}}]}`
	called := c.NewCampaign(campaign)
	names := strings.NewReplacer("{campaign}", called.ID, "{asha}", asha.SID, "{vikram}", vikram.SID, "{list}", list.SID, "{upload}", upload.ID,
		"{nobody}", strings.Repeat("0", 32), "{base}", "/v2/accounts/demo")
	var sent []string
	for _, tt := range []struct {
		operation string // as the document has it, without its base
		path      string // when it differs
		body      string
		status    int
	}{
		{"POST /contacts", "", `{"contacts":[{"number":"+919876543213","client_ref":"7"},{"number":"+919876543210"},{"number":"12"}]}`, 207},
		{"POST /contacts", "/contacts?dry_run=true&on_duplicate=skip", `{"contacts":[{"number":"+919876543219","custom_field":null}]}`, 207},
		{"PUT /contacts", "", `{"contacts":[{"sid":"{asha}","tag":"Gold"},{"sid":"{asha}","number":"+919876543211"},{"sid":"{nobody}","tag":null}]}`, 207},
		{"DELETE /contacts", "", `{"contacts":[{"sid":"{nobody}"}]}`, 207},
		{"GET /contacts", "/contacts?filter=show_list", "", 200},
		{"GET /contacts", "/contacts?limit=1&sort_by=name:desc", "", 200},
		{"GET /contacts", "/contacts?name=nobody", "", 200},
		{"GET /contacts/export", "/contacts/export?format=csv", "", 200},
		{"GET /contacts/export", "/contacts/export?number=%2B919876543299", "", 200},
		{"DELETE /contacts", "/contacts?number=%2B919876543299", "", 200},
		{"GET /contacts/{sid}", "/contacts/{asha}", "", 200},
		{"GET /contacts/{sid}", "/contacts/{nobody}", "", 404},
		{"PUT /contacts/{sid}", "/contacts/{asha}", `{"last_name":"Rao"}`, 200},
		{"PUT /contacts/{sid}", "/contacts/{asha}", `{"number":"+919876543211"}`, 409},
		{"PUT /contacts/{sid}", "/contacts/{asha}", `{"nickname":"A"}`, 400},
		{"POST /lists", "", `{"lists":[{"name":"New"},{"name":"Members"}]}`, 207},
		{"PUT /lists", "", `{"lists":[{"sid":"{list}","tag":"2026"},{"sid":"{nobody}","tag":"x"}]}`, 207},
		{"GET /lists", "", "", 200},
		{"GET /lists/{sid}", "/lists/{list}", "", 200},
		{"PUT /lists/{sid}", "/lists/{list}", `{"name":"Old members"}`, 200},
		{"POST /lists/{sid}/contacts", "/lists/{list}/contacts", `{"contact_references":[{"contact_sid":"{asha}"},{"contact_sid":"{asha}"},{"contact_sid":"{vikram}"}]}`, 207},
		{"GET /lists/{sid}/contacts", "/lists/{list}/contacts?limit=5000", "", 200},
		{"GET /lists/{sid}/export", "/lists/{list}/export?format=ndjson", "", 200},
		{"DELETE /lists/{sid}/contacts", "/lists/{list}/contacts", `{"contact_references":[{"contact_sid":"{asha}"}]}`, 207},
		{"DELETE /lists/{sid}/contacts/{contact_sid}", "/lists/{list}/contacts/{vikram}", "", 200},
		{"POST /contacts/csv-upload", "", "form", 200},
		{"PUT /contacts/csv-upload/{list_sid}", "/contacts/csv-upload/{list}", "form", 200},
		{"GET /contacts/csv-upload/{list_sid}", "/contacts/csv-upload/{list}?type=static", "", 200},
		{"GET /csv-status/{upload_id}", "/csv-status/{upload}", "", 200},
		{"GET /csv-status/{upload_id}/errors", "/csv-status/{upload}/errors", "", 200},
		{"GET /csv-uploads", "", "", 200},
		{"DELETE /csv-uploads/{upload_id}", "/csv-uploads/{upload}", "", 200},
		{"POST /csv-uploads/{upload_id}/undo", "/csv-uploads/{upload}/undo", "", 200},
		{"DELETE /contacts/{sid}", "/contacts/{vikram}", "", 200},
		{"DELETE /lists/{sid}", "/lists/{list}", "", 200},
		{"POST /campaigns", "", campaign, 200},
		{"POST /campaigns", "/campaigns?dry_run=true", campaign, 200},
		{"GET /campaigns", "/campaigns?status=created&sort_by=name:asc&limit=1", "", 200},
		{"GET /campaigns/{sid}", "/campaigns/{campaign}", "", 200},
		{"GET /campaigns/{sid}", "/campaigns/{nobody}", "", 404},
		{"PUT /campaigns/{sid}", "/campaigns/{campaign}", `{"campaigns":[{"name":"Rent July","custom_field":{"ref":7}}]}`, 200},
		{"POST /campaigns/{sid}", "/campaigns/{campaign}", `{"campaigns":[{"action":"pause"}]}`, 200},
		{"PUT /campaigns/{sid}", "/campaigns/{campaign}", `{"campaigns":[{"action":"archive"}]}`, 400},
		{"POST /campaigns/{sid}/copy", "/campaigns/{campaign}/copy", `{"campaigns":[{"name":"Rent August"}]}`, 200},
		{"GET /campaigns/{sid}/call-details", "/campaigns/{campaign}/call-details?status=completed", "", 200},
		{"GET /campaign/{sid}/call-details", "/campaign/{campaign}/call-details", "", 200},
		{"GET /campaigns/{sid}/call-details/{call_sid}/recording", "/campaigns/{campaign}/call-details/{nobody}/recording", "", 404},
		{"DELETE /campaigns/{sid}/call-details/{call_sid}/recording", "/campaigns/{campaign}/call-details/{nobody}/recording", "", 404},
		{"GET /campaigns/{sid}/targets", "/campaigns/{campaign}/targets", "", 200},
		{"GET /campaigns/{sid}/callbacks", "/campaigns/{campaign}/callbacks?status=waiting", "", 200},
		{"POST /campaigns/{sid}/callbacks/send", "/campaigns/{campaign}/callbacks/send", "", 200},
		{"POST /campaigns/{sid}/callbacks/{event_id}/send", "/campaigns/{campaign}/callbacks/{nobody}/send", "", 404},
		{"GET /campaigns/{sid}/report", "/campaigns/{campaign}/report?partial=true", "", 200},
		{"GET /campaigns/{sid}/report", "/campaigns/{campaign}/report", "", 409},
		{"DELETE /campaigns/{sid}", "/campaigns/{campaign}", "", 200},
		{"GET /audit", "/audit?limit=5&action=contacts.", "", 200},
		{"POST /suppressions", "", `{"suppressions":[{"number":"+919876543218","note":"Asked on the phone"},{"number":"x"}]}`, 207},
		{"POST /suppressions/csv-upload", "", "form", 200},
		{"GET /suppressions", "", "", 200},
		{"GET /suppressions/export", "", "", 200},
		{"DELETE /suppressions", "", `{"suppressions":[{"number":"+919876543218"},{"number":"+919876543217"}]}`, 207},
		{"POST /flows", "", `{"name":"rent",` + menu + `}`, 200},
		{"POST /flows", "", `{"name":"rent",` + menu + `}`, 409},
		{"GET /flows", "/flows?limit=5", "", 200},
		{"GET /flows/{name}", "/flows/rent", "", 200},
		{"GET /flows/{name}", "/flows/nobody", "", 404},
		{"PUT /flows/{name}", "/flows/rent", `{` + menu + `,"title":"Rent"}`, 200},
		{"DELETE /flows/{name}", "/flows/rent", "", 200},
		{"POST /prompts", "/prompts?name=hello", "wav", 200},
		{"GET /prompts", "", "", 200},
		{"PUT /prompts/{name}", "/prompts/hello?title=Greeting", "wav", 200},
		{"GET /prompts/{name}", "/prompts/hello", "", 200},
		{"DELETE /prompts/{name}", "/prompts/hello", "", 200},
		{"GET /trash/contacts", "/trash/contacts?limit=5", "", 200},
		{"POST /trash/contacts/restore", "", `{"contacts":[{"sid":"{vikram}"},{"sid":"{nobody}"}]}`, 207},
		{"DELETE /trash/contacts", "", `{"contacts":[{"sid":"{nobody}"}]}`, 207},
		{"GET /trash/lists", "", "", 200},
		{"POST /trash/lists/restore", "", `{"lists":[{"sid":"{list}"},{"sid":"{nobody}"}]}`, 207},
		{"DELETE /trash/lists", "", `{"lists":[{"sid":"{nobody}"}]}`, 207},
	} {
		method, path, _ := strings.Cut(tt.operation, " ")
		sent = append(sent, method+" /v2/accounts/{account_sid}"+path)
		if tt.path != "" {
			path = tt.path
		}
		contentType, body := "application/json", io.Reader(strings.NewReader(names.Replace(tt.body)))
		switch tt.body {
		case "":
			body = nil
		case "wav":
			body, contentType = strings.NewReader(asciiWAV), "audio/wav"
		case "form":
			body, contentType = servertest.NewForm("list_name", "Old members").File("number,first_name\n+919876543214,Meera\n").Body()
		}
		status, violations := send(t, proxy, c, method, names.Replace("{base}"+path), contentType, body)
		if status != tt.status || violations != "" {
			t.Errorf("%s %s: status %d, want %d; Prism says %s", method, path, status, tt.status, violations)
		}
	}
	// Were it silent about everything, this would be silent too.
	if _, violations := send(t, proxy, c, "POST", c.Path("/contacts"), "application/json", strings.NewReader(`{"contacts":[]}`)); violations == "" {
		t.Error("Prism does not tell of a request without contacts")
	}
	for _, path := range []string{"/healthz", "/readyz", "/openapi.yaml"} {
		sent = append(sent, "GET "+path)
		if status, violations := send(t, proxy, c, "GET", path, "", nil); status != 200 || violations != "" {
			t.Errorf("%s: status %d; Prism says %s", path, status, violations)
		}
	}
	for _, operation := range openapitest.New(t).Operations() {
		if !slices.Contains(sent, operation) {
			t.Errorf("%s is in the document, and was not sent", operation)
		}
	}
}

// send sends a request through the proxy, and returns what it has to say.
func send(t *testing.T, proxy string, c *servertest.Client, method, path, contentType string, body io.Reader) (status int, violations string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, proxy+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(c.Key, c.Token)
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Sl-Violations")
}

// startPrism starts Prism before a server, and returns its URL.
func startPrism(t *testing.T, prism, dir, upstream string) string {
	t.Helper()
	host, port := freeAddress(t)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := command(ctx, dir, prism, "proxy", "openapi.yaml", upstream, "--host", host, "--port", port, "--cors=false")
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listening, ended := make(chan struct{}), make(chan struct{})
	var said strings.Builder
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Fprintln(&said, lines.Text())
			if strings.Contains(lines.Text(), "is listening on") {
				close(listening)
				break
			}
		}
		io.Copy(io.Discard, out)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		cmd.Wait() // of a process that was killed
	})
	select {
	case <-listening:
	case <-ended:
		t.Fatalf("Prism ended: %s", said.String())
	case <-time.After(3 * time.Minute):
		t.Fatal("Prism does not listen")
	}
	return "http://" + net.JoinHostPort(host, port)
}

// freeAddress returns an address of loopback that nobody listens on. On Linux its
// host is one that nobody else uses, so that no connection's own port takes it
// before Prism does.
func freeAddress(t *testing.T) (host, port string) {
	t.Helper()
	ip := net.IPv4(127, 0, 0, 1)
	if runtime.GOOS == "linux" {
		ip = net.IPv4(127, byte(1+rand.N(254)), byte(rand.N(256)), byte(1+rand.N(254)))
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	host, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}
