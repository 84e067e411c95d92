package table

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// Encoding is how characters are bytes in a file.
type Encoding string

// The encodings. XLSX is that of spreadsheets, which are no text.
const (
	UTF8        Encoding = "utf-8"
	UTF16LE     Encoding = "utf-16le"
	UTF16BE     Encoding = "utf-16be"
	Windows1252 Encoding = "windows-1252"
	XLSX        Encoding = "xlsx"
)

// Dialect is how the bytes of a file are a table.
type Dialect struct {
	Encoding Encoding `json:"encoding,omitempty"`
	// Separator is what stands between cells, one ASCII character; "" in a
	// spreadsheet.
	Separator string `json:"separator,omitempty"`
	// LoneCR tells that lines end in CR, as those of old Macintosh programs.
	LoneCR bool `json:"lone_cr,omitempty"`
	// Sheet is the name of the sheet that is read of a spreadsheet.
	Sheet string `json:"sheet,omitempty"`
}

// plainCSV is the dialect of files that came before there were others.
var plainCSV = Dialect{Encoding: UTF8, Separator: ","}

func (d Dialect) separator() byte {
	if d.Separator == "" {
		return ','
	}
	return d.Separator[0]
}

// append appends the text of raw as UTF-8. What is no character becomes U+FFFD.
func (e Encoding) append(text, raw []byte) []byte {
	switch e {
	case Windows1252:
		for len(raw) > 0 {
			// What is UTF-8 stays, in files that were put together of others.
			r, size := utf8.DecodeRune(raw)
			if r == utf8.RuneError && size == 1 {
				r = fromWindows1252(raw[0])
			}
			text = utf8.AppendRune(text, r)
			raw = raw[size:]
		}
		return text
	case UTF16LE:
		return appendUTF16(text, raw, binary.LittleEndian)
	case UTF16BE:
		return appendUTF16(text, raw, binary.BigEndian)
	}
	return append(text, raw...)
}

func appendUTF16(text, raw []byte, order binary.ByteOrder) []byte {
	for len(raw) > 1 {
		r := rune(order.Uint16(raw))
		raw = raw[2:]
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if len(raw) > 1 {
				low = rune(order.Uint16(raw))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				raw = raw[2:]
			}
		}
		text = utf8.AppendRune(text, r)
	}
	if len(raw) > 0 {
		text = utf8.AppendRune(text, utf8.RuneError)
	}
	return text
}

// windows1252 has the characters of the bytes 0x80 to 0x9F, zero for those that
// the code page does not have. All others are those of Latin-1.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

func fromWindows1252(c byte) rune {
	if c < 0x80 || c > 0x9F {
		return rune(c)
	}
	if r := windows1252[c-0x80]; r != 0 {
		return r
	}
	return utf8.RuneError
}
