package servertest

import (
	"bytes"
	"encoding/csv"
	"io"
	"mime/multipart"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Form is a multipart form that is built part by part.
type Form struct {
	body bytes.Buffer
	w    *multipart.Writer
}

// NewForm returns a form of text parts, given as names and values in turn.
func NewForm(parts ...string) *Form {
	f := &Form{}
	f.w = multipart.NewWriter(&f.body)
	for i := 0; i < len(parts); i += 2 {
		f.Text(parts[i], parts[i+1])
	}
	return f
}

// Text adds a text part.
func (f *Form) Text(name, value string) *Form {
	// A buffer takes everything.
	_ = f.w.WriteField(name, value)
	return f
}

// File adds a file as the platform's clients name it.
func (f *Form) File(content string) *Form { return f.NamedFile("file_name", "contacts.csv", content) }

// NamedFile adds a file under another name.
func (f *Form) NamedFile(name, filename, content string) *Form {
	part, _ := f.w.CreateFormFile(name, filename)
	_, _ = io.WriteString(part, content)
	return f
}

// Body ends the form.
func (f *Form) Body() (body io.Reader, contentType string) {
	_ = f.w.Close()
	return bytes.NewReader(f.body.Bytes()), f.w.FormDataContentType()
}

// Upload is an upload as the wire has it: the summary, the status, or all that
// callbook's own routes tell.
type Upload struct {
	ID        string `json:"upload_id"`
	List      string `json:"list_sid"`
	ListName  string `json:"list_name"`
	Type      string
	Status    string
	Reason    *string
	Stats     Stats
	Omitted   int    `json:"errors_omitted"`
	DryRun    *Tried `json:"dry_run"` // nil unless it is one
	Undo      *Undo  // nil unless it is undone
	URL       string
	ErrorsURL string `json:"errors_url"`
	File      *UploadFile
}

// UploadFile is how an upload's file is read.
type UploadFile struct {
	Encoding         string
	Separator, Sheet *string
	HeaderLine       *int `json:"header_line"`
	Columns          []struct {
		Header *string
		Field  string
	}
	Ignored   []string `json:"ignored_columns"`
	LeftOut   int      `json:"left_out"`
	Countries map[string]int
}

// Stats are an upload's stats.
type Stats struct{ Duplicate, Total, Success, Failed int }

// Tried is what the successes of a dry run are made of.
type Tried struct{ New, Existing int }

// Undo is how far an upload is undone.
type Undo struct {
	Status              string
	Added, Joined, Kept int
}

// AwaitUndo waits until an upload is undone, and returns what came of it.
func (c *Client) AwaitUndo(u Upload) Undo {
	c.t.Helper()
	deadline := time.Now().Add(10 * time.Minute)
	for time.Now().Before(deadline) {
		all, _ := c.Get(c.Path("/csv-uploads?limit=1000")).Uploads(c.t)
		for _, one := range all {
			if one.ID == u.ID && one.Undo != nil && one.Undo.Status == "completed" {
				return *one.Undo
			}
		}
		runtime.Gosched()
	}
	c.t.Fatalf("upload %s is not undone", u.ID)
	return Undo{}
}

// UploadForm sends a form to the account's uploads.
func (c *Client) UploadForm(f *Form) Answer {
	c.t.Helper()
	body, contentType := f.Body()
	return c.Do("POST", c.Path("/contacts/csv-upload"), body, "Content-Type", contentType)
}

// Upload uploads a file for the list, which must be taken. The parts are more
// of the form, as for [NewForm].
func (c *Client) Upload(list, file string, parts ...string) Upload {
	c.t.Helper()
	return c.UploadForm(NewForm(append([]string{"list_name", list}, parts...)...).File(file)).Summary(c.t)
}

// Summary reads the answer to a file that was taken; another answer ends the
// test.
func (a Answer) Summary(t testing.TB) Upload {
	t.Helper()
	return read[struct {
		Response struct{ Data struct{ Summary Upload } }
	}](t, a, 200).Response.Data.Summary
}

// Upload reads the answer about one upload; another answer ends the test.
func (a Answer) Upload(t testing.TB) Upload {
	t.Helper()
	return read[struct{ Response struct{ Data Upload } }](t, a, 200).Response.Data
}

// Uploads reads a page of uploads; another answer ends the test.
func (a Answer) Uploads(t testing.TB) (uploads []Upload, total int) {
	t.Helper()
	page := read[struct {
		Metadata struct{ Total int }
		Response []struct{ Data Upload }
	}](t, a, 200)
	for _, item := range page.Response {
		uploads = append(uploads, item.Data)
	}
	return uploads, page.Metadata.Total
}

// NextCursor reads where the page after this one begins; "" is nowhere.
func (a Answer) NextCursor(t testing.TB) string {
	t.Helper()
	return read[struct {
		Metadata struct {
			NextCursor string `json:"next_cursor"`
		}
	}](t, a, 200).Metadata.NextCursor
}

// Status reads an upload's status.
func (c *Client) Status(u Upload) Upload {
	c.t.Helper()
	return c.Get(c.Path("/csv-status/" + u.ID)).Upload(c.t)
}

// Await waits until the upload has ended, and returns its status.
func (c *Client) Await(u Upload) Upload {
	c.t.Helper()
	return c.AwaitUntil(u, func(s Upload) bool { return s.Status != "in-progress" })
}

// AwaitUntil waits until the upload's status is as the condition says.
func (c *Client) AwaitUntil(u Upload, condition func(Upload) bool) Upload {
	c.t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); ; runtime.Gosched() {
		if s := c.Status(u); condition(s) {
			return s
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("upload %s does not get there: %+v", u.ID, c.Status(u))
		}
	}
}

// Errors reads an upload's error rows: the file as it came, and its records.
func (c *Client) Errors(u Upload) (file string, records [][]string) {
	c.t.Helper()
	a := c.Get(c.Path("/csv-status/" + u.ID + "/errors"))
	file = string(a.Body)
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff")))
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	if err != nil || a.Status != 200 {
		c.t.Fatalf("got %d, %v in %.500s", a.Status, err, file)
	}
	return file, records
}
