package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"callbook/internal/test/xlsxtest"
)

// bulk is how many contacts a request carries at most.
const bulk = 5000

// lab is where everything is measured.
type lab struct {
	flags
	engine *engine
	report report
	made   contacts
	next   []byte // a request of 5,000 contacts
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// share is n, or a quarter of it with --quick.
func (l *lab) share(n int) int {
	if l.Quick {
		n = max(1, n/4)
	}
	return n
}

// load is requests of clients, each of which sends the next when its last is answered.
type load struct {
	clients  int
	requests int // at most
	limit    time.Duration
	pace     float64 // requests a second, at most; 0 is no limit
	do       func(ctx context.Context, client, i int) error
}

const noLimit = math.MaxInt64

// sample is what a load came to.
type sample struct {
	times   []time.Duration // of each request that was done
	took    time.Duration
	refused int64
}

// rate is the requests a second that were done.
func (s sample) rate() float64 { return float64(len(s.times)) / s.took.Seconds() }

// run sends the requests. A client whose request is refused comes again a little
// later; any other error ends the load.
func (l load) run(ctx context.Context) (s sample, err error) {
	times := make([][]time.Duration, l.clients)
	var next, refused atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for client := range l.clients {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if l.pace > 0 {
					pause(ctx, time.Until(start.Add(time.Duration(float64(i)/l.pace*float64(time.Second)))))
				}
				if ctx.Err() != nil || i >= l.requests || time.Since(start) >= l.limit {
					return ctx.Err()
				}
				sent := time.Now()
				err := l.do(ctx, client, i)
				switch {
				case err == nil:
					times[client] = append(times[client], time.Since(sent))
				case errors.Is(err, errShed):
					refused.Add(1)
					pause(ctx, 100*time.Millisecond)
				default:
					return err
				}
			}
		})
	}
	err = group.Wait()
	s.took, s.refused = time.Since(start), refused.Load()
	for _, t := range times {
		s.times = append(s.times, t...)
	}
	return s, err
}

// side is one of two loads that take turns, so that what else the machine does hits
// both alike.
type side struct {
	each  int  // contacts in a request
	turns uint // 0 for --rounds
	// prepare makes what a turn sends. Neither what that costs nor its garbage
	// falls into the time that is measured.
	prepare func() load
	times   []time.Duration
	// rates are the contacts a second of every turn. Their median counts: one
	// turn in which the disk stood still must not decide.
	rates    []float64
	database time.Duration // processor time of the database's processes
}

// micros is a processor time in microseconds a contact.
func (s *side) micros(d time.Duration) float64 {
	return float64(d.Microseconds()) / float64(len(s.times)*s.each)
}

// comparison adds a table for sides that are compared with another.
func (l *lab) comparison(title, first, other string) *table {
	return l.report.table(title+"\nContacts a second are the medians of the turns. CPU is processor time a contact: of the server, and of the database where it has processes of its own.",
		first, "requests", "contacts/s", "p50 ms", "p99 ms", other+"/s", "p50", "p99", "p50 to it", "rate to it", "CPU µs", "database", "peak MB")
}

