package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"callbook/internal/app"
	"callbook/internal/campaign"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/speech"
	"callbook/internal/test/servertest"
	"callbook/internal/wav"
)

// calling starts a server whose simulated telephone is fast, and signs in.
func calling(t *testing.T) (*servertest.Client, *servertest.Browser) {
	t.Helper()
	s := servertest.Start(t, servertest.Options{Dashboard: true, Simulator: app.Simulator{Speed: 1000}})
	c := s.Account("demo")
	return c, s.SignedIn("demo")
}

// opened opens a page until it has something in it.
func opened(t *testing.T, b *servertest.Browser, path, want string) string {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; runtime.Gosched() {
		page := b.Open(path).PageText(t, 200)
		if strings.Contains(page, want) {
			return page
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not say %q: %s", path, want, page)
		}
	}
}

// campaignForm is the form of a campaign, filled in.
func campaignForm(more url.Values) url.Values {
	form := url.Values{
		"number": {"9876500010\n98765 00026\n"}, "caller_id": {"08047112233"}, "hears": {"text"}, "text": {"Hello @@first_name, the rent is due."},
		"retries": {"1"}, "interval": {"5"}, "on": {"busy"}, "name": {"Rent June"},
	}
	for name, values := range more {
		form[name] = values
	}
	return form
}

// lacks fails the test when a page has one of these in it.
func lacks(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(page, text) {
			t.Errorf("the page has %q in it:\n%s", text, page)
		}
	}
}

// TestCampaign makes a campaign by the form, and follows it to its end.
func TestCampaign(t *testing.T) {
	t.Parallel()
	_, b := calling(t)
	has(t, b.Open("/campaigns").PageText(t, 200), "There is no campaign yet", "The telephone is simulated", "go 1000 times as fast")
	review := b.Submit("/campaigns/review", campaignForm(nil)).Header.Get("Location")
	page := b.Open(review).PageText(t, 200)
	has(t, page, "Call 2 numbers now?", "<dd>2</dd>", "Hello @@first_name", "Up to 1 time, after 5 minutes, when it was: busy.")
	draft := url.Values{"draft": {hidden(t, page, "draft")}}
	has(t, b.Open("/campaigns/new?draft="+draft.Get("draft")).PageText(t, 200), `value="Rent June"`, `value="08047112233"`)
	path := b.Submit("/campaigns", draft).Header.Get("Location")
	has(t, b.Open(path).PageText(t, 200), "Made the campaign Rent June.")

	page = opened(t, b, path, ">Completed<")
	has(t, page, "2 numbers", "Reached 1", "Not reached 1", "3 calls", "1 answered, 2 busy", `name="do" value="archive"`)
	lacks(t, page, `value="pause"`, "/delete", `hx-trigger="every`)
	has(t, b.Open(path+"/calls").PageText(t, 200), "3 calls", "Answered", "User busy")
	has(t, b.Open(path+"/calls?state=busy").PageText(t, 200), "2 calls")
	has(t, b.Open(path+"/numbers").PageText(t, 200), "2 numbers", "Reached", "Not reached")
	page = b.Open(path+"/numbers?state=failed").PageText(t, 200)
	has(t, page, "1 number", "98765 00026")
	has(t, b.Open(path+"/numbers/1").PageText(t, 200), "98765 00026", "Call 1", "Call 2", "Busy")
	b.Open(path+"/numbers/2").PageText(t, 404)
	b.Open(path+"/numbers/x").PageText(t, 404)

	b.Submit(path, url.Values{"do": {"archive"}}).Redirect(t, path)
	lacks(t, b.Open("/campaigns").PageText(t, 200), "Rent June")
	has(t, b.Open("/campaigns?state=archived").PageText(t, 200), "Rent June", "Archived")
}

