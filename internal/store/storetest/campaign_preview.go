package storetest

import (
	"fmt"
	"testing"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/suppression"
)

// previews count what the expansion and the claims then do.
func previews(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 10)
	f.insertAllNew(t, all...)
	one, two := list("one"), list("two")
	f.addLists(t, one, two)
	f.join(t, one, all[:6]...)
	f.join(t, two, all[4:]...)
	f.suppress(t, all[0].Number, all[5].Number, firstNumber+100)
	other := addAccount(t, f.Accounts, "other").ID
	if err := f.Suppressions.AddSuppressions(t.Context(), other, []suppression.Suppression{{Number: all[1].Number, Created: dialTime}}, nil); err != nil {
		t.Fatal(err)
	}
	twice := newCampaign(f.account, one, two)
	twice.Duplicates = true
	numbers := newCampaign(f.account)
	numbers.From = []phone.Number{firstNumber, firstNumber + 1, firstNumber + 100}
	for _, ask := range []struct {
		c    *campaign.Campaign
		want campaign.Preview
	}{
		{newCampaign(f.account, one), campaign.Preview{Targets: 6, Suppressed: 2}},
		{newCampaign(f.account, two, list("gone")), campaign.Preview{Targets: 6, Suppressed: 1}},
		{newCampaign(f.account, one, two), campaign.Preview{Targets: 10, Duplicates: 2, Suppressed: 2}},
		{twice, campaign.Preview{Targets: 12, Suppressed: 3}},
		{numbers, campaign.Preview{Targets: 3, Suppressed: 2}},
		{newCampaign(f.account, list("gone")), campaign.Preview{}},
	} {
		preview := func(refuses func(phone.Number) campaign.Reason) campaign.Preview {
			got, err := f.Campaigns.Preview(t.Context(), f.account, &ask.c.Settings, refuses)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		same(t, "preview", preview(func(phone.Number) campaign.Reason { return 0 }), ask.want)
		// Each target that is not suppressed is asked about once.
		asked := 0
		refused := preview(func(n phone.Number) campaign.Reason {
			if n == all[0].Number || n == all[5].Number || n == firstNumber+100 {
				t.Errorf("it is asked whether %v is refused, which is suppressed", n)
			}
			asked++
			if n == all[1].Number {
				return campaign.OtherCountry
			}
			return 0
		})
		if left := ask.want.Targets - ask.want.Suppressed; asked != left || refused.Called() != left-refused.Refused[campaign.OtherCountry] {
			t.Errorf("it is asked about %d of %d, and %+v comes of it", asked, left, refused)
		}
		f.start(t, ask.c)
		suppressed := make(map[int]bool) // a rule may be called twice
		f.claimCalls(t, ask.c.SID, dialTime, 100, func(c *campaign.Campaign, t *campaign.Target, callee dialer.Callee) (*campaign.Call, []event.Event) {
			if callee.Suppressed {
				suppressed[t.Position] = true
			}
			return claimed(c, t, callee)
		})
		same(t, "what came of it", campaign.Preview{Targets: len(f.targets(t, ask.c.SID)), Duplicates: ask.want.Duplicates, Suppressed: len(suppressed)}, ask.want)
	}
}

// campaignsOfContact: the newest first, each with its first target of the contact.
func campaignsOfContact(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 3)
	f.insertAllNew(t, all...)
	one, two := list("one"), list("two")
	f.addLists(t, one, two)
	f.join(t, one, all...)
	f.join(t, two, all[1])
	first, second, without := newCampaign(f.account, one), newCampaign(f.account, two, one), newCampaign(f.account)
	second.Duplicates = true
	without.From = []phone.Number{all[1].Number}
	for _, c := range []*campaign.Campaign{first, second, without} {
		f.start(t, c)
	}
	f.do(t, first.SID, campaign.Complete)
	f.delete(t, all[1].SID)
	of := func(account account.ID, contact addressbook.SID, limit int) (names []string) {
		t.Helper()
		campaigns, targets, err := f.Campaigns.CampaignsOf(t.Context(), account, contact, limit)
		if err != nil || len(campaigns) != len(targets) {
			t.Fatalf("%d campaigns and %d targets, %v", len(campaigns), len(targets), err)
		}
		for i := range campaigns {
			same(t, "campaign", &campaigns[i], f.campaign(t, campaigns[i].SID))
			names = append(names, fmt.Sprintf("%v %d %d", campaigns[i].SID == first.SID, targets[i].Position, targets[i].State))
		}
		return names
	}
	same(t, "campaigns", of(f.account, all[1].SID, 10), []string{"false 0 1", "true 1 7"})
	same(t, "the newest", of(f.account, all[1].SID, 1), []string{"false 0 1"})
	same(t, "campaigns", of(f.account, all[0].SID, 10), []string{"false 1 1", "true 0 7"})
	same(t, "campaigns of another account", of(addAccount(t, f.Accounts, "other").ID, all[0].SID, 10), []string(nil))
	same(t, "campaigns of nobody", of(f.account, addressbook.SID{1}, 10), []string(nil))
}
