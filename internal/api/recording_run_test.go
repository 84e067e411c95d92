package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/clock/clocktest"
	"callbook/internal/recording"
	"callbook/internal/test/servertest"
	"callbook/internal/test/siptest"
	"callbook/internal/wav"
)

// recordedCall is what the details of a call tell of its recording.
type recordedCall struct {
	SID          string  `json:"call_sid"`
	Number       string  `json:"number"`
	Status       string  `json:"status"`
	RecordingURL *string `json:"recording_url"`
}

// recordedCalls returns the calls of a campaign by number.
func recordedCalls(t *testing.T, c *servertest.Client, campaign string) map[string]recordedCall {
	t.Helper()
	var page struct {
		Response []struct{ Data recordedCall }
	}
	if err := json.Unmarshal(c.Get(c.Path("/campaigns/"+campaign+"/call-details")).Body, &page); err != nil {
		t.Fatal(err)
	}
	calls := make(map[string]recordedCall)
	for _, item := range page.Response {
		calls[item.Data.Number] = item.Data
	}
	return calls
}

// listen gets a recording by its link alone, without a key.
func listen(t *testing.T, url string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, body
}

// samplesOf returns the samples of a recording, which must be a whole WAV file.
func samplesOf(t *testing.T, url string) (samples []int16) {
	t.Helper()
	res, file := listen(t, url)
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "audio/wav" {
		t.Fatalf("%s: %d %s %.300s", url, res.StatusCode, res.Header.Get("Content-Type"), file)
	}
	r, err := wav.NewReader(bytes.NewReader(file))
	for err == nil {
		samples, err = r.Append(samples)
	}
	if err != io.EOF || len(file) != wav.HeaderBytes+2*len(samples) {
		t.Errorf("%s: a file of %d bytes has %d samples, %v", url, len(file), len(samples), err)
	}
	return samples
}

const alwaysCalled = `"calling_hours":{"hours":"always","days":"always","reason":"A test"}`

