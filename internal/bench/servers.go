package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"golang.org/x/sync/errgroup"
)

// pairConcurrent is how many requests are under way at once, in all.
const pairConcurrent = 8

// pair is what two servers on one database do, against one.
type pair struct {
	Concurrency int     `json:"concurrency"`
	Requests    int     `json:"requests"` // to the one, and to the two
	One         float64 `json:"one_contacts_per_second"`
	Two         float64 `json:"two_contacts_per_second"`
	TwoToOne    float64 `json:"two_to_one"`
}

// pair sends requests of 5,000 contacts to one server, and in turn with that to
// two on the same database.
func (l *lab) pair(ctx context.Context, requests int) (p pair, err error) {
	err = withDir(l.dir, "servers-", func(dir string) (err error) {
		first, err := l.startServer(ctx, dir)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, first.stop()) }()
		second, err := first.beside(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, second.stop()) }()
		clients := []*client{newClient(first.url, first.first, pairConcurrent), newClient(second.url, first.first, pairConcurrent)}
		for _, c := range clients {
			defer c.close()
			if _, err := c.run(ctx, l.gen.bodies(pairConcurrent, bulk), bulk, pairConcurrent, math.MaxInt64); err != nil {
				return err
			}
		}
		p, err = l.pairTurns(ctx, clients, requests)
		return err
	})
	if err != nil {
		return pair{}, fmt.Errorf("two servers: %w", err)
	}
	return p, nil
}

func (l *lab) pairTurns(ctx context.Context, clients []*client, requests int) (pair, error) {
	var one, two total
	each := max(pairConcurrent, requests/l.rounds)
	for round := range l.rounds {
		for _, turn := range []struct {
			servers []*client
			sum     *total
		}{{clients[:1], &one}, {clients, &two}} {
			m, err := l.spread(ctx, turn.servers, each)
			if err != nil {
				return pair{}, err
			}
			turn.sum.add(m)
		}
		l.progress("servers       round %d/%d: one %s, two %s contacts/s", round+1, l.rounds,
			grouped(int(one.rates[round]*bulk)), grouped(int(two.rates[round]*bulk)))
	}
	p := pair{
		Concurrency: pairConcurrent,
		Requests:    len(one.latencies),
		One:         percentile(one.rates, 50) * bulk,
		Two:         percentile(two.rates, 50) * bulk,
	}
	p.TwoToOne = ratio(p.Two, p.One)
	return p, nil
}

// spread sends the requests to all the servers at once, to each its part.
func (l *lab) spread(ctx context.Context, servers []*client, requests int) (load, error) {
	parts := make([]load, len(servers))
	bodies := l.gen.bodies(requests, bulk)
	group, ctx := errgroup.WithContext(ctx)
	for i, c := range servers {
		from, to := i*len(bodies)/len(servers), (i+1)*len(bodies)/len(servers)
		group.Go(func() (err error) {
			parts[i], err = c.run(ctx, bodies[from:to], bulk, pairConcurrent/len(servers), math.MaxInt64)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return load{}, err
	}
	var sum load
	for _, part := range parts {
		sum.latencies = append(sum.latencies, part.latencies...)
		sum.took = max(sum.took, part.took)
	}
	return sum, nil
}

func (p *pair) table() [][]string {
	return [][]string{
		{"", "requests", "one server", "two", "two to one"},
		{
			fmt.Sprintf("%s a request, c=%d, contacts/s", grouped(bulk), p.Concurrency),
			grouped(p.Requests), grouped(int(p.One)), grouped(int(p.Two)), figure(p.TwoToOne),
		},
	}
}
