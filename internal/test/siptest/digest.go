package siptest

import (
	"crypto/md5"
	"fmt"
	"strings"
)

// Account is what a callee knows of a caller that has a password.
type Account struct{ User, Password string }

// Challenge answers a request with 401, or 407 as proxies do, and asks for digest
// authentication (RFC 2617) with a nonce. Further parameters may be "stale=true".
func (c *Call) Challenge(m *Message, status int, nonce string, further ...string) {
	name := "WWW-Authenticate"
	if status == 407 {
		name = "Proxy-Authenticate"
	}
	value := fmt.Sprintf(`%s: Digest realm="trunk", nonce="%s", algorithm=MD5, qop="auth"`, name, nonce)
	c.Reply(m, Answer{Status: status, Header: []string{strings.Join(append([]string{value}, further...), ", ")}})
}

// Proves reports whether a request proves that its sender knows the password, for a
// nonce.
func (a Account) Proves(m *Message, nonce string) bool {
	value := m.Get("Authorization") + m.Get("Proxy-Authorization")
	rest, ok := strings.CutPrefix(value, "Digest ")
	if !ok {
		return false
	}
	got := make(map[string]string)
	for part := range strings.SplitSeq(rest, ",") {
		name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		got[name] = strings.Trim(v, `"`)
	}
	sum := func(parts ...string) string { return fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(parts, ":")))) }
	first, second := sum(a.User, "trunk", a.Password), sum(m.Method(), got["uri"])
	want := sum(first, nonce, second)
	if got["qop"] != "" {
		want = sum(first, nonce, got["nc"], got["cnonce"], got["qop"], second)
	}
	return got["username"] == a.User && got["nonce"] == nonce && got["response"] == want
}
