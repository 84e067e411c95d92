package campaign

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// Dialer is what [Campaigns] needs of who places the calls. All of it is safe for
// concurrent use.
type Dialer interface {
	// Wake tells that something has changed for the account, so that nobody waits for
	// the next look.
	Wake(account.ID)
	// Settled returns when no call of a campaign that was paused can leave any more, on
	// any server. It waits two seconds at most.
	Settled(ctx context.Context, account account.ID, sid addressbook.SID)
}

// Options change how [Campaigns] work.
type Options struct {
	// Clock tells the dates of campaigns; nil means [clock.System].
	Clock clock.Clock
	// SIDs makes the sids and dates of campaigns, by Clock. Nil means new ones.
	SIDs *addressbook.SIDs
	// Dialer places the calls. It must not be nil.
	Dialer Dialer
	// Real says that people are called, so that [Defaults] hold.
	Real bool
}

// Campaigns is the one door to the campaigns of accounts. It is safe for concurrent
// use.
type Campaigns struct {
	store  Store
	book   *addressbook.Book
	clock  clock.Clock
	sids   *addressbook.SIDs
	dialer Dialer
	real   bool
}

// New returns the campaigns in store, which call the contacts of book.
func New(store Store, book *addressbook.Book, opts Options) *Campaigns {
	opts.Clock = cmp.Or(opts.Clock, clock.System)
	if opts.SIDs == nil {
		opts.SIDs = addressbook.NewSIDs(opts.Clock)
	}
	return &Campaigns{store: store, book: book, clock: opts.Clock, sids: opts.SIDs, dialer: opts.Dialer, real: opts.Real}
}

// Create makes a campaign, which begins to call at its SendAt. What the contract
// refuses is a fault. Ready may be nil.
func (cs *Campaigns) Create(ctx context.Context, acct account.Account, d *Draft, ready journal.Ready[*Campaign]) (*Campaign, error) {
	c, err := cs.draft(ctx, acct, d)
	if err != nil {
		return nil, err
	}
	policy, err := cs.store.Policy(ctx, acct.ID)
	if err != nil {
		return nil, err
	}
	check := func(r Running) error {
		if r.Campaigns >= MaxRunning {
			return fault.New(fault.Invalid, fmt.Sprintf("At most %d campaigns may be running", MaxRunning))
		}
		return checkThrottle(c.Throttle, r, &policy)
	}
	if err := cs.store.InsertCampaign(ctx, c, check, ready); err != nil {
		return nil, err
	}
	cs.dialer.Wake(acct.ID)
	return c, nil
}

// draft returns the campaign that a draft asks for. It is not stored.
func (cs *Campaigns) draft(ctx context.Context, acct account.Account, d *Draft) (*Campaign, error) {
	sid, born := cs.sids.Next()
	k := checker{ctx: ctx, book: cs.book, acct: acct, draft: d, now: born}
	s, err := k.run()
	if err != nil {
		return nil, err
	}
	return &Campaign{SID: sid, Account: acct.ID, Settings: s, State: Created, Created: born, Updated: born}, nil
}

// checkThrottle checks the throttle of a campaign with what the others may do.
func checkThrottle(throttle int, others Running, p *Policy) error {
	switch limit := p.Rate(); {
	case throttle == 0:
		return nil
	case throttle >= limit:
		return fault.InvalidField(FieldThrottle, fmt.Sprintf("it must be below the account's limit of %d calls a minute", limit))
	case throttle+others.Throttle >= limit:
		return fault.InvalidField(FieldThrottle, fmt.Sprintf(
			"the account's limit is %d calls a minute, and its other campaigns may make %d", limit, others.Throttle))
	}
	return nil
}

// Preview tells what a campaign would call, without making it. It refuses what Create
// refuses, but for what depends on the other campaigns of the account.
func (cs *Campaigns) Preview(ctx context.Context, acct account.Account, d *Draft) (*Campaign, Preview, error) {
	c, err := cs.draft(ctx, acct, d)
	if err != nil {
		return nil, Preview{}, err
	}
	policy, err := cs.store.Policy(ctx, acct.ID)
	if err == nil {
		err = checkThrottle(c.Throttle, Running{}, &policy)
	}
	if err != nil {
		return nil, Preview{}, err
	}
	p, err := cs.store.Preview(ctx, acct.ID, &c.Settings)
	return c, p, err
}

