package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"callbook/internal/app"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/test/servertest"
)

// flowProgram is a program that the URLs of flows lead to: it greets, and says which way
// a call goes by the key that was pressed.
type flowProgram struct {
	*httptest.Server
	came  chan struct{} // is closed with the first question
	once  sync.Once
	mu    sync.Mutex
	asked []string // methods and paths
	last  url.Values
}

func newFlowProgram(t *testing.T) *flowProgram {
	p := &flowProgram{came: make(chan struct{})}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.URL.Path)
		if r.URL.Path == "/way" {
			p.last = r.URL.Query()
			p.once.Do(func() { close(p.came) })
		}
		p.mu.Unlock()
		switch {
		case r.URL.Path == "/greeting":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			fmt.Fprintln(w, "Hello.")
		case strings.HasSuffix(r.URL.Query().Get("digits"), "2"):
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case strings.HasSuffix(r.URL.Query().Get("digits"), "3"):
			<-r.Context().Done() // it hangs
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// askingFlow greets by a URL, reads a key, and asks a URL which way to go. Nine never
// wants to be called again.
func askingFlow(base string) string {
	return `{"name":"rent","start":"hello","steps":{
		"hello":{"kind":"fetch","url":"` + base + `/greeting","next":"menu","failed":"menu"},
		"menu":{"kind":"gather","text":"Hello @@first_name, press a key.","digits":1,"branches":{"9":"never"},"next":"way","silent":"quiet","wrong":"bye"},
		"way":{"kind":"ask","url":"` + base + `/way?token=1","next":"on","other":"other","failed":"failed"},
		"on":{"kind":"mark","word":"went on","next":"bye"},
		"other":{"kind":"mark","word":"other way","next":"bye"},
		"failed":{"kind":"mark","word":"no answer","next":"bye"},
		"quiet":{"kind":"mark","word":"silent","next":"bye"},
		"never":{"kind":"suppress","next":"bye"},
		"bye":{"kind":"hangup"}}}`
}

// TestFlowRuns calls with a flow of the account whose URLs are really asked, with a
// restart in the middle: each number goes the way of its key, the one who asks for it is
// never called again, and all of it is in the calls and in the report.
func TestFlowRuns(t *testing.T) {
	t.Parallel()
	opts := servertest.Options{Path: servertest.NewDatabase(t), Simulator: app.Simulator{Instant: true}}
	s := servertest.Start(t, opts)
	c, program := s.Account("demo"), newFlowProgram(t)
	if a := c.Send("POST", "/flows", askingFlow(program.URL)); a.Status != http.StatusOK {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	made := c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","url":"http://my.exotel.com/demo/exoml/start_voice/rent","custom_field":"ref 7","from":` +
		`["+919800000001","+919800000011","+919800000021","+919800000031","+919800000091"]}]}`)
	<-program.came
	s.Stop() // with calls in flight, of which one hangs
	s = servertest.Start(t, opts)
	c = c.At(s)
	awaitCampaign(t, c, made.ID, "Completed")

	details := string(c.Get(c.Path("/campaigns/" + made.ID + "/call-details")).Body)
	for number, want := range map[string]string{
		"+919800000001": `"mark":"silent"`, "+919800000011": `"mark":"went on"`, "+919800000021": `"mark":"other way"`,
		"+919800000031": `"mark":"no answer"`, "+919800000091": `"mark":null`,
	} {
		_, of, _ := strings.Cut(details, number)
		if of, _, _ = strings.Cut(of, `"code":200`); !strings.Contains(of, want) {
			t.Errorf("%s: want %s in %s", number, want, of)
		}
	}
	if report := string(c.Get(c.Path("/campaigns/" + made.ID + "/report")).Body); strings.Count(report, "other way") != 1 {
		t.Errorf("the report is\n%s", report)
	}
	suppressed := string(c.Get(c.Path("/suppressions")).Body)
	if !strings.Contains(suppressed, `"number":"+919800000091","source":"call","note":"asked in flow rent of campaign `+made.ID) || strings.Count(suppressed, `"number"`) != 1 {
		t.Errorf("suppressions are %s", suppressed)
	}
	again := c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","read_via_text":"Hello, this is a call","from":["+919800000091"]}]}`)
	awaitCampaign(t, c, again.ID, "Failed")

	program.mu.Lock()
	defer program.mu.Unlock()
	for name, want := range map[string]string{
		"CallTo": "08047000001", "Direction": "outbound-api", "CallStatus": "in-progress", "flow_id": "rent", "CustomField": "ref 7", "token": "1", "tenant_id": "demo",
	} {
		if got := program.last.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if from := program.last.Get("CallFrom"); !strings.HasPrefix(from, "098000000") {
		t.Errorf("CallFrom is %q", from)
	}
	for _, asked := range program.asked {
		if asked == "GET /elsewhere" {
			t.Error("a redirect was followed")
		}
	}
}

// realTrunk is a carrier that says that people are called, and is never asked to.
type realTrunk struct{ carrier.Carrier }

func (realTrunk) Real() bool { return true }

// TestFlowOfRealTrunk: where people are called, a campaign must name a flow that is there.
func TestFlowOfRealTrunk(t *testing.T) {
	t.Parallel()
	phone := realTrunk{simulator.New(simulator.Options{Clock: clock.System})}
	c := servertest.Start(t, servertest.Options{Carrier: phone}).Account("demo")
	body := `{"campaigns":[{"caller_id":"08047000001","url":"http://my.exotel.com/demo/exoml/start_voice/rent","from":["+919800000001"],"schedule":{"send_at":"2100-01-01T10:00:00+05:30"}}]}`
	for _, path := range []string{"/campaigns", "/campaigns?dry_run=true"} {
		if a := c.Send("POST", path, body); a.Status != http.StatusBadRequest || !strings.Contains(string(a.Body), `Invalid Url: there is no flow \"rent\"`) {
			t.Errorf("%s: got %d %s", path, a.Status, a.Body)
		}
	}
	if page := c.Get(c.Path("/campaigns")).CampaignPage(t); page.Metadata.Total != 0 {
		t.Errorf("there are %d campaigns", page.Metadata.Total)
	}
	c.Send("POST", "/flows", `{"name":"rent","start":"bye","steps":{"bye":{"kind":"hangup"}}}`)
	if a := c.Send("POST", "/campaigns", body); a.Status != http.StatusOK {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
}
