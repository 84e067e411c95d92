package api_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/app"
	"callbook/internal/speech"
	"callbook/internal/test/servertest"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
	"callbook/internal/wav"
)

// voiceOf returns the command of a voice that says the same, whatever the text.
func voiceOf(t *testing.T, samples []int16) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "said.wav")
	if err := os.WriteFile(file, wav.Encode(samples), 0o600); err != nil {
		t.Fatal(err)
	}
	command, err := speech.ParseCommand("cat " + file)
	if err != nil {
		t.Fatal(err)
	}
	return command
}

// trunkTo returns a trunk that leads to a callee.
func trunkTo(callee *siptest.Callee) *trunk.Trunk {
	t := trunk.Defaults("callee")
	t.Host, t.Port, t.CallsASecond = callee.Addr.Addr().String(), int(callee.Addr.Port()), 1000
	return t
}

// TestTrunkCampaign calls telephones over a trunk: who answers hears the text and presses
// a key, and each other end of a call is told apart, in the call details, the numbers and
// the callbacks.
func TestTrunkCampaign(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	refuses := func(status int, header ...string) *siptest.Line {
		return callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
			c.Ring(m)
			c.Reply(m, siptest.Answer{Status: status, Header: header})
		}})
	}
	tone := siptest.Tone(wav.Rate / 2)
	answers := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Ring(m)
		c.Pick(m)
		c.Await("ACK", 1)
		if c.Media.AwaitSound(len(tone) / siptest.Frame) {
			c.Media.Press("7", siptest.Sender{})
		}
	}})
	rings := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Ring(m) }})
	wants := map[*siptest.Line]string{
		answers: `"status":"completed"`, rings: `"status":"no-answer"`,
		refuses(486): `"status":"busy"`, refuses(404): `"status":"failed"`, refuses(503, "Reason: Q.850;cause=34"): `"status":"failed"`,
	}
	program := newProgram(t)
	s := servertest.Start(t, servertest.Options{Trunk: trunkTo(callee), SIP: app.SIP{Ring: 5 * time.Second}, VoiceCommand: voiceOf(t, tone), Dashboard: true})
	c := s.Account("demo")
	var numbers []string
	for line := range wants {
		numbers = append(numbers, `"`+line.Number.String()+`"`)
	}
	made := c.NewCampaign(fmt.Sprintf(`{"campaigns":[{"caller_id":"+918047000001","read_via_text":"Your rent is due. Press seven.","flow_type":"ivr","from":[%s],
		"calling_hours":{"hours":"always","days":"always","reason":"A test"},"call_status_callback":"%[2]s/call","status_callback":"%[2]s/campaign"}]}`,
		strings.Join(numbers, ","), program.URL))
	awaitCampaign(t, c, made.ID, "Completed")

	details := string(c.Get(c.Path("/campaigns/" + made.ID + "/call-details")).Body)
	told := strings.Join(program.until(t, `"status":"Completed"`), "\n")
	for line, want := range wants {
		_, of, _ := strings.Cut(details, line.Number.String())
		if of, _, _ = strings.Cut(of, `"code":200`); !strings.Contains(of, want) {
			t.Errorf("%v: want %s in %s", line.Number, want, of)
		}
		if line.Calls() != 1 {
			t.Errorf("%v was called %d times", line.Number, line.Calls())
		}
		call := line.Call()
		if line == rings && call.Await("CANCEL", 1) == nil || line == answers && call.Await("BYE", 1) == nil {
			t.Errorf("the call to %v hangs", line.Number)
		}
	}
	if !strings.Contains(details, `"digits":"7"`) || !strings.Contains(told, `"digits":"7"`) {
		t.Errorf("the key is not in %s\nor %s", details, told)
	}
	if alike := siptest.Alike(tone, answers.Call().Media.Heard()); alike < 0.95 {
		t.Errorf("the callee heard something else: %.2f", alike)
	}
	page := s.SignedIn("demo").Open("/campaigns/"+made.ID).PageText(t, 200)
	if strings.Contains(page, "nobody is called") {
		t.Error("the page says that nobody is called")
	}
}

