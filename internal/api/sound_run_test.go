package api_test

import (
	"context"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"callbook/internal/callflow"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/phone"
	"callbook/internal/speech"
	"callbook/internal/test/servertest"
	"callbook/internal/wav"
)

// earpiece is a carrier that notes how many samples each callee hears. It gets the sounds
// that are known before a call leaves, and those of URLs after that.
type earpiece struct {
	carrier.Carrier
	mu    sync.Mutex
	heard map[phone.Number][]int
}

func (*earpiece) Real() bool { return true }

func (e *earpiece) Place(ctx context.Context, o carrier.Order) error {
	for _, s := range o.Flow.Sounds() {
		if err := e.hear(ctx, &o, s); err != nil {
			return &carrier.NotSentError{Cause: err}
		}
	}
	if ask := o.Ask; ask != nil {
		o.Ask = func(ctx context.Context, u callflow.URL, digits string) callflow.Input {
			in := ask(ctx, u, digits)
			if e.hear(ctx, &o, callflow.Sound{URLs: strings.Fields(in.Body)}) != nil {
				in.Status = 0
			}
			return in
		}
	}
	return e.Carrier.Place(ctx, o)
}

func (e *earpiece) hear(ctx context.Context, o *carrier.Order, s callflow.Sound) error {
	samples, err := o.Sound(ctx, s)
	if err == nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.heard[o.To] = append(e.heard[o.To], len(samples))
	}
	return err
}

// stream makes a WAV file go on for as long as there are bytes, as espeak-ng does.
func stream(file []byte) []byte {
	binary.LittleEndian.PutUint32(file[wav.HeaderBytes-4:], 0xFFFFFFFF)
	return file
}

// TestSounds calls people who hear a recording, then a text with their name, then the file
// of a URL. With one of the names, the voice
// would talk for ever: that number fails, with the reason.
func TestSounds(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	// The header of the file says nothing about its length.
	script, file := filepath.Join(folder, "voice"), filepath.Join(folder, "a.wav")
	if err := os.WriteFile(file, stream(wav.Encode(append(make([]int16, 999), 1))), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, []byte("#!/bin/sh\ncat "+file+"\nif grep -q Zz; then cat /dev/zero; fi\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	command, err := speech.ParseCommand(script)
	if err != nil {
		t.Fatal(err)
	}
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a.wav" {
			_, _ = w.Write(wav.Encode(make([]int16, 333)))
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("http://" + r.Host + "/a.wav\nhttp://" + r.Host + "/a.wav\n"))
	}))
	defer program.Close()
	ear := &earpiece{Carrier: simulator.New(simulator.Options{Clock: clock.System, Instant: true}), heard: make(map[phone.Number][]int)}
	s := servertest.Start(t, servertest.Options{Carrier: ear, VoiceCommand: command})
	c := s.Account("demo")
	c.Do("POST", c.Path("/prompts?name=hello"), strings.NewReader(string(wav.Encode(make([]int16, 777)))), "Content-Type", "audio/wav")
	c.Send("POST", "/flows", `{"name":"rent","start":"hello","steps":{
		"hello":{"kind":"say","prompt":"hello","next":"text"},
		"text":{"kind":"say","text":"@@first_name, your rent is due.","next":"url"},
		"url":{"kind":"fetch","url":"`+program.URL+`/next"}}}`)
	list := c.CreateList("Tenants").SID
	for _, contact := range []string{
		`{"number":"+919800000001","first_name":"Asha"}`, `{"number":"+919800000002","first_name":"Zz"}`, `{"number":"+919800000003","first_name":"Ravi"}`,
	} {
		c.Add(list, c.CreateOne(contact).SID)
	}
	made := c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","url":"http://my.exotel.com/demo/exoml/start_voice/rent","lists":["` + list + `"],
		"calling_hours":{"hours":"always","days":"always","reason":"A test"}}]}`)
	awaitCampaign(t, c, made.ID, "Completed")
	targets := string(c.Get(c.Path("/campaigns/" + made.ID + "/targets")).Body)
	for number, want := range map[string]string{
		"+919800000001": `"status":"completed","reason":null`, "+919800000002": `"status":"failed-no-attempt","reason":"text-not-spoken"`,
		"+919800000003": `"status":"completed","reason":null`,
	} {
		_, of, _ := strings.Cut(targets, number)
		if of, _, _ = strings.Cut(of, `"code":200`); !strings.Contains(of, want) {
			t.Errorf("%s: want %s in %s", number, want, of)
		}
	}
	ear.mu.Lock()
	defer ear.mu.Unlock()
	for _, number := range []phone.Number{919800000001, 919800000003} {
		if got := ear.heard[number]; len(got) != 3 || got[0] != 777 || got[1] != 1000 || got[2] != 666 {
			t.Errorf("%s has heard sounds of %v samples", number, got)
		}
	}
	if got := ear.heard[919800000002]; got != nil {
		t.Errorf("the number that failed has heard %v", got)
	}
}
