package dashboard

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"callbook/internal/fault"
)

// How often signing in may fail, for each address that it is tried from. Keys
// and links are not to be guessed in any case; this keeps guesses from being
// work for the database. Behind a proxy all come from one address.
const (
	failuresAtOnce = 10
	failureEvery   = 6 * time.Second
	// maxLimited bounds the memory for addresses.
	maxLimited = 10_000
)

// limiter counts failures by address.
type limiter struct {
	mu        sync.Mutex
	addresses map[netip.Prefix]*rate.Limiter
}

func newLimiter() *limiter {
	return &limiter{addresses: make(map[netip.Prefix]*rate.Limiter)}
}

var errTooMany = &fault.Error{
	Kind:       fault.TooMany,
	Detail:     "Signing in failed too often from your address. Wait a minute, then try again.",
	RetryAfter: failureEvery,
}

// check tells whether the request's address may try, at this time.
func (l *limiter) check(r *http.Request, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one, ok := l.addresses[addressOf(r)]; ok && one.TokensAt(now) < 1 {
		return errTooMany
	}
	return nil
}

// failed counts a failure of the request's address.
func (l *limiter) failed(r *http.Request, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	address := addressOf(r)
	one, ok := l.addresses[address]
	if !ok {
		l.makeRoom(now)
		one = rate.NewLimiter(rate.Every(failureEvery), failuresAtOnce)
		l.addresses[address] = one
	}
	one.AllowN(now, 1)
}

// makeRoom forgets the addresses that may try as often as new ones, and all
// when these are too many still.
func (l *limiter) makeRoom(now time.Time) {
	if len(l.addresses) < maxLimited {
		return
	}
	for address, one := range l.addresses {
		if one.TokensAt(now) >= failuresAtOnce {
			delete(l.addresses, address)
		}
	}
	if len(l.addresses) >= maxLimited {
		clear(l.addresses)
	}
}

// addressOf is where a request comes from. One who has an IPv6 address has the
// 64 bits of its network too.
func addressOf(r *http.Request) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 32
	if addr = addr.Unmap(); addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.WithZone("").Prefix(bits)
	return prefix
}
