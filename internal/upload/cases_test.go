package upload_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/servertest"
)

// TestCases uploads small files with the traits of real ones.
func TestCases(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	for name, want := range map[string]struct {
		contacts []string
		failed   int
		columns  string // header=field of each, that are read
		ignored  string
		dialect  string // encoding and separator
		line     int    // of the header, if it is not the first
		leftOut  int
	}{
		"excel-blank-rows-at-end.csv": {contacts: []string{asha + "|Asha|-|-|a@example.in|-|-"}},
		"excel-semicolons.csv":        {contacts: []string{asha + "|Asha|-|-|-|-|-"}, dialect: "utf-8 ;"},
		"excel-unicode-text-utf16.txt": {contacts: []string{asha + "|आशा|-|-|-|-|-"}, dialect: "utf-16le \t",
			columns: "number=number first_name=first_name"},
		"excel-windows-1252.csv":         {contacts: []string{asha + "|José|-|-|-|-|-", vikram + "|Ravi|-|-|-|-|-"}, dialect: "windows-1252 ,"},
		"excel-trailing-empty-cells.csv": {contacts: []string{asha + "|Asha|-|-|-|-|-", vikram + "|Ravi|-|-|-|-|-"}},
		"google-contacts-several-numbers.csv": {
			contacts: []string{asha + "|Asha|Rao|X Ltd|asha@example.in|-|-", "+919876543212|Ravi|K|-|-|-|-"},
			columns:  "Given Name=first_name Family Name=last_name E-mail 1 - Value=email Phone 1 - Value=number Organization 1 - Name=company_name",
			ignored:  "Name, Phone 1 - Type", leftOut: 1},
		"header-contact-is-a-name.csv": {contacts: []string{asha + "|Asha Rao|-|X Ltd|-|-|-", vikram + "|Ravi K|-|Y Ltd|-|-|-"},
			columns: "Company=company_name Contact=first_name Phone=number", ignored: "City"},
		"header-date-before-number.csv": {contacts: []string{asha + "|Asha|-|-|-|-|-", vikram + "|Ravi|-|-|-|-|-"},
			columns: "Customer=first_name Mob. No.=number", ignored: "Date"},
		"header-title-row-above.csv": {contacts: []string{asha + "|Asha|-|-|-|-|-"}, line: 2, ignored: "city"},
		"header-two-phone-columns.csv": {contacts: []string{asha + "|Asha|Rao|-|a@example.in|-|-", vikram + "|Ravi|K|-|-|-|-"},
			columns: "First Name=first_name Last Name=last_name Mobile Phone Number=number Email=email", ignored: "Record ID, Phone Number"},
		"in-double-country-code.csv":           {contacts: []string{only(asha)}},
		"in-mobile-digits-too-many-or-few.csv": {failed: 4},
		"in-neighbours-local-spelling.csv":     {failed: 8},
		"in-landline-two-in-one-cell.csv":      {contacts: []string{"+912223456789|Office|-|-|-|-|-", asha + "|Asha|-|-|-|-|-"}, failed: 1, leftOut: 2},
		"meta-lead-ads.csv": {contacts: []string{asha + "|Asha Rao|-|-|-|-|-", vikram + "|Ravi K|-|-|-|-|-"},
			columns: "full_name=first_name phone_number=number", ignored: "id, created_time, campaign_name, platform"},
		"pandas-float-numbers.csv": {contacts: []string{asha + "|Asha|-|-|-|-|-", vikram + "|Ravi|-|-|-|-|-"}, failed: 1},
		"text-formula-numbers.csv": {contacts: []string{asha + "|Asha|-|-|-|-|-", vikram + "|Ravi|-|-|-|-|-", "+919876543212|Meena|-|-|-|-|-"}},
		"number-variation-selector.csv": {contacts: []string{asha + "|pdf|-|-|-|-|-", vikram + "|hangul filler|-|-|-|-|-",
			"+919876543212|U+2065|-|-|-|-|-", "+919876543213|U+206A|-|-|-|-|-"}},
		"quotes-inside-a-name.csv": {contacts: []string{asha + `|Asha "Ash" K|-|-|-|-|-`, vikram + `|Ravi "R" K|-|-|-|-|-`}},
		"mysql-null.csv":           {contacts: []string{only(asha)}},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", "cases", name))
			if err != nil {
				t.Fatal(err)
			}
			c := s.Account(strings.TrimSuffix(name, filepath.Ext(name))).For(t)
			got := c.Await(c.Upload("Leads", string(text)))
			if diff := cmp.Diff(want.contacts, stored(t, c)); diff != "" {
				t.Errorf("contacts (-want +got):\n%s", diff)
			}
			if got.Status != "completed" || got.Stats.Failed != want.failed || got.Stats.Total != got.Stats.Success+want.failed+got.Stats.Duplicate {
				t.Errorf("got %+v", got)
			}
			if want.dialect == "" {
				want.dialect = "utf-8 ,"
			}
			f := got.File
			if dialect := f.Encoding + " " + *f.Separator; dialect != want.dialect || *f.HeaderLine != max(1, want.line) || f.LeftOut != want.leftOut {
				t.Errorf("it was read as %q, header in line %d, %d left out", dialect, *f.HeaderLine, f.LeftOut)
			}
			var columns []string
			for _, column := range f.Columns {
				columns = append(columns, *column.Header+"="+column.Field)
			}
			if columns := strings.Join(columns, " "); want.columns != "" && columns != want.columns {
				t.Errorf("the columns are %s", columns)
			}
			if ignored := strings.Join(f.Ignored, ", "); ignored != want.ignored {
				t.Errorf("ignored are %s", ignored)
			}
		})
	}
	files, err := filepath.Glob(filepath.Join("testdata", "cases", "*"))
	if err != nil || len(files) < 20 || slices.Contains(files, "README.md") {
		t.Errorf("there are %d cases, %v", len(files), err)
	}
}
