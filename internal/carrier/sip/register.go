package sip

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

const (
	// registerFor is how long a registration is asked to last, and registerAgain how long
	// after a failure it is tried again.
	registerFor   = 5 * time.Minute
	registerAgain = 20 * time.Second
	// minRegistered keeps a trunk from demanding registrations without pause.
	minRegistered = 10 * time.Second
	// longestRegistered is the longest registration that a trunk may demand instead.
	longestRegistered = 24 * time.Hour
	// maxRegisters is how often a REGISTER is sent again because of its answer.
	maxRegisters = 4

	notYet = "it is not registered yet"
)

// register keeps this endpoint registered with a trunk that demands it (RFC 3261, section
// 10), until ctx ends. Then it removes the registration.
func (c *Carrier) register(ctx context.Context, l *line) {
	id, auth, cseq := newTag()+"@callbook", &login{user: l.trunk.User, password: l.trunk.Password}, uint32(0)
	for ctx.Err() == nil {
		wait, why := registerAgain, "it has no host to register with"
		for _, h := range l.all() {
			var lasts time.Duration
			if lasts, why = c.registerWith(ctx, l, h, id, auth, &cseq, registerFor); why == "" {
				wait = max(lasts/2, minRegistered)
				break
			}
		}
		l.mu.Lock()
		l.unregistered = why
		if why == "" {
			l.proven = true
		}
		l.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	l.mu.Lock()
	registered := l.unregistered == ""
	l.mu.Unlock()
	if hosts := l.all(); registered && len(hosts) > 0 {
		leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin/3)
		defer cancel()
		c.registerWith(leaving, l, hosts[0], id, auth, &cseq, 0)
	}
}

// registerWith sends a REGISTER to a host, and again with credentials if it demands them.
// It returns how long the registration lasts, or why there is none.
func (c *Carrier) registerWith(ctx context.Context, l *line, h *host, id string, auth *login, cseq *uint32, length time.Duration) (lasts time.Duration, why string) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	domain := hostOf(&l.trunk)
	user := "<sip:" + l.trunk.User + "@" + domain + ">"
	d := Dialog{
		Transport: l.trunk.Transport, Domain: l.trunk.Host, CallID: id, From: user + ";tag=" + newTag(), To: user,
		Target: "sip:" + domain + paramOf(&l.trunk), Dest: h.dest, SentBy: h.local,
	}
	proved := false
	for try := 0; ; try++ {
		*cseq++
		seconds := strconv.Itoa(int(length / time.Second))
		header := []string{"Contact: " + d.contact(), "Expires: " + seconds}
		if h := auth.header("REGISTER", d.Target); h != "" {
			header = append(header, h)
		}
		_, tx, err := c.net.begin(ctx, &d, message{method: "REGISTER", cseq: *cseq, header: header})
		if err != nil {
			return 0, "it cannot be reached to register: " + err.Error()
		}
		res, err := final(ctx, tx)
		switch {
		case err != nil:
			return 0, "it does not answer the registration"
		case res.IsSuccess():
			return granted(res, &d, length), ""
		case try < maxRegisters && auth.challenged(res, !proved):
			proved = true
		case try < maxRegisters && leastOf(res) > length && length > 0:
			length = leastOf(res)
		default:
			return 0, fmt.Sprintf("it refuses the registration with %d", res.StatusCode)
		}
	}
}

// granted returns how long a registration lasts. The answer may list those of others too.
func granted(res *gosip.Response, d *Dialog, asked time.Duration) time.Duration {
	lasts := asked
	if n := secondsOf(headerOf(res, "Expires")); n > 0 {
		lasts = min(asked, n)
	}
	all := res.GetHeaders("Contact")
	for _, h := range all {
		contact, ok := h.(*gosip.ContactHeader)
		if !ok || len(all) > 1 && hostPort(&contact.Address) != d.SentBy {
			continue
		}
		if v, ok := contact.Params.Get("expires"); ok && secondsOf(v) > 0 {
			lasts = min(asked, secondsOf(v))
		}
	}
	return lasts
}

// leastOf returns how long a registration must last at least, if an answer says that the
// one asked for is too brief, and 0 otherwise.
func leastOf(res *gosip.Response) time.Duration {
	const intervalTooBrief = 423
	if least := secondsOf(headerOf(res, "Min-Expires")); res.StatusCode == intervalTooBrief && least <= longestRegistered {
		return least
	}
	return 0
}

// secondsOf reads a number of seconds, and returns 0 for none.
func secondsOf(text string) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}
