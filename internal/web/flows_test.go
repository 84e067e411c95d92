package web_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
	"callbook/internal/wav"
)

// sendRecording uploads a recording by the page's form.
func sendRecording(b *servertest.Browser, file string, values ...string) servertest.Answer {
	form, contentType := servertest.NewForm(values...).NamedFile("file", "hello.wav", file).Body()
	return b.Do("POST", "/prompts", form, "Content-Type", contentType)
}

// TestRecordings uploads, hears, replaces and deletes a recording.
func TestRecordings(t *testing.T) {
	t.Parallel()
	_, b := calling(t)
	second := wav.Encode(make([]int16, wav.Rate))
	has(t, b.Open("/prompts").PageText(t, 200), "Upload a recording", `aria-current="page">Recordings`)
	has(t, sendRecording(b, "ID3 and so on", "name", "hello").PageText(t, 422), "This is an MP3 file", "ffmpeg")
	has(t, sendRecording(b, string(second), "name", "no name").PageText(t, 422), "It has 1 to 64 letters")
	two, contentType := servertest.NewForm("name", "two").NamedFile("file", "a.wav", "ID3").NamedFile("file", "b.wav", string(second)).Body()
	has(t, b.Do("POST", "/prompts", two, "Content-Type", contentType).PageText(t, 422), "One file is taken at a time")
	sendRecording(b, string(second), "name", "hello", "title", "Greeting").Redirect(t, "/prompts")
	has(t, b.Open("/prompts").PageText(t, 200), "The recording hello is kept", "Greeting", "1 second", `src="/prompts/hello/sound"`)
	if heard := b.Open("/prompts/hello/sound"); heard.Status != 200 || !bytes.Equal(heard.Body, second) {
		t.Errorf("heard %d, %d bytes", heard.Status, len(heard.Body))
	}
	if part := b.Do("GET", "/prompts/hello/sound", nil, "Range", "bytes=0-3"); part.Status != 206 || string(part.Body) != "RIFF" {
		t.Errorf("a part is %d %q", part.Status, part.Body)
	}
	has(t, sendRecording(b, string(second), "name", "hello").PageText(t, 422), `aria-invalid="true"`)
	sendRecording(b, string(wav.Encode(make([]int16, 2*wav.Rate))), "name", "hello", "replace", "1").Redirect(t, "/prompts")
	has(t, b.Open("/prompts").PageText(t, 200), "2 seconds")
	has(t, sendRecording(b, string(second), "name", "bye", "replace", "1").PageText(t, 422), "There is no recording of this name")

	makeFlow(t, b, "Played", "greeting")
	step := "/flows/played/steps/greeting"
	saveStep(t, b, step, url.Values{"prompt": {"hello"}, "text": {""}}).Redirect(t, "/flows/played#step-greeting")
	b.Submit("/prompts/hello/delete", nil).Redirect(t, "/prompts")
	has(t, b.Open("/prompts").PageText(t, 200), "plays this prompt", "played", "2 seconds")
	b.Submit("/flows/played/delete", nil).Redirect(t, "/flows")
	b.Submit("/prompts/hello/delete", nil).Redirect(t, "/prompts")
	has(t, b.Open("/prompts").PageText(t, 200), "The recording hello is deleted.")
}

// makeFlow makes a flow of a starting point.
func makeFlow(t *testing.T, b *servertest.Browser, title, start string) {
	t.Helper()
	path := "/flows/" + strings.ToLower(strings.ReplaceAll(title, " ", "-"))
	b.Submit("/flows", url.Values{"title": {title}, "start": {start}}).Redirect(t, path)
}

// saveStep sends the form of a step as it is loaded now, with these values.
func saveStep(t *testing.T, b *servertest.Browser, path string, v url.Values) servertest.Answer {
	t.Helper()
	v.Set("was", hidden(t, b.Open(path).PageText(t, 200), "was"))
	return b.Submit(path, v)
}