// Get returns one campaign, or [ErrNotFound].
func (cs *Campaigns) Get(ctx context.Context, acct account.Account, sid addressbook.SID) (*Campaign, error) {
	return cs.store.Campaign(ctx, acct.ID, sid)
}

// List returns one page of the account's campaigns.
func (cs *Campaigns) List(ctx context.Context, acct account.Account, q Query) (Page, error) {
	return cs.store.Campaigns(ctx, acct.ID, q)
}

// Calls returns one page of a campaign's calls.
func (cs *Campaigns) Calls(ctx context.Context, acct account.Account, sid addressbook.SID, q CallQuery) (CallPage, error) {
	return cs.store.Calls(ctx, acct.ID, sid, q)
}

// Targets returns one page of a campaign's targets.
func (cs *Campaigns) Targets(ctx context.Context, acct account.Account, sid addressbook.SID, q TargetQuery) (TargetPage, error) {
	return cs.store.Targets(ctx, acct.ID, sid, q)
}

// Of returns campaigns that have the contact as a target, the newest first, limit at
// most, and the target in each.
func (cs *Campaigns) Of(ctx context.Context, acct account.Account, contact addressbook.SID, limit int) ([]Campaign, []Target, error) {
	return cs.store.CampaignsOf(ctx, acct.ID, contact, limit)
}

// Next returns when the next target of a campaign that waits is due; false means that
// none waits.
func (cs *Campaigns) Next(ctx context.Context, acct account.Account, sid addressbook.SID) (due time.Time, ok bool, err error) {
	return cs.store.NextDue(ctx, acct.ID, sid)
}

// Pace returns how many calls of a campaign were begun in each of the last n minutes,
// the one that is not over last, and when the first of them began.
func (cs *Campaigns) Pace(ctx context.Context, acct account.Account, sid addressbook.SID, n int) (since time.Time, calls []int, err error) {
	since = cs.clock.Now().Truncate(time.Minute).Add(-time.Duration(n-1) * time.Minute)
	calls, err = cs.store.CallsByMinute(ctx, acct.ID, sid, since, n)
	return since, calls, err
}

// Policy returns what holds for the account's campaigns: what it has set, and
// [Campaigns.Defaults].
func (cs *Campaigns) Policy(ctx context.Context, acct account.Account) (Policy, error) {
	p, err := cs.store.Policy(ctx, acct.ID)
	return p.Over(cs.Defaults(acct)), err
}

// Defaults returns what holds where the account has set nothing: [Defaults] where people
// are called, and nothing where they are not.
func (cs *Campaigns) Defaults(acct account.Account) Policy {
	if cs.real {
		return Defaults(acct)
	}
	return Policy{}
}

// ChangePolicy changes what the account has set; see [ChangePolicy]. Campaigns that are
// running go by it within a second or two.
func (cs *Campaigns) ChangePolicy(ctx context.Context, acct account.Account, change func(*Policy)) (Policy, error) {
	p, err := ChangePolicy(ctx, cs.store, acct, change)
	if err == nil {
		cs.dialer.Wake(acct.ID)
	}
	return p, err
}

// Update changes a campaign: it does the draft's Action, or changes settings. After a
// pause it returns when no call can leave any more. Ready may be nil.
func (cs *Campaigns) Update(ctx context.Context, acct account.Account, sid addressbook.SID, d *Draft, ready journal.Ready[*Campaign]) (*Campaign, error) {
	c, err := cs.update(ctx, acct, sid, d, ready)
	for tries := 1; err == errMeanwhile && tries < maxTries; tries++ {
		c, err = cs.update(ctx, acct, sid, d, ready)
	}
	if err != nil {
		return nil, err
	}
	cs.dialer.Wake(acct.ID)
	if action := Action(orZero(d.Action)); action == Pause || action == Complete {
		cs.dialer.Settled(ctx, acct.ID, sid)
	}
	return c, nil
}

