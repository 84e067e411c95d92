package dialer

import (
	"context"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/work"
)

// Store is what a [Dialer] needs of a database. All of it is safe for concurrent use.
//
// One server at a time has the lease of an account's dialing. A method that takes a
// lease and a campaign extends the account's lease to it in its transaction, and
// returns [work.ErrLost], with nothing changed, when another server has it. The error
// of a campaign that is not there is [campaign.ErrNotFound].
//
// Rules are functions of the dialer that a method calls in its transaction. They may be
// called more than once, each time with what the rows have then. What they change in a
// campaign, a target or a call, and the events that they return, is stored in the same
// transaction. Rules change no Settings.
type Store interface {
	// ClaimAccounts makes this lease that of accounts which have a campaign that is not
	// closed and whose dialing nobody has, or whose lease has run out by now: limit at
	// most. It returns them.
	ClaimAccounts(ctx context.Context, l work.Lease, now time.Time, limit int) ([]account.Account, error)

	// RenewAccounts extends the leases that the server of l has of these accounts, and
	// returns those that it has no longer.
	RenewAccounts(ctx context.Context, l work.Lease, accounts []account.ID) (lost []account.ID, err error)

	// ReleaseAccount ends the server's lease of an account.
	ReleaseAccount(ctx context.Context, server string, account account.ID) error

	// OpenCampaigns returns the account's campaigns that are not closed, those that were
	// deleted too, by sid.
	OpenCampaigns(ctx context.Context, account account.ID) ([]campaign.Campaign, error)

	// Policy returns what the account has set; the zero Policy when it has set nothing.
	Policy(ctx context.Context, account account.ID) (campaign.Policy, error)

	// ChangeOpen reads a campaign that is not closed, calls rule, and stores what that
	// made of it.
	ChangeOpen(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, rule CampaignRule) error

	// Expand reads the next numbers of a campaign, limit at most, and makes targets of
	// them that wait since now: first those of Settings.From, or of each list in turn,
	// in the order of its contacts. A contact that is a target already is passed over,
	// unless Settings.Duplicates is set; From is taken as it is. Positions have no gaps.
	// A target's name is the first and the last name of its contact, with a blank between
	// them, and its Vars are what vars returns. Targets are counted in Counts.New, and
	// Expanded is set with the last ones; done reports that. A list that is not there any
	// more has no contacts. Of a campaign that has ended nothing is read, and done is
	// true.
	Expand(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, now time.Time, limit int, vars Vars) (done bool, err error)

	// Claim goes through the campaign's targets that wait and are due by now, in the
	// order of Due and then of position: scan at most. For each it calls rule, with what
	// is known of its number, until rule has claimed limit calls. It returns those calls
	// and their targets, which are then committed. Of a campaign that is not InProgress,
	// nothing is claimed.
	Claim(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, q ClaimQuery, rule ClaimRule) ([]Dial, error)

	// Record writes down what happened to calls of the account, in one transaction. It
	// calls rule for each call that is there and has not ended, in their order, and
	// passes over the others.
	Record(ctx context.Context, l work.Lease, account account.ID, calls []CallRef, rule RecordRule) error

	// InFlight returns the account's calls that have not ended, limit at most, by sid:
	// those after one.
	InFlight(ctx context.Context, account account.ID, after addressbook.SID, limit int) ([]campaign.Call, error)

	// Recall makes targets of a campaign due at now that a rule has postponed until later:
	// those that wait and have a Reason, of limit positions from this one on.
	Recall(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, now time.Time, from, limit int) error

	// Sweep calls rule for targets of a campaign that has ended which still wait, limit
	// at most, and reports whether there may be more. The events that rule returns are
	// stored with them.
	Sweep(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, limit int, rule TargetRule) (more bool, err error)

	// Purge deletes the rows of a campaign that was deleted, limit at most, and reports
	// whether there are more. The campaign itself goes last.
	Purge(ctx context.Context, l work.Lease, account account.ID, sid addressbook.SID, limit int) (more bool, err error)

	// CallsSince returns the times, by their sids, of the account's calls that were
	// claimed at a time or later, oldest first, by campaign: those of campaigns that are
	// closed too. It is for the pace after a restart.
	CallsSince(ctx context.Context, account account.ID, since time.Time) (map[addressbook.SID][]time.Time, error)

	// NextDue returns when the next target of a campaign that waits is due; false means
	// that none waits.
	NextDue(ctx context.Context, account account.ID, sid addressbook.SID) (due time.Time, ok bool, err error)
}

// Vars returns the Vars of a contact's target. Nil says that the campaign needs none:
// then a store need not read the contacts one by one.
type Vars func(*addressbook.Contact) map[string]string

// ClaimQuery asks for calls that may be placed.
type ClaimQuery struct {
	Now         time.Time
	Limit, Scan int
	// DayOf returns the bounds of the callee's own day that now is in, for the daily
	// cap; nil means that nobody asks for calls of the day.
	DayOf func(phone.Number) (from, until time.Time)
}

// Callee is what is known of a target's number when its turn has come.
type Callee struct {
	Suppressed bool // the account must not call the number
	Gone       bool // the target's contact was deleted
	CallsToday int  // calls to the number by all campaigns, within the bounds of DayOf
}

// Dial is a call that was claimed, and its target.
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

// ClaimRule decides about a target whose turn has come: it returns a call that it has
// claimed ([campaign.Campaign.Claim]), or nil after it has refused or postponed the
// target.
type ClaimRule func(*campaign.Campaign, *campaign.Target, Callee) (*campaign.Call, []event.Event)

// RecordRule changes the i-th call and, when it ends, its target. A call that never left
// and whose claim the rule takes back ([campaign.Campaign.Unclaim]) has the zero State
// afterwards, and its row is deleted.
type RecordRule func(i int, c *campaign.Campaign, t *campaign.Target, call *campaign.Call) []event.Event

// TargetRule changes a target that waits.
type TargetRule func(*campaign.Campaign, *campaign.Target) []event.Event
