package campaign

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

// Dialer is what [Campaigns] needs of the dialer. Its methods are safe for concurrent
// use.
type Dialer interface {
	// Wake makes the dialer look at the account now, and not only at its next poll.
	Wake(account.ID)
	// Settled waits until no call of a paused campaign can leave any more, on any server,
	// for at most two seconds. After that, only a call can leave that was handed to the
	// carrier at least a second ago and that the carrier has not yet reported as sent.
	Settled(ctx context.Context, account account.ID, sid addressbook.SID)
}

// Options configure [Campaigns].
type Options struct {
	// Clock gives the dates of campaigns; nil means [clock.System].
	Clock clock.Clock
	// SIDs makes the sids of campaigns, with the dates of Clock. Nil means a new
	// generator.
	SIDs *addressbook.SIDs
	// Dialer places the calls. It must not be nil.
	Dialer Dialer
	// Real means that campaigns call real people, so that [Defaults] apply and that a
	// campaign must name a flow that exists.
	Real bool
	// FlowThere reports whether the account has a flow of this name. It must not be nil
	// when Real is set.
	FlowThere func(ctx context.Context, acct account.Account, name string) (bool, error)
	// MayShow reports whether callees may be shown a caller id. Nil means any.
	MayShow func(ctx context.Context, callerID string) (bool, error)
}

// Campaigns creates, reads and changes the campaigns of accounts. It is safe for
// concurrent use.
type Campaigns struct {
	store  Store
	book   *addressbook.Book
	clock  clock.Clock
	sids   *addressbook.SIDs
	dialer Dialer
	real   bool
	// flowThere, if not nil, reports whether the account has a flow. If it is nil,
	// campaigns may name any flow.
	flowThere func(context.Context, account.Account, string) (bool, error)
	mayShow   func(ctx context.Context, callerID string) (bool, error) // Options.MayShow
}

// New returns the campaigns in store, which call the contacts of book.
func New(store Store, book *addressbook.Book, opts Options) *Campaigns {
	opts.Clock = cmp.Or(opts.Clock, clock.System)
	if opts.SIDs == nil {
		opts.SIDs = addressbook.NewSIDs(opts.Clock)
	}
	cs := &Campaigns{store: store, book: book, clock: opts.Clock, sids: opts.SIDs, dialer: opts.Dialer, real: opts.Real, mayShow: opts.MayShow}
	if opts.Real {
		cs.flowThere = opts.FlowThere
	}
	return cs
}

// Create creates a campaign. It starts to call at SendAt. A mistake in the draft is a
// fault. Ready may be nil.
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
	ctx, ready = journal.Audited(ctx, acct.ID, ready, func(c *Campaign) audit.Change {
		return audit.Change{Action: audit.CampaignsCreate, Object: c.SID.String(), Done: 1}
	})
	if err := cs.store.InsertCampaign(ctx, c, check, ready); err != nil {
		return nil, err
	}
	cs.dialer.Wake(acct.ID)
	return c, nil
}

// draft validates a draft and returns its campaign, without storing it.
func (cs *Campaigns) draft(ctx context.Context, acct account.Account, d *Draft) (*Campaign, error) {
	sid, born := cs.sids.Next()
	k := checker{ctx: ctx, book: cs.book, acct: acct, draft: d, now: born, flowThere: cs.flowThere, mayShow: cs.mayShow}
	s, err := k.run()
	if err != nil {
		return nil, err
	}
	return &Campaign{SID: sid, Account: acct.ID, Settings: s, State: Created, Created: born, Updated: born}, nil
}

// checkThrottle returns a fault if the throttle, together with those of the account's
// other running campaigns, exceeds the account's pace.
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

// Preview returns the campaign that Create would create, and what it would call. It
// refuses the same drafts as Create, except for reasons that depend on the account's
// other campaigns.
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
	rules, now := policy.Over(cs.Defaults(acct)).Of(&c.Settings), cs.clock.Now()
	p, err := cs.store.Preview(ctx, acct.ID, &c.Settings, func(n phone.Number) Reason { return rules.Refuses(n, now) })
	if d.From.Value != nil {
		p.Duplicates += len(*d.From.Value) - len(c.From)
	}
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

// farthest is an offset or a position beyond all targets and calls of a campaign. Stores
// can add to it, and keep positions in 32 bits.
const farthest = 1 << 29

// Calls returns one page of a campaign's calls.
func (cs *Campaigns) Calls(ctx context.Context, acct account.Account, sid addressbook.SID, q CallQuery) (CallPage, error) {
	q.Offset = min(q.Offset, farthest)
	return cs.store.Calls(ctx, acct.ID, sid, q)
}

// Targets returns one page of a campaign's targets.
func (cs *Campaigns) Targets(ctx context.Context, acct account.Account, sid addressbook.SID, q TargetQuery) (TargetPage, error) {
	q.After, q.Offset = min(q.After, farthest), min(q.Offset, farthest)
	return cs.store.Targets(ctx, acct.ID, sid, q)
}

// Of returns up to limit campaigns of which the contact is a target, newest first, and
// the target in each.
func (cs *Campaigns) Of(ctx context.Context, acct account.Account, contact addressbook.SID, limit int) ([]Campaign, []Target, error) {
	return cs.store.CampaignsOf(ctx, acct.ID, contact, limit)
}

// Next returns when the next waiting target of a campaign will be due. It returns the zero
// time if no target waits, or if one is due already and waits for its turn.
func (cs *Campaigns) Next(ctx context.Context, acct account.Account, sid addressbook.SID) (time.Time, error) {
	due, ok, err := cs.store.NextDue(ctx, acct.ID, sid)
	if !ok || err != nil || !due.After(cs.clock.Now()) {
		return time.Time{}, err
	}
	return due, nil
}

// Pace returns how many calls a campaign has begun in each of the last [PlotMinutes]
// minutes, and when the first of these minutes began. The last entry is the current minute.
func (cs *Campaigns) Pace(c *Campaign) (since time.Time, calls [PlotMinutes]int) {
	return c.Minutes.Until(cs.clock.Now())
}

// Policy returns the account's policy with [Campaigns.Defaults] for what it does not set.
func (cs *Campaigns) Policy(ctx context.Context, acct account.Account) (Policy, error) {
	p, err := cs.store.Policy(ctx, acct.ID)
	return p.Over(cs.Defaults(acct)), err
}

// Defaults returns the account's default policy: [Defaults] if campaigns call real
// people, and otherwise no limits.
func (cs *Campaigns) Defaults(acct account.Account) Policy {
	if cs.real {
		return Defaults(acct)
	}
	return Policy{}
}

// ChangePolicy changes the account's policy; see [ChangePolicy]. Running campaigns follow
// it within a second or two.
func (cs *Campaigns) ChangePolicy(ctx context.Context, acct account.Account, change func(*Policy)) (Policy, error) {
	p, err := ChangePolicy(ctx, cs.store, acct, change)
	if err == nil {
		cs.dialer.Wake(acct.ID)
	}
	return p, err
}

// Copy creates a campaign with the settings of another one. It starts now and lasts as
// long as the other. The fields that over gives replace those settings. Ready may be nil.
func (cs *Campaigns) Copy(ctx context.Context, acct account.Account, sid addressbook.SID, over *Draft, ready journal.Ready[*Campaign]) (*Campaign, error) {
	c, err := cs.store.Campaign(ctx, acct.ID, sid)
	if err != nil {
		return nil, err
	}
	d := c.Settings.Again(cs.clock.Now())
	d.Merge(over)
	return cs.Create(ctx, acct, d, ready)
}