// compare lets both sides warm up, gives each its turns, and adds a row to the table.
func (l *lab) compare(ctx context.Context, t *table, name string, s *server, a, b *side) error {
	var cpu time.Duration
	for round := range cmp.Or(a.turns, l.Rounds) + 1 {
		if round == 1 {
			s.resetPeak()
			cpu = s.cpu()
		}
		for _, s := range []*side{b, a} {
			turn := s.prepare()
			runtime.GC()
			database := l.engine.pid.cpu()
			got, err := turn.run(ctx)
			if err == nil && len(got.times) == 0 {
				err = errors.New("not one request was done in the time given")
			}
			if err != nil {
				return err
			}
			if round > 0 {
				s.database += l.engine.pid.cpu() - database
				s.times = append(s.times, got.times...)
				s.rates = append(s.rates, got.rate()*float64(s.each))
			}
		}
	}
	rate, otherRate, p50, otherP50 := percentile(a.rates, 50), percentile(b.rates, 50), ms(a.times, 50), ms(b.times, 50)
	t.add(name, float64(len(a.times)), rate, p50, ms(a.times, 99), otherRate, otherP50, ms(b.times, 99), p50/otherP50, rate/otherRate,
		a.micros(s.cpu()-cpu), a.micros(a.database), s.megabytes("VmHWM"))
	progress("%s %s: %s contacts/s", t.Columns[0], name, figure(rate))
	return nil
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (l *lab) bulk(ctx context.Context) error   { return l.posts(ctx, bulk, 200, 8, 1, 4, 16) }
func (l *lab) single(ctx context.Context) error { return l.posts(ctx, 1, 40_000, 1000, 1, 16, 64) }

// posts measures requests of so many contacts beside the floor, by each number of clients.
func (l *lab) posts(ctx context.Context, each, requests, floorTurn int, clients ...int) error {
	t := l.comparison("Requests of "+grouped(each)+" contacts, in turn with the floor: "+l.engine.floorText, "clients", "floor")
	turn := time.Duration(l.share(int(l.Duration)) / int(l.Rounds))
	for _, n := range clients {
		err := l.withServer(ctx, func(s *server, auth credentials) error {
			side := l.postSide(max(1, l.share(requests)/int(l.Rounds)), each, turn, newClient(s, auth, n))
			return l.besideFloor(ctx, t, fmt.Sprint(n), s, side, l.share(floorTurn), turn/2)
		})
		if err != nil {
			return fmt.Errorf("%d clients: %w", n, err)
		}
	}
	return nil
}

// postSide sends requests of so many contacts to the servers of the clients in turn.
func (l *lab) postSide(requests, each int, limit time.Duration, to ...*client) *side {
	return &side{each: each, prepare: func() load {
		bodies := make([][]byte, requests)
		for i := range bodies {
			bodies[i] = l.made.body(each)
		}
		return load{len(to[0].conns), requests, limit, 0, func(ctx context.Context, client, i int) error {
			return to[client%len(to)].post(ctx, client, bodies[i], each)
		}}
	}}
}

// besideFloor compares a side with the floor: so many transactions a turn, each of as
// many rows as a request has contacts, but no more than a bulk request.
func (l *lab) besideFloor(ctx context.Context, t *table, name string, s *server, subject *side, transactions int, limit time.Duration) error {
	bare, err := l.engine.floor(ctx, s.dir)
	if err != nil {
		return fmt.Errorf("prepare the floor's database: %w", err)
	}
	each := min(subject.each, bulk)
	err = l.compare(ctx, t, name, s, subject, &side{each: each, prepare: func() load {
		rows := make([]contact, each*transactions)
		for i := range rows {
			rows[i] = l.made.contact()
		}
		return load{1, transactions, limit, 0, func(ctx context.Context, _, i int) error {
			return bare(ctx, rows[i*each:(i+1)*each])
		}}
	}})
	return errors.Join(err, bare(ctx, nil))
}

// servers measures two servers on one database against one.
func (l *lab) servers(ctx context.Context) error {
	const clients = 8
	t := l.comparison("The same load shared by two servers on one database, and in turn with that sent to one.", "clients", "one server")
	return l.withServer(ctx, func(s *server, auth credentials) error {
		second, err := l.launch(ctx, s.db)
		if err != nil {
			return err
		}
		requests := max(clients, l.share(200)/int(l.Rounds))
		a, b := newClient(s, auth, clients), newClient(second, auth, clients)
		err = l.compare(ctx, t, fmt.Sprint(clients), s, l.postSide(requests, bulk, noLimit, a, b), l.postSide(requests, bulk, noLimit, a))
		return errors.Join(err, second.stop())
	})
}

// csv measures the rows of uploads.
func (l *lab) csv(ctx context.Context) error {
	t := l.comparison("A file into a dynamic list, as one request, in turn with the floor, which knows no lists: "+l.engine.floorText, "format, rows", "floor")
	return errors.Join(l.uploads(ctx, t, "CSV", l.share(500_000), func(csv string) string { return csv }),
		l.uploads(ctx, t, "XLSX", l.share(200_000), spreadsheet))
}

// uploads measures uploads of a format, after a smaller one to warm up.
func (l *lab) uploads(ctx context.Context, t *table, format string, rows int, file func(csv string) string) error {
	return l.withServer(ctx, func(s *server, auth credentials) error {
		c, n := newClient(s, auth, 1), rows/10
		side := &side{each: rows, turns: 1, prepare: func() load {
			id, err := c.upload(ctx, grouped(n), "dynamic", file(l.made.file(n)))
			wanted := n
			n = rows
			return load{1, 1, noLimit, 0, func(ctx context.Context, _, _ int) error {
				return errors.Join(err, c.awaitUpload(ctx, id, wanted))
			}}
		}}
		return l.besideFloor(ctx, t, format+", "+grouped(rows), s, side, 20, noLimit)
	})
}

// spreadsheet returns the rows of a CSV file as a workbook.
func spreadsheet(file string) string {
	rows, _ := csv.NewReader(strings.NewReader(file)).ReadAll() // the file is well-formed
	return string(xlsxtest.Write(xlsxtest.Sheet{Name: "Contacts", Rows: rows}))
}
