package xlsx

import (
	"math"
	"strconv"
	"strings"
)

// append appends the text that a spreadsheet shows for a number in this format.
func (f *format) append(b, value []byte, base epoch) []byte {
	if f == nil && isPlain(value) {
		return append(b, value...)
	}
	x, err := strconv.ParseFloat(string(value), 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return append(b, value...)
	}
	if f == nil {
		return appendGeneral(b, x)
	}
	s, sign := f.sectionOf(x)
	switch {
	case s == nil:
		return appendGeneral(b, x)
	case s.date:
		return s.appendDate(b, x, base)
	}
	if sign {
		b = append(b, '-')
	}
	return s.appendNumber(b, math.Abs(x))
}

// isPlain reports whether value is a whole number that General shows unchanged.
func isPlain(value []byte) bool {
	if len(value) == 0 || len(value) > 15 {
		return false
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// sectionOf returns the section for x, and whether it needs a minus sign: a section for
// negative numbers alone has its own.
func (f *format) sectionOf(x float64) (s *section, sign bool) {
	for i := range f.sections {
		if s := &f.sections[i]; s.condition != "" && meets(s.condition, x) {
			return s, x < 0
		}
	}
	plain := make([]*section, 0, 4)
	for i := range f.sections {
		if f.sections[i].condition == "" {
			plain = append(plain, &f.sections[i])
		}
	}
	switch {
	case len(plain) == 0:
		return nil, false
	case len(plain) < len(f.sections):
		return plain[0], x < 0
	case x < 0 && len(plain) > 1:
		return plain[1], false
	case x == 0 && len(plain) > 2:
		return plain[2], false
	}
	return plain[0], x < 0
}

func meets(condition string, x float64) bool {
	operator := condition[:len(condition)-len(strings.TrimLeft(condition, "<>="))]
	y, err := strconv.ParseFloat(condition[len(operator):], 64)
	if err != nil {
		return false
	}
	switch operator {
	case "<":
		return x < y
	case "<=":
		return x <= y
	case ">":
		return x > y
	case ">=":
		return x >= y
	case "=":
		return x == y
	case "<>":
		return x != y
	}
	return false
}

// appendGeneral appends a number with 15 significant digits, like spreadsheets, and
// without an exponent.
func appendGeneral(b []byte, x float64) []byte {
	if x != 0 && (math.Abs(x) >= 1e21 || math.Abs(x) < 1e-9) {
		return strconv.AppendFloat(b, x, 'G', 15, 64)
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 14, 64), 64)
	if err != nil {
		rounded = x
	}
	return strconv.AppendFloat(b, rounded, 'f', -1, 64)
}

// maxGrouped is the smallest number without separators between thousands, whatever its
// format: it is more likely a telephone number than an amount.
const maxGrouped = 1e9

// appendNumber appends a number that is not negative.
func (s *section) appendNumber(b []byte, x float64) []byte {
	for range s.percent {
		x *= 100
	}
	for range s.scale {
		x /= 1000
	}
	if s.whole == 0 && s.fraction == 0 {
		for _, p := range s.parts {
			if p.kind == asIs {
				b = appendGeneral(b, x)
			}
			b = append(b, p.text...)
		}
		if len(s.parts) == 0 && s.general {
			b = appendGeneral(b, x)
		}
		return b
	}
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(rounded(x, s.fraction), 'f', s.fraction, 64), ".")
	whole = strings.TrimLeft(whole, "0")
	for n := s.optional; n > 0 && strings.HasSuffix(fraction, "0"); n-- {
		fraction = fraction[:len(fraction)-1]
	}
	grouped := s.thousands && x < maxGrouped
	left := s.whole // remaining placeholders
	for _, p := range s.parts {
		switch {
		case p.kind == literal:
			b = append(b, p.text...)
		case p.kind == point:
			left = -1
			if fraction != "" {
				b = append(b, '.')
			}
		case left > 0:
			n := 1 // digits for this placeholder; the first one takes all surplus digits
			if left == s.whole {
				n = max(1, len(whole)-left+1)
			}
			for ; n > 0; n-- {
				at := left + n - 1 // the digit's place, counted from the point
				if at <= len(whole) {
					b = append(b, whole[len(whole)-at])
				} else if p.text == "0" {
					b = append(b, '0')
				} else {
					continue
				}
				if grouped && at > 1 && at%3 == 1 {
					b = append(b, ',')
				}
			}
			left--
		case left < 0 && fraction != "":
			b = append(b, fraction[0])
			fraction = fraction[1:]
		}
	}
	return b
}

// rounded rounds x to this many decimals, halves up, based on its 15 significant digits.
func rounded(x float64, decimals int) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 14, 64), 64)
	if err != nil {
		return x
	}
	if scale := math.Pow10(decimals); y*scale < 1e15 {
		y = math.Round(y*scale) / scale
	}
	return y
}
