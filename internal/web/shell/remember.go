package shell

import (
	"net/http"
	"time"
)

// What a browser remembers of how somebody likes the pages is in cookies.
const (
	rememberPrefix = "callbook_"
	rememberFor    = 365 * 24 * time.Hour
)

// Remembering has the browser remember a value under a name, for a year; "" has it
// forget. Both may have only what the name and value of a cookie may have.
func (a Answer) Remembering(name, value string) Answer {
	a.remember = &remembered{name, value}
	return a
}

// remembered is a value that a browser is to remember.
type remembered struct{ name, value string }

// Remembered returns what the browser remembers under a name, "" for nothing. Anybody
// may have written it.
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
