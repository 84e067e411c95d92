package campaign

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"callbook/internal/fault"
)

// AllCountries in [Policy.Countries] allows all countries.
const AllCountries = "all"

// AnyCountry reports whether the policy allows all countries.
func (p *Policy) AnyCountry() bool {
	return len(p.Countries) == 0 || slices.Contains(p.Countries, AllCountries)
}

// Allows reports whether the account may call a country, given by its ISO 3166-1 code.
func (p *Policy) Allows(region string) bool {
	return p.AnyCountry() || slices.Contains(p.Countries, region)
}

// ParseCountries parses ISO 3166-1 codes separated by commas, such as "IN,US". "all"
// allows all countries, and "default" returns nil. [Policy.Check] validates the codes.
func ParseCountries(text string) []string {
	switch text = strings.TrimSpace(text); strings.ToLower(text) {
	case AllCountries:
		return []string{AllCountries}
	case byDefault:
		return nil
	}
	var codes []string
	for code := range strings.SplitSeq(text, ",") {
		codes = append(codes, strings.ToUpper(strings.TrimSpace(code)))
	}
	return codes
}

// FormatCountries returns the countries in the format of [ParseCountries].
func FormatCountries(codes []string) string {
	if len(codes) == 0 {
		return byDefault
	}
	return strings.Join(codes, ",")
}

// ParseCap parses the calls per day to a number. "none" returns [NoCap], and "0" and
// "default" return 0. [Policy.Check] bounds the number.
func ParseCap(text string) (int, error) {
	switch text = strings.ToLower(strings.TrimSpace(text)); text {
	case "none":
		return NoCap, nil
	case byDefault:
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, fmt.Sprintf("calls a day to a number must be 1 to %d, or none, or default", MaxDailyCap))
	}
	return n, nil
}

// FormatCap returns a number of calls per day in the format of [ParseCap].
func FormatCap(n int) string {
	switch n {
	case 0:
		return byDefault
	case NoCap:
		return "none"
	}
	return strconv.Itoa(n)
}
