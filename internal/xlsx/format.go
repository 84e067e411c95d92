package xlsx

import (
	"strings"
	"unicode/utf8"
)

// builtin are the formats that a workbook need not spell out, by their ids, as ISO
// 29500 has them in section 18.8.30.
var builtin = map[string]string{
	"1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%", "14": "mm-dd-yy", "15": "d-mmm-yy",
	"16": "d-mmm", "17": "mmm-yy", "18": "h:mm AM/PM", "19": "h:mm:ss AM/PM", "20": "h:mm", "21": "h:mm:ss", "22": "m/d/yy h:mm",
	"37": "#,##0;(#,##0)", "38": "#,##0;(#,##0)", "39": "#,##0.00;(#,##0.00)", "40": "#,##0.00;(#,##0.00)",
	"41": "#,##0;(#,##0)", "42": "$#,##0;($#,##0)", "43": "#,##0.00;(#,##0.00)", "44": "$#,##0.00;($#,##0.00)", "45": "mm:ss", "46": "[h]:mm:ss", "47": "mm:ss.0",
}

// format is a number format, as a spreadsheet has it. Nil is General.
type format struct{ sections []section }

// section is the format of some numbers.
type section struct {
	parts     []part
	condition string // as "<=9999999"; "" without one
	date      bool
	general   bool // the number is shown as it is
	percent   int  // how often it is multiplied by 100
	thousands bool // separators between them
	scale     int  // how often it is divided by 1000
	whole     int  // placeholders before the point, and behind it
	fraction  int
	optional  int // of those behind it, the last ones that may be empty
}

// part is a piece of a section: a text, a placeholder of a digit (0, # or ?), the
// point, or a piece of a date, such as yyyy.
type part struct {
	kind partKind
	text string
}

type partKind uint8

const (
	literal partKind = iota
	digit
	point
	asIs // the number as General has it
	dateField
	elapsed // of hours, minutes or seconds, as [h]
)

// newFormat reads the code of a format; nil for General. Exponents and fractions
// are General too, since a telephone number would lose digits by them, and so is a
// code that is longer than spreadsheets take.
func newFormat(code string) *format {
	if len(code) > maxFormat {
		return nil
	}
	f := &format{}
	for _, text := range splitSections(code) {
		f.sections = append(f.sections, newSection(text))
	}
	if len(f.sections) == 0 || len(f.sections) == 1 && f.sections[0].general && len(f.sections[0].parts) == 1 {
		return nil
	}
	return f
}

// splitSections splits a code at the semicolons that are no text.
func splitSections(code string) []string {
	if code == "" {
		return nil
	}
	var all []string
	from, quoted := 0, false
	for i := 0; i < len(code); i++ {
		switch code[i] {
		case '"':
			quoted = !quoted
		case '\\':
			i++
		case ';':
			if !quoted {
				all = append(all, code[from:i])
				from = i + 1
			}
		}
	}
	return append(all, code[from:])
}

func newSection(code string) section {
	var s section
	pending := 0 // commas that no digit has followed
	behindPoint := false
	for code != "" {
		lower := strings.ToLower(code)
		size := 1
		switch c := code[0]; {
		case strings.HasPrefix(lower, "general"):
			s.general, size = true, len("general")
			s.add(asIs, "")
		case c == '"':
			end := strings.IndexByte(code[1:], '"')
			if end < 0 {
				end = len(code) - 1
			}
			s.add(literal, code[1:1+end])
			size = min(len(code), end+2)
		case c == '\\' && len(code) > 1:
			_, n := utf8.DecodeRuneInString(code[1:])
			s.add(literal, code[1:1+n])
			size = 1 + n
		case (c == '_' || c == '*') && len(code) > 1: // as wide as the next character, or filled with it
			_, n := utf8.DecodeRuneInString(code[1:])
			size = 1 + n
		case c == '[':
			end := strings.IndexByte(code, ']')
			if end < 0 {
				return section{general: true}
			}
			s.bracket(code[1:end])
			size = end + 1
		case c == '0' || c == '#' || c == '?':
			s.add(digit, code[:1])
			if behindPoint {
				s.fraction++
				s.optional++
				if c == '0' {
					s.optional = 0
				}
			} else {
				s.whole++
				s.thousands = s.thousands || pending > 0 && s.whole > 1
			}
			pending = 0
		case c == '.' && !s.date:
			s.add(point, ".")
			behindPoint = true
		case c == ',' && !s.date:
			pending++
		case c == '%':
			s.percent++
			s.add(literal, "%")
		case (c == 'E' || c == 'e') && len(code) > 1 && (code[1] == '+' || code[1] == '-'):
			return section{general: true}
		case c == '/' && s.whole > 0 && !s.date:
			return section{general: true} // a fraction
		case strings.HasPrefix(lower, "am/pm"), strings.HasPrefix(lower, "a/p"):
			size = strings.IndexByte(lower, 'p') + 1
			if strings.HasPrefix(lower, "am/pm") {
				size = len("am/pm")
			}
			s.add(dateField, "am/pm")
			s.date = true
		case strings.ContainsRune("ymdhs", rune(lower[0])):
			for size < len(lower) && lower[size] == lower[0] {
				size++
			}
			s.add(dateField, lower[:size])
			s.date = true
		case c == '@':
			s.general = true
			s.add(asIs, "")
		default:
			_, size = utf8.DecodeRuneInString(code)
			s.add(literal, code[:size])
		}
		code = code[size:]
	}
	s.scale = pending
	if s.whole == 0 && s.fraction == 0 {
		s.scale = 0
	}
	s.minutes()
	return s
}

func (s *section) add(kind partKind, text string) { s.parts = append(s.parts, part{kind, text}) }

// bracket reads what stands in brackets: a condition, a currency, a time that
// goes beyond a day, or a colour.
func (s *section) bracket(inner string) {
	switch lower := strings.ToLower(inner); {
	case inner == "":
	case strings.ContainsAny(inner[:1], "<>="):
		s.condition = inner
	case inner[0] == '$':
		symbol, _, _ := strings.Cut(inner[1:], "-")
		s.add(literal, symbol)
	case strings.Trim(lower, "h") == "" || strings.Trim(lower, "m") == "" || strings.Trim(lower, "s") == "":
		s.add(elapsed, lower)
		s.date = true
	}
}

// minutes makes minutes of the months that stand by hours or seconds.
func (s *section) minutes() {
	last := ""
	var month *part
	for i := range s.parts {
		p := &s.parts[i]
		if p.kind != dateField && p.kind != elapsed || p.text == "am/pm" {
			continue
		}
		switch p.text[0] {
		case 'm':
			if p.kind == dateField && len(p.text) <= 2 {
				month = p
				if last == "h" {
					p.text = strings.Repeat("n", len(p.text))
				}
			}
		case 's':
			if month != nil && last == "m" {
				month.text = strings.Repeat("n", len(month.text))
			}
		}
		last = p.text[:1]
		if last == "n" {
			last = "m"
		}
	}
}
