package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/journal"
	"callbook/internal/test/servertest"
)

// keyedRequests is at least one request of each route that writes, against what
// furnish makes, and the ways in which requests are refused.
var keyedRequests = []struct {
	route, request, body string
	status               int
}{
	{"POST /contacts", "POST /contacts", `{"contacts":[{"number":"9876543299"},{"number":"9876543298"},{"number":"9876543210"}]}`, 207},
	{"POST /contacts", "POST /contacts", `{"contacts":[{"number":"12"},7]}`, 207},
	{"POST /contacts", "POST /contacts", `{"contacts":[]}`, 400},
	{"POST /contacts", "POST /contacts", `{"contacts":[`, 400},
	{"POST /contacts", "POST /contacts?dry_run=true", `{"contacts":[{"number":"9876543299"}]}`, 207},
	{"POST /contacts", "POST /contacts?dry_run=perhaps", `{"contacts":[{"number":"9876543299"}]}`, 400},
	{"POST /contacts", "POST /contacts?on_duplicate=update", `{"contacts":[{"number":"9876543210","tag":"New"}]}`, 207},
	{"PUT /contacts", "PUT /contacts", `{"contacts":[{"sid":"{asha}","number":"9876543299"},{"sid":"x"}]}`, 207},
	{"PUT /contacts", "PUT /contacts", `{"contacts":[{"sid":7}]}`, 207},
	{"PUT /contacts/{sid}", "PUT /contacts/{asha}", `{"tag":"New"}`, 200},
	{"PUT /contacts/{sid}", "PUT /contacts/{asha}", `{"number":"9876543211"}`, 409},
	{"PUT /contacts/{sid}", "PUT /contacts/{nobody}", `{"tag":"New"}`, 404},
	{"PUT /contacts/{sid}", "PUT /contacts/{asha}", `{"number":"12"}`, 400},
	{"DELETE /contacts", "DELETE /contacts", `{"contacts":[{"sid":"{asha}"},{"sid":"{vikram}"}]}`, 207},
	{"DELETE /contacts", "DELETE /contacts?number=9876543210", ``, 200},
	{"DELETE /contacts", "DELETE /contacts?number=12", ``, 400},
	{"DELETE /contacts/{sid}", "DELETE /contacts/{asha}", ``, 200},
	{"DELETE /contacts/{sid}", "DELETE /contacts/{nobody}", ``, 404},
	{"POST /lists", "POST /lists", `{"lists":[{"name":"New"},{"name":"Members"}]}`, 207},
	{"PUT /lists", "PUT /lists", `{"lists":[{"sid":"{members}","name":"Old"}]}`, 207},
	{"PUT /lists/{sid}", "PUT /lists/{members}", `{"name":"Old"}`, 200},
	{"DELETE /lists/{sid}", "DELETE /lists/{members}", ``, 200},
	{"POST /lists/{sid}/contacts", "POST /lists/{members}/contacts", `{"contact_references":[{"contact_sid":"{vikram}"}]}`, 207},
	{"POST /lists/{sid}/contacts", "POST /lists/{nobody}/contacts", `{"contact_references":[{"contact_sid":"{vikram}"}]}`, 404},
	{"DELETE /lists/{sid}/contacts", "DELETE /lists/{members}/contacts", `{"contact_references":[{"contact_sid":"{asha}"}]}`, 207},
	{"DELETE /lists/{sid}/contacts/{contact_sid}", "DELETE /lists/{members}/contacts/{asha}", ``, 200},
	{"DELETE /lists/{sid}/contacts/{contact_sid}", "DELETE /lists/{nobody}/contacts/{asha}", ``, 404},
	{"DELETE /csv-uploads/{upload_id}", "DELETE /csv-uploads/{upload}", ``, 200},
	{"DELETE /csv-uploads/{upload_id}", "DELETE /csv-uploads/{nobody}", ``, 404},
	{"POST /contacts/csv-upload", "POST /contacts/csv-upload", "number\n9876543297\n", 200},
	{"POST /contacts/csv-upload", "POST /contacts/csv-upload", "no column of that name\n", 400},
	{"PUT /contacts/csv-upload/{list_sid}", "PUT /contacts/csv-upload/{members}", "number\n9876543297\n", 200},
	{"PUT /contacts/csv-upload/{list_sid}", "PUT /contacts/csv-upload/{nobody}", "number\n9876543297\n", 404},
	{"POST /csv-uploads/{upload_id}/undo", "POST /csv-uploads/{added}/undo", ``, 200},
	{"POST /csv-uploads/{upload_id}/undo", "POST /csv-uploads/{nobody}/undo", ``, 404},
	{"POST /trash/contacts/restore", "POST /trash/contacts/restore", `{"contacts":[{"sid":"{gone}"},{"sid":"{nobody}"}]}`, 207},
	{"DELETE /trash/contacts", "DELETE /trash/contacts", `{"contacts":[{"sid":"{gone}"},{"sid":"{nobody}"}]}`, 207},
	{"POST /trash/lists/restore", "POST /trash/lists/restore", `{"lists":[{"sid":"{former}"},{"sid":"{nobody}"}]}`, 207},
	{"DELETE /trash/lists", "DELETE /trash/lists", `{"lists":[{"sid":"{former}"},{"sid":"{nobody}"}]}`, 207},
	{"POST /campaigns", "POST /campaigns", `{"campaigns":[{"caller_id":"1234","lists":["{members}"],"url":"` + flowURL + `",` + muchLater + `}]}`, 200},
	{"POST /campaigns", "POST /campaigns?dry_run=true", `{"campaigns":[{"caller_id":"1234","lists":["{members}"],"url":"` + flowURL + `"}]}`, 200},
	{"POST /campaigns", "POST /campaigns", `{"campaigns":[{}]}`, 400},
	{"PUT /campaigns/{sid}", "PUT /campaigns/{campaign}", `{"campaigns":[{"action":"pause"}]}`, 200},
	{"PUT /campaigns/{sid}", "PUT /campaigns/{campaign}", `{"campaigns":[{"action":"archive"}]}`, 400},
	{"PUT /campaigns/{sid}", "PUT /campaigns/{nobody}", `{"campaigns":[{"action":"pause"}]}`, 404},
	{"POST /campaigns/{sid}", "POST /campaigns/{campaign}", `{"name":"Another name"}`, 200},
	{"DELETE /campaigns/{sid}", "DELETE /campaigns/{campaign}", ``, 200},
	{"POST /campaigns/{sid}/copy", "POST /campaigns/{campaign}/copy", `{` + muchLater + `}`, 200},
	{"POST /campaigns/{sid}/callbacks/send", "POST /campaigns/{campaign}/callbacks/send", ``, 200},
	{"POST /campaigns/{sid}/callbacks/send", "POST /campaigns/{nobody}/callbacks/send", ``, 404},
	{"POST /campaigns/{sid}/callbacks/{event_id}/send", "POST /campaigns/{campaign}/callbacks/{nobody}/send", ``, 404},
	{"DELETE /campaigns/{sid}/call-details/{call_sid}/recording", "DELETE /campaigns/{campaign}/call-details/{nobody}/recording", ``, 404},
	{"POST /suppressions", "POST /suppressions", `{"suppressions":[{"number":"9876543212"},{"number":"9876543213"},{"number":"x"}]}`, 207},
	{"POST /suppressions/csv-upload", "POST /suppressions/csv-upload", "number,note\n9876543212,asked\nx,\n", 200},
	{"POST /suppressions/csv-upload", "POST /suppressions/csv-upload", "name\nAsha\n", 400},
	{"POST /prompts", "POST /prompts?name=bye", helloWAV, 200},
	{"POST /prompts", "POST /prompts?name=hello", helloWAV, 409},
	{"POST /prompts", "POST /prompts?name=bye", "no sound", 400},
	{"PUT /prompts/{name}", "PUT /prompts/hello?title=Again", helloWAV, 200},
	{"PUT /prompts/{name}", "PUT /prompts/nobody", helloWAV, 404},
	{"DELETE /prompts/{name}", "DELETE /prompts/hello", ``, 200},
	{"DELETE /prompts/{name}", "DELETE /prompts/nobody", ``, 404},
	{"DELETE /suppressions", "DELETE /suppressions", `{"suppressions":[{"number":"9876543213"},{"number":"9876543212"}]}`, 207},
	{"POST /flows", "POST /flows", `{"name":"new",` + rentSteps + `}`, 200},
	{"POST /flows", "POST /flows", `{"name":"rent",` + rentSteps + `}`, 409},
	{"POST /flows", "POST /flows", `{"name":"new","start":"a","steps":{"a":{"kind":"say"}}}`, 400},
	{"PUT /flows/{name}", "PUT /flows/rent", `{"title":"Another",` + rentSteps + `}`, 200},
	{"PUT /flows/{name}", "PUT /flows/nobody", `{` + rentSteps + `}`, 404},
	{"DELETE /flows/{name}", "DELETE /flows/rent", ``, 200},
	{"DELETE /flows/{name}", "DELETE /flows/nobody", ``, 404},
}

