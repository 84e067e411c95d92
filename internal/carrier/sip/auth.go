package sip

import (
	"sync"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// login answers the digest challenges of a trunk (RFC 3261, section 22). It is safe for
// concurrent use.
type login struct {
	user, password string

	mu        sync.Mutex
	name      string // the header, Authorization or Proxy-Authorization; "" before a challenge
	challenge *digest.Challenge
	count     int
	sent      string // the last line
}

// challenged takes the challenge of an answer 401 or 407. It reports whether the request
// is worth repeating with credentials: there is a user and, unless first is set, the
// challenge says that only the nonce of the last credentials was too old.
func (l *login) challenged(res *gosip.Response, first bool) bool {
	from, to := "WWW-Authenticate", "Authorization"
	switch res.StatusCode {
	case gosip.StatusUnauthorized:
	case gosip.StatusProxyAuthRequired:
		from, to = "Proxy-Authenticate", "Proxy-Authorization"
	default:
		return false
	}
	if l.user == "" {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for value := range fields(res, from) {
		ch, err := digest.ParseChallenge(value)
		if err != nil || !digest.CanDigest(ch) || len(ch.QOP) > 0 && !ch.SupportsQOP("auth") {
			continue
		}
		if !first && !ch.Stale {
			return false
		}
		l.name, l.challenge, l.count = to, ch, 0
		return true
	}
	return false
}

// header returns the header line with the credentials for a request, or "" if there was
// no challenge.
func (l *login) header(method, uri string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.challenge == nil {
		return ""
	}
	l.count++
	cred, err := digest.Digest(l.challenge, digest.Options{
		Method: method, URI: uri, Username: l.user, Password: l.password, Count: l.count,
	})
	if err != nil {
		return ""
	}
	l.sent = l.name + ": " + cred.String()
	return l.sent
}

// last returns the line of the last request, or "".
func (l *login) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}
