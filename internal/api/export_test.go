package api_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

func TestGoldenExport(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Clock: clocktest.New(goldenTime)})
	c := s.Account("exotel8u3")
	items := c.Create(
		`{"number":"+919876543210","first_name":"Asha","last_name":"","company_name":"Lotus, \"Pune\"","email":"asha@example.com","tag":" gold ",`+
			`"custom_field":{"plan":"gold","seats":12,"ok":true,"note":"","since":"012","score":"-5","left":-5}}`,
		`{"number":"+919876543211","first_name":"=HYPERLINK(\"http://x\")","last_name":"+1","company_name":"-1","email":"@x","tag":"'x",`+
			`"custom_field":{"seats":"12","formula":"=1+1","none":null,"deep":{"a": [1, 2]}}}`,
		`{"number":"+919876543212","tag":"two\r\nlines","custom_field":{"ok":false,"plan":"other order"}}`,
		`{"number":"+919876543213","custom_field":{ "plan" : "blanks",`+"\n"+`"x":1}}`,
		`{"number":"+919876543214","first_name":"आशा","custom_field":{"नाम":"राव","a, b":"\u00e9"}}`,
		`{"number":"+919876543215","custom_field":{}}`,
		`{"number":"+919876543216"}`,
	)
	list := c.CreateList("Leads")
	c.Add(list.SID, items[0].Data.SID, items[6].Data.SID)
	golden(t, "export.csv", c.Get(c.Path("/contacts/export")))
	golden(t, "export.ndjson", c.Get(c.Path("/contacts/export?format=NDJSON")))
	golden(t, "export_list.csv", c.Get(c.Path("/lists/"+list.SID+"/export?format=csv&sort_by=DATE_created:desc")))
	golden(t, "export_list.ndjson", c.Get(c.Path("/lists/"+list.SID+"/export?format=ndjson")))
	golden(t, "export_empty.csv", s.Account("empty").Get("/v2/accounts/empty/contacts/export"))
	golden(t, "error_export_format", c.Get(c.Path("/contacts/export?format=xml")))
	golden(t, "error_export_sort", c.Get(c.Path("/contacts/export?sort_by=name:asc")))
	golden(t, "error_export_limit", c.Get(c.Path("/contacts/export?limit=10")))
	golden(t, "error_export_word", c.Get(c.Path("/contacts/export?list_ids="+list.SID)))
	golden(t, "error_export_list", c.Get(c.Path("/lists/"+strings.Repeat("0", 32)+"/export")))
}

// TestExportFilters: the filters are those of GET contacts, and so is what
// they refuse.
func TestExportFilters(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	items := c.Create(
		`{"number":"+919876543210","first_name":"Asha","tag":"gold","email":"Asha@example.com"}`,
		`{"number":"+919876543211","first_name":"Vikram","tag":"gold"}`,
		`{"number":"+919876543212","company_name":"Asha & Sons"}`,
	)
	a, b := c.CreateList("A"), c.CreateList("B")
	c.Add(a.SID, items[0].Data.SID, items[1].Data.SID)
	c.Add(b.SID, items[1].Data.SID, items[2].Data.SID)
	theirs := s.Account("other").CreateList("theirs")
	for query, want := range map[string]string{
		"contacts/export": "0 1 2",
		"contacts/export?sort_by=date_created:desc":                 "2 1 0",
		"contacts/export?sort_by=date_created:asc":                  "0 1 2",
		"contacts/export?tag=gold":                                  "0 1",
		"contacts/export?tag=Gold":                                  "",
		"contacts/export?number=09876543211&format=csv":             "1",
		"contacts/export?number=12345":                              "400",
		"contacts/export?email=asha@EXAMPLE.com":                    "0",
		"contacts/export?name=asha":                                 "0",
		"contacts/export?q=asha":                                    "0 2",
		"contacts/export?q=asha&list_sids=" + b.SID:                 "2",
		"contacts/export?list_sids=" + a.SID + "," + b.SID:          "0 1 2",
		"contacts/export?list_sids=" + theirs.SID:                   "",
		"contacts/export?list_sids=x":                               "400",
		"contacts/export?format=":                                   "400",
		"contacts/export?format=csv2":                               "400",
		"contacts/export?sort_by=date_updated:asc":                  "400",
		"contacts/export?sort_by=number":                            "400",
		"contacts/export?offset=0":                                  "400",
		"contacts/export?cursor=x":                                  "400",
		"contacts/export?filter=show_list":                          "400",
		"contacts/export?list_sids[]=" + b.SID + "&q=asha":          "2",
		"contacts/export?list_sid=" + b.SID:                         "400",
		"contacts/export?Tag=gold":                                  "400",
		"contacts/export?_=1":                                       "400",
		"lists/" + a.SID + "/export?list_sids=" + b.SID:             "400",
		"contacts/export?q=%00":                                     "400",
		"contacts/export?q=%zz":                                     "400",
		"lists/" + a.SID + "/export":                                "0 1",
		"lists/" + strings.ToUpper(a.SID) + "/export?q=vik":         "1",
		"lists/" + a.SID + "/export?sort_by=date_created:desc":      "1 0",
		"lists/" + a.SID + "/export?format=pdf":                     "400",
		"lists/" + theirs.SID + "/export":                           "404",
		"lists/x/export":                                            "404",
		"lists/" + items[0].Data.SID + "/export?format=ndjson&tag=": "404",
	} {
		got := c.Get(c.Path("/" + query))
		if got.Status != 200 {
			code := map[int]int{400: 1002, 404: 1000}[got.Status]
			if fault := got.Fault(t, got.Status); fmt.Sprint(got.Status) != want || fault.Code != code {
				t.Errorf("%s: got %d, %+v, want %s", query, got.Status, fault, want)
			}
			continue
		}
		var rows []string
		for _, number := range exported(t, got.Body)["number"] {
			rows = append(rows, strings.TrimPrefix(number, "+91987654321"))
		}
		if strings.Join(rows, " ") != want {
			t.Errorf("%s: got %q, want %q", query, rows, want)
		}
	}
}

