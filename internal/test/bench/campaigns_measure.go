package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// expanded makes a campaign of which next to nobody is called, and returns how long its
// targets took to be made. It ends the campaign.
func (r *calling) expanded(ctx context.Context, text string) (time.Duration, error) {
	start := time.Now()
	c, err := r.begin(ctx, map[string]any{"mode": "custom", "throttle": 1, "read_via_text": text})
	if err == nil {
		c, err = r.until(ctx, c.ID, func(c *running) bool { return c.DateStarted != nil })
	}
	took := time.Since(start)
	if err == nil && c.count(false) != r.targets {
		err = fmt.Errorf("there are %d targets", c.count(false))
	}
	if err == nil {
		_, err = r.ask(ctx, http.MethodPut, "/"+c.ID, map[string]any{"action": "complete"})
	}
	return took, err
}

// expand measures how soon targets are made, alone and beside requests of 5,000 contacts,
// and what it does to those.
func (r *calling) expand(ctx context.Context) error {
	const rounds = 3 // after one to warm up
	const plain, named = "Hello, the rent is due on Monday.", "Hello @@name, the rent is due on @@{due date}."
	rates, floors := make(map[string][]float64), []float64(nil)
	var alone, beside []time.Duration
	requests := slices.IndexFunc(kinds, func(k kind) bool { return k.name == "5,000 more" })
	for round := range rounds + 1 {
		r.campaign++
		rate, err := r.floor.timed(ctx, r.campaign, r.targets, expandBatch, r.floor.targets)
		if err != nil {
			return err
		}
		if round > 0 {
			floors = append(floors, rate)
		}
		for _, how := range []struct{ name, text string }{{"alone", plain}, {"with variables", named}, {"beside", plain}} {
			var took time.Duration
			done := make(chan error, 1)
			go func() (err error) {
				defer func() { done <- err }()
				took, err = r.expanded(ctx, how.text)
				return err
			}()
			for n := 0; how.name == "beside" && len(done) == 0; n++ {
				if err := r.lab.ask(ctx, requests, r.c, &beside); err != nil {
					return errors.Join(err, <-done)
				}
			}
			if err := <-done; err != nil {
				return err
			}
			if round > 0 {
				rates[how.name] = append(rates[how.name], float64(r.targets)/took.Seconds())
			}
			if err := r.settled(ctx); err != nil {
				return err
			}
		}
		if round == 0 {
			beside = nil
		}
		for len(alone) < max(len(beside), 10) {
			if err := r.lab.ask(ctx, requests, r.c, &alone); err != nil {
				return err
			}
		}
		if round == 0 {
			alone = nil
		}
	}
	floor := percentile(floors, 50)
	for _, how := range []struct{ name, shown string }{{"alone", ""}, {"with variables", ", with two variables each"}, {"beside", ", beside requests of 5,000 contacts"}} {
		rate := percentile(rates[how.name], 50)
		promise := any(expandPromise)
		if r.DB == "postgres" {
			promise = ""
		}
		r.t.add("targets made a second"+how.shown, rate, floor, rate/floor, promise)
	}
	r.t.add(fmt.Sprintf("a request of 5,000 contacts beside it (%d), p99 ms; the floor: alone", len(beside)), ms(beside, 99), ms(alone, 99), ms(beside, 99)/ms(alone, 99), besidePromise)
	return nil
}

// called makes a campaign, and returns how many calls a second it makes, from the first
// to the last.
func (r *calling) called(ctx context.Context, fields map[string]any) (rate float64, id string, err error) {
	c, err := r.begin(ctx, fields)
	if err == nil {
		c, err = r.until(ctx, c.ID, func(c *running) bool { return c.DateStarted != nil })
	}
	if err != nil {
		return 0, "", err
	}
	progress("calling %s numbers", grouped(r.targets))
	start := time.Now()
	c, err = r.until(ctx, c.ID, func(c *running) bool { return c.Status == "Completed" })
	if err == nil && c.count(true) != r.targets {
		err = fmt.Errorf("the campaign ended with %v", c.Stats)
	}
	if err != nil {
		return 0, "", err
	}
	return float64(r.targets) / time.Since(start).Seconds(), c.ID, nil
}

// calls measures how many calls a second are placed and end, with nobody to be told and
// with a receiver that is told of each.
func (r *calling) calls(ctx context.Context) error {
	promise := callPromise
	if r.DB == "postgres" {
		promise = postgresCallPromise
	}
	var told atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told.Add(1) }))
	defer receiver.Close()
	for _, how := range []struct {
		name   string
		fields map[string]any
		ends   func(context.Context, int, int, int) error
	}{
		{"calls a second", nil, r.floor.end},
		{"calls a second, each told to a receiver", map[string]any{"call_status_callback": receiver.URL}, r.floor.event},
	} {
		r.campaign++
		if _, err := r.floor.timed(ctx, r.campaign, r.targets, expandBatch, r.floor.targets); err != nil {
			return err
		}
		floor, err := r.floor.timed(ctx, r.campaign, r.targets, callBatch, r.floor.claim, how.ends)
		if err != nil {
			return err
		}
		start := time.Now()
		rate, _, err := r.called(ctx, how.fields)
		if err != nil {
			return err
		}
		r.t.add(how.name, rate, floor, rate/floor, promise)
		if how.fields != nil {
			meanwhile := told.Load()
			for told.Load() < int64(r.targets) && ctx.Err() == nil {
				pause(ctx, 10*time.Millisecond)
			}
			r.t.add("of which the receiver knew at the end of the last one", float64(meanwhile)/float64(r.targets), "", "", "")
			r.t.add("told a second, to the last one", float64(told.Load())/time.Since(start).Seconds(), "", "", "")
		}
	}
	return ctx.Err()
}