// TestFlows makes a flow, changes, adds and deletes steps of it, and calls people with it.
func TestFlows(t *testing.T) {
	t.Parallel()
	c, b := calling(t)
	has(t, b.Open("/flows").PageText(t, 200), "Make the first flow", "An appointment to confirm")
	for _, start := range []string{"greeting", "menu", "stop", "appointment"} {
		makeFlow(t, b, "Flow "+start, start)
	}
	has(t, b.Open("/flows").PageText(t, 200), "Flow appointment", "/flows/flow-menu")
	has(t, b.Submit("/flows", url.Values{"title": {"Flow menu"}, "start": {"menu"}}).PageText(t, 422), "A flow with this name already exists")
	has(t, b.Submit("/flows", url.Values{"title": {"x"}, "start": {"json"}, "code": {"{"}}).PageText(t, 422), "it is no JSON: line 1")

	const path = "/flows/flow-menu"
	page := b.Open(path).PageText(t, 200)
	has(t, page, "Press 1 for the first", ">Key 1<", ">Key 2<", ">No key<", ">A wrong key<", "The call ends", "Goes on at thanks")

	// A step is changed; what is wrong is said, and changes nothing.
	thanks := path + "/steps/thanks"
	has(t, saveStep(t, b, thanks, url.Values{"text": {""}}).PageText(t, 422), `id="text-error">It needs a text or a prompt.`)
	has(t, saveStep(t, b, thanks, url.Values{"text": {"Hello @@nobody."}}).PageText(t, 422), `id="text-error">It says @@nobody,`)
	asking := func(name, value string) string {
		v := url.Values{"text": {"Press a key."}, "digits": {"1"}, "tries": {"1"}, "timeout": {"5"}}
		v.Set(name, value)
		if name == "key" {
			v.Set("to", "thanks")
		}
		v.Set("drop", "1")
		return saveStep(t, b, path+"/steps/menu", v).PageText(t, 422)
	}
	for name, value := range map[string]string{"digits": "21", "tries": "7", "timeout": "-2", "finish": "x", "prompt": "none", "text": strings.Repeat("x", 5000)} {
		page := asking(name, value)
		has(t, page, `id="`+name+`-error">`)
		lacks(t, page, `class="notice bad"`)
	}
	has(t, asking("key", "x"), `aria-describedby="keys-error"`, `id="keys-error">It cannot read the keys`)
	saveStep(t, b, thanks, url.Values{"text": {"Bye bye."}}).Redirect(t, path+"#step-thanks")
	has(t, b.Open(path).PageText(t, 200), "Bye bye.")

	// A step is added at a branch, and goes on where the branch led.
	add := path + "/add?at=menu&branch=key%3A1"
	has(t, b.Open(add).PageText(t, 200), "What happens there?", "Never call the number again")
	has(t, b.Open(add+"&kind=say").PageText(t, 200), "A step to be added", `<option value="first" selected>`)
	adding := url.Values{"at": {"menu"}, "branch": {"key:1"}, "kind": {"say"}, "text": {"You chose one."}, "next": {"first"}}
	b.Submit(path+"/add", adding).Redirect(t, path+"#step-say")
	has(t, b.Open(path).PageText(t, 200), "You chose one.")
	// One that would cut off others asks.
	cutting := url.Values{"at": {"menu"}, "branch": {"key:1"}, "kind": {"hangup"}}
	has(t, b.Submit(path+"/add", cutting).PageText(t, 422), "Nothing leads to first, say any more.")
	cutting.Set("drop", "1")
	b.Submit(path+"/add", cutting).Redirect(t, path+"#step-hangup")
	lacks(t, b.Open(path).PageText(t, 200), "You chose one.")

	// Two people change the same step.
	was := hidden(t, b.Open(thanks).PageText(t, 200), "was")
	saveStep(t, b, thanks, url.Values{"text": {"Theirs."}}).Redirect(t, path+"#step-thanks")
	page = b.Submit(thanks, url.Values{"text": {"Mine."}, "was": {was}}).PageText(t, 422)
	has(t, page, "Somebody else has changed this step meanwhile.", "Theirs.", "Mine.")
	b.Submit(thanks, url.Values{"text": {"Mine."}, "was": {hidden(t, page, "was")}}).Redirect(t, path+"#step-thanks")
	b.Submit(thanks+"/delete", url.Values{"was": {was}}).Redirect(t, thanks)
	has(t, b.Open(path).PageText(t, 200), "Mine.")
	b.Submit(thanks+"/delete", url.Values{"was": {hidden(t, b.Open(thanks).PageText(t, 200), "was")}}).Redirect(t, path)
	lacks(t, b.Open(path).PageText(t, 200), "Mine.")

	// Its JSON makes another flow; a copy, a title, a deletion.
	page = b.Open(path+"/json").PageText(t, 200)
	has(t, b.Submit(path+"/json", url.Values{"code": {`{"start":"a","steps":{"a":{"kind":"say","txt":"x"}}}`}, "loaded": {hidden(t, page, "loaded")}}).PageText(t, 422), "there is no field")
	loaded := hidden(t, page, "loaded")
	code := `{"start":"a","steps":{"a":{"kind":"say","text":"From JSON.","next":"b"},"b":{"kind":"mark","word":"confirmed"}}}`
	b.Submit(path+"/json", url.Values{"code": {code}, "loaded": {loaded}}).Redirect(t, path)
	page = b.Submit(path+"/json", url.Values{"code": {code}, "loaded": {loaded}}).PageText(t, 422)
	has(t, page, "Somebody else has changed the flow meanwhile.")
	b.Submit(path+"/copy", url.Values{"copy": {"another"}}).Redirect(t, "/flows/another")
	b.Submit("/flows/another/title", url.Values{"title": {"Another one"}, "was": {"Flow menu"}}).Redirect(t, "/flows/another")
	has(t, b.Open("/flows/another").PageText(t, 200), "<h1>Another one</h1>", "From JSON.")

	// A campaign that plays it.
	has(t, b.Open("/campaigns/new?flow=another").PageText(t, 200), `<option value="another" selected>`)
	review := b.Submit("/campaigns/review", campaignForm(url.Values{"hears": {"flow"}, "flow": {"another"}, "text": {""}, "number": {"9876500010"}}))
	page = b.Open(review.Header.Get("Location")).PageText(t, 200)
	made := b.Submit("/campaigns", url.Values{"draft": {hidden(t, page, "draft")}}).Header.Get("Location")
	has(t, opened(t, b, made+"/calls", `data-label="Marked">confirmed<`), `<th scope="col">Marked</th>`)
	lacks(t, b.Open(made+"/calls?state=busy").PageText(t, 200), "Marked")
	// Programs may write the URL in another way.
	id := c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","from":["+919876500010"],"url":"https://exotel.example/exoml/start/another"}]}`).ID
	has(t, b.Open("/campaigns/"+id).PageText(t, 200), `the flow <a href="/flows/another">Another one</a>`)
	has(t, b.Open("/campaigns/new?copy="+id).PageText(t, 200), `<option value="another" selected>`)
	b.Submit("/flows/flow-stop/delete", nil).Redirect(t, "/flows")
	has(t, b.Open("/flows/nobody").PageText(t, 404), "There is no flow with this name")
}