// exported reads a CSV export: the cells of each column.
func exported(t *testing.T, file []byte) map[string][]string {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))).ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("%v in %.500q", err, file)
	}
	columns := make(map[string][]string)
	for _, record := range records[1:] {
		for i, name := range records[0] {
			columns[name] = append(columns[name], record[i])
		}
	}
	return columns
}

func TestExportHeaders(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	c.Create(people(0, 10)...)
	path := c.Path("/contacts/export")
	plain := c.Do("GET", path, nil, "Accept-Encoding", "identity")
	for accept, zipped := range map[string]bool{
		"gzip":                            true,
		"GZIP":                            true,
		"x-gzip":                          true,
		"deflate, gzip;q=1.0, *;q=0.5":    true,
		"br;q=1, gzip; q=0.1":             true,
		"*":                               true,
		"gzip;q=0.5, identity;q=0.5":      true,
		"gzip;q=0.001":                    true,
		"gzip;q=nonsense":                 true,
		"":                                false,
		"br":                              false,
		"identity":                        false,
		"gzip;q=0":                        false,
		"gzip;q=0.000":                    false,
		"*;q=0":                           false,
		"*, gzip;q=0":                     false,
		"gzip;q=0.5, identity":            false,
		"identity;q=1, gzip;q=0.8, *;q=0": false,
		"sgzip":                           false,
	} {
		for _, method := range []string{"GET", "HEAD"} {
			got := c.Do(method, path, nil, "Accept-Encoding", accept)
			if is := got.Header.Get("Content-Encoding") == "gzip"; is != zipped || got.Status != 200 {
				t.Errorf("%s, Accept-Encoding %q: got %d, %q", method, accept, got.Status, got.Header)
			}
			if got.Header.Get("Vary") != "Accept-Encoding" || got.Header.Get("Content-Type") != "text/csv; charset=utf-8" ||
				got.Header.Get("Content-Disposition") != `attachment; filename="contacts-demo.csv"` {
				t.Errorf("%s, Accept-Encoding %q: got %q", method, accept, got.Header)
			}
			body := got.Body
			if method == "HEAD" {
				if len(body) > 0 {
					t.Errorf("HEAD: got %d bytes", len(body))
				}
				continue
			}
			if zipped {
				r, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if body, err = io.ReadAll(r); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(body, plain.Body) {
				t.Errorf("Accept-Encoding %q: another file, %q", accept, body)
			}
		}
	}
	for query, want := range map[string]int{"?format=x": 400, "?number=12": 400, "?format=ndjson": 200} {
		if got := c.Do("HEAD", path+query, nil); got.Status != want || want != 200 && got.Header.Get("Content-Disposition") != "" {
			t.Errorf("HEAD %s: got %d, %q", query, got.Status, got.Header)
		}
	}
	if got := c.Get(path + "?format=ndjson").Header; got.Get("Content-Type") != "application/x-ndjson" ||
		got.Get("Content-Disposition") != `attachment; filename="contacts-demo.ndjson"` {
		t.Errorf("NDJSON: got %q", got)
	}
	for name, want := range map[string]string{
		"Leads 2026":             `attachment; filename="Leads 2026.csv"`,
		"../etc/passwd":          `attachment; filename="_._etc_passwd.csv"`,
		"a\"b\\c:d;e\r\nf":       `attachment; filename="a_b_c_d_e__f.csv"`,
		"मेरी सूची":              `attachment; filename="____ ____.csv"; filename*=UTF-8''%E0%A4%AE%E0%A5%87%E0%A4%B0%E0%A5%80%20%E0%A4%B8%E0%A5%82%E0%A4%9A%E0%A5%80.csv`,
		"\u202egpj.exe":          `attachment; filename="_gpj.exe.csv"`,
		".hidden":                `attachment; filename="_hidden.csv"`,
		strings.Repeat("x", 255): `attachment; filename="` + strings.Repeat("x", 100) + `.csv"`,
	} {
		list := c.Send("POST", "/lists", fmt.Sprintf(`{"lists":[{"name":%s}]}`, quoted(name))).BulkLists(t).Response[0].Data
		if got := c.Get(list.URI + "/export").Header.Get("Content-Disposition"); got != want {
			t.Errorf("list %q: got %s, want %s", name, got, want)
		}
	}
	if fault := s.Account("other").Get(path).Fault(t, 403); fault.Code != 1003 {
		t.Errorf("another account: got %+v", fault)
	}
	if fault := c.Do("POST", c.Path("/contacts/export"), nil).Fault(t, 405); fault.Code != 1405 {
		t.Errorf("POST: got %+v", fault)
	}
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\r", `\r`, "\n", `\n`).Replace(s) + `"`
}

// paged is a store that calls page before each page behind the first.
type paged struct {
	addressbook.Store
	page func() error
}

func (p *paged) Contacts(ctx context.Context, account account.ID, q addressbook.Query) (addressbook.Page, error) {
	if q.After != nil {
		if err := p.page(); err != nil {
			return addressbook.Page{}, err
		}
	}
	return p.Store.Contacts(ctx, account, q)
}

func startPaged(t *testing.T, opts servertest.Options, page func() error) *servertest.Server {
	t.Helper()
	opts.Contacts = func(s addressbook.Store) addressbook.Store { return &paged{s, page} }
	return servertest.Start(t, opts)
}

// TestExportBreaksOff: half an export does not look like a whole one, and where
// nothing was sent yet the error is answered.
func TestExportBreaksOff(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var left int // pages that are read
	trouble := errors.New("the disk is gone")
	s := startPaged(t, servertest.Options{Log: slog.NewTextHandler(&log, nil)}, func() error {
		if left--; left < 0 {
			return trouble
		}
		return nil
	})
	c := s.Account("demo")
	c.Create(people(0, 2500)...)
	for _, encoding := range []string{"identity", "gzip"} {
		for query, passes := range map[string]int{"format=csv": 2, "format=ndjson": 0} {
			for readable := range 2 {
				left = passes + readable
				a, err := c.Try("GET", c.Path("/contacts/export?"+query), nil, "Accept-Encoding", encoding)
				if err == nil {
					t.Errorf("%s, %s: got %d, %d bytes, and no error", query, encoding, a.Status, len(a.Body))
				}
			}
		}
		left = 1 // in the pass that finds the columns
		a := c.Do("GET", c.Path("/contacts/export"), nil, "Accept-Encoding", encoding)
		if fault := a.Fault(t, 500); fault.Code != 1100 {
			t.Errorf("got %+v", fault)
		}
		for _, header := range []string{"Content-Disposition", "Content-Encoding", "Vary"} {
			if got := a.Header.Get(header); got != "" {
				t.Errorf("the error has %s %s", header, got)
			}
		}
	}
	s.Stop()
	if text := log.String(); strings.Count(text, trouble.Error()) != 10 || strings.Contains(text, "Person") {
		t.Errorf("the log does not tell, or tells too much:\n%s", text)
	}
}

// TestExportPastDeadline: an export may take longer than other requests.
func TestExportPastDeadline(t *testing.T) {
	t.Parallel()
	patient := servertest.Start(t, servertest.Options{})
	c := patient.Account("demo")
	c.Create(people(0, 2500)...)
	patient.Stop()

	const limit = 2 * time.Second
	begun := time.Now()
	s := startPaged(t, servertest.Options{Path: patient.Path, RequestTimeout: limit}, func() error {
		<-time.After(time.Until(begun.Add(3 * limit)))
		return nil
	})
	begun = time.Now()
	a := c.At(s).Get(c.Path("/contacts/export"))
	if got := bytes.Count(a.Body, []byte("Person")); a.Status != 200 || got != 2500 {
		t.Errorf("got %d with %d contacts", a.Status, got)
	}
}

// TestExportsAtOnce: those of one account are bounded, and take no place and no
// turn from anybody else.
func TestExportsAtOnce(t *testing.T) {
	t.Parallel()
	const most = 4 // of one account
	meanwhile := 5000
	if testing.Short() {
		meanwhile = 500
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	s := startPaged(t, servertest.Options{}, func() error {
		select {
		case <-leave:
		case entered <- struct{}{}:
			<-leave
		}
		return nil
	})
	accounts := []*servertest.Client{s.Account("demo"), s.Account("second"), s.Account("third")}
	var all sync.WaitGroup
	for _, c := range accounts {
		c.Create(people(0, 1500)...)
		path := c.Path("/contacts/export?format=ndjson")
		for range most {
			all.Go(func() {
				if a, err := c.Try("GET", path, nil); err != nil || a.Status != 200 || bytes.Count(a.Body, []byte("\n")) < 1500 {
					t.Errorf("%s: got %d, %d bytes, %v", c.Account, a.Status, len(a.Body), err)
				}
			})
		}
		for range most {
			<-entered
		}
		a := c.Get(path)
		if fault := a.Fault(t, http.StatusTooManyRequests); fault.Code != 1429 || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: got %+v, %q", c.Account, fault, a.Header)
		}
	}
	c := accounts[0]
	if got := c.Create(people(2000, meanwhile)...); got[0].Code != 200 {
		t.Errorf("a bulk write meanwhile: got %+v", got[0])
	}
	close(leave)
	all.Wait()
	if got := c.Get(c.Path("/contacts/export?format=ndjson")); got.Status != 200 {
		t.Errorf("after them: got %d", got.Status)
	}
	s.AwaitIdle()
}

// TestExportManyKeys: neither the columns nor the header grow without bounds,
// and nothing is lost.
func TestExportManyKeys(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	var contacts []string
	for i := range 300 {
		contacts = append(contacts, fmt.Sprintf(`{"number":%q,"custom_field":{"key %d":%d}}`, numbered(i), i, i))
	}
	contacts = append(contacts,
		fmt.Sprintf(`{"number":%q,"custom_field":{"key 0":1,"key 299":2}}`, numbered(300)),
		fmt.Sprintf(`{"number":%q,"custom_field":{%q:1}}`, numbered(301), strings.Repeat("x", 256)))
	c.Create(contacts...)
	columns := exported(t, c.Get(c.Path("/contacts/export")).Body)
	if got, want := len(columns), 1+int(addressbook.NumTextFields)+256+4; got != want {
		t.Errorf("%d columns, want %d", got, want)
	}
	row := func(i int) (whole, first string) { return columns["custom_field"][i], columns["custom_field.key 0"][i] }
	type cells struct{ Whole, First string }
	for i, want := range map[int]cells{
		0:   {"", "0"},
		255: {"", ""},
		256: {`{"key 256":256}`, ""},
		300: {`{"key 0":1,"key 299":2}`, ""},
		301: {`{"` + strings.Repeat("x", 256) + `":1}`, ""},
	} {
		whole, first := row(i)
		if diff := cmp.Diff(want, cells{whole, first}); diff != "" {
			t.Errorf("row %d (-want +got):\n%s", i, diff)
		}
	}
}

// TestExportXLSX: a workbook comes as it is, also to who asks for gzip.
func TestExportXLSX(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	c.Create(`{"number":"+919876543210","first_name":"=1+1"}`)
	a := c.Do("GET", c.Path("/contacts/export?format=xlsx"), nil, "Accept-Encoding", "gzip")
	if a.Status != 200 || a.Header.Get("Content-Encoding") != "" || a.Header.Get("Content-Disposition") != `attachment; filename="contacts-demo.xlsx"` ||
		a.Header.Get("Content-Type") != "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" {
		t.Fatalf("got %d, %v", a.Status, a.Header)
	}
	book, err := zip.NewReader(bytes.NewReader(a.Body), int64(len(a.Body)))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := fs.ReadFile(book, "xl/worksheets/sheet1.xml")
	if err != nil || !bytes.Contains(sheet, []byte(">+919876543210</t>")) || !bytes.Contains(sheet, []byte(">'=1+1</t>")) {
		t.Errorf("the sheet is %s, %v", sheet, err)
	}
}