// TestRecordedCampaign records calls over a trunk: what the callee heard and what the
// callee said are in the file that the link leads to, in the details, the callback and the
// report. Calls that nobody answers and calls of other campaigns are not recorded.
func TestRecordedCampaign(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	tone := siptest.Tone(wav.Rate)
	text, speech := tone[:wav.Rate/2], make([]int16, wav.Rate/2)
	for i := range speech {
		speech[i] = tone[2*i] // an octave higher
	}
	answers := siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Ring(m)
		c.Pick(m)
		c.Await("ACK", 1)
		if c.Media.AwaitSound(len(text) / siptest.Frame) {
			c.Media.Speak(speech)
			c.Media.Press("7", siptest.Sender{})
		}
	}}
	talks := callee.Line(t, answers)
	busy := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 486}) }})
	program := newProgram(t)
	s := servertest.Start(t, servertest.Options{Trunk: trunkTo(callee), VoiceCommand: voiceOf(t, text), Dashboard: true})
	c := s.Account("demo")
	campaign := func(more string, numbers ...string) string {
		made := c.NewCampaign(fmt.Sprintf(`{"campaigns":[{"caller_id":"+918047000001","read_via_text":"Your rent is due. Press seven.","flow_type":"ivr","from":["%s"],
			"call_status_callback":"%s/call","status_callback":"%[2]s/campaign",%s%s}]}`, strings.Join(numbers, `","`), program.URL, alwaysCalled, more))
		awaitCampaign(t, c, made.ID, "Completed")
		return made.ID
	}
	id := campaign(`,"record":true`, talks.Number.String(), busy.Number.String())
	calls := recordedCalls(t, c, id)
	call, unanswered := calls[talks.Number.String()], calls[busy.Number.String()]
	if call.RecordingURL == nil || unanswered.RecordingURL != nil {
		t.Fatalf("the recordings are %+v and %+v", call, unanswered)
	}
	samples := samplesOf(t, *call.RecordingURL)
	if alike := siptest.Alike(text, samples); alike < 0.95 {
		t.Errorf("what the callee heard is not in the recording: %.2f", alike)
	}
	// The callee of a busy machine falters, so its words are looked for one by one.
	const word = 3 * siptest.Frame
	words := 0
	for said := speech; len(said) >= word; said = said[word:] {
		if siptest.Alike(said[:word], samples) >= 0.95 {
			words++
		}
	}
	if words < len(speech)/word/2 {
		t.Errorf("of %d words of the callee, %d are in the recording", len(speech)/word, words)
	}

	// The callback and the report have a link to the same file.
	told := strings.Join(program.until(t, `"status":"Completed"`), "\n")
	report := string(c.Get(c.Path("/campaigns/" + id + "/report")).Body)
	_, path, _ := strings.Cut(*call.RecordingURL, "/v2/")
	path, _, _ = strings.Cut(path, "?")
	for name, text := range map[string]string{"callback": told, "report": report} {
		_, link, ok := strings.Cut(text, path)
		end := strings.IndexAny(link, `",`)
		if !ok || end < 0 {
			t.Errorf("the %s has no link: %s", name, text)
			continue
		}
		if got := samplesOf(t, s.URL+"/v2/"+path+link[:end]); !slices.Equal(got, samples) {
			t.Errorf("the %s leads to another file", name)
		}
	}
	if n := strings.Count(told, `"recording_url":null`); n != 1 {
		t.Errorf("%d calls have no recording in %s", n, told)
	}

	_, file := listen(t, *call.RecordingURL)
	res, part := listen(t, *call.RecordingURL, "Range", "bytes=40-1000")
	if res.StatusCode != http.StatusPartialContent || !bytes.Equal(part, file[40:1001]) {
		t.Errorf("a part is %d with %d bytes", res.StatusCode, len(part))
	}
	if byKey := c.Get("/v2/" + path); byKey.Status != 200 || !bytes.Equal(byKey.Body, file) {
		t.Errorf("with a key: %d", byKey.Status)
	}
	// Nobody else hears it.
	for name, url := range map[string]string{
		"no signature": strings.Split(*call.RecordingURL, "?")[0], "another call": strings.Replace(*call.RecordingURL, call.SID, unanswered.SID, 1),
		"a report's": strings.Replace(*c.GetCampaign(id).ReportURL, "/report?", "/call-details/"+call.SID+"/recording?", 1),
	} {
		if res, _ := listen(t, url); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	other := s.Account("other")
	if got := other.Get(strings.Replace("/v2/"+path, "/demo/", "/other/", 1)); got.Status != 404 {
		t.Errorf("another account: %d", got.Status)
	}
	page := s.SignedIn("demo").Open("/campaigns/"+id+"/numbers/0").PageText(t, 200)
	if !strings.Contains(page, `src="/campaigns/`+id+`/calls/`+call.SID+`/recording"`) {
		t.Error("the page has no player")
	}
	if got := s.SignedIn("demo").Open("/campaigns/" + id + "/calls/" + call.SID + "/recording"); got.Status != 200 || !bytes.Equal(got.Body, file) {
		t.Errorf("the page's player gets %d", got.Status)
	}

	again := callee.Line(t, answers)
	if got := recordedCalls(t, c, campaign("", again.Number.String()))[again.Number.String()]; got.Status != "completed" || got.RecordingURL != nil {
		t.Errorf("a campaign without it has recorded %+v", got)
	}
}

// tape is a carrier whose calls are recorded with a number of samples. If it is open, its
// calls never end, and it passes on what records them.
type tape struct {
	carrier.Carrier
	samples int
	open    bool
	records chan func([]int16)
}

func (*tape) Real() bool { return true }

func (p *tape) Place(ctx context.Context, o carrier.Order) error {
	if o.Record != nil {
		o.Record(siptest.Tone(p.samples))
		if p.open {
			p.records <- o.Record
			return nil
		}
		o.Record(nil)
	}
	return p.Carrier.Place(ctx, o)
}

