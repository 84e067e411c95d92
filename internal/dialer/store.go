package dialer

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/work"
)

// Store is what a [Dialer] needs of a database. Its methods are safe for concurrent use.
//
// One server at a time has the lease of an account's dialing. A method with a lease and a
// campaign stores that lease as the account's, in its own transaction. If another server
// has the lease, or the last one gave it back, the method changes nothing and returns
// [work.ErrLost]: only ClaimAccounts takes over an account. If the campaign does not
// exist, the error is [campaign.ErrNotFound].
//
// Rules are functions of the dialer that a method calls within its transaction. They may
// be called more than once, each time with fresh rows. The store saves what they change
// in a campaign, a target or a call, and the events that they return, in the same
// transaction. Rules must not change Settings.
type Store interface {
	// ClaimAccounts gives this lease to up to limit accounts, and returns the accounts. It
	// chooses accounts that have an open campaign, and whose lease is free or has run out
	// by now. It leaves out accounts that are being deleted.
	ClaimAccounts(ctx context.Context, l work.Lease, now time.Time, limit int) ([]account.Account, error)

	// RenewAccounts extends the server's leases of these accounts. It returns the
	// accounts whose lease another server has, and those that are being deleted.
	RenewAccounts(ctx context.Context, l work.Lease, accounts []account.ID) (lost []account.ID, err error)

	// ReleaseAccount ends the server's lease of an account.
	ReleaseAccount(ctx context.Context, server string, account account.ID) error

	// Account returns an account. If the account is gone, the error is
	// [account.ErrDeleted].
	Account(ctx context.Context, account account.ID) (account.Account, error)

	// OpenCampaigns returns the account's campaigns that are not closed, ordered by sid.
	// It includes deleted ones whose rows still exist.
	OpenCampaigns(ctx context.Context, account account.ID) ([]campaign.Campaign, error)

	// Policy returns the account's policy, or the zero Policy if the account has set
	// none.
	Policy(ctx context.Context, account account.ID) (campaign.Policy, error)

	// ChangeOpen reads a campaign that is not closed, calls rule, and stores the changed
	// campaign.
	ChangeOpen(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, rule CampaignRule) error

	// Expand makes targets of the next numbers of a campaign, up to limit; they wait from
	// now on. It takes the numbers of Settings.From, or else the contacts of each list in
	// turn, in the order of their sids. It skips a contact that is a target already,
	// unless Settings.Duplicates is set; it takes From as it is. Positions have no gaps.
	//
	// Expand may take several transactions, so that other writes come in between. After an
	// error, the targets of the transactions that succeeded are there.
	//
	// A target's name is the first and the last name of its contact, joined by a blank,
	// and its Vars are what vars returns. [campaign.Campaign.Add] counts the targets.
	//
	// After the last target, Expand sets Expanded and returns done. A deleted list has no
	// contacts. For a campaign that was deleted, it does nothing and returns done.
	Expand(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, now time.Time, limit int, vars Vars) (done bool, err error)

	// Claim visits up to q.Scan waiting targets of the campaign that are due by now,
	// ordered by Due and position. It calls rule for each, with what is known of its
	// number, until rule has claimed q.Limit calls. It returns these calls and their
	// targets once they are committed. If the campaign is not InProgress, it claims
	// nothing.
	Claim(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, q ClaimQuery, rule ClaimRule) ([]Dial, error)

	// Record stores what happened to calls of the account, in one transaction. It calls
	// rule in their order for each call that exists and has not ended, and skips the
	// others.
	Record(ctx context.Context, l work.Lease, account account.ID, calls []CallRef, rule RecordRule) error

	// InFlight returns up to limit calls of the account that have not ended, ordered by
	// sid, from behind the sid after.
	InFlight(ctx context.Context, account account.ID, after addressbook.SID, limit int) ([]campaign.Call, error)

	// ChangedFlows returns the flows with these names whose Updated differs from the given
	// time. It omits flows that do not exist.
	ChangedFlows(ctx context.Context, account account.ID, known map[string]time.Time) ([]library.Flow, error)

	// Recall makes postponed targets due now. It looks at limit positions of the
	// campaign, beginning with from, and takes the targets there that wait and have a
	// Reason.
	Recall(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, now time.Time, from, limit int) error

	// Sweep calls rule for up to limit targets that still wait although their campaign
	// has ended. It reports whether there may be more.
	Sweep(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, limit int, rule TargetRule) (more bool, err error)

	// Purge deletes up to limit rows of a deleted campaign, the campaign itself last. It
	// reports whether there are more.
	Purge(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, limit int) (more bool, err error)

	// CallsSince returns when the account's calls since a time were claimed, by campaign
	// and oldest first. It includes calls of closed campaigns. The times come from the
	// calls' sids. The dialer keeps the pace with them after a restart.
	CallsSince(ctx context.Context, account account.ID, since time.Time) (map[addressbook.SID][]time.Time, error)

	// NextDue returns when the next waiting target of a campaign is due. Ok is false if
	// no target waits.
	NextDue(ctx context.Context, account account.ID, sid addressbook.SID) (due time.Time, ok bool, err error)
}

// Vars returns the values of a contact for the campaign's text, as [campaign.EncodeVars]
// encodes them. A nil Vars means that the text needs none; then a store need not read
// whole contacts. Only one goroutine calls a Vars at a time.
type Vars func(*addressbook.Contact) string

// ClaimQuery asks for calls that may be placed.
type ClaimQuery struct {
	Now         time.Time
	Limit, Scan int
	// DayOf returns the bounds of the day in which now lies, in the callee's time zone. A
	// store counts Callee.CallsToday within them. Nil means that no count is needed.
	DayOf func(phone.Number) (from, until time.Time)
}

// Callee is what the store knows of the number of a target that is due.
type Callee struct {
	Suppressed bool // the number is on the account's suppression list
	Gone       bool // the target's contact was deleted
	Called     bool // the campaign has called the number already, as another target; not set with Settings.Duplicates
	// CallsToday is how many calls all campaigns of the account have made to the number,
	// within the bounds of DayOf. Those that ended as [campaign.TrunkFailed] rang no
	// telephone and do not count.
	CallsToday int
}

// Dial is a claimed call and its target.
type Dial struct {
	Call   campaign.Call
	Target campaign.Target
}

// CallRef names a call.
type CallRef struct {
	Campaign, Call addressbook.SID
}

// CampaignRule changes a campaign.
type CampaignRule func(*campaign.Campaign) []event.Event

// ClaimRule decides about a target that is due. It returns a call that it has claimed
// with [campaign.Campaign.Claim], or nil if it has refused or postponed the target.
type ClaimRule func(*campaign.Campaign, *campaign.Target, Callee) (*campaign.Call, []event.Event)

// RecordRule changes the i-th call and, when that has ended, its target. If the call
// never left, the rule undoes its claim with [campaign.Campaign.Unclaim] and sets the
// call's state to zero. Then the store deletes the call's row. If the rule sets Suppress,
// the store suppresses the call's number, unless it is suppressed already: the source is
// [suppression.FromCall], the note is Suppress, and the date is that of the call's end.
// The Recording of the call is what was recorded so far. The store keeps it if the call
// has ended.
type RecordRule func(i int, c *campaign.Campaign, t *campaign.Target, call *campaign.Call) []event.Event

// TargetRule changes a waiting target.
type TargetRule func(*campaign.Campaign, *campaign.Target) []event.Event