// muchLater begins long after a test that turns its clock.
const muchLater = `"schedule":{"send_at":"2026-06-01T10:00:00+05:30"}`

// furnish gives an account something to work on, and returns what replaces the
// names in requests.
func furnish(c *servertest.Client) *strings.Replacer {
	asha := c.CreateOne(`{"number":"+919876543210","first_name":"Asha"}`)
	vikram := c.CreateOne(`{"number":"+919876543211","first_name":"Vikram"}`)
	members := c.CreateList("Members")
	c.Add(members.SID, asha.SID)
	upload := c.Upload("Uploaded", "number\n12\n")
	c.Await(upload)
	added := c.Upload("Added", "number\n9876543296\n")
	c.Await(added)
	gone, former := c.CreateOne(`{"number":"+919876543212"}`), c.CreateList("Former")
	c.Add(former.SID, gone.SID)
	c.Send("DELETE", "/contacts/"+gone.SID, "")
	c.Send("DELETE", "/lists/"+former.SID, "")
	flow := strings.Replace(flowURL, "demo", c.Account, 1)
	called := c.NewCampaign(`{"campaigns":[{"caller_id":"1234","from":["9876543210"],"url":"` + flow + `",` + muchLater + `}]}`)
	c.Send("POST", "/suppressions", `{"suppressions":[{"number":"9876543213"}]}`)
	c.Send("POST", "/flows", `{"name":"rent",`+rentSteps+`}`)
	c.Do("POST", c.Path("/prompts?name=hello"), strings.NewReader(helloWAV), "Content-Type", "audio/wav")
	return strings.NewReplacer(flowURL, flow, "{campaign}", called.ID, "{asha}", asha.SID, "{vikram}", vikram.SID, "{members}", members.SID,
		"{upload}", upload.ID, "{added}", added.ID, "{gone}", gone.SID, "{former}", former.SID, "{nobody}", strings.Repeat("0", 31)+"1")
}

