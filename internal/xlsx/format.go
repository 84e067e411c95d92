package xlsx

import (
	"strings"
	"unicode/utf8"
)

// builtin has the formats that workbooks use by id alone (ISO/IEC 29500, section
// 18.8.30).
var builtin = map[string]string{
	"1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%", "14": "mm-dd-yy", "15": "d-mmm-yy",
	"16": "d-mmm", "17": "mmm-yy", "18": "h:mm AM/PM", "19": "h:mm:ss AM/PM", "20": "h:mm", "21": "h:mm:ss", "22": "m/d/yy h:mm",
	"37": "#,##0;(#,##0)", "38": "#,##0;(#,##0)", "39": "#,##0.00;(#,##0.00)", "40": "#,##0.00;(#,##0.00)",
	"41": "#,##0;(#,##0)", "42": "$#,##0;($#,##0)", "43": "#,##0.00;(#,##0.00)", "44": "$#,##0.00;($#,##0.00)", "45": "mm:ss", "46": "[h]:mm:ss", "47": "mm:ss.0",
}

// format is the number format of a cell. Nil is General.
type format struct{ sections []section }

// section is the part of a format that applies to some numbers.
type section struct {
	parts     []part
	condition string // such as "<=9999999", or ""
	date      bool
	general   bool // the number is shown unchanged
	percent   int  // the number of factors of 100
	thousands bool // whether there are separators between thousands
	scale     int  // the number of divisions by 1000
	whole     int  // placeholders before and after the point
	fraction  int
	optional  int // trailing placeholders after the point that omit a zero
}

// part is a piece of a section: literal text, a placeholder of a digit (0, # or ?), the
// point, or a field of a date such as yyyy.
type part struct {
	kind partKind
	text string
}

type partKind uint8

const (
	literal partKind = iota
	digit
	point
	asIs // the number in the format General
	dateField
	elapsed // all hours, minutes or seconds, such as [h], beyond a day too
)

// newFormat parses a format code. It returns nil for General, and also for exponents,
// fractions and codes that are too long: exponents and fractions would lose digits of
// telephone numbers.
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

// splitSections splits a code at the semicolons outside of literal text.
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
	pending := 0 // commas since the last digit
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
		case (c == '_' || c == '*') && len(code) > 1: // a blank as wide as the next character, or a fill with it
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

// bracket parses the content of brackets: a condition, a currency, a duration or a
// colour.
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

// minutes turns m next to hours or seconds from months into minutes.
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