func newTape(samples int, open bool) *tape {
	return &tape{simulator.New(simulator.Options{Clock: clock.System, Instant: true}), samples, open, make(chan func([]int16), 1)}
}

// recordOne calls one number, whose call is recorded.
func recordOne(t *testing.T, c *servertest.Client) string {
	t.Helper()
	return c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","from":["+919800000001"],"read_via_text":"Your rent is due.","record":"true",` + alwaysCalled + `}]}`).ID
}

const recordedNumber = "+919800000001"

// TestRecordingAfterCrash ends a server in the middle of a call: the next one ends the call,
// and its recording has what was stored until then, whole.
func TestRecordingAfterCrash(t *testing.T) {
	t.Parallel()
	path := servertest.NewDatabase(t)
	s := servertest.Start(t, servertest.Options{Path: path, Carrier: newTape(2*recording.PieceSamples+5000, true), VoiceCommand: voiceOf(t, make([]int16, 9))})
	c := s.Account("demo")
	id := recordOne(t, c)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for recordedCalls(t, c, id)[recordedNumber].Status != "queued" {
		<-tick.C
	}
	if url := recordedCalls(t, c, id)[recordedNumber].RecordingURL; url != nil {
		t.Errorf("a call in flight has the recording %s", *url)
	}
	s.Stop()
	s = servertest.Start(t, servertest.Options{Path: path, Carrier: newTape(0, false)})
	c = c.At(s)
	awaitEnd(t, c, id)
	call := recordedCalls(t, c, id)[recordedNumber]
	if call.RecordingURL == nil {
		t.Fatalf("the call is %+v", call)
	}
	if got := len(samplesOf(t, *call.RecordingURL)); got != 2*recording.PieceSamples {
		t.Errorf("the recording has %d samples, want %d", got, 2*recording.PieceSamples)
	}
}

// awaitEnd waits until a campaign has ended, in whatever state.
func awaitEnd(t *testing.T, c *servertest.Client, id string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(3 * time.Minute); !slices.Contains([]string{"Completed", "Failed"}, c.GetCampaign(id).Status); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("the campaign is %+v", c.GetCampaign(id))
		}
	}
}

// TestOldRecordings: recordings go when they are too old, by the server's clock, and the
// calls stay.
func TestOldRecordings(t *testing.T) {
	t.Parallel()
	now := clocktest.New(goldenTime)
	s := servertest.Start(t, servertest.Options{
		Clock: now, RecordingsKeep: 48 * time.Hour, VoiceCommand: voiceOf(t, make([]int16, 9)),
		Carrier: &tape{simulator.New(simulator.Options{Clock: now, Instant: true}), 1000, false, nil},
	})
	c := s.Account("demo")
	id := recordOne(t, c)
	for c.GetCampaign(id).Status != "Completed" {
		now.Add(50 * time.Millisecond)
	}
	link := *recordedCalls(t, c, id)[recordedNumber].RecordingURL
	now.Add(47 * time.Hour)
	if n := len(samplesOf(t, link)); n != 1000 {
		t.Errorf("after 47 hours it has %d samples", n)
	}
	now.Add(2 * time.Hour)
	for recordedCalls(t, c, id)[recordedNumber].RecordingURL != nil {
		now.Add(time.Minute)
	}
	if res, _ := listen(t, link); res.StatusCode != http.StatusNotFound {
		t.Errorf("after 49 hours: %d", res.StatusCode)
	}
	if got := recordedCalls(t, c, id)[recordedNumber].Status; got != "completed" {
		t.Errorf("the call is %s", got)
	}
}

