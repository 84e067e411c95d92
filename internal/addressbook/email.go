package addressbook

import "strings"

// CanBeEmail reports whether a text has the shape of an e-mail address: something, an
// at sign, and the name of a domain with a dot in it, without blanks. A text that has
// not is kept all the same, since the API takes any; it is pointed out to people.
func CanBeEmail(text string) bool {
	text = strings.TrimSpace(text)
	at := strings.LastIndexByte(text, '@')
	if at <= 0 || strings.ContainsAny(text, " \t\r\n,;<>()") || strings.Contains(text, "\u00a0") { // the first is quick for ASCII only
		return false
	}
	local, domain := text[:at], text[at+1:]
	if strings.Contains(local, "@") && !strings.HasPrefix(local, `"`) {
		return false
	}
	return strings.Contains(domain, ".") && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") && !strings.Contains(domain, "..")
}
