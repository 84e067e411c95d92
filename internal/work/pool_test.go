package work

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock"
	"callbook/internal/fault"
)

// fakeTask does what its turns say, in their order, and is done after them.
type fakeTask struct {
	id     ID
	turns  []error
	worked *[]ID       // by all tasks
	times  []time.Time // of its turns
	open   bool
}

func (t *fakeTask) ID() ID       { return t.id }
func (t *fakeTask) Attrs() []any { return []any{"task", t.id.SID[0]} }
func (t *fakeTask) Close()       { t.open = false }

func (t *fakeTask) Turn(context.Context) (bool, error) {
	t.open = true
	if t.worked != nil {
		*t.worked = append(*t.worked, t.id)
	}
	t.times = append(t.times, time.Now())
	if n := len(t.times); n <= len(t.turns) {
		if t.turns[n-1] == errPanics {
			panic("with a number")
		}
		return false, t.turns[n-1]
	}
	return true, nil
}

// errPanics is a turn that panics.
var errPanics = errors.New("panics")

// fakeLeases has some tasks to claim, and notes what the pool asks.
type fakeLeases struct {
	free    []ID
	away    bool
	renewed []ID
	calls   []string
}

var errAway = errors.New("the store is away")

func (f *fakeLeases) Claim(_ context.Context, l Lease, now time.Time, limit int) ([]ID, error) {
	if f.away {
		return nil, errAway
	}
	if !l.Until.Equal(now.Add(LeaseTime)) {
		return nil, errors.New("the lease has another end")
	}
	claimed := f.free[:min(limit, len(f.free))]
	f.free = f.free[len(claimed):]
	return claimed, nil
}

func (f *fakeLeases) Renew(_ context.Context, _ Lease, tasks []ID) error {
	f.renewed = append(f.renewed, tasks...)
	return nil
}

func (f *fakeLeases) Release(_ context.Context, server string) error {
	f.calls = append(f.calls, "release "+server)
	return nil
}

var errBusy, errBusyAccount = errors.New("busy"), errors.New("busy account")

// run runs a pool of one worker for some time of the bubble.
func run(t *testing.T, leases *fakeLeases, newTask func(ID) Task, d time.Duration, tasks ...*fakeTask) (p *Pool, log string) {
	t.Helper()
	var logged bytes.Buffer
	p = NewPool(leases, newTask, Options{
		Log: slog.New(slog.NewTextHandler(&logged, nil)), Clock: clock.System, Poll: 3 * time.Second, Workers: 1,
		Slots: 4, SlotsOfAccount: 2, Busy: errBusy, BusyAccount: errBusyAccount, One: "a task", Many: "tasks",
	})
	for _, task := range tasks {
		if err := p.TakeSlot(task.id.Account); err != nil {
			t.Fatal(err)
		}
		p.Add(task)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	p.Run(ctx)
	return p, logged.String()
}

func id(account account.ID, n byte) ID { return ID{Account: account, SID: [16]byte{n}} }

// TestTurns gives tasks their turns round-robin.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var worked []ID
		one, two, three := id(1, 1), id(1, 2), id(2, 3)
		p, _ := run(t, &fakeLeases{}, nil, time.Minute,
			&fakeTask{id: one, turns: []error{nil, nil}, worked: &worked},
			&fakeTask{id: two, worked: &worked},
			&fakeTask{id: three, turns: []error{nil}, worked: &worked})
		if want := []ID{one, two, three, one, three, one}; !slices.Equal(worked, want) {
			t.Errorf("the turns were %v, want %v", worked, want)
		}
		if p.taken != 0 || len(p.slots) != 0 || len(p.tasks) != 0 {
			t.Errorf("the pool still has %d slots and %d tasks", p.taken, len(p.tasks))
		}
	})
}

// TestRetries: the pause before a retry doubles, up to a minute or what the store
// says, and begins anew after a turn that succeeded.
func TestRetries(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	away := &fault.Error{Kind: fault.Unavailable, RetryAfter: 3 * time.Second}
	for name, tt := range map[string]struct {
		turns  []error
		pauses []time.Duration // in seconds
		logged int
	}{
		"broken":             {[]error{broken, broken, nil, broken}, []time.Duration{1, 2, 0, 1}, 3},
		"broken for long":    {slices.Repeat([]error{broken}, 8), []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}, 8},
		"panics":             {[]error{errPanics, nil, broken}, []time.Duration{1, 0, 1}, 2},
		"the store is away":  {[]error{away, away, away, away}, []time.Duration{1, 2, 3, 3}, 1},
		"another has it now": {[]error{broken, ErrLost}, []time.Duration{1}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				task := &fakeTask{id: id(1, 1), turns: tt.turns}
				p, log := run(t, &fakeLeases{}, nil, time.Hour, task)
				var pauses []time.Duration
				for i := range task.times[1:] {
					pauses = append(pauses, task.times[i+1].Sub(task.times[i])/time.Second)
				}
				if !slices.Equal(pauses, tt.pauses) {
					t.Errorf("the pauses were %v, want %v", pauses, tt.pauses)
				}
				if n := strings.Count(log, "a task"); n != tt.logged || strings.Contains(log, "with a number") {
					t.Errorf("the log has %d lines, want %d:\n%s", n, tt.logged, log)
				}
				if task.open || p.taken != 0 {
					t.Errorf("the task is open: %t, and has %d slots", task.open, p.taken)
				}
			})
		})
	}
}

// TestLeases: what nobody works is claimed as far as there are slots, leases are
// renewed while tasks wait, and given back at the end. An outage is logged once.
func TestLeases(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		waiting := slices.Repeat([]error{errors.New("broken")}, 10)
		newTask := func(id ID) Task { return &fakeTask{id: id, turns: waiting} }
		leases := &fakeLeases{free: []ID{id(1, 1), id(1, 2), id(1, 3), id(1, 4), id(1, 5)}}
		p, log := run(t, leases, newTask, 4*time.Second)
		if !slices.Equal(leases.free, []ID{id(1, 5)}) || len(leases.renewed) != 4 {
			t.Errorf("left are %v, and renewed were %v", leases.free, leases.renewed)
		}
		if want := []string{"release " + p.server}; !slices.Equal(leases.calls, want) || p.FirstLease() != (Lease{}) {
			t.Errorf("at the end: %v, and the lease of a new task is %v", leases.calls, p.FirstLease())
		}
		if !strings.Contains(log, "going on with tasks") {
			t.Errorf("the log is\n%s", log)
		}
		if err := p.TakeSlot(2); err != errBusy {
			t.Errorf("a slot too many: %v", err)
		}
		p.FreeSlot(1)
		if err := p.TakeSlot(1); err != errBusyAccount {
			t.Errorf("a slot too many of an account: %v", err)
		}

		_, log = run(t, &fakeLeases{away: true}, newTask, time.Minute)
		if n := strings.Count(log, "could not be renewed or claimed"); n != 1 {
			t.Errorf("the outage was logged %d times:\n%s", n, log)
		}
	})
}
