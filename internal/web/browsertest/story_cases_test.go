package browsertest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/servertest"
)

// casesDir has small files with the traits of real ones.
const casesDir = moduleRoot + "/internal/upload/testdata/cases"

// TestCasesStory imports each of the cases as a person does who changes nothing of
// what the dashboard suggests.
func TestCasesStory(t *testing.T) {
	t.Parallel()
	const asha, ravi = "+919876543210", "+919876543211"
	cases := map[string]struct {
		contacts []string
		failed   string   // what the result counts; "" is none
		says     []string // the result
	}{
		"excel-blank-rows-at-end.csv":         {contacts: []string{asha + " Asha"}, says: []string{"CSV in UTF-8, with commas between the cells"}},
		"excel-semicolons.csv":                {contacts: []string{asha + " Asha"}, says: []string{"CSV in UTF-8, with semicolons between the cells"}},
		"excel-trailing-empty-cells.csv":      {contacts: []string{asha + " Asha", ravi + " Ravi"}},
		"excel-unicode-text-utf16.txt":        {contacts: []string{asha + " आशा"}, says: []string{"CSV in UTF-16, with tabs between the cells"}},
		"excel-windows-1252.csv":              {contacts: []string{asha + " José", ravi + " Ravi"}, says: []string{"CSV in Windows-1252"}},
		"google-contacts-several-numbers.csv": {contacts: []string{asha + " Asha", "+919876543212 Ravi"}, says: []string{"1 more number was left out", "Phone 1 - Type"}},
		"header-contact-is-a-name.csv":        {contacts: []string{asha + " Asha Rao", ravi + " Ravi K"}},
		"header-date-before-number.csv":       {contacts: []string{asha + " Asha", ravi + " Ravi"}, says: []string{"Mob. No.", "“Date” is left out."}},
		"header-title-row-above.csv":          {contacts: []string{asha + " Asha"}, says: []string{"In line 2"}},
		"header-two-phone-columns.csv":        {contacts: []string{asha + " Asha", ravi + " Ravi"}, says: []string{"Record ID, Phone Number"}},
		"in-double-country-code.csv":          {contacts: []string{asha + " -"}},
		"in-landline-two-in-one-cell.csv": {contacts: []string{"+912223456789 Office", asha + " Asha"}, failed: "1",
			says: []string{"2 more numbers were left out", "Too long for India"}},
		"in-mobile-digits-too-many-or-few.csv": {failed: "4", says: []string{"Too long for India", "Too short for India"}},
		"in-neighbours-local-spelling.csv":     {failed: "8"},
		"meta-lead-ads.csv":                    {contacts: []string{asha + " Asha Rao", ravi + " Ravi K"}},
		"mysql-null.csv":                       {contacts: []string{asha + " -"}},
		"number-variation-selector.csv": {contacts: []string{asha + " pdf", ravi + " hangul filler", "+919876543212 U+2065", "+919876543213 U+206A"},
			says: []string{"India 4"}},
		"pandas-float-numbers.csv": {contacts: []string{asha + " Asha", ravi + " Ravi"}, failed: "1", says: []string{"A spreadsheet has rounded its last digits away"}},
		"quotes-inside-a-name.csv": {contacts: []string{asha + ` Asha "Ash" K`, ravi + ` Ravi "R" K`}},
		"text-formula-numbers.csv": {contacts: []string{asha + " Asha", ravi + " Ravi", "+919876543212 Meena"}},
	}
	files, err := os.ReadDir(casesDir)
	if err != nil {
		t.Fatal(err)
	}
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	for _, file := range files {
		name := file.Name()
		t.Run(name, func(t *testing.T) {
			want, ok := cases[name]
			if !ok {
				t.Fatal("nobody says what is right for it")
			}
			path, err := filepath.Abs(filepath.Join(casesDir, name))
			if err != nil {
				t.Fatal(err)
			}
			account := strings.TrimSuffix(name, filepath.Ext(name))
			w := &world{t: t, server: s, client: s.Account(account).For(t)}
			b := newTab(t, s.URL)
			b.signIn(w, account)
			b.open("/imports")
			b.choose(path)
			b.fill("#list_name", "Leads")
			b.follow("#new-import .primary")
			b.follow("button[value=start]")
			b.await(`document.querySelector(".figures")`)
			if got, want := b.text(".figures > :last-child dd"), max(want.failed, "0"); got != want {
				t.Errorf("%s have failed, want %s", got, want)
			}
			page := b.text("main")
			for _, says := range want.says {
				if !strings.Contains(page, says) {
					t.Errorf("the result does not say %q: %s", says, page)
				}
			}
			var got []string
			for _, item := range w.client.List("limit=100").Page(t).Response {
				first := "-"
				if item.Data.FirstName != nil {
					first = *item.Data.FirstName
				}
				got = append(got, item.Data.Number+" "+first)
			}
			slices.Sort(got)
			slices.Sort(want.contacts)
			if diff := cmp.Diff(want.contacts, got); diff != "" {
				t.Errorf("contacts (-want +got):\n%s", diff)
			}
		})
	}
	if len(files) != len(cases) {
		t.Errorf("there are %d files, and %d are known", len(files), len(cases))
	}
}
