package api_test

import (
	"net/http"
	"strings"
	"testing"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestGoldenCSV has whole answers about uploads.
func TestGoldenCSV(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Clock: clocktest.New(goldenTime)})
	c := s.Account("exotel8u3")
	form := servertest.NewForm
	send := func(f *servertest.Form) servertest.Answer { return c.UploadForm(f) }

	taken := send(form("list_name", `Leads "2026"`).File("number,first_name\n+919100000010,captain\n+919100000010,again\nx,\n"))
	golden(t, "csv_upload", taken)
	u := taken.Summary(t)
	c.Await(u)
	golden(t, "csv_status", c.Get(c.Path("/csv-status/"+u.ID)))
	golden(t, "csv_uploads", c.Get(c.Path("/csv-uploads")))
	golden(t, "csv_cancel_ended", c.Do(http.MethodDelete, c.Path("/csv-uploads/"+u.ID), nil))
	golden(t, "error_csv_undo_word", c.Do(http.MethodPost, c.Path("/csv-uploads/"+u.ID+"/undo?delete_used=yes"), nil))
	golden(t, "error_csv_undo_unknown", c.Do(http.MethodPost, c.Path("/csv-uploads/"+strings.Repeat("0", 32)+"/undo"), nil))
	golden(t, "csv_uploads_empty", c.Get(c.Path("/csv-uploads?offset=1")))

	tried := send(form("list_name", `Leads "2026"`, "dry_run", "true").File("number\n+919100000010\n+919100000011\n+919100000011\nx\n"))
	golden(t, "csv_upload_dry_run", tried)
	dry := tried.Summary(t)
	c.Await(dry)
	golden(t, "csv_status_dry_run", c.Get(c.Path("/csv-status/"+dry.ID)))
	golden(t, "error_csv_undo_dry_run", c.Do(http.MethodPost, c.Path("/csv-uploads/"+dry.ID+"/undo"), nil))
	golden(t, "csv_uploads_dry_run", c.Get(c.Path("/csv-uploads?limit=1")))

	// Into a list, by its sid: what else some clients send means nothing.
	into := c.Path("/contacts/csv-upload/" + u.List)
	put := func(path string, f *servertest.Form) servertest.Answer {
		body, contentType := f.Body()
		return c.Do(http.MethodPut, path, body, "Content-Type", contentType)
	}
	golden(t, "csv_columns", c.Get(into+"?type=static"))
	again := put(into, form("file_path", "/tmp/leads.csv", "list_name", "Another").NamedFile("file_path", "x.csv", "x").File("number\n+919100000012\n"))
	golden(t, "csv_upload_into", again)
	if got := c.Await(again.Summary(t)); got.List != u.List || got.Stats != (servertest.Stats{Total: 1, Success: 1}) {
		t.Errorf("got %+v", got)
	}
	golden(t, "error_csv_into_unknown", put(c.Path("/contacts/csv-upload/"+strings.Repeat("0", 32)), form().File("number\n")))
	golden(t, "error_csv_into_type", put(into, form("type", "dynamic").File("number\n")))
	golden(t, "error_csv_into_no_file", put(into, form()))
	golden(t, "error_csv_columns_type", c.Get(into+"?type=dynamic"))
	golden(t, "error_csv_columns_none", c.Get(c.Path("/contacts/csv-upload/"+c.CreateList("No file").SID)))
	variables := send(form("list_name", "Variables", "type", "dynamic").File("Number,City , custom_field.plan,callbook_sid\n"))
	golden(t, "csv_columns_dynamic", c.Get(c.Path("/contacts/csv-upload/"+variables.Summary(t).List+"?type=Dynamic")))

	undone := send(form("list_name", "Undone").File("number\n+919100000020\n+919100000010\n")).Summary(t)
	c.Await(undone)
	golden(t, "csv_undo", c.Do(http.MethodPost, c.Path("/csv-uploads/"+undone.ID+"/undo"), nil))
	c.AwaitUndo(undone)
	golden(t, "csv_uploads_undone", c.Get(c.Path("/csv-uploads?limit=1")))

	suppress := func(f *servertest.Form) servertest.Answer {
		body, contentType := f.Body()
		return c.Do(http.MethodPost, c.Path("/suppressions/csv-upload"), body, "Content-Type", contentType)
	}
	suppressed := suppress(form().File("number,note\n+919100000030,asked\nx,\n"))
	golden(t, "suppressions_csv_upload", suppressed)
	register := suppressed.Upload(t)
	c.Await(register)
	golden(t, "suppressions_csv_status", c.Get(c.Path("/csv-status/"+register.ID)))
	golden(t, "error_suppressions_csv_undo", c.Do(http.MethodPost, c.Path("/csv-uploads/"+register.ID+"/undo"), nil))
	golden(t, "error_suppressions_csv_no_file", suppress(form()))
	golden(t, "error_suppressions_csv_no_number", suppress(form().File("name\nAsha\n")))

	const good = "number\n"
	golden(t, "error_csv_no_list_name", send(form().File(good)))
	golden(t, "error_csv_no_file", send(form("list_name", "x")))
	golden(t, "error_csv_empty", send(form("list_name", "x").File("")))
	golden(t, "error_csv_no_number", send(form("list_name", "x").File("fone\n")))
	golden(t, "error_csv_too_many_columns", send(form("list_name", "x", "type", "dynamic").File("number,a,b,c,d,e,f\n")))
	golden(t, "error_csv_type", send(form("list_name", `Leads "2026"`, "type", "dynamic").File(good)))
	golden(t, "error_csv_on_duplicate", send(form("list_name", "x", "on_duplicate", "merge").File(good)))
	golden(t, "error_csv_dry_run", send(form("list_name", "x", "dry_run", "1").File(good)))
	golden(t, "error_csv_json", c.Do(http.MethodPost, c.Path("/contacts/csv-upload"), strings.NewReader(`{}`)))
	golden(t, "error_csv_content_type", c.Do(http.MethodPost, c.Path("/contacts/csv-upload"), strings.NewReader(good), "Content-Type", "text/csv"))
	golden(t, "error_csv_status_unknown", c.Get(c.Path("/csv-status/"+strings.Repeat("0", 32))))
}
