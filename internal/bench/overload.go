package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	overloadFactor = 2
	// overloadTime is how long twice the highest rate is offered, at most.
	overloadTime = 30 * time.Second
	// overloadOpen bounds the requests that the offering program has open: one
	// more is not sent, which the report tells.
	overloadOpen = 8192
	// recovered is how many requests in a row must be done to call it recovered.
	recovered = 30
	sampleGap = 250 * time.Millisecond
)

// mixedResult is what a server bore.
type mixedResult struct {
	Steady   phase `json:"steady"`
	Overload phase `json:"overload"`
	// RecoveryMS is from the last request of the overload, while many are still
	// open, until 30 in a row were done, one after the other.
	RecoveryMS float64 `json:"recovery_ms"`
	PeakMB     float64 `json:"server_peak_mb"`
}

// phase is one load. Its errors are answers that are neither good nor a refusal
// with 429 or 503 and Retry-After.
type phase struct {
	Seconds    float64  `json:"seconds"`
	Offered    float64  `json:"offered_per_second"`
	Done       float64  `json:"done_per_second"`
	Shed       int64    `json:"shed"`
	Unsent     int64    `json:"unsent"`
	Errors     int64    `json:"errors"`
	FirstError string   `json:"first_error,omitempty"`
	P50        float64  `json:"p50_ms"`
	P99        float64  `json:"p99_ms"`
	Middle     resource `json:"middle_third"`
	Last       resource `json:"last_third"`
}

// resource is what the server took, the mean of a time.
type resource struct {
	ResidentMB float64 `json:"resident_mb"`
	Goroutines float64 `json:"goroutines"`
}

// mixedLoad measures everything at once: at the highest rate, then at twice that.
func (l *lab) mixedLoad(ctx context.Context) (res mixedResult, err error) {
	err = withDir(l.dir, "load-", func(dir string) (err error) {
		s, err := l.startServer(ctx, dir)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
		m, err := l.newMixed(ctx, s)
		if err != nil {
			return err
		}
		s.resetPeak()
		res.Steady = m.closed(ctx, s, l.limit)
		l.progress("load      steady: %s requests/s, %d errors", grouped(int(res.Steady.Done)), res.Steady.Errors)
		res.Overload = m.open(ctx, s, overloadFactor*res.Steady.Done, min(l.limit, overloadTime), func() { res.RecoveryMS, err = m.recover(ctx) })
		if err != nil {
			return err
		}
		l.progress("load      overload: %s requests/s, %d shed, %d errors; recovered after %.0f ms",
			grouped(int(res.Overload.Done)), res.Overload.Shed, res.Overload.Errors, res.RecoveryMS)
		res.PeakMB = megabytes(s.peak())
		_, err = s.command(ctx, "check")
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return res, fmt.Errorf("load: %w", err)
	}
	return res, nil
}

// tally counts what becomes of requests.
type tally struct {
	done, shed, unsent, errors atomic.Int64

	mu        sync.Mutex
	first     error
	latencies []time.Duration
}

func (t *tally) count(ctx context.Context, visit func() error) {
	began := time.Now()
	err := visit()
	took := time.Since(began)
	switch {
	case err == nil:
		t.done.Add(1)
		t.mu.Lock()
		t.latencies = append(t.latencies, took)
		t.mu.Unlock()
	case errors.Is(err, errShed):
		t.shed.Add(1)
	case ctx.Err() == nil:
		t.errors.Add(1)
		t.mu.Lock()
		if t.first == nil {
			t.first = err
		}
		t.mu.Unlock()
	}
}

// phase sums up.
func (t *tally) phase(took time.Duration, offered float64, samples []resource) phase {
	p := phase{
		Seconds: took.Seconds(), Offered: offered, Done: perSecond(int(t.done.Load()), took),
		Shed: t.shed.Load(), Unsent: t.unsent.Load(), Errors: t.errors.Load(),
		P50: milliseconds(percentile(t.latencies, 50)), P99: milliseconds(percentile(t.latencies, 99)),
		Middle: mean(samples[len(samples)/3 : 2*len(samples)/3]), Last: mean(samples[2*len(samples)/3:]),
	}
	if t.first != nil {
		p.FirstError = t.first.Error()
	}
	return p
}

func mean(samples []resource) (m resource) {
	for _, s := range samples {
		m.ResidentMB += s.ResidentMB / float64(len(samples))
		m.Goroutines += s.Goroutines / float64(len(samples))
	}
	return m
}

// closed has every visitor make one request after the other for a time.
func (m *mixed) closed(ctx context.Context, s *server, limit time.Duration) phase {
	var t tally
	var clients sync.WaitGroup
	stop := s.sample(ctx)
	began := time.Now()
	for i, v := range m.visitors {
		clients.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for time.Since(began) < limit && ctx.Err() == nil {
				t.count(ctx, func() error { return v.visit(ctx, r) })
			}
		})
	}
	clients.Wait()
	return t.phase(time.Since(began), 0, stop())
}

