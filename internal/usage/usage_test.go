package usage

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/clock/clocktest"
	"callbook/internal/fault"
)

// stores keep counts in memory, and know one account.
type stores struct {
	account.Store
	zone   *time.Location
	counts map[Count]int // by all but Requests
	err    error         // of what is written
}

func (s *stores) Account(_ context.Context, sid string) (account.Account, error) {
	if sid != "demo" {
		return account.Account{}, fault.New(fault.NotFound, "there is no such account")
	}
	return account.Account{ID: 7, SID: "demo", TimeZone: s.zone}, nil
}

func (s *stores) AddRequests(_ context.Context, counts []Count) error {
	if s.err != nil {
		return s.err
	}
	for _, c := range counts {
		n := c.Requests
		c.Requests = 0
		s.counts[c] += n
	}
	return nil
}

func (s *stores) Requests(context.Context, account.ID, Date, Date) ([]Day, error) { return nil, nil }
func (s *stores) ForgetRequests(context.Context, Date) error                      { return nil }

func newStores(zone *time.Location) *stores {
	return &stores{zone: zone, counts: make(map[Count]int)}
}

func (s *stores) counter(c clock.Clock) *Counter {
	return NewCounter(s, account.NewDirectory(s, c), Options{Log: slog.New(slog.DiscardHandler), Clock: c})
}

// TestDates: a request is counted on the day that it is in the account's zone,
// whatever its offset.
func TestDates(t *testing.T) {
	t.Parallel()
	for name, offset := range map[string]time.Duration{
		"Kolkata": 5*time.Hour + 30*time.Minute, "Kathmandu": 5*time.Hour + 45*time.Minute, "UTC": 0, "Marquesas": -9*time.Hour - 30*time.Minute,
	} {
		s := newStores(time.FixedZone(name, int(offset.Seconds())))
		midnight := time.Date(2026, 5, 2, 0, 0, 0, 0, s.zone)
		var now time.Time
		c := s.counter(clocktest.Func(func() time.Time { return now }))
		for at, status := range map[time.Duration]int{-time.Nanosecond: 200, 0: 404, time.Second: 503} {
			now = midnight.Add(at)
			c.Count("demo", status, 0)
		}
		c.Count("nobody", 200, 0)
		if err := c.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := dateOf(time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC))
		want := map[Count]int{
			{Account: 7, Date: second - 1, Outcome: Succeeded}: 1, {Account: 7, Date: second, Outcome: Refused}: 1, {Account: 7, Date: second, Outcome: Failed}: 1,
		}
		if diff := cmp.Diff(want, s.counts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestFlushFails: what could not be written is written later, once.
func TestFlushFails(t *testing.T) {
	t.Parallel()
	s := newStores(time.UTC)
	c := s.counter(clock.System)
	c.Count("demo", 207, 0)
	s.err = errors.New("away")
	if err := c.Flush(t.Context()); err == nil {
		t.Error("no error came")
	}
	c.Count("demo", 200, 0)
	s.err = nil
	for range 2 {
		if err := c.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	}
	total := 0
	for _, n := range s.counts {
		total += n
	}
	if total != 2 {
		t.Errorf("%d requests are counted", total)
	}
}

// TestRun writes down now and then, and at the end.
func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStores(time.UTC)
		c := s.counter(clock.System)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { c.Run(ctx); close(done) }()
		c.Count("demo", 200, 0)
		time.Sleep(flushEvery + time.Millisecond)
		synctest.Wait()
		if len(s.counts) != 1 {
			t.Errorf("after a while there is %v", s.counts)
		}
		c.Count("demo", 500, 0)
		stop()
		<-done
		if len(s.counts) != 2 {
			t.Errorf("at the end there is %v", s.counts)
		}
	})
}

// TestOutage: a store that fails is told of once, and again after it was back.
func TestOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStores(time.UTC)
		var log bytes.Buffer
		c := NewCounter(s, account.NewDirectory(s, clock.System), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { c.Run(ctx); close(done) }()
		for outage := 1; outage <= 2; outage++ {
			s.err = errors.New("away")
			c.Count("demo", 200, 0)
			time.Sleep(3*flushEvery + time.Millisecond)
			synctest.Wait()
			if got := strings.Count(log.String(), "away"); got != outage {
				t.Errorf("outage %d: the log tells of %d:\n%s", outage, got, &log)
			}
			s.err = nil
			c.Count("demo", 200, 0)
			time.Sleep(flushEvery)
			synctest.Wait()
		}
		stop()
		<-done
		if len(s.counts) != 1 {
			t.Errorf("at the end there is %v", s.counts)
		}
	})
}

// stuck is a store that does not come back from a write before its context ends.
type stuck struct {
	*stores
	entered chan struct{}
}

func (s stuck) AddRequests(ctx context.Context, _ []Count) error {
	close(s.entered)
	<-ctx.Done()
	return context.Cause(ctx)
}

// TestDaysGiveUp: whoever asks for the days need not wait for a write that hangs.
func TestDaysGiveUp(t *testing.T) {
	t.Parallel()
	s := stuck{newStores(time.UTC), make(chan struct{})}
	c := NewCounter(s, account.NewDirectory(s, clock.System), Options{})
	c.Count("demo", 200, 0)
	flushing, stop := context.WithCancel(t.Context())
	var flushed sync.WaitGroup
	flushed.Go(func() { _ = c.Flush(flushing) })
	defer flushed.Wait()
	defer stop()
	<-s.entered
	asked := make(chan error, 1)
	gone, leave := context.WithCancel(t.Context())
	leave()
	go func() {
		_, err := c.Days(gone, account.Account{ID: 7, SID: "demo", TimeZone: time.UTC}, 1)
		asked <- err
	}()
	select {
	case err := <-asked:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v", err)
		}
	case <-time.After(2 * time.Minute):
		t.Error("it waits for the write")
	}
}
