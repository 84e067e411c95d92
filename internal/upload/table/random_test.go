package table

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"callbook/internal/addressbook"
)

// randomTable is a file of random traits, and what is in it.
type randomTable struct {
	traits string
	file   []byte
	drafts []string // number|first|last|email of each row
}

// variants of the headers of number, first name, last name and e-mail.
var variants = [4][]string{
	{"number", "NUMBER", "Mobile No.", "phone_number", "Phone 1 - Value", "Mobile Phone", "\u200bMob. No.", "Contact Number", "मोबाइल"},
	{"first_name", "First Name", "FIRST-NAME", "Given Name", "Customer Name", "Full name", " Name\u00a0"},
	{"last_name", "Last Name", "Surname", "Family Name"},
	{"email", "E-mail", "Email ID", "E-mail 1 - Value", "E-mail Address"},
}

func newRandomTable(seed uint64) randomTable {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	separator := pick(separators...)
	encoding := []Encoding{UTF8, UTF8, UTF16LE, UTF16BE, Windows1252}[r.IntN(5)]
	end := pick("\n", "\r\n", "\r\n", "\r")
	names := []string{"Asha", "José", "Łukasz", "आशा", `Asha "Ash" K`, "Rao, Asha", "a;b", "x|y", "O'Neil", "Zoë\tM", "two\nlines", "李雷"}
	if encoding == Windows1252 {
		names = []string{"Asha", "José", `Zoë "Z" K`, "Rao, Asha", "a;b", "x|y", "Müller €"}
	}
	if end == "\r" {
		names = slices.DeleteFunc(names, func(name string) bool { return strings.Contains(name, "\n") })
	}
	// Which columns there are, in which order; 4 is one that is ignored.
	columns := []int{0, 1, 2, 3, 4}
	r.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	var b strings.Builder
	cell := func(text string) {
		quoted := strings.ContainsAny(text, "\r\n"+separator) || r.IntN(4) == 0
		switch {
		case quoted && strings.Contains(text, `"`) && !strings.ContainsAny(text, "\r\n"+separator) && r.IntN(2) == 0:
			b.WriteString(`"` + text + `"`) // as if quotes were nothing special
		case quoted:
			b.WriteString(`"` + strings.ReplaceAll(text, `"`, `""`) + `"`)
		default:
			b.WriteString(text)
		}
	}
	if r.IntN(4) == 0 {
		b.WriteString("sep=" + separator + end)
	}
	titles := r.IntN(4) == 0
	if titles {
		b.WriteString("Customer list 2026" + strings.Repeat(separator, r.IntN(4)) + end)
	}
	for i, column := range columns {
		if i > 0 {
			b.WriteString(separator)
		}
		if column == 4 {
			cell("Notes")
		} else {
			name := pick(variants[column]...)
			if encoding == Windows1252 && name == "मोबाइल" {
				name = "Móvil"
			}
			cell(name)
		}
	}
	b.WriteString(strings.Repeat(separator, r.IntN(3)) + end)
	t := randomTable{traits: fmt.Sprintf("%s %q %q, columns %v, titles %v", encoding, separator, end, columns, titles)}
	null := pick("", `\N`, "NULL")
	for i := range 3 + r.IntN(12) {
		if r.IntN(5) == 0 {
			b.WriteString(pick("", strings.Repeat(separator, 4), " "+separator+"\u00a0") + end)
		}
		values := []string{fmt.Sprintf("+9198%08d", 1000*int(seed)+i), names[r.IntN(len(names))], "", "", ""}
		if r.IntN(2) == 0 {
			values[2], values[3] = names[r.IntN(len(names))], "a@example.in"
		}
		for at, column := range columns {
			if at > 0 {
				b.WriteString(separator)
			}
			if values[column] == "" && column != 4 {
				b.WriteString(null)
			} else {
				cell(values[column])
			}
		}
		b.WriteString(strings.Repeat(separator, r.IntN(3)) + end)
		t.drafts = append(t.drafts, strings.Join(values[:4], "|"))
	}
	text := b.String()
	if r.IntN(3) == 0 {
		text = strings.TrimSuffix(text, end)
	}
	t.file = encodeAs(encoding, text, r.IntN(3))
	return t
}

// encodeAs encodes a text, in UTF-8 behind so many marks.
func encodeAs(e Encoding, text string, marks int) []byte {
	switch e {
	case UTF16LE, UTF16BE:
		var order binary.AppendByteOrder = binary.LittleEndian
		if e == UTF16BE {
			order = binary.BigEndian
		}
		var file []byte
		for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
			file = order.AppendUint16(file, unit)
		}
		return file
	case Windows1252:
		var file []byte
		for _, r := range text {
			if r == '€' {
				r = 0x80
			}
			if r < 0x100 {
				file = append(file, byte(r))
			}
		}
		return file
	}
	return []byte(strings.Repeat("\ufeff", marks) + text)
}

// TestRandomTables reads tables of random traits whose contents are known, from the
// beginning and again from the boundary behind every row.
func TestRandomTables(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		want := newRandomTable(seed)
		file, size := bytes.NewReader(want.file), int64(len(want.file))
		plan, _, err := Find(file, size, addressbook.Static, Mapping{}, nil)
		if err != nil {
			t.Errorf("%d, %s: %v", seed, want.traits, err)
			continue
		}
		stored, err := DecodePlan(plan.Encode())
		if err != nil {
			t.Fatal(err)
		}
		layout, err := stored.Layout(addressbook.Static)
		if err != nil {
			t.Fatal(err)
		}
		for from, i := stored.Start, 0; ; i++ {
			rows, err := stored.Open(file, size, from)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				if got := drafts(t, layout, rows); !slices.Equal(got, want.drafts) {
					t.Errorf("%d, %s:\n got %q\nwant %q\n%.600s", seed, want.traits, got, want.drafts, want.file)
					break
				}
				continue
			}
			row, err := rows.Next()
			if err == io.EOF && i == len(want.drafts)+1 {
				break
			}
			if err != nil || draftText(layout.Draft(row)) != want.drafts[i-1] {
				t.Errorf("%d, %s: row %d from its boundary is %q, %v", seed, want.traits, i, row.Cells, err)
				break
			}
			from = rows.Position()
		}
	}
}

func drafts(t *testing.T, l *Layout, rows Rows) (all []string) {
	t.Helper()
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, draftText(l.Draft(row)))
	}
}

func draftText(d addressbook.Draft) string {
	if d.Fault != nil {
		return d.Fault.Error()
	}
	return strings.Join([]string{d.Number.Value, d.Texts[addressbook.FirstName].Value, d.Texts[addressbook.LastName].Value, d.Texts[addressbook.Email].Value}, "|")
}
