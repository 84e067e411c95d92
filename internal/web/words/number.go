package words

import "strconv"

// Count returns a whole number with separators between the thousands.
func Count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// FileSize returns a size in bytes for people.
func FileSize(bytes int64) string {
	switch {
	case bytes < 1000:
		return Plural(int(bytes), "byte", "bytes")
	case bytes < 1_000_000:
		return strconv.FormatInt((bytes+500)/1000, 10) + " kB"
	}
	return strconv.FormatFloat(float64(bytes)/1e6, 'f', 1, 64) + " MB"
}

// Plural returns a number with its noun, such as "1 contact" or "2,000 contacts".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}
