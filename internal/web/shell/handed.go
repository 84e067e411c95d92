package shell

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// What a page is handed waits in a cookie, which the browser sends to that page
// alone and which the page takes away.
const (
	handedCookie = "callbook_handed"
	handedFor    = 60 // seconds
)

// handedCookie is the cookie that hands a text to the page at this path; "" takes it
// away. It begins with the hash of the session.
func (d *Dashboard) handedCookie(r *http.Request, path, text string) *http.Cookie {
	c := &http.Cookie{
		Name: handedCookie, Path: path, MaxAge: handedFor, Secure: d.secure(r), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	if text == "" {
		c.MaxAge = -1
		return c
	}
	c.Value = SessionOf(r).Hash.String() + "." + base64.RawURLEncoding.EncodeToString([]byte(text))
	return c
}

// Handed returns what the page was handed by [Answer.Handing], and "" when it was
// handed nothing, or was shown before, or another session was.
func Handed(r *http.Request) string {
	c, err := r.Cookie(handedCookie)
	if err != nil {
		return ""
	}
	session, packed, _ := strings.Cut(c.Value, ".")
	text, err := base64.RawURLEncoding.DecodeString(packed)
	if err != nil || session != SessionOf(r).Hash.String() {
		return ""
	}
	return string(text)
}
