package words

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/addressbook"
	"callbook/internal/upload"
	"callbook/internal/upload/table"
)

// TestReading tells how files were read, as pages and the list of imports say it.
func TestReading(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		upload  upload.Upload
		want    *Reading
		special string
	}{
		"older than plans": {},
		"plain": {
			upload: upload.Upload{Plan: table.Plan{Dialect: table.Dialect{Encoding: table.UTF8, Separator: ","}, HeaderLine: 1, Width: 1,
				Columns: []table.PlanColumn{{Header: "Number", Name: "Number"}}},
				Tally: upload.Tally{Countries: map[string]int{"IN": 2}}},
			want: &Reading{Format: "CSV in UTF-8, with commas between the cells", Header: "In line 1",
				Columns: []ReadColumn{{"Number", "Number"}}, Countries: []CountryRows{{"India", 2}}},
		},
		"all of it": {
			upload: upload.Upload{Plan: table.Plan{Dialect: table.Dialect{Encoding: table.UTF16LE, Separator: "\t"}, HeaderLine: 3, Width: 4, Ignored: 2,
				Columns: []table.PlanColumn{{Header: "Mobile", Name: "number"}, {Header: "City", Name: ""}, {Header: "Plan", Name: "custom_field.Plan"}, {Header: "Mail", Name: "email"}}},
				Tally: upload.Tally{LeftOut: 1200, Countries: map[string]int{"IN": 2, "SG": 2000, "": 1, "001": 1}}},
			want: &Reading{Format: "CSV in UTF-16, with tabs between the cells", Header: "In line 3",
				Columns: []ReadColumn{{"Mobile", "Number"}, {"Plan", "Custom field Plan"}, {"Mail", "E-mail"}},
				Ignored: []string{"City"}, MoreIgnored: 1, LeftOut: "1,200 more numbers were left out",
				Countries: []CountryRows{{"Singapore", 2000}, {"India", 2}, {"Country not known", 1}, {"No country", 1}}},
			special: "UTF-16, tabs, header in line 3, 2 columns left out, 1,200 numbers left out, 4 countries",
		},
		"sheet without a header, dynamic": {
			upload: upload.Upload{Type: addressbook.Dynamic, Plan: table.Plan{Dialect: table.Dialect{Encoding: table.XLSX, Sheet: "Leads"}, Width: 2,
				Columns: []table.PlanColumn{{Header: "", Name: "number"}, {Header: "", Name: "City"}}}, Tally: upload.Tally{LeftOut: 1}},
			want: &Reading{Format: `Excel, sheet "Leads"`, Header: "None", Columns: []ReadColumn{{"", "Number"}, {"", "Variable City"}},
				LeftOut: "1 more number was left out"},
			special: "Excel, no header, 1 number left out",
		},
		"other separator": {
			upload: upload.Upload{Plan: table.Plan{Dialect: table.Dialect{Encoding: table.UTF8, Separator: "^"}, HeaderLine: 1, Width: 1,
				Columns: []table.PlanColumn{{Header: "number", Name: "number"}}}},
			want:    &Reading{Format: `CSV in UTF-8, with "^" between the cells`, Header: "In line 1", Columns: []ReadColumn{{"number", "Number"}}},
			special: `"^"`,
		},
	} {
		row := ImportRowOf(tt.upload)
		if diff := cmp.Diff(tt.want, row.Reading()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got := row.Special(); got != tt.special {
			t.Errorf("%s: the list says %q, want %q", name, got, tt.special)
		}
	}
}