// TestRecordingFile reads a recording of several pieces in parts of every kind, and deletes
// it.
func TestRecordingFile(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Carrier: newTape(2*recording.PieceSamples+777, false), VoiceCommand: voiceOf(t, make([]int16, 9))})
	c := s.Account("demo")
	id := recordOne(t, c)
	awaitCampaign(t, c, id, "Completed")
	call := recordedCalls(t, c, id)[recordedNumber]
	link := *call.RecordingURL
	if alike := siptest.Alike(siptest.Tone(2*recording.PieceSamples+777), samplesOf(t, link)); alike < 0.999 {
		t.Errorf("the recording is something else: %.4f", alike)
	}
	res, file := listen(t, link)
	if res.ContentLength != int64(len(file)) {
		t.Errorf("it announces %d bytes and has %d", res.ContentLength, len(file))
	}
	const piece, header = 2 * recording.PieceSamples, wav.HeaderBytes
	for _, part := range [][2]int{{0, 0}, {10, header}, {header - 1, header + 1}, {header + 1, header + 2}, {header + piece - 3, header + piece + 3}, {100, len(file) - 1}, {len(file) - 1, len(file) - 1}} {
		res, got := listen(t, link, "Range", fmt.Sprintf("bytes=%d-%d", part[0], part[1]))
		if res.StatusCode != http.StatusPartialContent || !bytes.Equal(got, file[part[0]:part[1]+1]) {
			t.Errorf("part %v: %d, %d bytes", part, res.StatusCode, len(got))
		}
	}
	if res, _ := listen(t, link, "Range", "bytes="+strconv.Itoa(len(file))+"-"); res.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("behind the end: %d", res.StatusCode)
	}
	if head, err := http.Head(link); err != nil || head.StatusCode != 200 || head.ContentLength != int64(len(file)) {
		t.Errorf("HEAD: %+v, %v", head, err)
	}
	golden(t, "recording_delete", c.Send("DELETE", "/campaigns/"+id+"/call-details/"+call.SID+"/recording", ""))
	golden(t, "error_recording_gone", c.Send("DELETE", "/campaigns/"+id+"/call-details/"+call.SID+"/recording", ""))
	if res, _ := listen(t, link); res.StatusCode != http.StatusNotFound || recordedCalls(t, c, id)[recordedNumber].RecordingURL != nil {
		t.Errorf("it is there after it was deleted: %d", res.StatusCode)
	}
}

// TestErasedRecording: the recordings of a number go when everything about it is erased.
func TestErasedRecording(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{Carrier: newTape(1000, false), VoiceCommand: voiceOf(t, make([]int16, 9))}).Account("demo")
	id := recordOne(t, c)
	awaitCampaign(t, c, id, "Completed")
	link := *recordedCalls(t, c, id)[recordedNumber].RecordingURL
	eraseOne(t, c, recordedNumber)
	if res, _ := listen(t, link); res.StatusCode != http.StatusNotFound {
		t.Errorf("it is there after the number was erased: %d", res.StatusCode)
	}
	for _, call := range recordedCalls(t, c, id) {
		if call.RecordingURL != nil {
			t.Errorf("the call is %+v", call)
		}
	}
}

// TestErasedWhileRecorded erases a number in the middle of its call, before anything of the
// call is stored: nothing of it is stored afterwards.
func TestErasedWhileRecorded(t *testing.T) {
	t.Parallel()
	path, p := servertest.NewDatabase(t), newTape(5000, true)
	s := servertest.Start(t, servertest.Options{Path: path, Carrier: p, VoiceCommand: voiceOf(t, make([]int16, 9))})
	c := s.Account("demo")
	id := recordOne(t, c)
	record := <-p.records
	eraseOne(t, c, recordedNumber)
	record(siptest.Tone(recording.PieceSamples))
	record(nil)
	s.Stop()
	c = c.At(servertest.Start(t, servertest.Options{Path: path, Carrier: newTape(0, false)}))
	awaitEnd(t, c, id)
	calls := recordedCalls(t, c, id)
	for _, call := range calls {
		if call.RecordingURL != nil {
			t.Errorf("the call is %+v", call)
		}
	}
	if len(calls) != 1 {
		t.Errorf("there are %d calls", len(calls))
	}
}
