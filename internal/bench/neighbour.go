package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// neighbourClients is how many clients of one account are at its worst at
	// once, and neighbourContacts how many contacts that account has.
	neighbourClients  = 64
	neighbourContacts = 500_000
	// neighbourSmall is how many contacts the other account has.
	neighbourSmall = bulk
	// neighbourTime is how long each load lasts.
	neighbourTime = 15 * time.Second
	// neighbourRows is how many rows each file has that is imported.
	neighbourRows = 100_000
	// refusedPause is how long a client waits that was told to come again.
	refusedPause = 100 * time.Millisecond
)

// neighbour is what one kind of request of an account took while nobody else
// asked anything, and while another account did its worst.
type neighbour struct {
	Load      string  `json:"load"`
	Request   string  `json:"request"`
	Requests  int     `json:"requests"`
	IdleP50   float64 `json:"idle_p50_ms"`
	IdleP99   float64 `json:"idle_p99_ms"`
	LoadedP50 float64 `json:"loaded_p50_ms"`
	LoadedP99 float64 `json:"loaded_p99_ms"`
	P99Ratio  float64 `json:"loaded_to_idle_p99"`
	// Served is how many requests a second of the load were done.
	Served float64 `json:"load_requests_per_second"`
	PeakMB float64 `json:"server_peak_mb"`
}

