package sip

import (
	"context"
	"iter"
	"strconv"
	"strings"
	"sync"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// interval is how long a session lasts unless it is refreshed (RFC 4028), and who
// refreshes it.
type interval struct {
	length time.Duration // 0 means that it lasts for ever
	ours   bool          // this side refreshes it
}

// headerOf returns the value of the first header with a name, or "".
func headerOf(m gosip.Message, name string) string {
	for value := range fields(m, name) {
		return value
	}
	return ""
}

// fields returns the values of the headers with a name. Unlike those of sipgo, it makes no
// copies of names.
func fields(m gosip.Message, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, h := range m.(interface{ Headers() []gosip.Header }).Headers() {
			if strings.EqualFold(h.Name(), name) && !yield(h.Value()) {
				return
			}
		}
	}
}

// maxSession bounds a session interval that a peer demands.
const maxSession = 24 * time.Hour

// expires reads the Session-Expires header of a message. Ours is the word for this side:
// "uac" if this side has sent the request, or else "uas". If a request does not say who
// refreshes the session, the peer does, unless it has no session timers.
func expires(m gosip.Message, ours string) interval {
	value := headerOf(m, "Session-Expires")
	if value == "" {
		value = headerOf(m, "x") // the compact form
	}
	seconds, params, _ := strings.Cut(value, ";")
	n, err := strconv.Atoi(strings.TrimSpace(seconds))
	if err != nil || n <= 0 {
		return interval{}
	}
	refresher := ""
	for f := range strings.SplitSeq(params, ";") {
		if name, who, _ := strings.Cut(strings.TrimSpace(f), "="); strings.EqualFold(name, "refresher") {
			refresher = who
		}
	}
	if _, request := m.(*gosip.Request); request && refresher == "" && !timed(m) {
		refresher = ours // a proxy has asked for the timer
	}
	return interval{min(time.Duration(n)*time.Second, maxSession), strings.EqualFold(refresher, ours)}
}

// timed reports whether whoever has sent a message has session timers.
func timed(m gosip.Message) bool { return lists(m, "Supported", "timer") || lists(m, "k", "timer") }

// minSE returns the seconds of the Min-SE header of an answer 422, or "".
func minSE(m gosip.Message) string {
	digits, _, _ := strings.Cut(headerOf(m, "Min-SE"), ";")
	n, err := strconv.Atoi(strings.TrimSpace(digits))
	if err != nil || n <= 0 || time.Duration(n)*time.Second > maxSession {
		return ""
	}
	return strconv.Itoa(n)
}

// session is the session timer of an answered call.
type session struct {
	l      *call
	now    interval
	update bool // the peer takes UPDATE, which needs no new offer
	timer  *time.Timer
	gone   chan struct{} // closed when a refresh shows that the call is over
	once   sync.Once
	work   sync.WaitGroup
	ctx    context.Context // of refreshes; nil before the first
	cancel context.CancelFunc
}

// newSession starts the session timer that the answer of a call demands.
func newSession(l *call, res *gosip.Response) *session {
	s := &session{l: l, gone: make(chan struct{}), update: lists(res, "Allow", "UPDATE")}
	s.renew(expires(res, "uac"))
	return s
}

// lists reports whether the headers with a name have a word in their lists.
func lists(m gosip.Message, name, word string) bool {
	for value := range fields(m, name) {
		for one := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(one), word) {
				return true
			}
		}
	}
	return false
}

// renew starts the interval anew. Half of it is the time for this side to refresh it; if
// the peer does not, the call ends a third of it or 32 seconds before its end.
func (s *session) renew(i interval) {
	if i.length == 0 {
		i = s.now // it was refreshed without a word about the interval
	}
	s.now = i
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	switch {
	case i.length == 0:
	case i.ours:
		s.timer = time.NewTimer(i.length / 2)
	default:
		s.timer = time.NewTimer(i.length - min(32*time.Second, i.length/3))
	}
}

// due returns the channel on which the timer fires, or nil.
func (s *session) due() <-chan time.Time {
	if s.timer == nil {
		return nil
	}
	return s.timer.C
}

// refresh is for when the timer has fired: it refreshes the session in the background, or
// gives the call up if the peer should have done so.
func (s *session) refresh() {
	s.timer = nil
	if !s.now.ours {
		s.lose()
		return
	}
	if s.ctx == nil {
		s.ctx, s.cancel = context.WithCancel(s.l.c.life)
	}
	s.work.Go(func() {
		ctx, cancel := context.WithTimeout(s.ctx, min(answerWithin, s.now.length/2))
		defer cancel()
		if !s.send(ctx, s.now.length) && s.ctx.Err() == nil {
			s.lose()
		}
	})
}

// send refreshes the session and reports whether it lasts.
func (s *session) send(ctx context.Context, length time.Duration) bool {
	seconds := strconv.Itoa(int(length / time.Second))
	header := []string{"Session-Expires: " + seconds + ";refresher=uac"}
	method, body := "UPDATE", []byte(nil)
	if !s.update {
		method, body = "INVITE", s.l.media.Offer()
		s.l.inviting.Store(true)
		defer s.l.inviting.Store(false)
	}
	for range 2 {
		res, err := s.l.request(ctx, method, header, body)
		if err != nil {
			return false
		}
		switch least := minSE(res); {
		case res.IsSuccess():
			if method == "INVITE" && len(res.Body()) > 0 && s.l.media.Answer(res.Body()) != nil {
				return false
			}
			i := expires(res, "uac")
			if i.length == 0 {
				i = interval{length, true}
			}
			select {
			case s.l.fresh <- i:
			default:
			}
			return true
		case res.StatusCode == 422 && least != "":
			header = []string{"Session-Expires: " + least + ";refresher=uac", "Min-SE: " + least}
		case res.StatusCode == gosip.StatusRequestTimeout || res.StatusCode == gosip.StatusCallTransactionDoesNotExists:
			return false
		default:
			// The call is there, and the next refresh may be taken.
			select {
			case s.l.fresh <- interval{length / 2, true}:
			default:
			}
			return true
		}
	}
	return false
}

// lose ends the call.
func (s *session) lose() { s.once.Do(func() { close(s.gone) }) }

// close stops the timer and waits for a refresh under way.
func (s *session) close() {
	if s.ctx != nil {
		s.cancel()
	}
	s.work.Wait()
	if s.timer != nil {
		s.timer.Stop()
	}
}
