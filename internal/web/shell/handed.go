package shell

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// A cookie holds the text for the next page. The browser sends the cookie only to that
// page, and the page deletes it.
const (
	handedCookie = "callbook_handed"
	handedFor    = 60 // seconds
)

// handedCookie returns the cookie with a text for the page at this path; "" deletes it.
// The value begins with the hash of the session.
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

// Handed returns the text that [Answer.Handing] has passed to this page. It returns "" if
// there is none, if the page was shown before, or if the session is another.
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
