package api

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// acceptsGzip tells whether a request would rather have gzip than nothing, as
// RFC 9110, section 12.5.3, has it. A request without the header gets nothing.
func acceptsGzip(h http.Header) bool {
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

// qvalue reads the weight of a choice; one that is not said, or not well, is 1.
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

// maxFileName is how many characters of a name a file is called by.
const maxFileName = 100

// attachment is the Content-Disposition of a file. What a file system or a
// header has its own use for becomes an underscore; a name that is not ASCII
// comes in both forms of RFC 6266, for old clients and for all others.
func attachment(name, extension string) string {
	var plain, full strings.Builder
	n := 0
	for _, r := range name {
		if n++; n > maxFileName {
			break
		}
		if !unicode.In(r, unicode.L, unicode.M, unicode.N) && (!strings.ContainsRune("-_. ", r) || n == 1) {
			r = '_'
		}
		full.WriteRune(r)
		if r > unicode.MaxASCII {
			r = '_'
		}
		plain.WriteRune(r)
	}
	if n == 0 {
		return attachment("contacts", extension)
	}
	header := `attachment; filename="` + plain.String() + extension + `"`
	if plain.String() != full.String() {
		header += "; filename*=UTF-8''" + url.PathEscape(full.String()) + extension
	}
	return header
}