// open sends requests at a rate, whatever becomes of them. It calls after when the
// last was sent, and many may still be open.
func (m *mixed) open(ctx context.Context, s *server, rate float64, limit time.Duration, after func()) phase {
	var t tally
	var requests sync.WaitGroup
	places := make(chan struct{}, overloadOpen)
	stop := s.sample(ctx)
	began := time.Now()
	every := time.NewTicker(time.Millisecond)
	defer every.Stop()
	for sent := 0; time.Since(began) < limit && ctx.Err() == nil; <-every.C {
		for ; sent < int(time.Since(began).Seconds()*rate); sent++ {
			select {
			case places <- struct{}{}:
			default:
				t.unsent.Add(1)
				continue
			}
			v, seed := m.visitors[sent%len(m.visitors)], uint64(sent)
			requests.Go(func() {
				t.count(ctx, func() error { return v.visit(ctx, rand.New(rand.NewPCG(seed, 2))) })
				<-places
			})
		}
	}
	took, samples := time.Since(began), stop()
	after()
	requests.Wait()
	return t.phase(took, rate, samples)
}

// recover makes requests one after the other until many in a row are done, and
// returns how many milliseconds that took.
func (m *mixed) recover(ctx context.Context) (float64, error) {
	over := time.Now()
	r := rand.New(rand.NewPCG(1, 3))
	for row := 0; row < recovered; row++ {
		if time.Since(over) > requestLimit {
			return 0, errors.New("the server does not recover")
		}
		if err := m.visitors[row%len(m.visitors)].create(ctx, r, 1); err != nil {
			row = -1
		}
	}
	return milliseconds(time.Since(over)), nil
}

// sample looks at the server again and again until the returned function is
// called, which returns what was seen.
func (s *server) sample(ctx context.Context) (stop func() []resource) {
	ctx, cancel := context.WithCancel(ctx)
	seen := make(chan []resource, 1)
	go func() {
		var all []resource
		every := time.NewTicker(sampleGap)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				seen <- all
				return
			case <-every.C:
				all = append(all, resource{megabytes(s.resident()), s.goroutines(ctx)})
			}
		}
	}()
	return func() []resource { cancel(); return <-seen }
}

// goroutines is how many the server has; zero when it was built without the
// profiler.
func (s *server) goroutines(ctx context.Context) float64 {
	if lineValue(profileLine, s.stdout.String()) == "" {
		return 0
	}
	text, err := s.profiler(ctx, "/goroutines")
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return float64(n)
}

func (m *mixedResult) print(w io.Writer) {
	printTable(w, m.table())
	fmt.Fprintf(w, "%d requests in a row were done %.0f ms after the last of the overload was sent; peak %s MB; callbook check found nothing wrong\n", recovered, m.RecoveryMS, figure(m.PeakMB))
	for _, p := range []phase{m.Steady, m.Overload} {
		if p.FirstError != "" {
			fmt.Fprintf(w, "the first error: %s\n", p.FirstError)
		}
	}
}

func (m *mixedResult) table() [][]string {
	table := [][]string{{"", "seconds", "offered/s", "done/s", "shed", "unsent", "errors", "p50 ms", "p99 ms", "MB, middle third", "last third", "goroutines, middle", "last"}}
	for _, row := range []struct {
		name string
		phase
	}{{"at the highest rate", m.Steady}, {"twice that offered", m.Overload}} {
		p := row.phase
		table = append(table, []string{row.name, figure(p.Seconds), figure(p.Offered), figure(p.Done), strconv.FormatInt(p.Shed, 10), strconv.FormatInt(p.Unsent, 10),
			strconv.FormatInt(p.Errors, 10), figure(p.P50), figure(p.P99), figure(p.Middle.ResidentMB), figure(p.Last.ResidentMB), figure(p.Middle.Goroutines), figure(p.Last.Goroutines)})
	}
	return table
}