// sendKeyed sends a request; the body of an upload is its file.
func sendKeyed(c *servertest.Client, request, body string) servertest.Answer {
	method, path, _ := strings.Cut(request, " ")
	if strings.Contains(path, "/csv-upload") && method != "DELETE" && !strings.HasPrefix(path, "/csv-uploads") {
		form, contentType := servertest.NewForm("list_name", "Leads").File(body).Body()
		return c.Do(method, c.Path(path), form, "Content-Type", contentType)
	}
	if strings.HasPrefix(path, "/prompts") && method != "DELETE" {
		return c.Do(method, c.Path(path), strings.NewReader(body), "Content-Type", "audio/wav")
	}
	return c.Send(method, path, body)
}

// awaitRegister waits for the end of an import of suppressions that this request has begun,
// if it has begun one. Such imports are in no list.
func awaitRegister(t *testing.T, c *servertest.Client, request string, answer servertest.Answer) {
	t.Helper()
	if strings.HasPrefix(request, "POST /suppressions/csv-upload") && answer.Status == http.StatusOK {
		c.Await(answer.Upload(t))
	}
}

// everything is what can be read of an account, once the uploads to its lists have ended.
func everything(t *testing.T, c *servertest.Client) string {
	t.Helper()
	uploads, _ := c.Get(c.Path("/csv-uploads")).Uploads(t)
	for _, u := range uploads {
		c.Await(u)
		if u.Undo != nil {
			c.AwaitUndo(u)
		}
	}
	var all strings.Builder
	for _, path := range []string{"/contacts?filter=show_list&limit=1000", "/lists?limit=1000", "/csv-uploads", "/trash/contacts", "/trash/lists", "/campaigns", "/suppressions", "/flows", "/prompts"} {
		all.WriteString(requestID.ReplaceAllString(string(c.Get(c.Path(path)).Body), "") + "\n")
	}
	return all.String()
}

