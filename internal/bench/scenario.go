package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// bulk is how many contacts a request carries at most.
const bulk = 5000

// scenario is one kind of load.
type scenario struct {
	name        string
	contacts    int // in a request
	concurrency int
	requests    int // at most
	floorEach   int // the floor's transactions in a slice
	warmUp      int // requests
}

// lab is where scenarios are measured.
type lab struct {
	engine   engine
	binary   string
	dir      string
	rounds   int
	limit    time.Duration // of a scenario's requests
	gen      *generator
	progress func(format string, args ...any)
	profiles string  // the directory for them; "" is for none
	shared   *server // with --keep
}

// result is what a scenario came to.
type result struct {
	Name              string  `json:"name"`
	ContactsEach      int     `json:"contacts_per_request"`
	Concurrency       int     `json:"concurrency"`
	Requests          int     `json:"requests"`
	ContactsPerSecond float64 `json:"contacts_per_second"`
	P50               float64 `json:"p50_ms"`
	P99               float64 `json:"p99_ms"`
	FloorRuns         int     `json:"floor_transactions"`
	FloorPerSecond    float64 `json:"floor_contacts_per_second"`
	FloorP50          float64 `json:"floor_p50_ms"`
	FloorP99          float64 `json:"floor_p99_ms"`
	FloorCPU          float64 `json:"floor_cpu_us_per_contact"`
	ClientCPU         float64 `json:"client_cpu_us_per_contact"`
	P50ToFloor        float64 `json:"p50_to_floor"`
	RateToFloor       float64 `json:"rate_to_floor"`
	CPU               float64 `json:"server_cpu_us_per_contact"`
	DatabaseCPU       float64 `json:"database_cpu_us_per_contact"` // where it is no part of the server
	PeakMB            float64 `json:"server_peak_mb"`
}

// withDir runs f in a new directory that is removed afterwards.
func withDir(parent, pattern string, f func(dir string) error) (err error) {
	dir, err := os.MkdirTemp(parent, pattern)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return f(dir)
}

// withServer runs f with a server on a new database, or with the shared one.
func (l *lab) withServer(ctx context.Context, dir string, f func(*server) error) (err error) {
	if l.shared != nil {
		return f(l.shared)
	}
	s, err := l.startServer(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	return f(s)
}

// measure runs a scenario and the floor beside it.
func (l *lab) measure(ctx context.Context, sc scenario) (res result, err error) {
	err = withDir(l.dir, "scenario-", func(dir string) error {
		return l.withServer(ctx, dir, func(s *server) (err error) {
			f, err := l.engine.openFloor(ctx, dir)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, f.close()) }()
			res, err = l.alternate(ctx, sc, s, f)
			return err
		})
	})
	if err != nil {
		return result{}, fmt.Errorf("%s, concurrency %d: %w", sc.name, sc.concurrency, err)
	}
	return res, nil
}

// alternate gives the floor and the server their turns, so that what else the
// machine does hits both alike.
func (l *lab) alternate(ctx context.Context, sc scenario, s *server, f floor) (result, error) {
	c := newClient(s.url, s.first, sc.concurrency)
	defer c.close()
	var floors, loads total
	var floorCPU, clientCPU, databaseCPU time.Duration
	self := process{pid: os.Getpid()}
	// Neither what the bodies and rows cost to make nor their garbage may fall
	// into the time that is measured.
	floorTurn := func(transactions int, limit time.Duration) (load, error) {
		rows := l.gen.rows(transactions * sc.contacts)
		runtime.GC()
		before := self.cpu() + l.engine.cpu()
		defer func() { floorCPU += self.cpu() + l.engine.cpu() - before }()
		return runFloor(ctx, f, rows, sc.contacts, limit)
	}
	serverTurn := func(requests int, limit time.Duration) (load, error) {
		bodies := l.gen.bodies(requests, sc.contacts)
		runtime.GC()
		before, databaseBefore := self.cpu(), l.engine.cpu()
		defer func() {
			clientCPU += self.cpu() - before
			databaseCPU += l.engine.cpu() - databaseBefore
		}()
		return c.run(ctx, bodies, sc.contacts, sc.concurrency, limit)
	}

	const noLimit = math.MaxInt64
	if _, err := floorTurn(sc.warmUp, noLimit); err != nil {
		return result{}, err
	}
	if _, err := serverTurn(sc.warmUp, noLimit); err != nil {
		return result{}, err
	}
	if l.profiles != "" {
		if err := s.startProfile(ctx); err != nil {
			return result{}, err
		}
	}
	s.resetPeak()
	cpu := s.cpu()
	floorCPU, clientCPU, databaseCPU = 0, 0, 0
	turn := l.limit / time.Duration(l.rounds)
	for round := 0; ; round++ {
		m, err := floorTurn(sc.floorEach, turn/2)
		if err != nil {
			return result{}, err
		}
		floors.add(m)
		if round == l.rounds {
			break
		}
		if m, err = serverTurn(max(1, sc.requests/l.rounds), turn); err != nil {
			return result{}, err
		}
		loads.add(m)
		l.progress("%-6s  c=%-2d  round %d/%d: %s contacts/s", sc.name, sc.concurrency, round+1, l.rounds,
			grouped(int(perSecond(len(m.latencies)*sc.contacts, m.took))))
	}
	// The server's checkpoints and the like after the last answer are over by
	// now, and count.
	cpu = s.cpu() - cpu
	res := newResult(sc, loads, floors)
	res.CPU = microsecondsEach(cpu, len(loads.latencies)*sc.contacts)
	res.FloorCPU = microsecondsEach(floorCPU, len(floors.latencies)*sc.contacts)
	res.ClientCPU = microsecondsEach(clientCPU, len(loads.latencies)*sc.contacts)
	res.DatabaseCPU = microsecondsEach(databaseCPU, len(loads.latencies)*sc.contacts)
	res.PeakMB = megabytes(s.peak())
	if l.profiles != "" {
		file := fmt.Sprintf("%s-c%d.pprof", sc.name, sc.concurrency)
		return res, s.saveProfile(ctx, filepath.Join(l.profiles, file))
	}
	return res, nil
}

func newResult(sc scenario, loads, floors total) result {
	p50, floorP50 := percentile(loads.latencies, 50), percentile(floors.latencies, 50)
	rate := percentile(loads.rates, 50) * float64(sc.contacts)
	floorRate := percentile(floors.rates, 50) * float64(sc.contacts)
	return result{
		Name:              sc.name,
		ContactsEach:      sc.contacts,
		Concurrency:       sc.concurrency,
		Requests:          len(loads.latencies),
		ContactsPerSecond: rate,
		P50:               milliseconds(p50),
		P99:               milliseconds(percentile(loads.latencies, 99)),
		FloorRuns:         len(floors.latencies),
		FloorPerSecond:    floorRate,
		FloorP50:          milliseconds(floorP50),
		FloorP99:          milliseconds(percentile(floors.latencies, 99)),
		P50ToFloor:        ratio(p50, floorP50),
		RateToFloor:       ratio(rate, floorRate),
	}
}

// share starts the one server that all scenarios then use, and returns what
// stops it.
func (l *lab) share(ctx context.Context) (stop func() error, err error) {
	dir := filepath.Join(l.dir, "shared")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if l.shared, err = l.startServer(ctx, dir); err != nil {
		return nil, err
	}
	return l.shared.stop, nil
}
