package upload_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/servertest"
)

// TestNumbersInCells uploads numbers as files have them. Each row is a cell, and
// the number that comes of it or, after a colon, why there is none.
func TestNumbersInCells(t *testing.T) {
	t.Parallel()
	const (
		short   = ": too short for India (+91)"
		long    = ": too long for India (+91)"
		letters = ": it has letters"
		several = ": it has several numbers"
		rounded = ": a spreadsheet has rounded its last digits away"
	)
	s := servertest.Start(t, servertest.Options{})
	for i, tt := range []struct {
		name  string
		cells [][2]string
	}{
		{"the country code twice", [][2]string{
			{"+9191 98765 43210", asha}, {"919198765 43211", vikram}, {"(091) 9876543212", "+919876543212"}, {"0919876543213", "+919876543213"},
		}},
		{"too many or too few digits", [][2]string{
			{"98765432101", long}, {"9876543210123", long}, {"98765432", short}, {"987654321", short},
		}},
		{"as dialled in other countries", [][2]string{
			{"0501234567", short}, {"0771234567", short}, {"0712345678", short}, {"081234567890", long}, {"89123456789", long},
			{"22507080910", long}, {"551191234567", long}, {"5215512345678", long},
		}},
		{"several numbers", [][2]string{
			{"+91 98765 43210 ::: +919876543211", asha}, {"022-23456789/90", "+912223456789"}, {"022-23456789-12", long},
			{"9876543211 / 11", vikram}, {"98765 43212\n98765 43213", "+919876543212"}, {"9876543213;9876543214", "+919876543213"},
			{"98765432, 9876543214", "+919876543214"}, {"98765, 43210", several}, {"98765 43210 ext 5", ": it has an extension"},
		}},
		{"a spreadsheet's", [][2]string{
			{"9876543210.0", asha}, {"9.876543211E9", vikram}, {"9.19877E+11", rounded}, {"9,19877E+11", rounded},
			{`="9876543212"`, "+919876543212"}, {"'9876543213", "+919876543213"}, {"98765O3210", letters},
		}},
		{"a program's", [][2]string{{"p:" + asha, asha}, {"tel:+91-98765-43211", vikram}, {"whatsapp:+919876543212", "+919876543212"}}},
		{"what nobody sees", [][2]string{
			{"+91\ufe0f98765 43210", asha}, {"9876543211\u3164", vikram}, {"98765\u206543212", "+919876543212"},
			{"98765\u206a43213", "+919876543213"}, {"98765\u00a043214\u2003", "+919876543214"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := s.Account(fmt.Sprintf("cells-%d", i)).For(t)
			var file strings.Builder
			var contacts, reasons []string
			file.WriteString("number,first_name\n")
			for _, row := range tt.cells {
				fmt.Fprintf(&file, "\"%s\",x\n", strings.ReplaceAll(row[0], `"`, `""`))
				if why, refused := strings.CutPrefix(row[1], ":"); refused {
					reasons = append(reasons, "Invalid Number:"+why)
				} else {
					contacts = append(contacts, row[1]+"|x|-|-|-|-|-")
				}
			}
			u := c.Upload("Leads", file.String())
			want := servertest.Stats{Total: len(tt.cells), Success: len(contacts), Failed: len(reasons)}
			if status := c.Await(u); status.Stats != want {
				t.Errorf("stats are %+v, want %+v", status.Stats, want)
			}
			if diff := cmp.Diff(contacts, stored(t, c)); diff != "" {
				t.Errorf("contacts (-want +got):\n%s", diff)
			}
			var got []string
			_, records := c.Errors(u)
			for _, record := range records[1:] {
				got = append(got, record[2])
			}
			if diff := cmp.Diff(reasons, got); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}
