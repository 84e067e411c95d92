package campaign

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// DefaultCallsAMinute is how many calls per minute all campaigns of an account make
// together, unless the account's policy says otherwise. It is Exotel's default.
const DefaultCallsAMinute = 60

// MaxRunning bounds an account's campaigns that have not ended.
const MaxRunning = 100

// Policy has an account's settings for all its campaigns. A zero field means no limit, or
// a default; see [Policy.Over].
type Policy struct {
	CallsAMinute int `json:"calls_a_minute,omitempty"`
	// Countries are the ISO 3166-1 codes of the countries that may be called, or
	// [AllCountries].
	Countries []string `json:"countries,omitempty"`
	// DailyCap bounds the calls per day to a number, over all campaigns; see [NoCap].
	DailyCap int `json:"daily_cap,omitempty"`
	// Hours are the calling hours in the callee's own time zone. Days are the days of the
	// week there, Sunday first.
	Hours *Hours   `json:"hours,omitempty"`
	Days  *[7]bool `json:"days,omitempty"`
}

// Hours is a part of the day, in minutes since midnight. It includes From, but not Until.
type Hours struct {
	From  int `json:"from"`
	Until int `json:"until"`
}

// NoCap as a DailyCap means no limit, even if the default has one.
const NoCap = -1

// Defaults returns the defaults of an account whose campaigns call real people: 09:00 to
// 21:00 from Monday to Saturday, three calls a day to a number, and only the account's
// own country.
func Defaults(acct account.Account) Policy {
	return Policy{
		Countries: []string{acct.Region}, DailyCap: 3,
		Hours: &Hours{From: 9 * 60, Until: 21 * 60}, Days: &[7]bool{1: true, 2: true, 3: true, 4: true, 5: true, 6: true},
	}
}

// Over returns p with defaults for its zero fields.
func (p Policy) Over(defaults Policy) Policy {
	p.CallsAMinute = cmp.Or(p.CallsAMinute, defaults.CallsAMinute)
	p.DailyCap = cmp.Or(p.DailyCap, defaults.DailyCap)
	p.Hours, p.Days = cmp.Or(p.Hours, defaults.Hours), cmp.Or(p.Days, defaults.Days)
	if len(p.Countries) == 0 {
		p.Countries = defaults.Countries
	}
	return p
}

// Instead returns the policy to store so that p applies instead of the defaults. A zero
// field of p means no limit. Fields equal to their defaults stay zero, so that they
// follow later changes of the defaults.
func (p Policy) Instead(defaults Policy) Policy {
	if p.Hours.String() == defaults.Hours.String() {
		p.Hours = nil
	} else if p.Hours == nil {
		p.Hours = &Hours{Until: minutesOfDay}
	}
	if FormatDays(p.Days) == FormatDays(defaults.Days) {
		p.Days = nil
	} else if p.Days == nil {
		p.Days = &[7]bool{true, true, true, true, true, true, true}
	}
	if p.DailyCap == defaults.DailyCap {
		p.DailyCap = 0
	} else if p.DailyCap == 0 {
		p.DailyCap = NoCap
	}
	if slices.Equal(p.Countries, defaults.Countries) {
		p.Countries = nil
	} else if len(p.Countries) == 0 {
		p.Countries = []string{AllCountries}
	}
	return p
}

// Rate returns how many calls per minute the account may make.
func (p *Policy) Rate() int {
	if p.CallsAMinute > 0 {
		return p.CallsAMinute
	}
	return DefaultCallsAMinute
}

// Refuses returns why the policy lets a number never be called, or 0 if it may be called now
// or later. Emergency, premium and short numbers are never called.
func (p *Policy) Refuses(n phone.Number, now time.Time) Reason {
	switch {
	case n.Service():
		return NeverCalled
	case !p.Allows(n.Region()):
		return OtherCountry
	case p.Hours.Always() && EveryDay(p.Days):
		return 0
	case p.Open(n.Zones(), now).IsZero():
		return OutsideHours
	}
	return 0
}

// SameRules reports whether two policies agree on who may be called when. It does not
// compare their pace.
func (p *Policy) SameRules(other *Policy) bool {
	x, y := *p, *other
	x.CallsAMinute, y.CallsAMinute = 0, 0
	return reflect.DeepEqual(x, y)
}

// These bound the fields of a policy.
const (
	MaxCallsAMinute = 1_000_000
	MaxDailyCap     = 1000
)

// Check returns an Invalid fault if a policy is not valid.
func (p *Policy) Check() error {
	if p.CallsAMinute < 0 || p.CallsAMinute > MaxCallsAMinute {
		return fault.New(fault.Invalid, fmt.Sprintf("calls a minute must be 1 to %d", MaxCallsAMinute))
	}
	if p.DailyCap != NoCap && (p.DailyCap < 0 || p.DailyCap > MaxDailyCap) {
		return fault.New(fault.Invalid, fmt.Sprintf("calls a day to a number must be 1 to %d", MaxDailyCap))
	}
	for _, code := range p.Countries {
		if code == AllCountries {
			continue
		}
		if _, err := phone.RegionByCode(code); err != nil {
			return err
		}
	}
	if p.Days != nil && *p.Days == ([7]bool{}) {
		return fault.New(fault.Invalid, "calling days must have a day")
	}
	return nil
}

// PolicyStore stores policies. Its methods are safe for concurrent use, also by several
// processes.
type PolicyStore interface {
	// Policy returns the account's policy, or the zero Policy if the account has set
	// none.
	Policy(ctx context.Context, account account.ID) (Policy, error)

	// ChangePolicy reads the account's policy, calls change, and stores the changed
	// policy, in one transaction. Change may be called more than once, each time with
	// the current policy. If it returns an error, nothing is changed, and ChangePolicy
	// returns that error.
	ChangePolicy(ctx context.Context, account account.ID, change func(*Policy) error) error
}

// ChangePolicy changes an account's policy, and returns it. It changes nothing if
// [Policy.Check] refuses the result. Change may be called more than once, each time with
// the current policy.
func ChangePolicy(ctx context.Context, store PolicyStore, acct account.Account, change func(*Policy)) (changed Policy, err error) {
	ctx, note := audit.Begin(ctx, acct.ID)
	err = store.ChangePolicy(ctx, acct.ID, func(p *Policy) error {
		before := p.Encode()
		change(p)
		changed = *p
		if fields := audit.ChangedKeys([]byte(before), []byte(p.Encode())); len(fields) > 0 {
			note.Tell(audit.Change{Action: audit.AccountsSet, Object: acct.SID, Fields: fields, Done: 1})
		}
		return p.Check()
	})
	if err != nil {
		return Policy{}, err
	}
	return changed, nil
}