// TestCampaignActions pauses a campaign that has not begun, lets it go on, and deletes
// it.
func TestCampaignActions(t *testing.T) {
	t.Parallel()
	_, b := calling(t)
	later := campaignForm(url.Values{"send_at": {"2099-01-01T10:00"}, "end_at": {"2099-01-02T10:00"}})
	review := b.Submit("/campaigns/review", later).Header.Get("Location")
	page := b.Open(review).PageText(t, 200)
	has(t, page, "Call 2 numbers?", "Make the campaign")
	path := b.Submit("/campaigns", url.Values{"draft": {hidden(t, page, "draft")}}).Header.Get("Location")
	has(t, b.Open(path).PageText(t, 200), "Waiting for its time", `value="pause"`)
	b.Submit(path, url.Values{"do": {"pause"}}).Redirect(t, path)
	has(t, b.Open(path).PageText(t, 200), "Paused", `value="resume"`, `value="complete"`)
	b.Submit(path, url.Values{"do": {"archive"}}).Redirect(t, path)
	has(t, b.Open(path).PageText(t, 200), "That was not done")
	b.Submit(path, url.Values{"do": {"resume"}}).Redirect(t, path)
	has(t, b.Open(path).PageText(t, 200), "The campaign goes on.", "Waiting for its time")
	b.Submit(path+"/delete", nil).Redirect(t, "/campaigns")
	has(t, b.Open("/campaigns").PageText(t, 200), "Deleted the campaign Rent June.")
	b.Open(path).PageText(t, 404)
	b.Submit(path, url.Values{"do": {"pause"}}).PageText(t, 404)
}

// TestCampaignRefused shows what is wrong with a form, beside the field.
func TestCampaignRefused(t *testing.T) {
	t.Parallel()
	c, b := calling(t)
	c.CreateList("Empty")
	var manyLists []string
	for i := range 6 {
		manyLists = append(manyLists, c.CreateList(fmt.Sprintf("List %d", i)).SID)
	}
	for name, tt := range map[string]struct {
		form url.Values
		want string
	}{
		"nobody":         {url.Values{"number": {""}}, "Choose lists or write numbers."},
		"no number":      {url.Values{"number": {"98450"}}, "“98450” is no telephone number."},
		"no caller id":   {url.Values{"caller_id": {"me"}}, "This is no telephone number or short code."},
		"no text":        {url.Values{"text": {""}}, "Write what is said."},
		"short text":     {url.Values{"text": {"Hello"}}, "it has less than 10 characters"},
		"no variable":    {url.Values{"text": {"Hello @@nobody, good day"}}, "There is no field for @@nobody."},
		"many numbers":   {url.Values{"number": {strings.Repeat("+919876543210\n", 5001)}}, "Write 5,000 numbers at most."},
		"many lists":     {url.Values{"number": {""}, "list": manyLists}, "Choose 5 lists at most."},
		"too far":        {url.Values{"send_at": {"2300-01-01T10:00"}}, "or after the year 2200."},
		"no flow":        {url.Values{"hears": {"flow"}, "url": {"http://x.example/flow"}}, "Write the address of a flow"},
		"no interval":    {url.Values{"interval": {"0"}}, "Wait 1 to 1,440 minutes."},
		"ends too early": {url.Values{"end_at": {"2020-01-01T10:00"}}, "The end comes after the beginning"},
		"no date":        {url.Values{"send_at": {"tomorrow"}}, "Write dates as 2026-06-01T10:00."},
		"too fast":       {url.Values{"throttle": {"60"}}, "it must be below the account&#39;s limit of 60 calls a minute"},
		"short name":     {url.Values{"name": {"x"}}, "it has less than 3 characters"},
		"no callback":    {url.Values{"status_callback": {"ftp://x"}}, "Write an address that begins with http:// or https://."},
		"a list is gone": {url.Values{"number": {""}, "list": {strings.Repeat("ab", 16)}}, "A list that was chosen is not there any more."},
	} {
		page := b.Submit("/campaigns/review", campaignForm(tt.form)).PageText(t, 422)
		if !strings.Contains(page, tt.want) {
			t.Errorf("%s: the page does not say %q: %s", name, tt.want, page)
		}
	}
	b.Open("/campaigns/review?page=nothing").PageText(t, 404)
}

