package upload_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
	"callbook/internal/test/xlsxtest"
)

// suppressed is a suppression as the wire has it.
type suppressed struct{ Number, Source, Note string }

// uploadSuppressions uploads a file of numbers that must not be called.
func uploadSuppressions(c *servertest.Client, name, file string) servertest.Answer {
	body, contentType := servertest.NewForm().NamedFile("file_name", name, file).Body()
	return c.Do("POST", c.Path("/suppressions/csv-upload"), body, "Content-Type", contentType)
}

// suppressions reads the first of the account's suppressions, by number, and their total.
func suppressions(t *testing.T, c *servertest.Client) (all map[string]suppressed, total int) {
	t.Helper()
	var page servertest.PageOf[suppressed]
	if err := json.Unmarshal(c.Get(c.Path("/suppressions?limit=500")).Body, &page); err != nil {
		t.Fatal(err)
	}
	all = make(map[string]suppressed)
	for _, item := range page.Response {
		all[item.Data.Number] = *item.Data
	}
	return all, page.Metadata.Total
}

// TestSuppressions: files of numbers become suppressions, however they are written, and
// what is no number is an error row.
func TestSuppressions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file  string
		stats servertest.Stats
		want  map[string]suppressed
		error string // in the error rows
	}{
		"notes": {
			"Mobile No;Name;Remarks;Source\n98765 43210;Asha;\"asked, twice\";letter\n+1 212 555 0123;;;\n098765-43210;again;later;\n", servertest.Stats{Total: 3, Success: 3},
			map[string]suppressed{"+919876543210": {"+919876543210", "letter", "asked, twice"}, "+12125550123": {"+12125550123", "import", ""}}, "",
		},
		"no header": {
			"9876543210\n9876543211\n", servertest.Stats{Total: 2, Success: 2},
			map[string]suppressed{"+919876543210": {"+919876543210", "import", ""}, "+919876543211": {"+919876543211", "import", ""}}, "",
		},
		"some wrong": {
			"number,note\n9876543210,=1+1\nAsha,x\n,no number\n98765,y\n", servertest.Stats{Total: 4, Success: 1, Failed: 3},
			map[string]suppressed{"+919876543210": {"+919876543210", "import", "=1+1"}}, "Asha",
		},
		"a long note and wrong texts": {
			"number,note,email,custom_field\n9876543210," + strings.Repeat("é", 300) + "," + strings.Repeat("x", 999) + ",{\n", servertest.Stats{Total: 1, Success: 1},
			map[string]suppressed{"+919876543210": {"+919876543210", "import", strings.Repeat("é", 255)}}, "",
		},
		"there already": {
			"number,note\n9999999999,new\n9876543210,x\n", servertest.Stats{Total: 2, Success: 2},
			map[string]suppressed{"+919876543210": {"+919876543210", "import", "x"}, "+919999999999": {"+919999999999", "api", "old"}}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := servertest.Start(t, servertest.Options{}).Account("demo")
			if name == "there already" {
				c.Send("POST", "/suppressions", `{"suppressions":[{"number":"9999999999","note":"old"}]}`)
			}
			u := uploadSuppressions(c, "list.csv", tt.file).Upload(t)
			if got := c.Await(u); got.Status != "completed" || got.Stats != tt.stats {
				t.Errorf("got %+v, want %+v", got, tt.stats)
			}
			all, total := suppressions(t, c)
			if total != len(tt.want) || len(all) != len(tt.want) {
				t.Errorf("%d numbers are suppressed: %v", total, all)
			}
			for number, want := range tt.want {
				if all[number] != want {
					t.Errorf("%s is %+v, want %+v", number, all[number], want)
				}
			}
			file, records := c.Errors(u)
			if len(records) != 1+tt.stats.Failed || !strings.Contains(file, tt.error) {
				t.Errorf("the error rows are %q", file)
			}
			if uploads, total := c.Get(c.Path("/csv-uploads")).Uploads(t); total != 0 || len(uploads) != 0 {
				t.Errorf("%d uploads of contacts are listed", total)
			}
			if n := c.Total(); n != 0 {
				t.Errorf("there are %d contacts", n)
			}
			c.Send("POST", "/csv-uploads/"+u.ID+"/undo", "").Fault(t, 400)
		})
	}
}

// TestSuppressionsOfSheet: a spreadsheet is read too, and a file without numbers is
// refused.
func TestSuppressionsOfSheet(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	u := uploadSuppressions(c, "list.xlsx", string(xlsxtest.Write(xlsxtest.Sheet{Name: "Numbers", Rows: [][]string{{"Phone", "Note"}, {"9876543210", "asked"}}}))).Upload(t)
	if got := c.Await(u); got.Stats != (servertest.Stats{Total: 1, Success: 1}) {
		t.Errorf("got %+v", got)
	}
	if all, _ := suppressions(t, c); all["+919876543210"].Note != "asked" {
		t.Errorf("got %v", all)
	}
	uploadSuppressions(c, "list.csv", "name,city\nAsha,Pune\n").Fault(t, 400)
	c.Do("POST", c.Path("/suppressions/csv-upload"), strings.NewReader("{}"), "Content-Type", "application/json").Fault(t, 400)
}

// TestSuppressionsGoOn: a server that ends in the middle of a file goes on with it, and
// no row is lost or counted twice.
func TestSuppressionsGoOn(t *testing.T) {
	t.Parallel()
	const rows = 4000
	var b strings.Builder
	b.WriteString("number,note\n")
	for i := range rows {
		fmt.Fprintf(&b, "+9198765%05d,%d\n", i, i)
	}
	s := servertest.Start(t, servertest.Options{BatchRows: 50})
	c := s.Account("demo")
	u := uploadSuppressions(c, "list.csv", b.String()).Upload(t)
	c.AwaitUntil(u, func(u servertest.Upload) bool { return u.Stats.Total > 0 })
	s.Stop()
	c = c.At(servertest.Start(t, servertest.Options{Path: s.Path}))
	if got := c.Await(u); got.Status != "completed" || got.Stats != (servertest.Stats{Total: rows, Success: rows}) {
		t.Errorf("got %+v, want all of %d rows", got, rows)
	}
	if _, total := suppressions(t, c); total != rows {
		t.Errorf("%d numbers are suppressed, want %d", total, rows)
	}
}
