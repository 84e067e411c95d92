package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// growth tells how the size of an account's address book shows in the times of
// its requests.
type growth struct {
	Small sized   `json:"small"`
	Large sized   `json:"large"`
	Times []grown `json:"times"`
	// BytesEach is how much disk the large account takes for a contact.
	BytesEach float64 `json:"disk_bytes_per_contact"`
}

// grown is one kind of request at both sizes.
type grown struct {
	Name         string  `json:"request"`
	Small        float64 `json:"small_p50_ms"`
	Large        float64 `json:"large_p50_ms"`
	LargeToSmall float64 `json:"large_to_small"`
	target       bool    // whether design asks for it not to grow
}

// sized is what was measured at one size.
type sized struct {
	Contacts    int     `json:"contacts"`
	Requests    int     `json:"bulk_requests"`
	BulkP50     float64 `json:"bulk_p50_ms"`
	BulkP99     float64 `json:"bulk_p99_ms"`
	ResidentMB  float64 `json:"server_resident_mb"`
	DatabaseAll int     `json:"contacts_in_database"`
}

const (
	smallContacts = 10_000
	// A bulk request makes a small address book bigger by half, so each small
	// account takes few of them, and each small server few accounts.
	growthServers  = 4
	growthAccounts = 5
	growthPosts    = 2  // to each small account; the large one gets as many
	growthReads    = 20 // of each kind, likewise
	fillConcurrent = 4
)

// sizeTimes collects the times at one size.
type sizeTimes struct {
	client *client
	known  landmarks
	post   []time.Duration
	reads  [][]time.Duration // of each of the readings
	buf    []byte
}

// growth fills one account to this many contacts, then measures requests to it
// in turn with requests to small accounts of other servers, so that what else
// the machine does hits both alike.
func (l *lab) growth(ctx context.Context, contacts int) (growth, error) {
	var g growth
	var spent []func() error
	err := withDir(l.dir, "growth-", func(dir string) (err error) {
		defer func() {
			for _, remove := range spent {
				err = errors.Join(err, remove())
			}
		}()
		s, err := l.startServer(ctx, dir)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
		large := &sizeTimes{reads: make([][]time.Duration, len(readings)), client: newClient(s.url, s.first, fillConcurrent)}
		defer large.client.close()
		if err := l.fill(ctx, large.client, contacts); err != nil {
			return err
		}
		if large.known, err = large.client.landmarks(ctx, contacts); err != nil {
			return err
		}
		small := &sizeTimes{reads: make([][]time.Duration, len(readings))}
		smallResident := 0
		for i := range growthServers {
			resident, remove, err := l.growthRound(ctx, small, large)
			spent = append(spent, remove)
			if err != nil {
				return err
			}
			smallResident = max(smallResident, resident)
			l.progress("growth    round %d/%d", i+1, growthServers)
		}
		perServer := (growthAccounts + 1) * (smallContacts + growthPosts*bulk)
		size, err := s.size(ctx)
		if err != nil {
			return fmt.Errorf("measure the database: %w", err)
		}
		g.Small = small.result(smallContacts, perServer, smallResident)
		g.Large = large.result(contacts, contacts+len(large.post)*bulk, s.resident())
		g.BytesEach = float64(size) / float64(g.Large.DatabaseAll)
		g.Times = compared(small, large)
		return nil
	})
	if err != nil {
		return growth{}, fmt.Errorf("growth: %w", err)
	}
	return g, nil
}

// growthRound measures small accounts on a new server, each in turn with the
// large one. Its database is not removed before the end of all rounds: when one is
// dropped PostgreSQL makes a checkpoint, and then logs each page whole that is
// changed for the first time, which the large account would pay for.
func (l *lab) growthRound(ctx context.Context, small, large *sizeTimes) (resident int, remove func() error, err error) {
	remove = func() error { return nil }
	err = withDir(l.dir, "small-", func(dir string) (err error) {
		s, err := l.startServer(ctx, dir)
		if err != nil {
			return err
		}
		remove, s.remove = s.remove, nil
		defer func() { err = errors.Join(err, s.stop()) }()
		// The first account only warms the server up.
		small.client = newClient(s.url, s.first, fillConcurrent)
		defer func() { small.client.close() }()
		if err := l.fill(ctx, small.client, smallContacts+growthPosts*bulk); err != nil {
			return err
		}
		for i := range growthAccounts {
			auth, err := s.newAccount(ctx, "small"+strconv.Itoa(i))
			if err != nil {
				return err
			}
			small.client.close()
			small.client = newClient(s.url, auth, fillConcurrent)
			if err := l.fill(ctx, small.client, smallContacts); err != nil {
				return err
			}
			if small.known, err = small.client.landmarks(ctx, smallContacts); err != nil {
				return err
			}
			if err := l.compare(ctx, small, large); err != nil {
				return err
			}
		}
		resident = s.resident()
		return nil
	})
	return resident, remove, err
}

// compare measures both sizes in turn.
func (l *lab) compare(ctx context.Context, sizes ...*sizeTimes) error {
	for n := range growthReads {
		for _, s := range sizes {
			if err := s.read(ctx, l.gen, n == 0); err != nil {
				return err
			}
		}
	}
	for range growthPosts {
		for _, s := range sizes {
			body := l.gen.body(bulk)
			err := timed(&s.post, func() (err error) {
				s.buf, err = s.client.post(ctx, body, s.buf, bulk)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// read measures each reading once, those of the whole account only if told so.
func (s *sizeTimes) read(ctx context.Context, gen *generator, whole bool) error {
	for i, r := range readings {
		if r.whole && !whole {
			continue
		}
		url := r.url(s, gen)
		err := timed(&s.reads[i], func() (err error) {
			s.buf, err = s.client.get(ctx, url, s.buf)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// compared sets the times at both sizes beside each other.
func compared(small, large *sizeTimes) []grown {
	pair := func(name string, target bool, small, large []time.Duration) grown {
		g := grown{
			Name:   name,
			Small:  milliseconds(percentile(small, 50)),
			Large:  milliseconds(percentile(large, 50)),
			target: target,
		}
		g.LargeToSmall = ratio(g.Large, g.Small)
		return g
	}
	all := []grown{pair("5,000 more", true, small.post, large.post)}
	for i, r := range readings {
		all = append(all, pair(r.name, r.target, small.reads[i], large.reads[i]))
	}
	return all
}

func timed(times *[]time.Duration, f func() error) error {
	start := time.Now()
	err := f()
	*times = append(*times, time.Since(start))
	return err
}

func (s *sizeTimes) result(contacts, all, resident int) sized {
	return sized{
		Contacts:    contacts,
		Requests:    len(s.post),
		BulkP50:     milliseconds(percentile(s.post, 50)),
		BulkP99:     milliseconds(percentile(s.post, 99)),
		ResidentMB:  megabytes(resident),
		DatabaseAll: all,
	}
}

// fill makes this many contacts in bulk.
func (l *lab) fill(ctx context.Context, c *client, contacts int) error {
	const bodiesHeld = 40 // 50 MB
	requests := contacts / bulk
	for done := 0; done < requests; {
		n := min(bodiesHeld, requests-done)
		if _, err := c.run(ctx, l.gen.bodies(n, bulk), bulk, fillConcurrent, math.MaxInt64); err != nil {
			return fmt.Errorf("fill the account: %w", err)
		}
		done += n
		if requests > bodiesHeld {
			l.progress("growth    filled with %d of %d contacts", done*bulk, contacts)
		}
	}
	return nil
}
