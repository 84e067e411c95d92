package api_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
	"callbook/internal/wav"
)

// helloWAV is a recording of an eighth of a second.
var helloWAV = string(wav.Encode(make([]int16, 1000)))

// TestGoldenPrompts asks once each time. A body that is no form is a recording.
func TestGoldenPrompts(t *testing.T) {
	t.Parallel()
	form := func(file string, values ...string) []string {
		f := servertest.NewForm(values...)
		if file != "" {
			f.NamedFile("file", "hello.wav", file)
		}
		body, contentType := f.Body()
		text, _ := io.ReadAll(body) // from memory
		return []string{string(text), contentType}
	}
	sound := func(body string) []string { return []string{body, "audio/wav"} }
	for _, tt := range []struct {
		name, request string
		body          []string // and its type
	}{
		{"prompts", "GET /prompts", nil},
		{"prompts_page", "GET /prompts?offset=1&limit=1", nil},
		{"prompts_add", "POST /prompts?name=new&title=Gr%C3%BC%C3%9Fe", sound(helloWAV)},
		{"prompts_add_form", "POST /prompts", form(helloWAV, "name", "new", "title", " A form ")},
		{"prompts_replace", "PUT /prompts/hello", sound(string(wav.Encode(make([]int16, 8000))))},
		{"prompts_delete", "DELETE /prompts/hello", nil},
		{"error_prompts_taken", "POST /prompts?name=hello", sound(helloWAV)},
		{"error_prompts_no_name", "POST /prompts", sound(helloWAV)},
		{"error_prompts_name", "POST /prompts?name=a%20b", sound(helloWAV)},
		{"error_prompts_title", "POST /prompts?name=new&title=" + strings.Repeat("x", 256), sound(helloWAV)},
		{"error_prompts_no_file", "POST /prompts", form("", "name", "new")},
		{"error_prompts_mp3", "POST /prompts?name=new", []string{"ID3\x04 and so on", "audio/mpeg"}},
		{"error_prompts_cut", "POST /prompts?name=new", sound(helloWAV[:1000])},
		{"error_prompts_silent", "POST /prompts?name=new", sound(helloWAV[:44])},
		{"error_prompts_json", "POST /prompts", []string{"{}", "application/json"}},
		{"error_prompts_unknown", "DELETE /prompts/nobody", nil},
		{"error_prompts_unheard", "GET /prompts/nobody", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := clocktest.New(goldenTime)
			c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
			c.Do("POST", c.Path("/prompts?name=hello&title=Greeting"), strings.NewReader(helloWAV), "Content-Type", "audio/wav")
			clock.Add(time.Minute)
			c.Do("POST", c.Path("/prompts?name=bye"), strings.NewReader(helloWAV), "Content-Type", "audio/x-wav")
			clock.Add(time.Minute)
			method, path, _ := strings.Cut(tt.request, " ")
			if tt.body == nil {
				golden(t, tt.name, c.Send(method, path, ""))
				return
			}
			golden(t, tt.name, c.Do(method, c.Path(path), strings.NewReader(tt.body[0]), "Content-Type", tt.body[1]))
		})
	}
}

// TestHearPrompt gets what was uploaded, as a telephone plays it.
func TestHearPrompt(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	c.Do("POST", c.Path("/prompts?name=hello"), strings.NewReader(helloWAV), "Content-Type", "audio/wav")
	heard := c.Get(c.Path("/prompts/hello"))
	if heard.Status != 200 || string(heard.Body) != helloWAV || heard.Header.Get("Content-Type") != "audio/wav" {
		t.Errorf("heard %d, %d bytes of %s", heard.Status, len(heard.Body), heard.Header.Get("Content-Type"))
	}
	if other := c.Get(strings.Replace(c.Path("/prompts/hello"), "demo", "other", 1)); other.Status != 403 {
		t.Errorf("another account's: %d", other.Status)
	}
}