// isReplay checks that an answer is an earlier one, to the byte.
func isReplay(t *testing.T, got, first servertest.Answer) {
	t.Helper()
	if got.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the answer is not said to be a replay: %d %.300s", got.Status, got.Body)
	}
	if got.Status != first.Status || !bytes.Equal(got.Body, first.Body) {
		t.Errorf("got %d %.300s\nwant %d %.300s", got.Status, got.Body, first.Status, first.Body)
	}
	for _, name := range []string{"X-Request-Id", "Content-Type", "Content-Length"} {
		if got.Header.Get(name) != first.Header.Get(name) {
			t.Errorf("%s is %q, was %q", name, got.Header.Get(name), first.Header.Get(name))
		}
	}
}

// TestReplay sends each request again: at once, after a restart, and when the
// key has expired. Other requests with its key are refused.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, tt := range keyedRequests {
		t.Run(fmt.Sprintf("%s %.40s %d", tt.request, tt.body, tt.status), func(t *testing.T) {
			t.Parallel()
			clock := clocktest.New(goldenTime)
			path := filepath.Join(t.TempDir(), "callbook.db")
			s := servertest.Start(t, servertest.Options{Path: path, Clock: clock})
			c := s.Account("demo")
			names := furnish(c)
			request, body := names.Replace(tt.request), names.Replace(tt.body)
			keyed := c.Under("a-key")
			clock.Add(time.Hour)

			first := sendKeyed(keyed, request, body)
			if first.Status != tt.status || first.Header.Get("Idempotency-Replayed") != "" {
				t.Fatalf("got %d %v %s, want %d", first.Status, first.Header, first.Body, tt.status)
			}
			awaitRegister(t, c, request, first)
			after := everything(t, c)
			untouched := func() {
				t.Helper()
				if now := everything(t, c); now != after {
					t.Errorf("something was done:\n%s\nit was\n%s", now, after)
				}
			}
			isReplay(t, sendKeyed(keyed, request, body), first)
			untouched()

			query := "?x=1"
			if strings.Contains(request, "?") {
				query = "&x=1"
			}
			for name, other := range map[string]string{
				"another query": request + query,
				"another path":  "DELETE /contacts/" + strings.Repeat("0", 32),
				"another route": "PUT /contacts/" + strings.Repeat("0", 32),
			} {
				if got := sendKeyed(keyed, other, body).Fault(t, http.StatusUnprocessableEntity); got.Code != 1422 {
					t.Errorf("%s: got %+v", name, got)
				}
			}
			if body != "" {
				if got := sendKeyed(keyed, request, body+" ").Fault(t, http.StatusUnprocessableEntity); got.Code != 1422 {
					t.Errorf("another body: got %+v", got)
				}
			}
			untouched()

			s.Stop()
			s = servertest.Start(t, servertest.Options{Path: path, Clock: clock})
			c, keyed = c.At(s), keyed.At(s)
			clock.Add(journal.Lifetime - 1)
			isReplay(t, sendKeyed(keyed, request, body), first)
			untouched()

			clock.Add(1)
			anew := sendKeyed(keyed, request, body)
			if anew.Header.Get("Idempotency-Replayed") != "" || bytes.Equal(anew.Body, first.Body) {
				t.Errorf("after a day, got %v %s", anew.Header, anew.Body)
			}
			isReplay(t, sendKeyed(keyed, request, body), anew)
		})
	}
}

// TestReplayIsTested fails when a route that writes is in no test.
func TestReplayIsTested(t *testing.T) {
	t.Parallel()
	var tested []string
	for _, tt := range keyedRequests {
		tested = append(tested, strings.Replace(tt.route, " ", " /v2/accounts/{account_sid}", 1))
	}
	s := servertest.Start(t, servertest.Options{})
	for _, pattern := range s.Handler.Patterns() {
		if strings.Contains(pattern, " /v2/") && !strings.HasPrefix(pattern, "GET ") && !slices.Contains(tested, pattern) {
			t.Errorf("%s takes a key, and no test sends one", pattern)
		}
	}
}