// TestCallingRules sets what campaigns of the account may do.
func TestCallingRules(t *testing.T) {
	t.Parallel()
	_, b := calling(t)
	all := []string{"0", "1", "2", "3", "4", "5", "6"}
	set := url.Values{"rate": {"120"}, "cap": {"3"}, "countries": {"in, us"}, "from": {"09:00"}, "until": {"00:00"}, "day": all[1:]}
	b.Submit("/campaigns/rules", set).Redirect(t, "/campaigns/rules")
	page := b.Open("/campaigns/rules").PageText(t, 200)
	has(t, page, "Saved.", `value="120"`, `value="3"`, `value="IN, US"`, `value="09:00"`, `value="00:00"`)
	if n := strings.Count(page, " checked"); n != 6 {
		t.Errorf("%d days are checked: %s", n, page)
	}
	for want, form := range map[string]url.Values{
		"A number of calls is 1 or more":      {"rate": {"x"}, "day": all},
		"calls a day to a number must be":     {"cap": {"5000"}, "day": all},
		"Calling hours begin before they end": {"from": {"21:00"}, "until": {"09:00"}, "day": all},
		"calling days must have a day":        {},
		"Unknown region":                      {"countries": {"XX"}, "day": all},
	} {
		page := b.Submit("/campaigns/rules", form).PageText(t, 422)
		if !strings.Contains(strings.ToLower(page), strings.ToLower(want)) {
			t.Errorf("%v: the page does not say %q: %s", form, want, page)
		}
	}
	has(t, b.Open("/campaigns/rules").PageText(t, 200), `value="120"`)
	b.Submit("/campaigns/rules", url.Values{"day": all}).Redirect(t, "/campaigns/rules")
	lacks(t, b.Open("/campaigns/rules").PageText(t, 200), `value="120"`, `value="09:00"`)
}

// TestRulesOfTwo has two browsers that change the calling rules: what only one of them has
// changed is kept, and they are asked about what both have.
func TestRulesOfTwo(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	s.Account("demo")
	first, second := s.SignedIn("demo"), s.SignedIn("demo")
	const path = "/campaigns/rules"
	week := []string{"1", "2", "3", "4", "5"}
	opened := func(changes url.Values) url.Values {
		form := pageFields(first.Open(path).PageText(t, 200))
		form["day"] = []string{"0", "1", "2", "3", "4", "5", "6"}
		maps.Copy(form, changes)
		return form
	}
	mine := opened(url.Values{"rate": {"120"}, "countries": {"in,us"}})
	second.Submit(path, opened(url.Values{"cap": {"3"}, "day": week})).Redirect(t, path)
	first.Submit(path, mine).Redirect(t, path)
	page := first.Open(path).PageText(t, 200)
	has(t, page, "Saved. Somebody else changed Calls a day to a number and Days meanwhile, and that is kept.", `value="120"`, `value="3"`, `value="IN, US"`)
	if n := strings.Count(page, " checked"); n != len(week) {
		t.Errorf("%d days are checked: %s", n, page)
	}

	mine = opened(url.Values{"rate": {"200"}, "from": {"09:00"}, "until": {"18:00"}, "day": week})
	theirs := opened(url.Values{"rate": {"300"}, "from": {"10:00"}, "until": {"00:00"}, "cap": {""}, "day": {"6", "0"}})
	second.Submit(path, theirs).Redirect(t, path)
	page = first.Submit(path, mine).PageText(t, 409)
	has(t, page, "Somebody else changed this page of rules meanwhile", `<span class="typed">300</span>`, `<span class="typed">200</span>`,
		`<span class="typed">10:00-24:00</span>`, `<span class="typed">09:00-18:00</span>`, "The rest is merged. Theirs: Calls a day to a number and Days.")
	chosen := pageFields(page)
	chosen.Set("choose.rate", "mine")
	has(t, first.Submit(path, chosen).PageText(t, 409), "Choose one of the two.")
	chosen.Set("choose.hours", "theirs")
	first.Submit(path, chosen).Redirect(t, path)
	page = first.Open(path).PageText(t, 200)
	has(t, page, `value="200"`, `value="10:00"`, `value="00:00"`)
	lacks(t, page, `name="cap" type="text" value="3"`)
	if n := strings.Count(page, " checked"); n != 2 {
		t.Errorf("%d days are checked: %s", n, page)
	}

	// A mistake keeps what the form was loaded with.
	mine = opened(url.Values{"rate": {"0"}})
	second.Submit(path, opened(url.Values{"cap": {"2"}})).Redirect(t, path)
	again := pageFields(first.Submit(path, mine).PageText(t, 422))
	again.Set("rate", "60")
	again["day"] = mine["day"]
	first.Submit(path, again).Redirect(t, path)
	has(t, first.Open(path).PageText(t, 200), "Somebody else changed Calls a day to a number meanwhile", `value="60"`, `value="2"`)
}

