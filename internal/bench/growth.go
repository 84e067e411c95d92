package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// growth tells how the size of an account's address book shows in the times of
// its requests.
type growth struct {
	Small  sized   `json:"small"`
	Large  sized   `json:"large"`
	Bulk   float64 `json:"bulk_large_to_small"`
	First  float64 `json:"first_page_large_to_small"`
	Single float64 `json:"by_sid_large_to_small"`
}

// sized is what was measured at one size.
type sized struct {
	Contacts    int     `json:"contacts"`
	Requests    int     `json:"bulk_requests"`
	BulkP50     float64 `json:"bulk_p50_ms"`
	BulkP99     float64 `json:"bulk_p99_ms"`
	FirstPage   float64 `json:"first_page_p50_ms"`
	BySID       float64 `json:"by_sid_p50_ms"`
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
	client             *client
	sids               []string
	post, first, bySID []time.Duration
	buf                []byte
}

// growth fills one account to this many contacts, then measures requests to it
// in turn with requests to small accounts of other servers, so that what else
// the machine does hits both alike.
func (l *lab) growth(ctx context.Context, contacts int) (growth, error) {
	var g growth
	err := withDir(l.dir, "growth-", func(dir string) (err error) {
		s, err := startServer(ctx, l.binary, dir)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
		large := &sizeTimes{client: newClient(s.url, s.first, fillConcurrent)}
		defer large.client.close()
		if err := l.fill(ctx, large.client, contacts); err != nil {
			return err
		}
		if large.sids, err = large.client.sids(ctx, contacts); err != nil {
			return err
		}
		small := &sizeTimes{}
		smallResident := 0
		for i := range growthServers {
			resident, err := l.growthRound(ctx, small, large)
			if err != nil {
				return err
			}
			smallResident = max(smallResident, resident)
			l.progress("growth    round %d/%d", i+1, growthServers)
		}
		perServer := (growthAccounts + 1) * (smallContacts + growthPosts*bulk)
		g.Small = small.result(smallContacts, perServer, smallResident)
		g.Large = large.result(contacts, contacts+len(large.post)*bulk, s.resident())
		return nil
	})
	if err != nil {
		return growth{}, fmt.Errorf("growth: %w", err)
	}
	g.Bulk = ratio(g.Large.BulkP50, g.Small.BulkP50)
	g.First = ratio(g.Large.FirstPage, g.Small.FirstPage)
	g.Single = ratio(g.Large.BySID, g.Small.BySID)
	return g, nil
}

// growthRound measures small accounts on a new server, each in turn with the
// large one.
func (l *lab) growthRound(ctx context.Context, small, large *sizeTimes) (resident int, err error) {
	err = withDir(l.dir, "small-", func(dir string) (err error) {
		s, err := startServer(ctx, l.binary, dir)
		if err != nil {
			return err
		}
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
			if small.sids, err = small.client.sids(ctx, smallContacts); err != nil {
				return err
			}
			if err := l.compare(ctx, small, large); err != nil {
				return err
			}
		}
		resident = s.resident()
		return nil
	})
	return resident, err
}

// compare measures both sizes in turn.
func (l *lab) compare(ctx context.Context, sizes ...*sizeTimes) error {
	for range growthReads {
		for _, s := range sizes {
			if err := s.read(ctx, l.gen); err != nil {
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

// read measures the first page and one contact.
func (s *sizeTimes) read(ctx context.Context, gen *generator) error {
	err := timed(&s.first, func() (err error) {
		s.buf, err = s.client.get(ctx, s.client.url+"?limit=20", s.buf)
		return err
	})
	if err != nil {
		return err
	}
	sid := pick(gen.rand, s.sids)
	return timed(&s.bySID, func() (err error) {
		s.buf, err = s.client.get(ctx, s.client.url+"/"+sid, s.buf)
		return err
	})
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
		FirstPage:   milliseconds(percentile(s.first, 50)),
		BySID:       milliseconds(percentile(s.bySID, 50)),
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

var sidField = regexp.MustCompile(`"sid":"([0-9a-f]{32})"`)

// sids returns some of the account's sids, from all over it.
func (c *client) sids(ctx context.Context, contacts int) ([]string, error) {
	const pages, limit = 10, 100
	var all []string
	for page := range pages {
		offset := page * (contacts - limit) / (pages - 1)
		answer, err := c.get(ctx, fmt.Sprintf("%s?limit=%d&offset=%d", c.url, limit, offset), nil)
		if err != nil {
			return nil, err
		}
		for _, found := range sidField.FindAllSubmatch(answer, -1) {
			all = append(all, string(found[1]))
		}
	}
	if len(slices.Compact(all)) < pages*limit/2 {
		return nil, fmt.Errorf("%d pages of %d contacts have only %d sids", pages, limit, len(all))
	}
	return all, nil
}
