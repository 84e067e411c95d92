package api

import (
	"net/url"
	"strings"
	"unicode"
)

// maxFileName bounds the name of a downloaded file, in characters.
const maxFileName = 100

// attachment returns the Content-Disposition of a file. It replaces characters that are
// special in file systems or headers with underscores. A name beyond ASCII has both forms
// of RFC 6266, for old clients and for all others.
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