// TestOwnHours gives a campaign calling hours of its own, with the reason.
func TestOwnHours(t *testing.T) {
	t.Parallel()
	_, b := calling(t)
	own := url.Values{"hours": {"own"}, "hours_from": {"10:00"}, "hours_until": {"00:00"}, "hours_day": {"1", "6"}, "send_at": {"2099-01-01T10:00"}}
	page := b.Submit("/campaigns/review", campaignForm(own)).PageText(t, 422)
	has(t, page, "Say why this campaign has hours of its own", `value="10:00"`, `value="own" checked`)
	own.Set("hours_reason", "Asked for by the school")
	page = b.Open(b.Submit("/campaigns/review", campaignForm(own)).Header.Get("Location")).PageText(t, 200)
	has(t, page, "10:00 to 24:00 on Mon, Sat", "because: Asked for by the school")
	path := b.Submit("/campaigns", url.Values{"draft": {hidden(t, page, "draft")}}).Header.Get("Location")
	has(t, b.Open(path).PageText(t, 200), "10:00 to 24:00 on Mon, Sat", "because: Asked for by the school", "by dashboard.")
	changeHours(t, b, path)
	for want, form := range map[string]url.Values{
		"at any hour of every day":            {"hours": {"always"}, "hours_reason": {"A flood"}},
		"Calling hours begin before they end": {"hours": {"own"}, "hours_from": {"21:00"}, "hours_until": {"09:00"}, "hours_reason": {"A flood"}},
	} {
		a := b.Submit("/campaigns/review", campaignForm(form))
		if a.Status == 303 {
			a = b.Open(a.Header.Get("Location"))
		}
		if !strings.Contains(string(a.Body), want) {
			t.Errorf("the page does not say %q: %s", want, a.Body)
		}
	}
}

// changeHours changes the calling hours of a campaign that has them on Monday and Saturday.
func changeHours(t *testing.T, b *servertest.Browser, path string) {
	t.Helper()
	has(t, b.Open(path).PageText(t, 200), path+"/hours")
	page := b.Open(path+"/hours").PageText(t, 200)
	has(t, page, `value="10:00"`, `value="00:00"`, `value="own" checked`, "Asked for by the school", `value="6" checked`)
	lacks(t, page, `value="0" checked`)
	form := url.Values{"hours": {"own"}, "hours_from": {"11:00"}, "hours_until": {"09:00"}, "hours_reason": {"Exams"}}
	has(t, b.Submit(path+"/hours", form).PageText(t, 422), "Calling hours begin before they end", `value="11:00"`)
	form["hours_until"], form["hours_reason"] = []string{"12:00"}, []string{""}
	has(t, b.Submit(path+"/hours", form).PageText(t, 422), "Say why this campaign has hours of its own")
	form.Set("hours_reason", "Exams")
	b.Submit(path+"/hours", form).Redirect(t, path)
	has(t, b.Open(path).PageText(t, 200), "11:00 to 12:00", "because: Exams")
	b.Submit(path+"/hours", url.Values{"hours": {"always"}, "hours_reason": {"A flood"}}).Redirect(t, path)
	has(t, b.Open(path+"/hours").PageText(t, 200), `value="always" checked`, "A flood")
	b.Submit(path+"/hours", url.Values{"hours": {""}}).Redirect(t, path)
	page = b.Open(path).PageText(t, 200)
	lacks(t, page, "because:")
	has(t, page, "At any hour of every day")
}

// realPhone is a simulated telephone that says that people are called.
type realPhone struct{ *simulator.Simulator }

func (realPhone) Real() bool { return true }

// TestRealRules: where people are called, the rules begin with bounds, and who takes them
// away has none.
func TestRealRules(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true, Carrier: realPhone{simulator.New(simulator.Options{Clock: clock.System})}})
	s.Account("demo")
	b := s.SignedIn("demo")
	page := b.Open("/campaigns/rules").PageText(t, 200)
	has(t, page, `name="cap" type="text" value="3"`, `value="IN"`, `value="09:00"`, `value="21:00"`)
	lacks(t, page, "nobody is called")
	if n := strings.Count(page, " checked"); n != 6 {
		t.Errorf("%d days are checked: %s", n, page)
	}
	all := []string{"0", "1", "2", "3", "4", "5", "6"}
	b.Submit("/campaigns/rules", url.Values{"day": all}).Redirect(t, "/campaigns/rules")
	page = b.Open("/campaigns/rules").PageText(t, 200)
	lacks(t, page, `name="cap" type="text" value="3"`, `value="IN"`, `value="09:00"`)
	if n := strings.Count(page, " checked"); n != 7 {
		t.Errorf("%d days are checked: %s", n, page)
	}
	b.Submit("/campaigns/rules", url.Values{"day": all[1:], "cap": {"3"}, "countries": {"IN"}, "from": {"09:00"}, "until": {"21:00"}}).Redirect(t, "/campaigns/rules")
	has(t, b.Open("/campaigns/rules").PageText(t, 200), `name="cap" type="text" value="3"`, `value="IN"`, `value="09:00"`)
}