// TestTrunkAfterSimulation: after a simulation that was ahead of the clock, a campaign calls
// real telephones at once, and its calls have the real date.
func TestTrunkAfterSimulation(t *testing.T) {
	t.Parallel()
	path := servertest.NewDatabase(t)
	s := servertest.Start(t, servertest.Options{Path: path, Simulator: app.Simulator{Speed: 3600, Instant: true}})
	c := s.Account("demo")
	const ahead = 2 * time.Minute
	tomorrow := time.Now().AddDate(0, 0, 1).Format(time.RFC3339)
	for until := time.Now().Add(ahead); ; { // the simulated clock runs ahead
		made := c.NewCampaign(`{"campaigns":[{"caller_id":"+918047000001","read_via_text":"Your rent is due.","from":["+919876500010"],"schedule":{"send_at":"` + tomorrow + `"}}]}`)
		if sid, ok := addressbook.ParseSID(made.ID); !ok || sid.Time().After(until) {
			break
		}
	}
	s.Stop()

	callee := siptest.Start(t)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 404}) }})
	s = servertest.Start(t, servertest.Options{Path: path, Trunk: trunkTo(callee), VoiceCommand: voiceOf(t, siptest.Tone(wav.Rate/2))})
	c = c.At(s)
	made := c.NewCampaign(fmt.Sprintf(`{"campaigns":[{"caller_id":"+918047000001","read_via_text":"Your rent is due.","from":[%q],%s}]}`, line.Number, alwaysCalled))
	awaitCampaign(t, c, made.ID, "Failed")
	details := string(c.Get(c.Path("/campaigns/" + made.ID + "/call-details")).Body)
	_, text, _ := strings.Cut(details, `"date_created":"`)
	text, _, _ = strings.Cut(text, `"`)
	if at, err := time.Parse(time.RFC3339, text); err != nil || time.Until(at) > ahead/2 {
		t.Errorf("the call was at %s, %v", text, err)
	}
}

// TestTrunkFails: a call that fails because of the trunk does not end the calls of a number,
// although its campaign has no retries.
func TestTrunkFails(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Reply(m, siptest.Answer{Status: 488})
	}})
	s := servertest.Start(t, servertest.Options{Trunk: trunkTo(callee), VoiceCommand: voiceOf(t, siptest.Tone(wav.Rate/2)), Dashboard: true})
	c := s.Account("demo")
	made := c.NewCampaign(fmt.Sprintf(`{"campaigns":[{"caller_id":"+918047000001","read_via_text":"Your rent is due.","from":[%q],
		"calling_hours":{"hours":"always","days":"always","reason":"A test"}}]}`, line.Number))
	page := s.SignedIn("demo")
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(2 * time.Minute); ; <-tick.C {
		if details := string(c.Get(c.Path("/campaigns/" + made.ID + "/call-details?status=failed")).Body); strings.Contains(details, line.Number.String()) {
			break
		}
		if time.Now().After(limit) {
			t.Fatal("the call does not end")
		}
	}
	if got := string(c.Get(c.Path("/campaigns/" + made.ID)).Body); !strings.Contains(got, `"status":"InProgress"`) || !strings.Contains(got, `"retry":1`) {
		t.Errorf("the campaign is %s", got)
	}
	text := page.Open("/campaigns/"+made.ID+"/numbers/0").PageText(t, 200)
	if !strings.Contains(text, "To be called again") || !strings.Contains(text, "The trunk failed") {
		t.Errorf("the page of the number says %s", text)
	}
	if filtered := page.Open("/campaigns/"+made.ID+"/calls?state=failed").PageText(t, 200); !strings.Contains(filtered, "The trunk failed") {
		t.Errorf("the failed calls are %s", filtered)
	}
}

// TestCallerIDOfTrunks: a campaign whose caller id no trunk may show is refused when it is
// made, asked about or changed, and no other is.
func TestCallerIDOfTrunks(t *testing.T) {
	t.Parallel()
	tr := trunkTo(siptest.Start(t))
	tr.CallerIDs = []string{"+918047000001"}
	s := servertest.Start(t, servertest.Options{Trunk: tr, Dashboard: true})
	c := s.Account("demo")
	body := func(callerID string) string {
		return fmt.Sprintf(`{"campaigns":[{"caller_id":%q,"read_via_text":"Hello, this is a test","from":["+919800000000"],"schedule":{"send_at":"2099-06-01T10:00:00+05:30"}}]}`, callerID)
	}
	const why = "Invalid CallerId: no trunk may show it"
	for _, path := range []string{"/campaigns", "/campaigns?dry_run=true"} {
		for _, id := range []string{"08047000002", "+14155550123", "51234"} {
			if a := c.Send("POST", path, body(id)); a.Status != 400 || !strings.Contains(string(a.Body), `"code":1002`) || !strings.Contains(string(a.Body), why) {
				t.Errorf("%s, %s: %d %s", path, id, a.Status, a.Body)
			}
		}
		if a := c.Send("POST", path, body("08047000001")); a.Status != 200 {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	made := c.NewCampaign(body("+918047000001"))
	change := func(fields string, status int) {
		t.Helper()
		if a := c.Send("PUT", "/campaigns/"+made.ID, `{"campaigns":[{`+fields+`}]}`); a.Status != status {
			t.Errorf("%s: %d %s", fields, a.Status, a.Body)
		}
	}
	change(`"caller_id":"08047000002"`, 400)
	change(`"caller_id":"08047000001"`, 200)
	change(`"action":"pause"`, 200)
	page := s.SignedIn("demo").Submit("/campaigns/review", url.Values{"number": {"+919800000000"}, "caller_id": {"08047000002"}, "hears": {"text"}, "text": {"Hello, this is a test"}}).PageText(t, 422)
	if !strings.Contains(page, "No trunk may show this caller id") {
		t.Errorf("the form says %s", page)
	}
}
