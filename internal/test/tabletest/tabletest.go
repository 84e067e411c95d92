// Package tabletest makes tables of random traits, for tests.
package tabletest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf16"
)

// Table is a file of random traits, and what is in it.
type Table struct {
	Traits    string
	Encoding  string // as callbook names it
	Separator string
	File      []byte
	// Contacts are the number, the first and the last name and the e-mail of each
	// row, with bars between them. A text that the row does not have is empty.
	Contacts []string
}

const (
	utf8        = "utf-8"
	utf16le     = "utf-16le"
	utf16be     = "utf-16be"
	windows1252 = "windows-1252"
)

// variants of the headers of number, first name, last name and e-mail.
var variants = [4][]string{
	{"number", "NUMBER", "Mobile No.", "phone_number", "Phone 1 - Value", "Mobile Phone", "\u200bMob. No.", "Contact Number", "मोबाइल"},
	{"first_name", "First Name", "FIRST-NAME", "Given Name", "Customer Name", "Full name", " Name\u00a0"},
	{"last_name", "Last Name", "Surname", "Family Name"},
	{"email", "E-mail", "Email ID", "E-mail 1 - Value", "E-mail Address"},
}

// New returns a table. That of a seed is always the same, and its numbers are in no
// other.
func New(seed uint64) Table {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	separator := pick(",", ";", "\t", "|")
	encoding := pick(utf8, utf8, utf16le, utf16be, windows1252)
	end := pick("\n", "\r\n", "\r\n", "\r")
	names := []string{"Asha", "José", "Łukasz", "आशा", `Asha "Ash" K`, "Rao, Asha", "a;b", "x|y", "O'Neil", "Zoë\tM", "two\nlines", "李雷"}
	if encoding == windows1252 {
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
			if encoding == windows1252 && name == "मोबाइल" {
				name = "Móvil"
			}
			cell(name)
		}
	}
	b.WriteString(strings.Repeat(separator, r.IntN(3)) + end)
	t := Table{Encoding: encoding, Separator: separator, Traits: fmt.Sprintf("%s %q %q, columns %v, titles %v", encoding, separator, end, columns, titles)}
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
		t.Contacts = append(t.Contacts, strings.Join(values[:4], "|"))
	}
	text := b.String()
	if r.IntN(3) == 0 {
		text = strings.TrimSuffix(text, end)
	}
	t.File = encodeAs(encoding, text, r.IntN(3))
	return t
}

// encodeAs encodes a text, in UTF-8 behind so many marks.
func encodeAs(e string, text string, marks int) []byte {
	switch e {
	case utf16le, utf16be:
		var order binary.AppendByteOrder = binary.LittleEndian
		if e == utf16be {
			order = binary.BigEndian
		}
		var file []byte
		for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
			file = order.AppendUint16(file, unit)
		}
		return file
	case windows1252:
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
