package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"
)

// What is promised of campaigns of 500,000 targets.
const (
	expandPromise       = 500_000.0 / 3 // targets a second, on SQLite
	besidePromise       = 2.0           // times as slow
	callPromise         = 5000.0        // a second, on SQLite
	postgresCallPromise = 2000.0
	pagePromise         = 5.0       // ms
	memoryPromise       = 128.0     // MB
	reportPromise       = 100_000.0 // rows a second
)

// What the floor does in one transaction, as the server does.
const expandBatch, callBatch = 2000, 500

// mostCallsMinute is the most that an account may set.
const mostCallsMinute = 1_000_000

// calling is what campaigns are measured with: a server, a client of its account, and a
// list of all contacts.
type calling struct {
	*lab
	*server
	targets  int
	auth     credentials
	c        *client
	list     string
	floor    *campaignFloor
	campaign int // the floor's
	t        *table
}

// campaigns measures what campaigns take: making their targets, calling them, telling of
// it, watching it and reporting it.
func (l *lab) campaigns(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp(l.Dir, "callbook-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := l.engine.database(ctx, dir)
	if err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	if l.DB == "postgres" { // a file has its schema from its first command
		if _, err := l.command(ctx, db, "migrate"); err != nil {
			return err
		}
	}
	auth, err := l.account(ctx, db, "bench")
	if err != nil {
		return err
	}
	if _, err := l.command(ctx, db, "account", "set", "bench", "--calls-a-minute", fmt.Sprint(mostCallsMinute)); err != nil {
		return err
	}
	r := &calling{lab: l, targets: l.share(l.Targets), t: l.report.table(fmt.Sprintf("Campaigns that call %s numbers, with a simulated telephone and calls that take no time. The floor: the same rows through the bare driver.", grouped(l.share(l.Targets))),
		"", "callbook", "floor", "to it", "promised")}
	if r.floor, err = l.engine.campaignFloor(ctx, dir); err != nil {
		return fmt.Errorf("prepare the floor's database: %w", err)
	}
	defer func() { err = errors.Join(err, r.floor.close()) }()
	r.auth = auth
	if err := r.with(ctx, db, nil, r.fillList); err != nil {
		return err
	}
	if err := r.with(ctx, db, nil, r.remember(r.calls, r.page)); err != nil {
		return err
	}
	// A minute until the next call takes a second.
	if err := r.with(ctx, db, []string{"--simulator-speed", "60"}, r.file); err != nil {
		return err
	}
	// Millions of contacts are created beside it, whose numbers the server keeps in
	// memory.
	return r.with(ctx, db, nil, r.expand)
}

// with runs f with a server whose calls take no time.
func (r *calling) with(ctx context.Context, db string, flags []string, f func(context.Context) error) (err error) {
	if r.server, err = r.launch(ctx, db, append(flags, "--simulator-instant", "--callback-private")...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.server.stop()) }()
	r.c = newClient(r.server, r.auth, 1)
	return f(ctx)
}

// fillList imports the contacts of the campaigns.
func (r *calling) fillList(ctx context.Context) error {
	progress("making %s contacts", grouped(r.targets))
	id, err := r.c.upload(ctx, "All", "dynamic", r.made.file(r.targets))
	if err != nil {
		return err
	}
	if err := r.c.awaitUpload(ctx, id, r.targets); err != nil {
		return err
	}
	var lists items
	if err := r.c.get(ctx, "/lists", &lists); err != nil {
		return err
	}
	r.list = lists.Response[0].Data.SID
	return nil
}

// remember measures how much more memory the server takes than idle while it makes the
// targets of campaigns, calls them and shows them.
func (r *calling) remember(do ...func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := r.c.get(ctx, "/lists", nil); err != nil {
			return err
		}
		idle := r.megabytes("VmRSS")
		r.resetPeak()
		for _, one := range do {
			if err := one(ctx); err != nil {
				return err
			}
		}
		r.t.add("memory beside that of the idle server, MB", r.megabytes("VmHWM")-idle, "", "", memoryPromise)
		return nil
	}
}

// running is what is read of a campaign.
type running struct {
	ID, Status  string
	DateStarted *time.Time `json:"date_started"`
	Stats       map[string]int
}

// count is how many targets there are, without those that are waiting or being called
// when only the ended ones count.
func (c *running) count(ended bool) (n int) {
	for state, targets := range c.Stats {
		if !ended || !slices.Contains([]string{"created", "in-progress", "retry", "retrying", "paused"}, state) {
			n += targets
		}
	}
	return n
}

// ask sends a request about a campaign, and reads it.
func (r *calling) ask(ctx context.Context, method, path string, fields map[string]any) (*running, error) {
	body, err := json.Marshal(map[string]any{"campaigns": []any{fields}})
	if err != nil {
		return nil, err
	}
	if method == http.MethodGet {
		body = nil
	}
	var answer struct{ Response []struct{ Data *running } }
	if err := r.c.do(ctx, method, "/campaigns"+path, string(body), http.StatusOK, &answer); err != nil {
		return nil, err
	}
	return answer.Response[0].Data, nil
}

func (r *calling) state(ctx context.Context, id string) (*running, error) {
	return r.ask(ctx, http.MethodGet, "/"+id, nil)
}

// begin makes a campaign of the list.
func (r *calling) begin(ctx context.Context, fields map[string]any) (*running, error) {
	all := map[string]any{"name": "Bench", "caller_id": "08047112233", "campaign_type": "dynamic", "lists": []string{r.list}, "read_via_text": "Hello, the rent is due on Monday."}
	for name, value := range fields {
		all[name] = value
	}
	return r.ask(ctx, http.MethodPost, "", all)
}

// until waits until something is true of a campaign.
func (r *calling) until(ctx context.Context, id string, so func(*running) bool) (*running, error) {
	for {
		c, err := r.state(ctx, id)
		if err != nil || so(c) {
			return c, err
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// settled waits until all campaigns have ended and nothing of them is left to do. The
// counts of a campaign are final before its targets are: the server still works on those
// until it takes no processor time.
func (r *calling) settled(ctx context.Context) error {
	for {
		var page struct{ Response []struct{ Data *running } }
		if err := r.c.get(ctx, "/campaigns?limit=500", &page); err != nil {
			return err
		}
		open := slices.ContainsFunc(page.Response, func(item struct{ Data *running }) bool { return item.Data.count(true) != r.targets })
		if !open {
			break
		}
		pause(ctx, 20*time.Millisecond)
	}
	for worked := time.Duration(-1); ctx.Err() == nil; {
		before := worked
		if worked = r.cpu(); before >= 0 && worked-before <= 20*time.Millisecond {
			break
		}
		pause(ctx, 500*time.Millisecond)
	}
	return ctx.Err()
}
