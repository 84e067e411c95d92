package table

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// Encoding is the character encoding of a file.
type Encoding string

// The encodings. XLSX stands for spreadsheets, which are not text.
const (
	UTF8        Encoding = "utf-8"
	UTF16LE     Encoding = "utf-16le"
	UTF16BE     Encoding = "utf-16be"
	Windows1252 Encoding = "windows-1252"
	XLSX        Encoding = "xlsx"
)

// Dialect tells how the bytes of a file form a table.
type Dialect struct {
	Encoding Encoding `json:"encoding,omitempty"`
	// Separator is the ASCII character between cells; "" for a spreadsheet.
	Separator string `json:"separator,omitempty"`
	// LoneCR means that lines end in CR, as in files of old Macintosh programs.
	LoneCR bool `json:"lone_cr,omitempty"`
	// Sheet is the name of the spreadsheet's sheet to read.
	Sheet string `json:"sheet,omitempty"`
}

// plainCSV is the dialect of all files of old versions.
var plainCSV = Dialect{Encoding: UTF8, Separator: ","}

func (d Dialect) separator() byte {
	if d.Separator == "" {
		return ','
	}
	return d.Separator[0]
}

// append appends raw as UTF-8. Invalid bytes become U+FFFD.
func (e Encoding) append(text, raw []byte) []byte {
	switch e {
	case Windows1252:
		for len(raw) > 0 {
			// A file may be put together of several encodings, so keep what is UTF-8.
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

// windows1252 are the characters of the bytes 0x80 to 0x9F, or zero for bytes that the
// code page does not have. The other bytes are those of Latin-1.
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
