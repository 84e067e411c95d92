package siptest

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Patience is how long the callee waits for anything that a test awaits.
const Patience = 2 * time.Minute

// list is what grows, and can be waited for.
type list[T any] struct {
	mu      sync.Mutex
	all     []T
	changed chan struct{}
}

func newList[T any]() *list[T] { return &list[T]{changed: make(chan struct{})} }

func (l *list[T]) add(v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, v)
	close(l.changed)
	l.changed = make(chan struct{})
}

// now returns what there is, and a channel that closes when there is more.
func (l *list[T]) now() ([]T, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all), l.changed
}

// await waits until pick finds something. It returns false after [Patience], or when
// over closes.
func await[T, R any](l *list[T], over <-chan struct{}, pick func([]T) (R, bool)) (R, bool) {
	return awaitFor(Patience, l, over, pick)
}

// awaitFor is await with another patience.
func awaitFor[T, R any](patience time.Duration, l *list[T], over <-chan struct{}, pick func([]T) (R, bool)) (R, bool) {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		all, changed := l.now()
		if r, ok := pick(all); ok {
			return r, true
		}
		var none R
		select {
		case <-changed:
		case <-over:
			return none, false
		case <-late.C:
			return none, false
		}
	}
}

// Seen is what a callee saw of requests, in their order.
type Seen struct{ requests *list[*Message] }

func newSeen() *Seen { return &Seen{newList[*Message]()} }

// add records a request, and reports whether it was there before.
func (s *Seen) add(m *Message) (again bool) {
	all, _ := s.requests.now()
	m.Repeats = slices.ContainsFunc(all, func(o *Message) bool { return o.transaction() == m.transaction() })
	s.requests.add(m)
	return m.Repeats
}

// Count returns how many requests of a method came, with those that were repeated.
func (s *Seen) Count(method string) int { return len(s.of(method)) }

// CountOnce is Count without the requests that were repeated, as a sender does that gets no
// answer for half a second.
func (s *Seen) CountOnce(method string) int {
	return len(slices.DeleteFunc(s.of(method), func(m *Message) bool { return m.Repeats }))
}

// of returns the requests of a method, with those that were repeated.
func (s *Seen) of(method string) []*Message {
	all, _ := s.requests.now()
	return slices.DeleteFunc(all, func(m *Message) bool { return m.Method() != method })
}

// All returns every request, with those that were repeated.
func (s *Seen) All() []*Message {
	all, _ := s.requests.now()
	return all
}

// Requests returns the methods and CSeq of the requests, each once, such as "INVITE 1".
func (s *Seen) Requests() []string {
	var all []string
	for _, m := range s.All() {
		if !m.Repeats {
			all = append(all, fmt.Sprintf("%s %d", m.Method(), m.CSeq()))
		}
	}
	return all
}

// nth picks the nth request of a method, without those that were repeated.
func nth(method string, n int) func([]*Message) (*Message, bool) {
	return func(all []*Message) (*Message, bool) {
		i := 0
		for _, m := range all {
			if m.Method() == method && !m.Repeats {
				if i++; i == n {
					return m, true
				}
			}
		}
		return nil, false
	}
}

// Await waits for the nth request of a method, without those that were repeated. It
// returns nil after [Patience].
func (s *Seen) Await(method string, n int) *Message {
	m, _ := await(s.requests, nil, nth(method, n))
	return m
}

// AwaitCount waits until so many requests of a method came, with those that were
// repeated, and reports whether they did.
func (s *Seen) AwaitCount(method string, n int) bool {
	_, ok := await(s.requests, nil, func([]*Message) (bool, bool) { return true, s.Count(method) >= n })
	return ok
}