// TestReplayOfMany has the largest answer that there is.
func TestReplayOfMany(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo").Under("a-key")
	items := make([]string, 5000)
	for i := range items {
		items[i] = fmt.Sprintf(`{"number":%q,"first_name":"Asha","custom_field":{"n":%d}}`, numbered(i), i)
	}
	body := servertest.Contacts(items...)
	first := c.Post(body)
	if n := first.Bulk(t).Metadata.Success; n != 5000 {
		t.Fatalf("%d contacts were created", n)
	}
	isReplay(t, c.Post(body), first)
	if n := c.Total(); n != 5000 {
		t.Errorf("there are %d contacts", n)
	}
}

// TestReplayOfUpload sends a file again, in a form that is parted in another
// way, and then other forms.
func TestReplayOfUpload(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	keyed := c.Under("a-key")
	const file = "number\n9876543210\n"
	first := keyed.UploadForm(servertest.NewForm("list_name", "Leads", "type", "static").File(file))
	c.Await(first.Summary(t))
	again := keyed.UploadForm(servertest.NewForm("type", "static", "list_name", "Leads").NamedFile("file_name", "again.csv", file))
	isReplay(t, again, first)
	for name, form := range map[string]*servertest.Form{
		"another list":   servertest.NewForm("list_name", "Others", "type", "static").File(file),
		"another type":   servertest.NewForm("list_name", "Leads", "type", "dynamic").File(file),
		"no type":        servertest.NewForm("list_name", "Leads").File(file),
		"another file":   servertest.NewForm("list_name", "Leads", "type", "static").File(file + "9876543211\n"),
		"no file":        servertest.NewForm("list_name", "Leads", "type", "static"),
		"names of parts": servertest.NewForm("list_name", `Leads" "static`).File(file),
	} {
		if got := keyed.UploadForm(form).Fault(t, 422); got.Code != 1422 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if _, total := c.Get(c.Path("/csv-uploads")).Uploads(t); total != 1 {
		t.Errorf("there are %d uploads", total)
	}
}

// TestKeysOfAccounts: a key is its account's alone.
func TestKeysOfAccounts(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	for _, c := range []*servertest.Client{s.Account("one"), s.Account("two")} {
		a := c.Under("a-key").Post(servertest.Contacts(captain))
		if a.Bulk(t).Metadata.Success != 1 || a.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s: got %s", c.Account, a.Body)
		}
	}
}

func TestBadKeys(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	send := func(method, path string, keys ...string) servertest.Answer {
		t.Helper()
		req, err := http.NewRequest(method, s.URL+c.Path(path), strings.NewReader(servertest.Contacts(captain)))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(c.Key, c.Token)
		req.Header["Idempotency-Key"] = keys
		return c.Round(req)
	}
	const long = journal.MaxKeyLength
	for name, keys := range map[string][]string{
		"empty": {""}, "blanks": {"  "}, "a blank in it": {"a b"}, "a letter of no ASCII": {"clé"}, "too long": {strings.Repeat("k", long+1)},
		"two": {"a", "b"}, "the same twice": {"a", "a"},
	} {
		for _, route := range []string{"POST /contacts", "DELETE /contacts/x", "POST /contacts/csv-upload"} {
			method, path, _ := strings.Cut(route, " ")
			got := send(method, path, keys...).Fault(t, http.StatusBadRequest)
			if got.Code != 1002 || !strings.HasPrefix(got.Description, "Invalid Idempotency-Key: ") {
				t.Errorf("%s: %s: got %+v", route, name, got)
			}
		}
	}
	if n := c.Total(); n != 0 {
		t.Errorf("%d contacts were created", n)
	}
	if a := send("GET", "/contacts", "", ""); a.Status != http.StatusOK {
		t.Errorf("a GET with bad keys got %d %s", a.Status, a.Body)
	}
	for _, key := range []string{strings.Repeat("k", long), "!~\"',;=", " trimmed "} {
		if a := send("POST", "/contacts", key); a.Status != http.StatusMultiStatus {
			t.Errorf("the key %q got %d %s", key, a.Status, a.Body)
		}
	}
}
