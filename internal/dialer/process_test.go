package dialer_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/work"
)

// process is a server that may fail or die: its store and its carrier go through it. From
// its death on it neither reads, writes nor calls.
type process struct {
	dialer.Store
	*simulator.Simulator
	w    *world
	stop func() // and waits for the end

	mu    sync.Mutex
	dice  *rand.Rand
	flaky float64 // the chance that an operation of the store fails
	fuse  int     // how many operations it lives on; less than zero is for ever
	dead  bool
	alive bool // it has the account
}

var errFault = errors.New("a fault of the test")

// fate decides what becomes of an operation: whether it is done, and whether that is
// told.
func (p *process) fate() (done, told bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return false, false
	}
	if p.fuse--; p.fuse == 0 {
		p.dead = true
		return p.dice.IntN(2) == 0, false
	}
	if p.dice.Float64() < p.flaky {
		return p.dice.IntN(2) == 0, false
	}
	return true, true
}

// do does an operation of the store as its fate says.
func (p *process) do(op func() error) error {
	done, told := p.fate()
	if done {
		if err := op(); err != nil {
			return err
		}
	}
	if !told {
		return errFault
	}
	return nil
}

// Place implements [carrier.Carrier].
func (p *process) Place(ctx context.Context, o carrier.Order) error {
	err := error(errFault)
	done, told := p.fate()
	if done {
		err = p.Simulator.Place(ctx, o)
		var notSent *carrier.NotSentError
		if !errors.As(err, &notSent) {
			p.w.placed(o)
		}
	}
	if !told {
		err = errFault
	}
	return err
}

// Claim implements [dialer.Store], as the other methods do.
func (p *process) Claim(ctx context.Context, l work.Lease, id account.ID, sid addressbook.SID, q dialer.ClaimQuery, rule dialer.ClaimRule) (dials []dialer.Dial, err error) {
	events, plans := make(map[int][]event.Event), make(map[addressbook.SID]int)
	err = p.do(func() error {
		var err error
		dials, err = p.Store.Claim(ctx, l, id, sid, q, func(c *campaign.Campaign, t *campaign.Target, callee dialer.Callee) (*campaign.Call, []event.Event) {
			call, told := rule(c, t, callee)
			events[t.Position] = told
			if call != nil {
				plans[call.SID], _ = strconv.Atoi(c.Name)
			}
			return call, told
		})
		p.w.claimed(plans)
		p.w.commit(events, err)
		return err
	})
	if err != nil {
		return nil, err
	}
	return dials, nil
}

func (p *process) Record(ctx context.Context, l work.Lease, id account.ID, calls []dialer.CallRef, rule dialer.RecordRule) error {
	events := make(map[int][]event.Event)
	return p.do(func() error {
		failed := make(map[addressbook.SID]phone.Number) // by a trunk
		err := p.Store.Record(ctx, l, id, calls, func(i int, c *campaign.Campaign, t *campaign.Target, call *campaign.Call) []event.Event {
			told := rule(i, c, t, call)
			events[i] = told
			if len(told) > 0 && call.Outcome == campaign.TrunkFailed {
				failed[call.SID] = call.Number
				p.w.uncount(call)
			}
			return told
		})
		if err == nil {
			p.w.faulted(failed)
		}
		p.w.commit(events, err)
		return err
	})
}

func (p *process) ChangeOpen(ctx context.Context, l work.Lease, id account.ID, sid addressbook.SID, rule dialer.CampaignRule) error {
	events := make(map[int][]event.Event)
	return p.do(func() error {
		err := p.Store.ChangeOpen(ctx, l, id, sid, func(c *campaign.Campaign) []event.Event {
			told := rule(c)
			events[0] = told
			return told
		})
		p.w.commit(events, err)
		return err
	})
}

func (p *process) Sweep(ctx context.Context, l work.Lease, id account.ID, sid addressbook.SID, limit int, rule dialer.TargetRule) (more bool, err error) {
	events := make(map[int][]event.Event)
	err = p.do(func() error {
		var err error
		more, err = p.Store.Sweep(ctx, l, id, sid, limit, func(c *campaign.Campaign, t *campaign.Target) []event.Event {
			told := rule(c, t)
			events[t.Position] = told
			return told
		})
		p.w.commit(events, err)
		return err
	})
	return more, err
}

func (p *process) ClaimAccounts(ctx context.Context, l work.Lease, now time.Time, limit int) (claimed []account.Account, err error) {
	err = p.do(func() (err error) {
		claimed, err = p.Store.ClaimAccounts(ctx, l, now, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

func (p *process) OpenCampaigns(ctx context.Context, id account.ID) (open []campaign.Campaign, err error) {
	err = p.do(func() (err error) {
		open, err = p.Store.OpenCampaigns(ctx, id)
		return err
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive = p.alive || err == nil
	return open, err
}

func (p *process) RenewAccounts(ctx context.Context, l work.Lease, ids []account.ID) (lost []account.ID, err error) {
	err = p.do(func() (err error) {
		lost, err = p.Store.RenewAccounts(ctx, l, ids)
		return err
	})
	return lost, err
}

func (p *process) ReleaseAccount(ctx context.Context, server string, id account.ID) error {
	return p.do(func() error { return p.Store.ReleaseAccount(ctx, server, id) })
}

// kill lets the process die after some more operations.
func (p *process) kill(operations int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fuse = operations
	p.dead = operations == 0
}

func (p *process) setFlaky(chance float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flaky = chance
}

func (p *process) state() (dead, alive bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead, p.alive
}
