package web_test

import (
	"net/url"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
	"callbook/internal/test/xlsxtest"
)

// TestGuessedNumbers: the column of numbers is the likeliest by name and content
// together, and the page tells how sure that is.
func TestGuessedNumbers(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	for name, tt := range map[string]struct{ file, want, column string }{
		"a name that has none": {"Contact,Who,WA\nAsha,a,9876543210\nRavi,b,9876543211\n", "WA", "sure: 2 of 2 are numbers"},
		"policies and dates": {"Policy No,Date,Amount,How\n9812345678,2026-01-05,9876500000,9876543210\n9812345679,2026-01-06,9876500001,9876543211\n",
			"How", "sure: 2 of 2 are numbers"},
		"two columns": {"Phone,Mobile\n,9876543210\n12,9876543211\n", "Mobile", "sure: 2 of 2 are numbers"},
		"several in a cell": {"Who,Amount paid,On,How\nAsha,10000001,12/10/2023,9876543210 / 9876543211\nRavi,98765432.10,12/11/2023,98765 43212 ::: 98765 43213\n",
			"How", "sure: 2 of 2 are numbers"},
		"packed dates":    {"When,Who\n12102023,Asha\n12112023,Ravi\n", "", "No column has the numbers yet"},
		"few are numbers": {"Mobile,City\nx,Pune\ny,Pune\n9876543210,Pune\n", "Mobile", "unsure: 1 of 3 are numbers"},
		"title above":     {"Leads,,\nName,City,Mob. No.\nAsha,Pune,9876543210\n", "Mob. No.", "the header is line 2"},
	} {
		path := pending(t, b, tt.file)
		page := b.Open(path).PageText(t, 200)
		b.Submit(path+"/discard", nil).Redirect(t, "/imports")
		reads(t, page, tt.column)
		_, column, found := strings.Cut(page, `<option value="number" selected>`)
		before := page[:len(page)-len(column)]
		if !found {
			if tt.want != "" {
				t.Errorf("%s: no column has the numbers, want %q", name, tt.want)
			}
			continue
		}
		names := strings.Split(before, `class="column-name">`)
		if got, _, _ := strings.Cut(names[len(names)-1], "<"); got != tt.want {
			t.Errorf("%s: the numbers are in %q, want %q", name, got, tt.want)
		}
	}
}

// TestFileReadOtherwise changes by hand how a file is read.
func TestFileReadOtherwise(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file  string
		set   url.Values
		shown string // on the page, before
		want  string // the first contact's name
	}{
		"separator":   {"mobile,x;number;first_name\n9876543210,2;none;Asha\n", url.Values{"separator": {","}}, "Recognised: semicolon", "-"},
		"encoding":    {"number,first_name\n9876543210,José\n", url.Values{"encoding": {"utf-8"}}, "Recognised: UTF-8", "José"},
		"header line": {"number,first_name\nnumber,last_name\n9876543210,Rao\n", url.Values{"header_line": {"2"}}, "the header is line 1", "-"},
		"sheet": {string(xlsxtest.Write(xlsxtest.Sheet{Name: "Summary", Rows: [][]string{{"Total"}, {"2"}}},
			xlsxtest.Sheet{Name: "Leads & more", Rows: [][]string{{"Who", "Mobile"}, {"Asha", xlsxtest.Number + "9876543210"}}})),
			url.Values{"sheet": {"Leads & more"}}, "Leads &amp; more", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := serve(t)
			c := s.Account("demo")
			b := s.SignedIn("demo")
			path := pending(t, b, tt.file)
			page := b.Open(path).PageText(t, 200)
			if !strings.Contains(page, tt.shown) {
				t.Errorf("the page does not say %q", tt.shown)
			}
			form := pageForm(page)
			for name, value := range tt.set {
				form[name] = value
			}
			b.Submit(path, form).Redirect(t, path)
			form = pageForm(b.Open(path).PageText(t, 200))
			for name, value := range tt.set {
				form[name] = value
			}
			form.Set("then", "start")
			upload := strings.TrimSuffix(path, "/pending")
			b.Submit(path, form).Redirect(t, upload)
			reads(t, await(t, b, upload), "Imported 1")
			if got := firstName(c.List("limit=1").Page(t).Response[0].Data); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	path := pending(t, b, "number\n9876543210\n")
	form := pageForm(b.Open(path).PageText(t, 200))
	form.Set("header_line", "7")
	// The controls that are wrong are not hidden, and neither are those that somebody has set.
	page := b.Submit(path, form).PageText(t, 422)
	reads(t, page, "There is no row in line 7")
	has(t, page, ` open>
    <summary>How the file is read`, `value="7"`)
	form.Set("header_line", "1")
	b.Submit(path, form).Redirect(t, path)
	page = b.Open(path).PageText(t, 200)
	has(t, page, ` open>
    <summary>How the file is read`, `name="header_line" type="number" value="1"`)
	// Empty again, it is found again.
	form.Set("header_line", "")
	b.Submit(path, form).Redirect(t, path)
	reads(t, b.Open(path).PageText(t, 200), "Recognised: line 1.")
}

// TestReadingShown: the check, the result and the list of imports tell how the file
// was read.
func TestReadingShown(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	path := pending(t, b, "All of them;;\nMobile;City;<b>\n98765 43210 ::: 98765 43211;Pune;x\n+6581234567;;\n")
	page := b.Open(path).PageText(t, 200)
	reads(t, page, "1 of 3 columns are read. “City” and “<b>” are left out.", "Take all 2 as custom fields", "+919876543210 1 more left out", "4 +6581234567")
	form := pageForm(page)
	form.Set("then", "try")
	b.Submit(path, form).Redirect(t, path+"#check")
	in := []string{"CSV in UTF-8, with semicolons between the cells", "In line 2", "1 of 3 columns are read. “City” and “<b>” are left out.", "“Mobile” is Number", "City, <b>",
		"1 more number was left out", "India 1, Singapore 1"}
	reads(t, await(t, b, path), append(in, "How the file was read: semicolons, header in line 2")...)
	form.Set("then", "start")
	upload := strings.TrimSuffix(path, "/pending")
	b.Submit(path, form).Redirect(t, upload)
	reads(t, await(t, b, upload), append(in, "How the file was read")...)
	reads(t, b.Open("/imports").PageText(t, 200), "semicolons, header in line 2, 2 columns left out, 1 number left out, 2 countries")
}

func firstName(c *servertest.Contact) string {
	if c.FirstName == nil {
		return "-"
	}
	return *c.FirstName
}
