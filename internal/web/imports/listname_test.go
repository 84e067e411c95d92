package imports

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"callbook/internal/addressbook"
)

func TestNamesOf(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]string{
		"people.csv":                          {"People"},
		"spring leads.csv":                    {"Spring leads"},
		"spring-leads_2026.xlsx":              {"Spring leads 2026"},
		"Leads (1).csv":                       {"Leads"},
		"Leads - Copy (2).xlsx":               {"Leads"},
		"leads_20261129_153012.csv":           {"Leads", "Leads 20261129 153012"},
		"leads-2026-11-29.csv":                {"Leads", "Leads 2026-11-29"},
		"leads 2026-11.csv":                   {"Leads", "Leads 2026-11"},
		"Members 29.11.2026 14.05.tsv":        {"Members", "Members 29.11.2026 14.05"},
		"contacts-export_2026-11-29T1530.csv": {"Contacts export", "Contacts export 2026-11-29T1530"},
		"2026-11-29.csv":                      {"2026-11-29"},
		`C:\Users\Asha\leads.csv`:             {"Leads"},
		"/home/asha/vip.xlsx.csv":             {"Vip"},
		"Q3 re-engagement.csv":                {"Q3 re-engagement"},
		"Batch 20261301.csv":                  {"Batch 20261301"}, // no date
		"माला.csv":                            {"माला"},
		".csv":                                {"Contacts"},
		"":                                    {"Contacts"},
		"___.csv":                             {"Contacts"},
	} {
		if got := namesOf(file); !slices.Equal(got, want) {
			t.Errorf("namesOf(%q) = %q, want %q", file, got, want)
		}
	}
	for _, name := range namesOf(strings.Repeat("ä", 400) + ".csv") {
		if n := utf8.RuneCountInString(name); n > addressbook.MaxTextLength {
			t.Errorf("a name has %d characters", n)
		}
	}
}

func FuzzNamesOf(f *testing.F) {
	f.Add("leads_20261129.csv")
	f.Add("\xff(1).csv")
	f.Fuzz(func(t *testing.T, file string) {
		names := namesOf(file)
		for _, name := range names {
			if name == "" || name != strings.TrimSpace(name) || utf8.RuneCountInString(name) > addressbook.MaxTextLength {
				t.Errorf("%q gives %q", file, name)
			}
		}
		if len(names) == 0 {
			t.Errorf("%q gives no name", file)
		}
	})
}
