package api_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/app"
	"callbook/internal/test/pgtest"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// erasure is the receipt of an erasure.
type erasure struct {
	Response struct {
		Data struct {
			SID         string         `json:"sid"`
			Erased      map[string]int `json:"erased"`
			NeverCalled bool           `json:"never_called"`
			InFlight    []string       `json:"calls_in_flight"`
		}
	}
}

func eraseOne(t *testing.T, c *servertest.Client, number string) (e erasure) {
	t.Helper()
	a := c.Send("DELETE", "/contacts?number="+url.QueryEscape(number), "")
	if err := json.Unmarshal(a.Body, &e); err != nil || a.Status != 200 {
		t.Fatalf("got %d %s (%v)", a.Status, a.Body, err)
	}
	return e
}

// personOf returns the document of a person.
func personOf(t *testing.T, c *servertest.Client, number string) (p map[string]json.RawMessage) {
	t.Helper()
	a := c.Get(c.Path("/contacts/export?number=" + url.QueryEscape(number)))
	var answer struct {
		Response struct{ Data map[string]json.RawMessage }
	}
	if err := json.Unmarshal(a.Body, &answer); err != nil || a.Status != 200 {
		t.Fatalf("got %d %s (%v)", a.Status, a.Body, err)
	}
	return answer.Response.Data
}

// zubeida is the person whose data stands in every place.
const (
	zubeida       = "+919812345678"
	zubeidaFields = `"first_name":"Zubeidabegum","last_name":"Quraishiwala","email":"zubeida@nowhere.example","custom_field":{"plan":"platinumplus"}`
)

// traces are what must not be found anywhere after the erasure.
var traces = []string{"9812345678", "98123 45678", "98123-45678", "Zubeidabegum", "Quraishiwala", "zubeida@nowhere", "platinumplus", "begum of the hill"}

// hasTrace reports whether one of them is in a text. Fewer digits than those of a number
// would also be found in sids and times, by chance.
func hasTrace(text string) bool {
	return slices.ContainsFunc(traces, func(trace string) bool { return strings.Contains(text, trace) })
}

