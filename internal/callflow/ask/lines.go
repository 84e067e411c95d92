package ask

import (
	"context"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/limit"
)

// lines limits the requests, in total and to each host. Requests to a slow host hold up
// only each other.
type lines struct {
	all *limit.Pool

	mu    sync.Mutex
	hosts map[string]*line
}

// line is a host with requests.
type line struct {
	places *limit.Pool
	users  int
}

func newLines() *lines {
	return &lines{all: limit.New(places, limit.Options{Spare: true}), hosts: make(map[string]*line)}
}

// enter waits for a place. The caller must call leave in the end.
func (ls *lines) enter(ctx context.Context, id account.ID, host string) (leave func(), err error) {
	ls.mu.Lock()
	l := ls.hosts[host]
	if l == nil {
		l = &line{places: limit.New(perHost, limit.Options{Spare: true})}
		ls.hosts[host] = l
	}
	l.users++
	ls.mu.Unlock()
	forget := func() {
		ls.mu.Lock()
		defer ls.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(ls.hosts, host)
		}
	}
	if err := l.places.Acquire(ctx, id, 1); err != nil {
		forget()
		return nil, err
	}
	if err := ls.all.Acquire(ctx, id, 1); err != nil {
		l.places.Release(id, 1)
		forget()
		return nil, err
	}
	return func() {
		ls.all.Release(id, 1)
		l.places.Release(id, 1)
		forget()
	}, nil
}

// quiet is a rate limit of log messages: one a minute for each account.
type quiet struct {
	mu   sync.Mutex
	told map[account.ID]time.Time
}

// may reports whether a message may be logged now.
func (q *quiet) may(id account.ID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if q.told == nil || len(q.told) > 1000 {
		q.told = make(map[account.ID]time.Time)
	}
	if now.Sub(q.told[id]) < time.Minute {
		return false
	}
	q.told[id] = now
	return true
}
