package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"
)

// upload is what is answered about a CSV upload: its summary or its status.
type upload struct {
	ID     string `json:"upload_id"`
	List   string `json:"list_sid"`
	Status string
	Stats  uploadStats
}

type uploadStats struct{ Duplicate, Total, Success, Failed int }

// uploadCSV uploads a file, which must be taken.
func (c *client) uploadCSV(t *testing.T, list, file string) upload {
	t.Helper()
	body, contentType, err := uploadForm(list, file)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, c.base+"/contacts/csv-upload", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(c.auth.APIKey, c.auth.APIToken)
	req.Header.Set("Content-Type", contentType)
	got, err := send(c.http, req)
	if err != nil {
		t.Fatal(err)
	}
	u, err := got.upload()
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// uploadForm is a form with a file for a list.
func uploadForm(list, file string) (body []byte, contentType string, err error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if err := w.WriteField("list_name", list); err != nil {
		return nil, "", err
	}
	part, err := w.CreateFormFile("file_name", "contacts.csv")
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write([]byte(file)); err != nil {
		return nil, "", err
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return form.Bytes(), w.FormDataContentType(), nil
}

// upload reads the answer to a file that was taken.
func (a answer) upload() (upload, error) {
	var taken struct {
		Response struct{ Data struct{ Summary upload } }
	}
	if err := json.Unmarshal(a.body, &taken); err != nil || a.status != http.StatusOK || taken.Response.Data.Summary.ID == "" {
		return upload{}, fmt.Errorf("got %d %s (%v)", a.status, a.body, err)
	}
	return taken.Response.Data.Summary, nil
}

// uploadStatus reads how far an upload is; its stats must add up.
func (c *client) uploadStatus(t *testing.T, id string) upload {
	t.Helper()
	got, err := c.call(http.MethodGet, "/csv-status/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	var status struct{ Response struct{ Data upload } }
	if err := json.Unmarshal(got.body, &status); err != nil || got.status != http.StatusOK {
		t.Fatalf("got %d %s (%v)", got.status, got.body, err)
	}
	u := status.Response.Data
	if s := u.Stats; s.Total != s.Duplicate+s.Success+s.Failed {
		t.Errorf("the stats do not add up: %+v", s)
	}
	return u
}

// TestKilledImportGoesOn kills the server several times while it works a file,
// and stops it between. In the end every row counts once.
func TestKilledImportGoesOn(t *testing.T) {
	t.Parallel()
	rows, ends := 60_000, 5
	if testing.Short() {
		rows, ends = 12_000, 2
	}
	db := newDB(t)
	const tries = 5 // on a busy machine, an import may be over before the first end
	for try := range tries {
		if cutImport(t, db, fmt.Sprint("import", try), rows, ends) > 0 || t.Failed() {
			return
		}
	}
	t.Errorf("in %d tries, the import was never cut off: this test has tested nothing", tries)
}

// cutImport ends the server several times while it works the file of an account, and returns
// how often that cut off the import.
func cutImport(t *testing.T, db, account string, rows, ends int) (cut int) {
	t.Helper()
	var file strings.Builder
	var want uploadStats
	file.WriteString("number,first_name,tag\n")
	for i := range rows {
		want.Total++
		switch {
		case i%1000 == 500:
			fmt.Fprintf(&file, "x%d,bad,\n", i)
			want.Failed++
		case i%1000 == 600:
			fmt.Fprintf(&file, "+9198%08d,again,\n", i/1000*1000)
			want.Duplicate++
		default:
			fmt.Fprintf(&file, "+9198%08d,\"Asha, %d\n\",a\n", i, i)
			want.Success++
		}
	}
	auth := newAccount(t, db, account)
	s := startServer(t, db)
	c := newClient(t, s, auth)
	u := c.uploadCSV(t, "Leads", file.String())

	for end := range ends {
		// Somewhere in the next part of the file.
		at := rows*end/ends + rand.IntN(rows/ends)
		var got upload
		if !waitFor(startLimit, func() bool {
			got = c.uploadStatus(t, u.ID)
			return got.Stats.Total >= at || got.Status != "in-progress"
		}) {
			t.Fatalf("the import does not get on: %+v", got)
		}
		if end%2 == 0 {
			s.kill(t)
		} else {
			s.stop(t)
		}
		if got.Status == "in-progress" {
			cut++
		}
		s = startServer(t, db)
		c = newClient(t, s, auth)
		if after := c.uploadStatus(t, u.ID); after.Stats.Total < got.Stats.Total {
			t.Errorf("the server said %+v, and now %+v", got.Stats, after.Stats)
		}
	}
	var got upload
	if !waitFor(startLimit, func() bool {
		got = c.uploadStatus(t, u.ID)
		return got.Status != "in-progress"
	}) {
		t.Fatalf("the import does not end: %+v", got)
	}
	t.Logf("cut off %d times", cut)
	if got.Status != "completed" || got.Stats != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, path := range []string{"/contacts?limit=1", "/lists/" + u.List + "/contacts?limit=1"} {
		answer, err := c.call(http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		page, err := answer.page()
		if err != nil || page.Metadata.Total != want.Success {
			t.Errorf("%s has %d contacts, want %d (%v)", path, page.Metadata.Total, want.Success, err)
		}
	}
	answer, err := c.call(http.MethodGet, "/csv-status/"+u.ID+"/errors", nil)
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(answer.body, []byte("\n")); lines != 1+want.Failed+want.Duplicate {
		t.Errorf("the error file has %d lines, want %d", lines, 1+want.Failed+want.Duplicate)
	}
	if !waitFor(startLimit, func() bool {
		entries, err := os.ReadDir(db + ".uploads")
		return err == nil && len(entries) == 0
	}) {
		t.Error("the file of the upload is still there")
	}
	s.stop(t)
	return cut
}
