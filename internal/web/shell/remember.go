package shell

import (
	"net/http"
	"time"
)

// Cookies store how a person likes the pages.
const (
	rememberPrefix = "callbook_"
	rememberFor    = 365 * 24 * time.Hour
)

// Remembering stores a value in the browser for a year; "" deletes it. Name and value
// must be valid in a cookie.
func (a Answer) Remembering(name, value string) Answer {
	a.remember = &remembered{name, value}
	return a
}

// remembered is a value to store in the browser.
type remembered struct{ name, value string }

// Remembered returns the value in the browser's cookie, or "". Anybody may have written
// it.
func Remembered(r *http.Request, name string) string {
	c, err := r.Cookie(rememberPrefix + name)
	if err != nil {
		return ""
	}
	return c.Value
}

func (d *Dashboard) rememberCookie(r *http.Request, what remembered) *http.Cookie {
	c := &http.Cookie{
		Name: rememberPrefix + what.name, Value: what.value, Path: "/", MaxAge: int(rememberFor.Seconds()),
		Secure: d.secure(r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if what.value == "" {
		c.MaxAge = -1
	}
	return c
}