// neighbours measures what one account's loads do to the requests of another.
func (l *lab) neighbours(ctx context.Context) (all []neighbour, err error) {
	err = withDir(l.dir, "neighbour-", func(dir string) (err error) {
		s, err := l.startServer(ctx, dir)
		if err != nil {
			return err
		}
		// What is under way then would only keep it from ending.
		defer func() { err = errors.Join(err, s.kill(), s.remove()) }()
		worst := newClient(s.url, s.first, neighbourClients)
		defer worst.close()
		if err := l.fill(ctx, worst, neighbourContacts); err != nil {
			return err
		}
		auth, err := s.newAccount(ctx, "neighbour")
		if err != nil {
			return err
		}
		other := newClient(s.url, auth, 1)
		defer other.close()
		if err := l.fill(ctx, other, neighbourSmall); err != nil {
			return err
		}
		file, err := l.gen.writeCSV(dir, neighbourRows, 0)
		if err != nil {
			return err
		}
		var generating sync.Mutex // the generator is one client's at a time
		body := func(n int) []byte {
			generating.Lock()
			defer generating.Unlock()
			return l.gen.body(n)
		}
		asked, err := neighbourRequests(ctx, s, other, body)
		if err != nil {
			return err
		}
		idle, err := asked.during(ctx, func(context.Context, int) error { return nil })
		if err != nil {
			return err
		}
		for _, load := range worst.withUnread([]worstLoad{
			{"searches", func(ctx context.Context, i int) error {
				return worst.bear(ctx, http.MethodGet, worst.url+"?limit=20&q=nobody"+strconv.Itoa(i), nil)
			}},
			{"deep pages", func(ctx context.Context, i int) error {
				return worst.bear(ctx, http.MethodGet, worst.url+"?limit=20&offset="+strconv.Itoa(neighbourContacts-100-i), nil)
			}},
			{"large pages", func(ctx context.Context, i int) error {
				return worst.bear(ctx, http.MethodGet, worst.url+"?limit=5000", nil)
			}},
			{"bulk requests", func(ctx context.Context, i int) error {
				return worst.bear(ctx, http.MethodPost, worst.url, body(bulk))
			}},
			{"imports", func(loading context.Context, i int) error {
				if i > 2 {
					<-loading.Done()
					return nil
				}
				// What has begun is awaited, so that it is not there under the next load.
				id, _, err := worst.uploadCSV(ctx, file)
				if err == nil {
					_, err = worst.awaitCSV(ctx, id, neighbourRows)
				}
				return err
			}},
			{"exports", func(ctx context.Context, i int) error {
				return worst.bear(ctx, http.MethodGet, worst.url+"/export?format=csv", nil)
			}},
		}, body) {
			s.resetPeak()
			loaded, err := asked.during(ctx, load.do)
			if err != nil {
				return fmt.Errorf("%s: %w", load.name, err)
			}
			for i := range asked.requests {
				n := neighbour{
					Load: load.name, Request: asked.requests[i].name, Requests: len(loaded.times[i]), Served: loaded.served,
					IdleP50: milliseconds(percentile(idle.times[i], 50)), IdleP99: milliseconds(percentile(idle.times[i], 99)),
					LoadedP50: milliseconds(percentile(loaded.times[i], 50)), LoadedP99: milliseconds(percentile(loaded.times[i], 99)),
				}
				n.PeakMB = megabytes(s.peak())
				n.P99Ratio = ratio(n.LoadedP99, n.IdleP99)
				all = append(all, n)
			}
			l.progress("neighbour of %s: %d requests", load.name, len(loaded.times[0]))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("neighbour: %w", err)
	}
	return all, nil
}

// neighbourAsks is what the neighbour asks, one after the other.
type neighbourAsks struct {
	requests []struct {
		name string
		do   func(ctx context.Context) error
	}
}

// neighbourRequests are what the client of the other account asks. Body makes
// contacts.
func neighbourRequests(ctx context.Context, s *server, c *client, body func(n int) []byte) (a neighbourAsks, err error) {
	some, _, err := c.page(ctx, 1, neighbourSmall/2)
	if err != nil {
		return a, err
	}
	stranger := *c
	stranger.auth.Key = "nobody"
	add := func(name string, do func(ctx context.Context) error) {
		a.requests = append(a.requests, struct {
			name string
			do   func(ctx context.Context) error
		}{name, do})
	}
	get := func(name, url string, c *client, status int) {
		add(name, func(ctx context.Context) error {
			_, err := c.do(ctx, http.MethodGet, url, nil, nil, status)
			return err
		})
	}
	get("a contact", c.url+"/"+some[0].SID, c, http.StatusOK)
	get("first page", c.url+"?limit=20", c, http.StatusOK)
	get("by number", c.url+"?number=%2B"+some[0].Number[1:], c, http.StatusOK)
	get("a search", c.url+"?limit=20&q=nobody", c, http.StatusOK)
	get("an unknown key", c.url+"/"+some[0].SID, &stranger, http.StatusUnauthorized)
	get("/readyz", s.url+"/readyz", c, http.StatusOK)
	add("one more contact", func(ctx context.Context) error {
		_, err := c.post(ctx, body(1), nil, 1)
		return err
	})
	return a, nil
}

// measured is what the neighbour's requests took during a load.
type measured struct {
	times  [][]time.Duration // of each kind of request
	served float64
}

// during asks everything again and again while clients do something.
func (a *neighbourAsks) during(ctx context.Context, do func(ctx context.Context, client int) error) (m measured, err error) {
	m.times = make([][]time.Duration, len(a.requests))
	loading, stop := context.WithCancel(ctx)
	defer stop()
	var load errgroup.Group
	served := make([]int, neighbourClients)
	for i := range neighbourClients {
		load.Go(func() error {
			for loading.Err() == nil {
				start := time.Now()
				if err := do(loading, i); err != nil && loading.Err() == nil {
					return err
				}
				if time.Since(start) < time.Millisecond {
					select {
					case <-time.After(refusedPause):
					case <-loading.Done():
					}
				} else if loading.Err() == nil {
					served[i]++
				}
			}
			return nil
		})
	}
	for start := time.Now(); time.Since(start) < neighbourTime && err == nil; {
		for i, request := range a.requests {
			if err = timed(&m.times[i], func() error { return request.do(ctx) }); err != nil {
				err = fmt.Errorf("%s: %w", request.name, err)
				break
			}
		}
	}
	stop()
	err = errors.Join(err, load.Wait())
	for _, n := range served {
		m.served += float64(n) / neighbourTime.Seconds()
	}
	return m, err
}

// bear sends a request and reads its answer away, whatever it is: who asks too
// much is refused, waits and comes again.
func (c *client) bear(ctx context.Context, method, url string, body []byte) error {
	answer, err := c.request(ctx, method, url, body)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	if answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusServiceUnavailable {
		select {
		case <-time.After(refusedPause):
		case <-ctx.Done():
		}
	}
	return err
}

func neighbourTable(all []neighbour) [][]string {
	table := [][]string{{"neighbour of", "request", "requests", "idle p50", "idle p99", "loaded p50", "loaded p99", "p99 ratio", "load's requests/s", "peak MB"}}
	for _, n := range all {
		table = append(table, []string{n.Load, n.Request, grouped(n.Requests), figure(n.IdleP50), figure(n.IdleP99),
			figure(n.LoadedP50), figure(n.LoadedP99), figure(n.P99Ratio), figure(n.Served), figure(n.PeakMB)})
	}
	return table
}
