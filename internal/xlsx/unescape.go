package xlsx

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// unescape replaces the XML entities in text[from:].
func unescape(text []byte, from int) []byte {
	out := text[:from]
	rest := text[from:]
	for len(rest) > 0 {
		if rest[0] != '&' {
			out = append(out, rest[0])
			rest = rest[1:]
			continue
		}
		end := bytes.IndexByte(rest[:min(len(rest), 12)], ';')
		if end < 0 {
			out = append(out, '&')
			rest = rest[1:]
			continue
		}
		if r := entity(string(rest[1:end])); r >= 0 {
			out = utf8.AppendRune(out, r)
		} else {
			out = append(out, rest[:end+1]...)
		}
		rest = rest[end+1:]
	}
	return out
}

// entity returns the character of an XML entity, or -1 if it is unknown.
func entity(name string) rune {
	switch name {
	case "amp":
		return '&'
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	if len(name) < 2 || name[0] != '#' {
		return -1
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return -1
	}
	return rune(n)
}