// maxTries is how often a change is tried whose campaign others change meanwhile.
const maxTries = 5

// update tries a change once. What the new settings are checked against is read before
// the change, so the change is refused with errMeanwhile when the campaign is another
// by then.
func (cs *Campaigns) update(ctx context.Context, acct account.Account, sid addressbook.SID, d *Draft, ready journal.Ready[*Campaign]) (after *Campaign, err error) {
	seen, err := cs.store.Campaign(ctx, acct.ID, sid)
	if err != nil {
		return nil, err
	}
	policy, err := cs.store.Policy(ctx, acct.ID)
	if err != nil {
		return nil, err
	}
	now := cs.clock.Now()
	s, err := cs.changed(ctx, acct, seen, d, now)
	if err != nil {
		return nil, err
	}
	err = cs.store.ChangeCampaign(ctx, acct.ID, sid, func(c *Campaign, others Running) error {
		if c.State != seen.State || !c.Started.Equal(seen.Started) || !c.Updated.Equal(seen.Updated) {
			return errMeanwhile
		}
		after = c
		if d.Action.Given {
			if err := c.Do(Action(orZero(d.Action)), now); err != nil {
				return err
			}
		} else if s.Throttle != c.Throttle {
			if err := checkThrottle(s.Throttle, others, &policy); err != nil {
				return err
			}
		}
		if !reflect.DeepEqual(c.Settings, s) {
			c.Settings = s
			c.touch(now)
		}
		return nil
	}, ready)
	return after, err
}

// errMeanwhile tells that a campaign was changed between two transactions.
var errMeanwhile = fault.New(fault.Changed, "The campaign was changed meanwhile")

// changed returns the settings that a change makes of a campaign's. With an action,
// only the callbacks change, and the schedule of a campaign that is resumed.
func (cs *Campaigns) changed(ctx context.Context, acct account.Account, c *Campaign, d *Draft, now time.Time) (Settings, error) {
	action := d.Action.Given
	if action {
		callbacks := Draft{CallStatusCallback: d.CallStatusCallback, CallScheduleCallback: d.CallScheduleCallback, StatusCallback: d.StatusCallback}
		if Action(orZero(d.Action)) == Resume && c.State == Paused {
			callbacks.Schedule = d.Schedule
		}
		d = &callbacks
	}
	k := checker{ctx: ctx, book: cs.book, acct: acct, draft: d, now: now, s: c.Settings, started: action || c.started(), movable: c.State == Paused}
	return k.run()
}

// started tells whether the settings of the campaign must stay as they are.
func (c *Campaign) started() bool { return !c.Started.IsZero() || c.State.Ended() }

// Copy makes a campaign with the settings of another one, which begins now and lasts as
// long. What over gives takes the place of those settings. Ready may be nil.
func (cs *Campaigns) Copy(ctx context.Context, acct account.Account, sid addressbook.SID, over *Draft, ready journal.Ready[*Campaign]) (*Campaign, error) {
	c, err := cs.store.Campaign(ctx, acct.ID, sid)
	if err != nil {
		return nil, err
	}
	d := c.Settings.Again(cs.clock.Now())
	d.Merge(over)
	return cs.Create(ctx, acct, d, ready)
}

// Delete deletes a campaign that has not started, and returns it as it last was. Ready
// may be nil.
func (cs *Campaigns) Delete(ctx context.Context, acct account.Account, sid addressbook.SID, ready journal.Ready[*Campaign]) (*Campaign, error) {
	var after *Campaign
	now := cs.clock.Now()
	err := cs.store.ChangeCampaign(ctx, acct.ID, sid, func(c *Campaign, _ Running) error {
		after = c
		return c.Delete(now)
	}, ready)
	if err != nil {
		return nil, err
	}
	cs.dialer.Wake(acct.ID)
	return after, nil
}
