package api_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"callbook/internal/test/servertest"
)

// zipped returns a text as gzip has it.
func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unzipped(t *testing.T, b []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestCompressedAnswers: what is long comes in gzip when it is asked for, whatever
// the way it is made, and is then the same.
func TestCompressedAnswers(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	c.Create(people(0, 30)...)
	once := c.Under("key")
	body := servertest.Contacts(people(100, 200)...)
	first := once.Post(body)
	get := func(path, encoding string) servertest.Answer {
		return c.Do("GET", c.Path(path), nil, "Accept-Encoding", encoding)
	}
	long := "/contacts?limit=30"
	for name, tt := range map[string]struct {
		answer servertest.Answer
		gzip   bool
	}{
		"asked for":     {get(long, "gzip"), true},
		"among others":  {get(long, "br, GZIP;q=0.5, *;q=0"), true},
		"not asked for": {get(long, "br"), false},
		"refused":       {get(long, "gzip;q=0"), false},
		"short":         {get("/contacts?limit=1", "gzip"), false},
		"an error":      {get("/nothing", "gzip"), false},
		"a replay": {c.Do("POST", c.Path("/contacts"), strings.NewReader(body),
			"Content-Type", "application/json", "Idempotency-Key", "key", "Accept-Encoding", "gzip"), true},
		"a plain replay": {c.Do("POST", c.Path("/contacts"), strings.NewReader(body),
			"Content-Type", "application/json", "Idempotency-Key", "key", "Accept-Encoding", "identity"), false},
	} {
		a := tt.answer
		if got := a.Header.Get("Content-Encoding") == "gzip"; got != tt.gzip {
			t.Errorf("%s: Content-Encoding is %q", name, a.Header.Get("Content-Encoding"))
			continue
		}
		text := string(a.Body)
		if tt.gzip {
			text = unzipped(t, a.Body)
		}
		if varies := strings.Contains(strings.Join(a.Header.Values("Vary"), ","), "Accept-Encoding"); varies != (len(text) >= 1400) {
			t.Errorf("%s: Vary is %q", name, a.Header.Values("Vary"))
		}
		switch {
		case strings.HasSuffix(name, "replay"):
			if text != string(first.Body) {
				t.Errorf("%s: the answer is another", name)
			}
		case a.Status == http.StatusOK && name != "short":
			if normalise([]byte(text)) != normalise(c.Get(c.Path(long)).Body) {
				t.Errorf("%s: the page is another", name)
			}
		}
	}
	s.AwaitIdle()
}

// TestCompressedRequests: a body in gzip is what it was before, for every limit and
// for its Idempotency-Key.
func TestCompressedRequests(t *testing.T) {
	t.Parallel()
	const most = 64 << 10
	s := servertest.Start(t, servertest.Options{MaxBody: most})
	c := s.Account("demo")
	send := func(body []byte, encoding string, more ...string) servertest.Answer {
		return c.Do("POST", c.Path("/contacts"), bytes.NewReader(body),
			append([]string{"Content-Type", "application/json", "Content-Encoding", encoding}, more...)...)
	}
	body := servertest.Contacts(people(0, 20)...)
	first := send(zipped(t, body), "gzip", "Idempotency-Key", "key")
	if got := first.Bulk(t).Metadata; got.Success != 20 {
		t.Fatalf("got %+v", got)
	}
	if again := c.Under("key").Post(body); !bytes.Equal(again.Body, first.Body) {
		t.Errorf("the same plain request was answered %s", again.Body)
	}
	if got := send(zipped(t, body), "X-GZIP").Bulk(t).Metadata; got.Failed != 20 {
		t.Errorf("got %+v", got)
	}
	good := zipped(t, `{"contacts":[]}`)
	// Members that hold nothing may come without end.
	empty := bytes.Repeat(zipped(t, ""), 2*most/len(zipped(t, ""))+1)
	for name, tt := range map[string]struct {
		body         []byte
		encoding     string
		status, code int
	}{
		"as large as may be":   {zipped(t, `{"contacts":[]`+strings.Repeat(" ", most-len(`{"contacts":[]}`))+`}`), "gzip", 400, 1001},
		"a byte more":          {zipped(t, `{"contacts":[]`+strings.Repeat(" ", most-len(`{"contacts":[]}`)+1)+`}`), "gzip", 413, 1413},
		"a bomb":               {zipped(t, strings.Repeat(" ", 64<<20)), "gzip", 413, 1413},
		"nothing, without end": {empty, "gzip", 413, 1413},
		"two members":          {append(zipped(t, `{"contacts"`), zipped(t, `:[]}`)...), "gzip", 400, 1001},
		"cut off":              {good[:len(good)-9], "gzip", 400, 1007},
		"a wrong checksum":     {append(good[:len(good)-8:len(good)-8], 1, 2, 3, 4, 15, 0, 0, 0), "gzip", 400, 1007},
		"something follows":    {append(good[:len(good):len(good)], "x"...), "gzip", 400, 1007},
		"no gzip":              {[]byte(`{"contacts":[]}`), "gzip", 400, 1007},
		"no body":              {nil, "gzip", 400, 1007},
		"another coding":       {good, "deflate", 415, 1011},
		"twice":                {zipped(t, string(good)), "gzip, gzip", 415, 1011},
	} {
		if fault := send(tt.body, tt.encoding).Fault(t, tt.status); fault.Code != tt.code {
			t.Errorf("%s: got %+v", name, fault)
		}
		// Without a length, as a client that compresses while it sends has it.
		a := c.Do("POST", c.Path("/contacts"), io.MultiReader(bytes.NewReader(tt.body)), "Content-Type", "application/json", "Content-Encoding", tt.encoding)
		if fault := a.Fault(t, tt.status); fault.Code != tt.code {
			t.Errorf("%s, in chunks: got %+v", name, fault)
		}
	}
	s.AwaitIdle()
}

// TestCompressedUpload: so is a form with a file.
func TestCompressedUpload(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	upload := func(file string) servertest.Answer {
		body, contentType := servertest.NewForm("list_name", "Leads").File(file).Body()
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return c.Do("POST", c.Path("/contacts/csv-upload"), bytes.NewReader(zipped(t, string(text))), "Content-Type", contentType, "Content-Encoding", "gzip")
	}
	got := c.Await(upload("number\n+919876543210\n").Summary(t))
	if got.Stats != (servertest.Stats{Total: 1, Success: 1}) {
		t.Errorf("got %+v", got)
	}
	upload("number\n"+strings.Repeat("\n", 62<<20)).Fault(t, 413)
}