// TestErasePerson fills every place with one person's data, and erases it.
func TestErasePerson(t *testing.T) {
	t.Parallel()
	told := newProgram(t)
	s := servertest.Start(t, servertest.Options{Dashboard: true, Simulator: app.Simulator{Speed: 5000}})
	c := s.Account("demo")

	// A contact that was deleted, and another one with the number, changed since; kept
	// answers have both.
	trashed := c.Under("first").CreateOne(`{"number":"098123 45678",` + zubeidaFields + `}`)
	members := c.CreateList("Members")
	c.Add(members.SID, trashed.SID)
	c.Send("DELETE", "/contacts/"+trashed.SID, "")
	one := c.Under("second").CreateOne(`{"number":"+91 98123-45678",` + zubeidaFields + `,"company_name":"begum of the hill"}`)
	c.Under("third").Send("PUT", "/contacts/"+one.SID, `{"company_name":"longer than it was before, by far"}`)
	other := c.Under("fourth").CreateOne(`{"number":"+919812345679","first_name":"Another"}`)
	c.Under("fifth").Post(`{"contacts":[{"number":"9812345670","first_name":"Bulk"},{"number":"98123 45678","first_name":"Zubeidabegum"}]}`)
	c.Add(members.SID, one.SID, other.SID)
	// Rows of imports that fail, and a file that waits.
	c.Await(c.Upload("Members", "number,first_name\n098123 45678,Zubeidabegum\n9812345671,Good\nx98123-45678,Zubeidabegum\n12,Bad\n"))
	b := s.SignedIn("demo")
	form := servertest.NewForm("list_name", "Waiting", "type", "static", "on_duplicate", "reject").NamedFile("file", "leads.csv", "number,first_name\n9812345678,Zubeidabegum\n9812345672,Good\n")
	body, contentType := form.Body()
	if a := b.Do("POST", "/imports", body, "Content-Type", contentType); a.Status != 303 {
		t.Fatalf("a file that waits: %d %s", a.Status, a.Body)
	}
	// A campaign that has ended, with callbacks, one that waits with the number itself, and
	// one that waits for its hour with the list.
	ended := c.NewCampaign(campaignWith("from", "", "lists", `["`+members.SID+`"]`, "name", `"Ended"`,
		"call_status_callback", `"`+told.URL+`/call"`, "call_schedule_callback", `"`+told.URL+`/number"`, "status_callback", `"`+told.URL+`/campaign"`))
	ended = awaitCampaign(t, c, ended.ID, "Completed")
	told.until(t, `"status":"Completed"`)
	later := `{"send_at":"` + time.Now().Add(720*time.Hour).Format(time.RFC3339) + `"}`
	named := c.NewCampaign(campaignWith("from", `["`+zubeida+`","+919812345679"]`, "name", `"Named"`, "schedule", later))
	listed := c.NewCampaign(campaignWith("from", "", "lists", `["`+members.SID+`"]`, "name", `"Listed"`, "schedule", later))
	c.Under("sixth").Send("POST", "/suppressions", `{"suppressions":[{"number":"`+zubeida+`","note":"Zubeidabegum called"}]}`)

	before := personOf(t, c, "098123 45678")
	for place, value := range before {
		if place == "number" || place == "trunk_records" { // records of trunks are those of calls by SIP
			continue
		}
		var things []json.RawMessage
		if err := json.Unmarshal(value, &things); err != nil || len(things) == 0 {
			t.Errorf("nothing of the person is in %s: %s (%v)", place, value, err)
		}
	}
	stats := c.GetCampaign(ended.ID).Stats
	receipt := eraseOne(t, c, "98123-45678").Response.Data
	want := map[string]int{
		"contacts": 1, "trashed_contacts": 1, "memberships": 2, "suppressions": 1, "campaign_numbers": 1, "targets": 1, "calls": 1,
		"callbacks": 2, "trunk_records": 0, "kept_answers": 5, "error_rows": 2, "waiting_files": 1,
	}
	if diff := cmp.Diff(want, receipt.Erased); diff != "" {
		t.Errorf("erased (-want +got):\n%s", diff)
	}
	if !receipt.NeverCalled || len(receipt.InFlight) != 0 || receipt.SID == "" {
		t.Errorf("got %+v", receipt)
	}

	t.Run("gone", func(t *testing.T) {
		for place, value := range personOf(t, c, zubeida) {
			if place != "number" && place != "trunk_records" && place != "suppressions" && string(value) != "[]" {
				t.Errorf("%s has %s", place, value)
			}
		}
		again := eraseOne(t, c, zubeida).Response.Data
		for place, n := range again.Erased {
			if n != 0 {
				t.Errorf("a second time, %d were erased of %s", n, place)
			}
		}
		if !again.NeverCalled {
			t.Error("a second time, the number may be called")
		}
		if got := c.Get(c.Path("/contacts/" + other.SID)).Contact(t); got.SID != other.SID || !strings.HasSuffix(got.Number, "5679") {
			t.Errorf("another contact is %+v", got)
		}
	})
	t.Run("answers", func(t *testing.T) {
		// Where the person was is null, which no other answer has there.
		req, err := http.NewRequest("POST", s.URL+c.Path("/contacts"), strings.NewReader(`{"contacts":[{"number":"9812345670","first_name":"Bulk"},{"number":"98123 45678","first_name":"Zubeidabegum"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(c.Key, c.Token)
		req.Header.Set("Idempotency-Key", "fifth")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		got, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(got, []byte("+919812345670")) || hasTrace(string(got)) || res.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("a kept answer is %s", got)
		}
	})
	t.Run("counts", func(t *testing.T) {
		if diff := cmp.Diff(stats, c.GetCampaign(ended.ID).Stats); diff != "" {
			t.Errorf("stats (-before +after):\n%s", diff)
		}
		report := string(c.Get(c.Path("/campaigns/" + ended.ID + "/report")).Body)
		if !strings.Contains(report, "erased") || !strings.Contains(report, "+919812345679") {
			t.Errorf("the report is %s", report)
		}
	})
	t.Run("never called", func(t *testing.T) {
		if got := c.Get(c.Path("/suppressions?number=" + url.QueryEscape(zubeida))).Body; !strings.Contains(string(got), `"total":1`) || !strings.Contains(string(got), `"number":"erased"`) {
			t.Errorf("suppressions: %s", got)
		}
		again := c.NewCampaign(campaignWith("from", `["`+zubeida+`","+919812345679"]`, "name", `"Again"`))
		again = awaitCampaign(t, c, again.ID, "Failed")
		if again.Stats["failed-dnd"] != 1 || again.Stats["failed"] != 1 {
			t.Errorf("a campaign that calls the number again: %v", again.Stats)
		}
		if got := c.Get(c.Path("/suppressions")); hasTrace(string(got.Body)) {
			t.Errorf("suppressions: %s", got.Body)
		}
		eraseOne(t, c, zubeida)
		removed := c.Send("DELETE", "/suppressions", `{"suppressions":[{"number":"`+zubeida+`"}]}`)
		if removed.Status != 207 || !strings.Contains(string(removed.Body), `"failed":0`) {
			t.Errorf("take it back: %d %s", removed.Status, removed.Body)
		}
	})
	t.Run("not begun", func(t *testing.T) {
		for id, want := range map[string]int{named.ID: 2, listed.ID: 2} {
			c.Send("PUT", "/campaigns/"+id, `{"campaigns":[{"action":"complete"}]}`)
			for limit := time.Now().Add(3 * time.Minute); c.GetCampaign(id).Stats["failed-no-attempt"] != want; {
				if time.Now().After(limit) {
					t.Fatalf("a campaign that had not begun: %v", c.GetCampaign(id).Stats)
				}
			}
		}
	})
	t.Run("nowhere", func(t *testing.T) {
		// The last test has called it again.
		eraseOne(t, c, zubeida)
		look := func(place string, data []byte) {
			for _, trace := range traces {
				if bytes.Contains(data, []byte(trace)) {
					t.Errorf("%s has %q", place, trace)
				}
			}
		}
		if servertest.OnPostgres() {
			pgtest.EachRow(t, s.Path, look)
			return
		}
		integer := binary.BigEndian.AppendUint64(nil, 919812345678)[2:]
		for _, file := range append(s.UploadFiles(), s.Path, s.Path+"-wal") {
			data, err := os.ReadFile(file)
			if err != nil && file != s.Path+"-wal" {
				t.Fatal(err)
			}
			look(file, data)
			if bytes.Contains(data, integer) {
				t.Errorf("%s has the number as an integer", file)
			}
		}
	})
}

// TestEraseCallee erases somebody whose telephone rings: the call is told, and the number
// is not called again.
func TestEraseCallee(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Simulator: app.Simulator{Speed: 20}})
	c := s.Account("demo")
	// Its first call fails, and it would be called again.
	one := c.NewCampaign(campaignWith("from", `["`+zubeida+`"]`,
		"retries", `{"number_of_retries":2,"interval_mins":1,"mechanism":"Linear","on_status":["failed"]}`))
	for limit := time.Now().Add(3 * time.Minute); c.GetCampaign(one.ID).Stats["in-progress"] == 0; {
		if time.Now().After(limit) {
			t.Fatal("nobody is called")
		}
	}
	got := eraseOne(t, c, zubeida).Response.Data
	if got.Erased["targets"] != 1 || got.Erased["calls"] != 1 || got.Erased["campaign_numbers"] != 1 {
		t.Errorf("got %+v", got)
	}
	if page := c.Get(c.Path("/campaigns/" + one.ID + "/targets")); hasTrace(string(page.Body)) || !strings.Contains(string(page.Body), `"erased"`) {
		t.Errorf("targets: %s", page.Body)
	}
	ended := awaitCampaign(t, c, one.ID, "Failed")
	if ended.Stats["failed"] != 1 {
		t.Errorf("got %v", ended.Stats)
	}
	if calls := c.Get(c.Path("/campaigns/" + one.ID + "/call-details")).CampaignPage(t); calls.Metadata.Total != 1 {
		t.Errorf("it was called %d times", calls.Metadata.Total)
	}
	if again := eraseOne(t, c, zubeida).Response.Data; again.NeverCalled || len(again.InFlight) > 0 {
		t.Errorf("got %+v", again)
	}
}

// TestEraseDuringImport: an import that is under way would bring the person back, so the
// erasure has to wait for its end.
func TestEraseDuringImport(t *testing.T) {
	t.Parallel()
	held := heldImports{release: make(chan struct{})}
	s := servertest.Start(t, servertest.Options{Imports: func(store upload.Store) upload.Store {
		held.Store = store
		return held
	}})
	c := s.Account("demo")
	c.CreateOne(`{"number":"` + zubeida + `"}`)
	u := c.Upload("Members", "number,first_name\n9812345679,Another\n98123 45678,Zubeidabegum\n")
	a := c.Send("DELETE", "/contacts?number="+url.QueryEscape(zubeida), "")
	if fault := a.Fault(t, 409); fault.Code != 1409 || a.Header.Get("Retry-After") == "" || c.Total() != 1 {
		t.Errorf("got %+v, %v", fault, a.Header)
	}
	// Another person's erasure need not wait.
	eraseOne(t, c, "9812345670")
	close(held.release)
	c.Await(u)
	if got := eraseOne(t, c, zubeida).Response.Data.Erased; got["contacts"] != 1 || got["memberships"] != 1 {
		t.Errorf("after its end: %v", got)
	}
	if c.Total() != 1 {
		t.Errorf("%d contacts are left", c.Total())
	}
}

// TestEraseWhileImportStarts: a file that waits when the erasure finds it, and whose import
// is started before the erasure removes it, stays, because the import needs it.
func TestEraseWhileImportStarts(t *testing.T) {
	t.Parallel()
	start := func() {}
	held := heldImports{release: make(chan struct{}), removing: func() { start() }}
	s := servertest.Start(t, servertest.Options{Dashboard: true, Imports: func(store upload.Store) upload.Store {
		held.Store = store
		return held
	}})
	c, b := s.Account("demo"), s.SignedIn("demo")
	form := servertest.NewForm("list_name", "Waiting", "type", "static", "on_duplicate", "reject").NamedFile("file", "leads.csv", "number,first_name\n9812345679,Another\n9812345678,Zubeidabegum\n")
	body, contentType := form.Body()
	waiting := b.Do("POST", "/imports", body, "Content-Type", contentType).Header.Get("Location")
	path, _, _ := strings.Cut(waiting, "/pending")
	start = func() {
		b.Submit(path+"/pending", url.Values{"list_name": {"Waiting"}, "type": {"static"}, "on_duplicate": {"reject"}, "use.0": {"number"}, "use.1": {"first_name"}, "name.0": {""}, "name.1": {""}, "then": {"start"}}).Redirect(t, path)
		start = func() {}
	}
	a := c.Send("DELETE", "/contacts?number="+url.QueryEscape(zubeida), "")
	if fault := a.Fault(t, 409); fault.Code != 1409 {
		t.Errorf("got %+v", fault)
	}
	if leads, err := held.PendingFiles(t.Context()); err != nil || len(leads) != 0 {
		t.Errorf("the import was not started: %v, %v", leads, err)
	}
	close(held.release)
	c.Await(servertest.Upload{ID: strings.TrimPrefix(path, "/imports/")})
	if got := c.Total(); got != 2 {
		t.Errorf("the import that was started meanwhile has made %d contacts, want 2", got)
	}
	if got := eraseOne(t, c, zubeida).Response.Data.Erased; got["contacts"] != 1 || c.Total() != 1 {
		t.Errorf("after its end: %v", got)
	}
}

// heldImports holds the batches of imports until they are released.
type heldImports struct {
	upload.Store
	release chan struct{}
	// removing, if not nil, is called before a file that waits is removed.
	removing func()
}

func (h heldImports) RemovePending(ctx context.Context, account account.ID, sid addressbook.SID) (bool, error) {
	if h.removing != nil {
		h.removing()
	}
	return h.Store.RemovePending(ctx, account, sid)
}

func (h heldImports) ApplyBatch(ctx context.Context, b *upload.Batch) (upload.State, error) {
	select {
	case <-h.release:
		return h.Store.ApplyBatch(ctx, b)
	case <-ctx.Done():
		return upload.Running, context.Cause(ctx)
	}
}

// TestErasedWords: requests that would mean something else are refused, and change
// nothing.
func TestErasedWords(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	asha := c.CreateOne(`{"number":"` + zubeida + `"}`)
	for request, body := range map[string]string{
		"/contacts?number=": "", "/contacts?number=12": "", "/contacts?number=" + url.QueryEscape(zubeida) + "&for_good=true": "",
		"/contacts?number=9812345678&number=9812345679": "", "/contacts?number=9812345678": `{"contacts":[{"sid":"` + asha.SID + `"}]}`,
	} {
		if a := c.Do("DELETE", c.Path(request), strings.NewReader(body)); a.Status != 400 || c.Total() != 1 {
			t.Errorf("%s: got %d %s", request, a.Status, a.Body)
		}
	}
	for query, want := range map[string]int{
		"number=": 400, "number=12": 400, "number=9812345678&format=json": 200, "format=json": 400, "number=9812345678&format=json&tag=x": 400,
		"number=%2B919812345678": 200, "number=+919812345678": 200,
	} {
		if a := c.Get(c.Path("/contacts/export?" + query)); a.Status != want || want == 200 && !strings.Contains(string(a.Body), asha.SID) {
			t.Errorf("%s: got %d %s", query, a.Status, a.Body)
		}
	}
}
