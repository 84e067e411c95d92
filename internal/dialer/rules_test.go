package dialer

import (
	"testing"
	"time"

	"callbook/internal/campaign"
	"callbook/internal/phone"
)

// TestRules: what an account has set decides about a number whose turn has come.
func TestRules(t *testing.T) {
	t.Parallel()
	hours, days := &campaign.Hours{From: 9 * 60, Until: 21 * 60}, &[7]bool{1: true, 2: true, 3: true, 4: true, 5: true, 6: true}
	allDay, err := campaign.ParseHours("always")
	if err != nil {
		t.Fatal(err)
	}
	everyDay, err := campaign.ParseDays("always")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		policy campaign.Policy
		number string
		today  int
		now    string
		state  campaign.TargetState
		until  string
		reason campaign.Reason
	}{
		"nothing is set":  {campaign.Policy{}, "+919876543210", 99, "2026-06-01T03:00:00+05:30", 0, "", 0},
		"allowed country": {campaign.Policy{Countries: []string{"US", "IN"}}, "+919876543210", 0, "2026-06-01T03:00:00+05:30", 0, "", 0},
		"other country":   {campaign.Policy{Countries: []string{"IN"}}, "+12125550123", 0, "2026-06-01T03:00:00+05:30", campaign.NotAttempted, "", campaign.OtherCountry},
		"at night":        {campaign.Policy{Hours: hours}, "+919876543210", 0, "2026-06-01T03:00:00+05:30", 0, "2026-06-01T09:00:00+05:30", campaign.OutsideHours},
		"on a Sunday":     {campaign.Policy{Hours: hours, Days: days}, "+919876543210", 0, "2026-05-31T10:00:00+05:30", 0, "2026-06-01T09:00:00+05:30", campaign.OutsideHours},
		"by day":          {campaign.Policy{Hours: hours, Days: days}, "+919876543210", 0, "2026-06-01T10:00:00+05:30", 0, "", 0},
		"no day at all":   {campaign.Policy{Days: new([7]bool)}, "+919876543210", 0, "2026-06-01T10:00:00+05:30", campaign.NotAttempted, "", campaign.OutsideHours},
		"all day":         {campaign.Policy{Hours: allDay, Days: everyDay, DailyCap: campaign.NoCap, Countries: []string{campaign.AllCountries}}, "+919876543210", 99, "2026-05-31T03:00:00+05:30", 0, "", 0},
		"below the cap":   {campaign.Policy{DailyCap: 3}, "+919876543210", 2, "2026-06-01T10:00:00+05:30", 0, "", 0},
		"at the cap":      {campaign.Policy{DailyCap: 3}, "+919876543210", 3, "2026-06-01T10:00:00+05:30", 0, "2026-06-02T00:00:00+05:30", campaign.DailyCap},
		"at the cap, then by day": {campaign.Policy{DailyCap: 3, Hours: hours}, "+919876543210", 3, "2026-06-01T10:00:00+05:30", 0,
			"2026-06-02T09:00:00+05:30", campaign.DailyCap},
	} {
		n, err := phone.ParseE164(tt.number)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		want := Verdict{State: tt.state, Reason: tt.reason}
		if tt.until != "" {
			if want.Until, err = time.Parse(time.RFC3339, tt.until); err != nil {
				t.Fatal(err)
			}
		}
		got := Rules{}.Check(GateQuery{Policy: &tt.policy, Campaign: new(campaign.Campaign), Number: n, CallsToday: tt.today, Now: now})
		if got.State != want.State || got.Reason != want.Reason || !got.Until.Equal(want.Until) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
		// A dry run foretells what is never called.
		if why := tt.policy.Refuses(n, now); (why != 0) != (want.State != 0) || why != 0 && why != want.Reason {
			t.Errorf("%s: a dry run tells %q, and the dialer %+v", name, why, want)
		}
	}
	n, err := phone.ParseE164("+919876543210")
	if err != nil {
		t.Fatal(err)
	}
	// A campaign's own hours and days each take the place of the account's.
	for name, tt := range map[string]struct {
		own  campaign.CallingHours
		open bool
	}{
		"own hours, the account's days": {campaign.CallingHours{Hours: allDay}, false},
		"own days, the account's hours": {campaign.CallingHours{Days: everyDay}, false},
		"both":                          {campaign.CallingHours{Hours: allDay, Days: everyDay}, true},
	} {
		c := new(campaign.Campaign)
		c.CallingHours = &tt.own
		sunday := time.Date(2026, 5, 30, 21, 30, 0, 0, time.UTC) // 3 in the morning there
		got := Rules{}.Check(GateQuery{Policy: &campaign.Policy{Hours: hours, Days: days}, Campaign: c, Number: n, Now: sunday})
		if got.Until.IsZero() != tt.open {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	from, until := Rules{}.DayOf(n, time.Date(2026, 6, 1, 20, 0, 0, 0, time.UTC))
	if want := time.Date(2026, 6, 1, 18, 30, 0, 0, time.UTC); !from.Equal(want) || until.Sub(from) != 24*time.Hour {
		t.Errorf("the day is %v to %v", from, until)
	}
}
