package campaign

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/phone"
)

// ErrNotFound is the fault of a sid that no campaign of the account has.
var ErrNotFound = fault.New(fault.NotFound, "There is no campaign with this id")

// Store is what [Campaigns] needs of a database. Its methods are safe for concurrent use.
// They must touch no other account's rows. They must not find campaigns that are Deleted.
//
// A method claims the memory of what it reads from the [budget.Share] of ctx, by its
// Weight, before it reads on.
//
// Each write calls its [journal.Ready] with its results before it returns. Nobody may see
// the results before the method has returned nil. Then they are durable. After an error,
// nothing was changed.
type Store interface {
	// InsertCampaign adds a campaign. It calls check in the transaction with the
	// account's other campaigns, and returns its error.
	InsertCampaign(ctx context.Context, c *Campaign, check func(Running) error, ready journal.Ready[*Campaign]) error

	// ChangeCampaign reads a campaign, calls change, and stores the changed campaign, in
	// one transaction. Change may be called more than once, each time with the current
	// campaign. If it returns an error, nothing is changed, and ChangeCampaign returns
	// that error.
	ChangeCampaign(ctx context.Context, account account.ID, sid addressbook.SID, change func(*Campaign, Running) error, ready journal.Ready[*Campaign]) error

	// Campaign returns one campaign, or [ErrNotFound].
	Campaign(ctx context.Context, account account.ID, sid addressbook.SID) (*Campaign, error)

	// Campaigns returns one page, and the total at that same moment.
	Campaigns(ctx context.Context, account account.ID, q Query) (Page, error)

	// Calls returns one page of the campaign's calls, with the target of each, and the
	// total at that same moment.
	Calls(ctx context.Context, account account.ID, sid addressbook.SID, q CallQuery) (CallPage, error)

	// Targets returns one page of the campaign's targets, by their positions, and the
	// total at that same moment. Their states are as [Campaign.Result] tells.
	Targets(ctx context.Context, account account.ID, sid addressbook.SID, q TargetQuery) (TargetPage, error)

	// Preview counts what a campaign with these settings would call now. It follows the
	// rules of Expand and Claim of package dialer, and stores nothing. It calls refuses with the number of each target that is not suppressed. Refuses returns
	// why a number is never called, or 0.
	Preview(ctx context.Context, account account.ID, s *Settings, refuses func(phone.Number) Reason) (Preview, error)

	// CampaignsOf returns the campaigns that have this contact as a target, the newest
	// first, limit at most, and the target in each.
	CampaignsOf(ctx context.Context, account account.ID, contact addressbook.SID, limit int) ([]Campaign, []Target, error)

	// NextDue returns when the next waiting target is due. Ok is false if no target
	// waits.
	NextDue(ctx context.Context, account account.ID, sid addressbook.SID) (due time.Time, ok bool, err error)

	// LastCampaignSID returns the largest sid of any campaign or call of all accounts, or
	// zero.
	LastCampaignSID(ctx context.Context) (addressbook.SID, error)

	PolicyStore
}

// Running sums up the account's other campaigns that have not ended.
type Running struct {
	Campaigns int // their number
	Throttle  int // the sum of their throttles, in calls per minute
}

// Preview counts what a campaign would call.
type Preview struct {
	Targets    int // numbers that would be targets
	Duplicates int // entries of lists that are skipped because their number is a target already
	Suppressed int // targets whose number is suppressed
	// Refused counts the other targets that are never called, by the reason; nil for none.
	Refused map[Reason]int
}

// Called returns how many targets would be called.
func (p *Preview) Called() int {
	called := p.Targets - p.Suppressed
	for _, n := range p.Refused {
		called -= n
	}
	return called
}

// Refuse counts a target that is never called for a reason; 0 is none.
func (p *Preview) Refuse(why Reason) {
	if why == 0 {
		return
	}
	if p.Refused == nil {
		p.Refused = make(map[Reason]int)
	}
	p.Refused[why]++
}

// Query asks for one page of an account's campaigns.
type Query struct {
	Name          string          // a part of the name, compared by SearchText; "" means any
	States        []State         // nil means all
	List          addressbook.SID // a list of the campaign; zero means any
	ByName        bool            // sort by name and then sid, instead of by sid
	Desc          bool
	Offset, Limit int
}

// Page is a page of campaigns.
type Page struct {
	Campaigns []Campaign
	Total     int
}

// CallQuery asks for one page of a campaign's calls, in the order of their sids.
type CallQuery struct {
	// Outcomes and States select calls that ended with one of the outcomes, or are in
	// flight in one of the states. If both are nil, all calls match.
	Outcomes []Outcome
	States   []CallState
	Position *int // of the target; nil means any
	// After is the last call of the previous page; zero means none. Offset must be 0 with
	// it.
	After         addressbook.SID
	Desc          bool
	Offset, Limit int
	NoTotal       bool // leaves the total zero
}

// CallPage is a page of calls. Targets has the target of each, in the same order.
type CallPage struct {
	Calls   []Call
	Targets []Target
	Total   int
}

// TargetQuery asks for one page of a campaign's targets.
type TargetQuery struct {
	States        []TargetState // as [Campaign.Result] returns; nil means all
	Again         *bool         // whether the target was called before its current call; nil means either
	After         int           // the last position of the previous page; -1 means none
	Offset, Limit int
	NoTotal       bool // leaves the total zero
}

// TargetPage is a page of targets.
type TargetPage struct {
	Targets []Target
	Total   int
}
