package addressbook

import "strings"

// CanBeEmail reports whether a text has the shape of an e-mail address: something, an at
// sign, and a domain name with a dot, without blanks. The API stores any text as an
// e-mail. Pages point out those that do not have this shape.
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
