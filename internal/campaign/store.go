package campaign

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// ErrNotFound is the fault of a sid that no campaign of the account has.
var ErrNotFound = fault.New(fault.NotFound, "There is no campaign with this id")

// Store is what [Campaigns] needs of a database. All of it is safe for concurrent use.
// The account is always the account's own id; no method ever touches another's rows. A
// campaign that is Deleted is not there for any method.
//
// What a method reads into memory, it claims of the [budget.Share] of ctx, by its
// Weight, before it reads on.
//
// Each write calls its [journal.Ready] with its results before it returns. Nobody may
// see the results before the method has returned nil. Then everything is durable; after
// an error nothing was changed.
type Store interface {
	// InsertCampaign adds a campaign. Check is called in the transaction with what the
	// account has besides, and its error is the method's.
	InsertCampaign(ctx context.Context, c *Campaign, check func(Running) error, ready journal.Ready[*Campaign]) error

	// ChangeCampaign reads a campaign, calls change, and stores what that made of it,
	// all in one transaction: no other write of the campaign comes between. Change may
	// be called more than once, each time with the campaign as it is then. Its error is
	// the method's, and nothing is changed.
	ChangeCampaign(ctx context.Context, account account.ID, sid addressbook.SID, change func(*Campaign, Running) error, ready journal.Ready[*Campaign]) error

	// Campaign returns one campaign, or [ErrNotFound].
	Campaign(ctx context.Context, account account.ID, sid addressbook.SID) (*Campaign, error)

	// Campaigns returns one page, and the total at that same moment.
	Campaigns(ctx context.Context, account account.ID, q Query) (Page, error)

	// Calls returns one page of the campaign's calls, with the targets that they are
	// to, and the total at that same moment.
	Calls(ctx context.Context, account account.ID, sid addressbook.SID, q CallQuery) (CallPage, error)

	// Targets returns one page of the campaign's targets, by their positions, and the
	// total at that same moment. Their states are as [Campaign.Result] tells.
	Targets(ctx context.Context, account account.ID, sid addressbook.SID, q TargetQuery) (TargetPage, error)

	// Preview counts what a campaign with these settings would call now. For its calls
	// it does as the expansion and the claims of package dialer do, and stores nothing.
	Preview(ctx context.Context, account account.ID, s *Settings) (Preview, error)

	// CampaignsOf returns the campaigns that have this contact as a target, the newest
	// first, limit at most, and the target in each.
	CampaignsOf(ctx context.Context, account account.ID, contact addressbook.SID, limit int) ([]Campaign, []Target, error)

	// NextDue returns when the next waiting target is due. Ok is false if no target
	// waits.
	NextDue(ctx context.Context, account account.ID, sid addressbook.SID) (due time.Time, ok bool, err error)

	// CallsByMinute returns how many calls of the campaign were begun in each minute since
	// a time that is the beginning of one, by the time in their sids: n minutes. It is for
	// plots.
	CallsByMinute(ctx context.Context, account account.ID, sid addressbook.SID, since time.Time, n int) ([]int, error)

	// LastCampaignSID returns the largest sid that any account's campaign or call has;
	// zeros when there is none.
	LastCampaignSID(ctx context.Context) (addressbook.SID, error)

	PolicyStore
}

// Running tells what the account has besides the campaign in question.
type Running struct {
	Campaigns int // that have not ended
	Throttle  int // calls a minute that those with a throttle of their own may make
}

// Preview counts the numbers of a campaign that has not begun.
type Preview struct {
	Targets    int // numbers that would be targets
	Duplicates int // entries of lists that are left out, since their numbers are there already
	Suppressed int // targets that the account must not call
}

// Query asks for one page of an account's campaigns.
type Query struct {
	Name          string          // a part of the name, by its SearchText; "" is any
	States        []State         // nil are all
	List          addressbook.SID // that the campaign calls; zeros are any
	ByName        bool            // sort by name, and then by sid; otherwise by date of creation
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
	// Outcomes and States are which calls pass: those that have ended with one of the
	// outcomes, and those in flight that are in one of the states. When both are nil,
	// all pass.
	Outcomes []Outcome
	States   []CallState
	Position *int // of the target; nil is any
	// After is the last call of the page before; zeros for none. With it, Offset is 0.
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
	States        []TargetState // by [Campaign.Result]; nil are all
	Again         *bool         // was called before; the call that a target is in does not count. nil are both
	After         int           // the position before the page's first; -1 for none
	Offset, Limit int
	NoTotal       bool // leaves the total zero
}

// TargetPage is a page of targets.
type TargetPage struct {
	Targets []Target
	Total   int
}