// page measures how soon the campaign is answered and shown while it is calling, after
// half of its calls.
func (r *calling) page(ctx context.Context) error {
	const requests = 300 // one after the other
	// How many calls a minute are made meanwhile, so that the other half takes minutes.
	pace := min(60_000, r.targets/4)
	browser, err := r.browser(ctx)
	if err != nil {
		return err
	}
	c, err := r.begin(ctx, nil)
	if err == nil {
		c, err = r.until(ctx, c.ID, func(c *running) bool { return c.count(true) > r.targets/2 })
	}
	if err == nil { // a pause holds the calls until the slower pace is known
		_, err = r.ask(ctx, http.MethodPut, "/"+c.ID, map[string]any{"action": "pause"})
	}
	if err == nil {
		_, err = r.command(ctx, r.db, "account", "set", "bench", "--calls-a-minute", fmt.Sprint(pace))
	}
	if err == nil {
		_, err = r.ask(ctx, http.MethodPut, "/"+c.ID, map[string]any{"action": "resume"})
	}
	if err != nil {
		return err
	}
	get := func(url string, htmx bool) func() error {
		return func() error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				return err
			}
			if htmx {
				req.Header.Set("HX-Request", "true")
			}
			res, err := browser.Do(req)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			if n, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK || n < 1000 || res.Request.URL.Path != req.URL.Path {
				return fmt.Errorf("GET %s: %s, %d bytes, %w", url, res.Status, n, err)
			}
			return nil
		}
	}
	shown := r.server.url.JoinPath("campaigns", c.ID).String()
	for _, ask := range []struct {
		name string
		do   func() error
	}{
		{"the campaign by the API", func() error { return r.c.get(ctx, "/campaigns/"+c.ID, nil) }},
		{"its page", get(shown, false)},
		{"the part of the page that is renewed", get(shown, true)},
	} {
		var times []time.Duration
		for range requests {
			start := time.Now()
			if err := ask.do(); err != nil {
				return err
			}
			times = append(times, time.Since(start))
		}
		r.t.add(ask.name+", p50 ms", ms(times, 50), "", "", pagePromise)
		r.t.add(ask.name+", p99 ms", ms(times, 99), "", "", "")
	}
	if now, err := r.state(ctx, c.ID); err != nil || now.Status != "InProgress" {
		return fmt.Errorf("the campaign is %+v (%w); it was to run all the time", now, err)
	}
	_, err = r.ask(ctx, http.MethodPut, "/"+c.ID, map[string]any{"action": "complete"})
	return errors.Join(err, r.settled(ctx))
}

// browser returns a client that is signed in to the dashboard.
func (r *calling) browser(ctx context.Context) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Client{Jar: jar, Transport: &http.Transport{DisableCompression: true}}
	form := url.Values{"key": {r.c.auth.Key}, "token": {r.c.auth.Token}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.server.url.JoinPath("signin").String(), strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := browser.Do(req)
	if err != nil {
		return nil, err
	}
	return browser, res.Body.Close()
}

// file measures the report of a campaign that calls three times more who did not answer:
// twice as many calls as numbers.
func (r *calling) file(ctx context.Context) error {
	if _, err := r.command(ctx, r.db, "account", "set", "bench", "--calls-a-minute", fmt.Sprint(mostCallsMinute)); err != nil {
		return err
	}
	_, id, err := r.called(ctx, map[string]any{"retries": map[string]any{"number_of_retries": 3, "interval_mins": 1}})
	if err != nil {
		return err
	}
	before := r.megabytes("VmRSS")
	r.resetPeak()
	start := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.c.url.String()+"/campaigns/"+id+"/report", nil)
	if err != nil {
		return err
	}
	req.SetBasicAuth(r.c.auth.Key, r.c.auth.Token)
	res, err := r.c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var lines lineCounter
	if _, err := io.Copy(&lines, res.Body); err != nil || res.StatusCode != http.StatusOK {
		return fmt.Errorf("the report: %s, %w", res.Status, err)
	}
	rows := int(lines) - 1
	rate, memory := float64(rows)/time.Since(start).Seconds(), r.megabytes("VmHWM")-before
	start = time.Now()
	read, err := r.floor.read(ctx, r.campaign)
	if err != nil {
		return err
	}
	floor := float64(read) / time.Since(start).Seconds()
	r.t.add(fmt.Sprintf("rows a second of a report of %s calls; the floor reads as many rows", grouped(rows)), rate, floor, rate/floor, reportPromise)
	r.t.add("memory that the report takes, MB", memory, "", "", "")
	return nil
}

// lineCounter counts the lines that are written to it.
type lineCounter int

func (n *lineCounter) Write(p []byte) (int, error) {
	*n += lineCounter(strings.Count(string(p), "\n"))
	return len(p), nil
}
