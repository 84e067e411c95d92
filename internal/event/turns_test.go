package event

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/work"
)

// crowd is a store of accounts with as many receivers as have lanes, all of which have
// events without end, and of one more account, whose events come after them.
type crowd struct {
	Store
	url   string
	ids   atomic.Int64
	taken atomic.Bool // by the crowd
}

const crowdAccounts = maxLanes / accountLanes

// ClaimAccounts implements [Store], as the other methods do.
func (*crowd) ClaimAccounts(context.Context, work.Lease, time.Time, int) (all []account.ID, err error) {
	for id := range crowdAccounts + 1 {
		all = append(all, account.ID(id+1))
	}
	return all, nil
}

func (c *crowd) Receivers(context.Context, []Receiver, int) (due []DueReceiver, err error) {
	add := func(id, i int) {
		due = append(due, DueReceiver{Receiver: Receiver{account.ID(id), fmt.Sprintf("http://%d.%d.example", id, i)}})
	}
	for id := range crowdAccounts {
		for i := range accountLanes {
			add(id+1, i)
		}
	}
	if c.taken.Load() {
		add(crowdAccounts+1, 0)
	}
	return due, nil
}

func (c *crowd) Due(_ context.Context, r Receiver, _ time.Time, _ []int64, limit int) ([]Pending, error) {
	due := make([]Pending, limit)
	for i := range due {
		id := c.ids.Add(1)
		due[i] = Pending{ID: id, Position: int(id), URL: fmt.Sprint(c.url, "/", r.Account)}
	}
	return due, nil
}

func (*crowd) Record(context.Context, work.Lease, account.ID, []Outcome) error { return nil }

func (*crowd) RenewAccounts(context.Context, work.Lease, []account.ID) ([]account.ID, error) {
	return nil, nil
}

func (*crowd) ReleaseAccounts(context.Context, string, []account.ID) error { return nil }

func (*crowd) Purge(context.Context, time.Time, int) (bool, error) { return false, nil }

// TestTurns: an account whose events come when other accounts have taken all lanes for
// events without end has its turn all the same.
func TestTurns(t *testing.T) {
	t.Parallel()
	c := &crowd{}
	last, done := fmt.Sprint("/", crowdAccounts+1), make(chan struct{})
	tell := sync.OnceFunc(func() { close(done) })
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, last) {
			tell()
			return
		}
		c.taken.Store(true)
		select { // slowly
		case <-r.Context().Done():
		case <-time.After(300 * time.Millisecond):
		}
	}))
	defer receiver.Close()
	c.url = receiver.URL
	secret := func(context.Context, account.ID) ([]byte, error) { return []byte("secret"), nil }
	d := New(c, Options{Log: slog.New(slog.DiscardHandler), Clock: clock.System, Private: true, Secret: secret})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Run(ctx)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		t.Error("it had no turn")
	}
	stop()
	<-ended
}

// sleepers is a store of an account with receivers whose events are not due, except that
// of the last receiver.
type sleepers struct {
	crowd
	t *testing.T
}

const sleeping = 5 * maxReceivers

// ClaimAccounts implements [Store], as Receivers does.
func (*sleepers) ClaimAccounts(context.Context, work.Lease, time.Time, int) ([]account.ID, error) {
	return []account.ID{1}, nil
}

func (s *sleepers) Receivers(_ context.Context, after []Receiver, limit int) (waiting []DueReceiver, err error) {
	if len(after) != 1 || limit > maxReceivers {
		s.t.Errorf("a poll reads %d receivers after %v", limit, after)
	}
	first := 0
	if after[0].Origin != "" {
		if _, err := fmt.Sscanf(after[0].Origin, "http://%d.example", &first); err != nil {
			return nil, err
		}
		first++
	}
	for i := first; i < min(first+limit, sleeping); i++ {
		r := DueReceiver{Receiver: Receiver{1, fmt.Sprintf("http://%06d.example", i)}, First: Behind}
		if i == sleeping-1 {
			r.First = AtOnce
		}
		waiting = append(waiting, r)
	}
	return waiting, nil
}

// TestManyReceivers: a poll reads a bounded number of receivers, and all of them have
// their turn.
func TestManyReceivers(t *testing.T) {
	t.Parallel()
	var turns atomic.Int64
	secret := func(context.Context, account.ID) ([]byte, error) { // a lane has begun
		turns.Add(1)
		return nil, nil
	}
	d := New(&sleepers{t: t}, Options{Clock: clock.System, Secret: secret})
	if err := d.claim(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop() // so that the lane sends nothing
	const polls = 3 * sleeping / maxReceivers
	for range polls {
		if err := d.poll(stopped, time.Now()); err != nil {
			t.Fatal(err)
		}
		d.working.Wait()
	}
	if n := turns.Load(); n != 2 {
		t.Errorf("the last receiver had %d turns in %d polls, want 2", n, polls)
	}
}
