// Package negotiate parses what clients accept.
package negotiate

import (
	"net/http"
	"strconv"
	"strings"
)

// AcceptsGzip reports whether a request prefers gzip to no compression, by RFC 9110,
// section 12.5.3. A request without the header does not.
func AcceptsGzip(h http.Header) bool {
	const unsaid = -1
	zip, identity, other := float64(unsaid), float64(unsaid), float64(unsaid)
	for _, field := range h.Values("Accept-Encoding") {
		for choice := range strings.SplitSeq(field, ",") {
			coding, weight, _ := strings.Cut(choice, ";")
			q := qvalue(weight)
			switch strings.ToLower(strings.TrimSpace(coding)) {
			case "gzip", "x-gzip":
				zip = max(zip, q)
			case "identity":
				identity = q
			case "*":
				other = q
			}
		}
	}
	if zip == unsaid {
		zip = other
	}
	return zip > 0 && zip >= identity
}

// qvalue parses the weight of a choice. A missing or malformed weight is 1.
func qvalue(weight string) float64 {
	name, value, _ := strings.Cut(weight, "=")
	if !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(0 <= q && q <= 1) {
		return 1
	}
	return q
}
