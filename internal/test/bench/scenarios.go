package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

// kind is a request that growth, neighbour and load are made of.
type kind struct {
	name      string
	growth    int  // how often each small account is asked; the large one as often
	neighbour bool // whether it is asked beside another account's load
	load      int  // how many of 1,000 requests of the load
	do        func(ctx context.Context, l *lab, c *client) error
}

var kinds = []kind{
	{"a contact", 0, true, 260, read(func(c *client) string { return "/contacts/" + pick(c.known).SID })},
	{"first page", 20, true, 100, read(func(c *client) string { return "/contacts?limit=20" })},
	{"last page by cursor", 20, false, 0, read(func(c *client) string { return "/contacts?limit=20&cursor=" + c.last })},
	{"by number", 20, true, 30, read(func(c *client) string { return "/contacts?number=%2B" + pick(c.known).Number[1:] })},
	{"contacts of a list", 20, false, 60, read(func(c *client) string { return "/contacts?limit=20&list_sids=" + c.list })},
	{"contact_count of a list", 20, false, 20, read(func(c *client) string { return "/lists/" + c.list })},
	{"search by a part of a name", 1, false, 0, read(func(*client) string { return "/contacts?limit=20&name=nobody%20at%20all" })},
	{"search in everything", 1, true, 20, read(func(*client) string { return "/contacts?limit=20&q=nobody%20at%20all" })},
	{"an export", 0, false, 3, read(func(*client) string { return "/contacts/export" })},
	{"one more", 0, true, 250, create(1)},
	{"100 more", 0, false, 50, create(100)},
	{"5,000 more", 2, false, 0, func(ctx context.Context, l *lab, c *client) error { return c.post(ctx, 0, l.next, bulk) }},
	{"a change", 0, false, 100, func(ctx context.Context, _ *lab, c *client) error {
		some := pick(c.known)
		return c.do(ctx, http.MethodPut, "/contacts/"+some.SID, fmt.Sprintf(`{"number":%q,"tag":"t%d"}`, some.Number, rand.IntN(100)), http.StatusOK, nil)
	}},
	{"deletions", 0, false, 100, func(ctx context.Context, _ *lab, c *client) error {
		sids, separator := `{"contacts":`, "["
		for range max(1, min(len(c.spare), 50)) {
			select {
			case sid := <-c.spare:
				sids, separator = sids+separator+fmt.Sprintf(`{"sid":%q}`, sid), ","
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return c.do(ctx, http.MethodDelete, "/contacts", sids+"]}", http.StatusMultiStatus, nil)
	}},
	{"an import", 0, false, 7, func(ctx context.Context, l *lab, c *client) error {
		_, err := c.upload(ctx, fmt.Sprint("import ", rand.IntN(32)), "dynamic", l.made.file(500))
		return err
	}},
}

func read(path func(*client) string) func(context.Context, *lab, *client) error {
	return func(ctx context.Context, _ *lab, c *client) error { return c.get(ctx, path(c), nil) }
}

// create makes contacts that may be deleted again, so that accounts hardly grow.
func create(contacts int) func(context.Context, *lab, *client) error {
	return func(ctx context.Context, l *lab, c *client) error {
		var made items
		err := c.do(ctx, http.MethodPost, "/contacts", string(l.made.body(contacts)), http.StatusMultiStatus, &made)
		for _, item := range made.Response {
			select {
			case c.spare <- item.Data.SID:
			default:
			}
		}
		return err
	}
}

// ask sends a request of a kind, and adds to the times what it took.
func (l *lab) ask(ctx context.Context, kind int, c *client, times *[]time.Duration) error {
	if kinds[kind].name == "5,000 more" {
		l.next = l.made.body(bulk) // before the time begins
	}
	start := time.Now()
	if err := kinds[kind].do(ctx, l, c); err != nil {
		return fmt.Errorf("%s: %w", kinds[kind].name, err)
	}
	*times = append(*times, time.Since(start))
	return nil
}

const (
	smallContacts, largeContacts = 10_000, 1_000_000
	// A bulk request makes a small address book bigger by half, so each small
	// account takes few of them, and each small server few accounts.
	growthServers, growthAccounts, growthPosts = 4, 5, 2
)

// growth tells how the size of an account shows in the times of its requests. It
// asks a large account, and in turn with that small ones of other servers.
func (l *lab) growth(ctx context.Context) error {
	return l.withServer(ctx, func(s *server, _ credentials) error {
		large, err := l.fill(ctx, s, "large", largeContacts)
		times := make([][2][]time.Duration, len(kinds)) // of each, in a small account and in the large one
		smallMB := 0.0
		for i := 0; i < growthServers && err == nil; i++ {
			err = l.withServer(ctx, func(s *server, _ credentials) error {
				_, err := l.fill(ctx, s, "first", smallContacts+growthPosts*bulk) // only to warm up
				for i := 0; i < growthAccounts && err == nil; i++ {
					err = l.growthTurn(ctx, s, fmt.Sprint("small", i), large, times)
				}
				smallMB = max(smallMB, s.megabytes("VmRSS"))
				return err
			})
		}
		if err != nil {
			return err
		}
		t := l.report.table("The same requests to a small and to a large account.", "", grouped(smallContacts), grouped(largeContacts), "large to small")
		for i, kind := range kinds {
			if kind.growth > 0 {
				small, large := ms(times[i][0], 50), ms(times[i][1], 50)
				t.add(kind.name+", p50 ms", small, large, large/small)
			}
		}
		t.add("memory, MB", smallMB, s.megabytes("VmRSS"), s.megabytes("VmRSS")/smallMB)
		return nil
	})
}

// growthTurn asks one small account, in turn with the large one.
func (l *lab) growthTurn(ctx context.Context, s *server, sid string, large *client, times [][2][]time.Duration) error {
	small, err := l.fill(ctx, s, sid, smallContacts)
	if err != nil {
		return err
	}
	for i, kind := range kinds {
		for range kind.growth {
			for size, c := range []*client{small, large} {
				if err := l.ask(ctx, i, c, &times[i][size]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// during runs a load while f runs, and then cuts it off.
func during(ctx context.Context, load load, f func() error) (s sample, err error) {
	loading, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		var err error
		if s, err = load.run(loading); loading.Err() != nil {
			err = nil
		}
		ended <- err
	}()
	err = f()
	stop()
	return s, errors.Join(err, <-ended)
}

// neighbour measures what one account's loads do to the requests of another.
func (l *lab) neighbour(ctx context.Context) error {
	const contacts, lasting = 500_000, 15 * time.Second
	return l.withServer(ctx, func(s *server, _ credentials) error {
		worst, err := l.fill(ctx, s, "worst", contacts)
		if err != nil {
			return err
		}
		other, err := l.fill(ctx, s, "neighbour", bulk)
		if err != nil {
			return err
		}
		file := l.made.file(100_000)
		get := func(path string) func(context.Context, int, int) error {
			return func(ctx context.Context, _, _ int) error { return worst.get(ctx, path, nil) }
		}
		t := l.report.table("One account's requests while 64 clients of another ask as much as they can.", "load, request", "requests", "p50 ms", "p99 ms", "p99 to idle", "load's requests/s", "peak MB")
		idle := make([]float64, len(kinds)) // p99
		for _, worse := range []struct {
			name string
			do   func(ctx context.Context, client, i int) error
		}{
			{"idle", func(ctx context.Context, _, _ int) error { <-ctx.Done(); return ctx.Err() }},
			{"searches", get("/contacts?limit=20&q=nobody")},
			{"deep pages", get(fmt.Sprintf("/contacts?limit=20&offset=%d", contacts-100))},
			{"large pages", get("/contacts?limit=5000")},
			{"exports", get("/contacts/export?format=csv")},
			{"bulk requests", func(ctx context.Context, _, _ int) error { return create(bulk)(ctx, l, worst) }},
			{"imports", func(ctx context.Context, _, i int) error {
				if i > 2 { // only three
					<-ctx.Done()
				}
				_, err := worst.upload(ctx, fmt.Sprint("list ", i), "dynamic", file)
				return err
			}},
		} {
			progress("neighbour of %s", worse.name)
			s.resetPeak()
			times := make([][]time.Duration, len(kinds))
			load, err := during(ctx, load{64, noLimit, noLimit, 0, worse.do}, func() error {
				for start, i := time.Now(), 0; time.Since(start) < lasting; i = (i + 1) % len(kinds) {
					if kinds[i].neighbour {
						if err := l.ask(ctx, i, other, &times[i]); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("%s: %w", worse.name, err)
			}
			for i, kind := range kinds {
				if p99 := ms(times[i], 99); kind.neighbour {
					idle[i] = cmp.Or(idle[i], p99)
					t.add(worse.name+", "+kind.name, float64(len(times[i])), ms(times[i], 50), p99, p99/idle[i], load.rate(), s.megabytes("VmHWM"))
				}
			}
		}
		return nil
	})
}

// mixed sends requests of every kind: as many as the server does, and then twice as many.
func (l *lab) mixed(ctx context.Context) error {
	limit := time.Duration(l.share(int(l.Duration)))
	return l.withServer(ctx, func(s *server, _ credentials) error {
		var accounts [3]*client
		for i := range accounts {
			c, err := l.fill(ctx, s, fmt.Sprint("mixed", i), 20_000)
			if err != nil {
				return err
			}
			c.spare = make(chan string, 10_000)
			accounts[i] = c
		}
		var failed atomic.Int64
		visit := func(ctx context.Context, client, _ int) (err error) {
			n := rand.IntN(1000)
			for _, kind := range kinds {
				if n -= kind.load; n < 0 {
					err = kind.do(ctx, l, accounts[client%len(accounts)])
					break
				}
			}
			if err != nil && !errors.Is(err, errShed) && ctx.Err() == nil {
				progress("error %d: %v", failed.Add(1), err)
				err = errShed
			}
			return err
		}
		t := l.report.table("Requests of every kind at once, as many as the machine does and then twice as many.", "", "done/s", "refused", "errors", "p50 ms", "p99 ms", "MB, middle", "MB, end")
		phase := func(name string, load load, after func() error) (rate float64, err error) {
			var mb []float64
			failed.Store(0)
			got, err := during(ctx, load, func() error {
				for start := time.Now(); time.Since(start) < load.limit && ctx.Err() == nil; pause(ctx, 250*time.Millisecond) {
					mb = append(mb, s.megabytes("VmRSS"))
				}
				return after()
			})
			t.add(name, got.rate(), float64(got.refused-failed.Load()), float64(failed.Load()), ms(got.times, 50), ms(got.times, 99), mb[len(mb)/2], mb[len(mb)-1])
			return got.rate(), err
		}
		s.resetPeak()
		rate, err := phase("at the highest rate", load{32, noLimit, limit, 0, visit}, ctx.Err)
		if err != nil {
			return err
		}
		_, err = phase("twice that", load{8192, noLimit, min(limit, 30*time.Second), 2 * rate, visit}, func() error {
			over := time.Now()
			for inRow := 0; inRow < 30 && ctx.Err() == nil; inRow++ {
				if create(1)(ctx, l, accounts[inRow%len(accounts)]) != nil {
					inRow = -1
				}
			}
			t.Title += fmt.Sprintf(" %s ms after its end 30 requests in a row had been done; peak %s MB.", figure(time.Since(over).Seconds()*1000), figure(s.megabytes("VmHWM")))
			return ctx.Err()
		})
		if err == nil {
			_, err = l.command(ctx, s.db, "check")
		}
		return err
	})
}