// TestHearIt speaks the text of a campaign's form with the values of the first contact of
// its list.
func TestHearIt(t *testing.T) {
	t.Parallel()
	// The voice notes what it is told, and says a second of silence.
	folder := t.TempDir()
	script, said, file := filepath.Join(folder, "voice"), filepath.Join(folder, "said"), filepath.Join(folder, "a.wav")
	if err := errors.Join(
		os.WriteFile(file, wav.Encode(make([]int16, wav.Rate)), 0o600),
		os.WriteFile(script, []byte("#!/bin/sh\necho \"$1\" >>"+said+"\ncat >>"+said+"\necho >>"+said+"\ncat "+file+"\n"), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	command, err := speech.ParseCommand(script + " {lang}")
	if err != nil {
		t.Fatal(err)
	}
	s := servertest.Start(t, servertest.Options{Dashboard: true, VoiceCommand: command})
	c, b := s.Account("demo"), s.SignedIn("demo")
	list := c.CreateList("Tenants").SID
	c.CreateOne(`{"number":"+919876543210","first_name":"Ravi"}`)
	c.Add(list, c.CreateOne(`{"number":"+919876543211","first_name":"Asha","custom_field":{"notes":"`+strings.Repeat("n", 5000)+`"}}`).SID)

	has(t, b.Open("/campaigns/new").PageText(t, 200), ">Hear it</button>")
	form := url.Values{"text": {"Hello @@first_name, the rent is due."}, "list": {list}}
	page := b.Submit("/campaigns/hear", form).PageText(t, 200)
	has(t, page, "Hello Asha, the rent is due.", "With the values of Asha")
	_, rest, _ := strings.Cut(page, `src="/campaigns/audio`)
	path, _, _ := strings.Cut(rest, `"`)
	a := b.Open("/campaigns/audio" + path)
	if want := wav.Encode(make([]int16, wav.Rate)); a.Status != 200 || a.Header.Get("Content-Type") != wav.ContentType || !bytes.Equal(a.Body, want) {
		t.Errorf("got %d, %s, %d bytes, want the WAV file of %d", a.Status, a.Header.Get("Content-Type"), len(a.Body), len(want))
	}
	if got, err := os.ReadFile(said); err != nil || string(got) != "en\nHello Asha, the rent is due.\n" {
		t.Errorf("the voice was told %q, %v, want the text once", got, err)
	}
	for text, want := range map[string]string{"": "Write what is said first.", "Hello @@nobody": "a name after @@ that no contact has"} {
		has(t, b.Submit("/campaigns/hear", url.Values{"text": {text}}).PageText(t, 422), want)
	}
	long := url.Values{"text": {"@@notes. Thank you."}, "list": {list}}
	page = b.Submit("/campaigns/hear", long).PageText(t, 200)
	has(t, page, strings.Repeat("n", campaign.MaxText-len(". Thank you."))+". Thank you.")
	lacks(t, page, strings.Repeat("n", campaign.MaxText))
	review := b.Open(b.Submit("/campaigns/review", campaignForm(nil)).Header.Get("Location")).PageText(t, 200)
	has(t, review, `<audio controls preload="none" src="/campaigns/audio?page=`)
	other := s.Account("other")
	s.SignedIn(other.Account).Open("/campaigns/audio"+path).PageText(t, 404)
	s.Browser().Open("/campaigns/audio"+path).Redirect(t, "/signin?next=%2Fcampaigns%2Faudio"+url.QueryEscape(path))

	_, mute := calling(t)
	page = mute.Open("/campaigns/new").PageText(t, 200)
	lacks(t, page, "Hear it")
	has(t, page, "have espeak-ng installed on the server")
}
