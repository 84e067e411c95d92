package upload_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"runtime"
	"strings"
	"testing"
	"time"

	"callbook/internal/test/servertest"
)

// TestRefusedAtOnce: what can be seen when the file comes is answered then, and
// leaves nothing.
func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	const good = "number\n" + asha + "\n"
	c.Await(c.Upload("static", good))
	c.Await(c.Upload("dynamic", good, "type", "Dynamic"))
	form := servertest.NewForm
	for name, tt := range map[string]struct {
		form *servertest.Form
		code int
		want string
	}{
		"nothing":              {form(), 1001, "ListName is mandatory"},
		"no list name":         {form("type", "static").File(good), 1001, "ListName is mandatory"},
		"empty list name":      {form("list_name", "").File(good), 1001, "ListName is mandatory"},
		"no file":              {form("list_name", "x"), 1001, "FileName is mandatory"},
		"file as text":         {form("list_name", "x", "file_name", good), 1001, "FileName is mandatory"},
		"file, other name":     {form("list_name", "x").NamedFile("file", "a.csv", good), 1001, "FileName is mandatory"},
		"two files":            {form("list_name", "x").File(good).File(good), 1002, "Invalid FileName: one file"},
		"empty file":           {form("list_name", "x").File(""), 1002, "Invalid FileName: the file is empty"},
		"BOM alone":            {form("list_name", "x").File("\ufeff"), 1002, "Invalid FileName: the file is empty"},
		"empty lines alone":    {form("list_name", "x").File("\n\r\n\n"), 1002, "Invalid FileName: the file is empty"},
		"many empty lines":     {form("list_name", "x").File(strings.Repeat("\n", 600<<10)), 1002, "Invalid FileName: the file is empty"},
		"no number column":     {form("list_name", "x").File("nummer,name\n"), 1002, "Invalid FileName: there is no column called number"},
		"no header":            {form("list_name", "x").File(asha + ",Asha\n"), 1002, "Invalid FileName: there is no column called number; the first row must name the columns, and it begins with \"+919876543210\""},
		"header too wide":      {form("list_name", "x").File("number," + strings.Repeat("x,", 17<<10) + "\n"), 1002, "Invalid FileName: the header is longer than 32 KiB"},
		"header too long":      {form("list_name", "x").File("number,\"" + strings.Repeat("x,", 200<<10)), 1002, "Invalid FileName: the header is longer than 256 KiB"},
		"number twice":         {form("list_name", "x").File("number,Number\n"), 1002, "Invalid FileName: the column Number comes twice"},
		"custom twice":         {form("list_name", "x").File("number,custom_field.a,Custom_Field.a\n"), 1002, "Invalid FileName: the column"},
		"custom and free":      {form("list_name", "x", "type", "dynamic").File("number,custom_field.a,a\n"), 1002, "Invalid FileName: the column a comes"},
		"custom without name":  {form("list_name", "x").File("number,custom_field.\n"), 1002, "Invalid FileName: a column is called custom_field."},
		"six free columns":     {form("list_name", "x", "type", "dynamic").File("a,b,number,c,d,first_name,e,f\n"), 1002, "Invalid FileName: a dynamic file may have up to 5"},
		"separator, not one":   {form("list_name", "x").File("sep=5\nnumber5name\n"), 1002, "Invalid FileName: its first line names"},
		"UTF-16, no mark":      {form("list_name", "x").File("n\x00u\x00m\x00b\x00e\x00r\x00"), 1002, "Invalid FileName: the file is binary"},
		"spreadsheet":          {form("list_name", "x").File("PK\x03\x04number"), 1002, "Invalid FileName: the file is no spreadsheet of Excel"},
		"binary":               {form("list_name", "x").File("number\n\x00"), 1002, "Invalid FileName: the file is binary, not text; save it as"},
		"name too long":        {form("list_name", strings.Repeat("é", 256)).File(good), 1002, "Maximum allowed length for ListName is 255"},
		"name much too long":   {form("list_name", strings.Repeat("x", 10_000)).File(good), 1002, "Maximum allowed length for ListName is 255"},
		"name not UTF-8":       {form("list_name", "\xe9").File(good), 1002, "Invalid ListName: not valid UTF-8"},
		"bad type":             {form("list_name", "x", "type", "other").File(good), 1002, "Invalid type"},
		"static is dynamic":    {form("list_name", "static", "type", "dynamic").File(good), 1002, "Invalid type: the list is static"},
		"dynamic is static":    {form("list_name", "dynamic", "type", "static").File(good), 1002, "Invalid type: the list is dynamic"},
		"dynamic, not said":    {form("list_name", "dynamic").File("number,a,b,c,d,e,f\n"), 1002, "Invalid FileName: a dynamic file"},
		"the file comes first": {form().File("name\n").Text("list_name", ""), 1001, "ListName is mandatory"},
	} {
		got := c.UploadForm(tt.form).Fault(t, 400)
		if got.Code != tt.code || !strings.HasPrefix(got.Description, tt.want) {
			t.Errorf("%s: got %+v, want %q", name, got, tt.want)
		}
	}

	body, contentType := form("list_name", "x").File(good).Body()
	whole, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		body, contentType string
		status, code      int
	}{
		"JSON":             {`{"list_name":"x"}`, "application/json", 400, 1007},
		"JSON, not said":   {`{"list_name":"x"}`, "application/x-www-form-urlencoded", 400, 1007},
		"no boundary":      {string(whole), "multipart/form-data", 400, 1007},
		"wrong boundary":   {string(whole), "multipart/form-data; boundary=x", 400, 1007},
		"cut in the file":  {string(whole[:len(whole)-80]), contentType, 400, 1007},
		"cut at the end":   {string(whole[:len(whole)-10]), contentType, 400, 1007},
		"empty":            {"", contentType, 400, 1007},
		"CSV itself":       {good, "text/csv", 415, 1011},
		"multipart, other": {string(whole), strings.Replace(contentType, "form-data", "mixed", 1), 415, 1011},
	} {
		a := c.Do("POST", c.Path("/contacts/csv-upload"), strings.NewReader(tt.body), "Content-Type", tt.contentType)
		if got := a.Fault(t, tt.status); got.Code != tt.code {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	zipped := c.Do("POST", c.Path("/contacts/csv-upload"), bytes.NewReader(whole), "Content-Type", contentType, "Content-Encoding", "br")
	if got := zipped.Fault(t, 415); got.Code != 1011 || got.Description != "Content-Encoding: br" {
		t.Errorf("compressed: got %+v", got)
	}
	nothingLeft(t, s, c, 2)

	// The list's own type is taken when none is given.
	c.Await(c.Upload("dynamic", "number,a\n"+vikram+",1\n"))
	if got := stored(t, c); len(got) != 2 || !strings.HasSuffix(got[1], `{"a":"1"}`) {
		t.Errorf("got %q", got)
	}
}

// nothingLeft checks that there are so many uploads, and no file.
func nothingLeft(t *testing.T, s *servertest.Server, c *servertest.Client, uploads int) {
	t.Helper()
	if _, total := c.Get(c.Path("/csv-uploads")).Uploads(t); total != uploads {
		t.Errorf("there are %d uploads, want %d", total, uploads)
	}
	// An upload's own goes a moment after its status says that it may.
	waitFor(t, "the files to go", func() bool { return len(s.UploadFiles()) == 0 })
}

// waitFor returns when the condition, which another goroutine will make true,
// is.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !condition(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// TestSize: a file of 60 MiB is taken, one byte more is not, said before or not.
func TestSize(t *testing.T) {
	if testing.Short() {
		t.Skip("it sends 240 MiB")
	}
	t.Parallel()
	const limit = 60 << 20
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	for name, tt := range map[string]struct {
		size, status int
		announced    bool
	}{
		"too large":            {limit + 1, 413, true},
		"too large, in chunks": {limit + 1, 413, false},
		"much too large":       {limit + 2<<20, 413, true},
		"as large as may be":   {limit, 200, false},
	} {
		var head bytes.Buffer
		w := multipart.NewWriter(&head)
		if err := w.WriteField("list_name", name); err != nil {
			t.Fatal(err)
		}
		if _, err := w.CreateFormFile("file_name", "a.csv"); err != nil {
			t.Fatal(err)
		}
		const first = "number\n" + asha
		body := io.MultiReader(&head, strings.NewReader(first), io.LimitReader(newlines{}, int64(tt.size-len(first))),
			strings.NewReader("\r\n--"+w.Boundary()+"--\r\n"))
		headers := []string{"Content-Type", w.FormDataContentType()}
		if tt.announced {
			size := head.Len() + tt.size + len(w.Boundary()) + 8
			headers = append(headers, "Content-Length", fmt.Sprint(size))
		}
		a := c.Do("POST", c.Path("/contacts/csv-upload"), body, headers...)
		if a.Status != tt.status {
			t.Fatalf("%s: got %d %.300s", name, a.Status, a.Body)
		}
		if tt.status == 200 {
			if got := c.Await(a.Summary(t)); got.Stats != (servertest.Stats{Total: 1, Success: 1}) {
				t.Errorf("%s: got %+v", name, got)
			}
		} else if fault := a.Fault(t, 413); fault.Code != 1413 {
			t.Errorf("%s: got %+v", name, fault)
		}
	}
	waitFor(t, "the files to go", func() bool { return len(s.UploadFiles()) == 0 })
	if _, total := c.Get(c.Path("/csv-uploads")).Uploads(t); total != 1 {
		t.Errorf("there are %d uploads", total)
	}
}

// newlines is empty lines without end.
type newlines struct{}

func (newlines) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}
