package storetest

import (
	"testing"

	"callbook/internal/account"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/suppression"
)

// FillCampaigns gives an account two campaigns of three targets each. Each has a call
// that has ended, with a recording, and one in flight, and a target that waits; the second campaign has
// ended, so that this one has its result. An event of each waits. There are a policy and a
// suppression besides.
func FillCampaigns(t *testing.T, s Stores, account account.ID) {
	t.Helper()
	f := &fixture{Stores: s, account: account}
	for _, ended := range []bool{false, true} {
		c := newCampaign(account)
		c.SID[8] = 0x80 | c.SID[8]>>2 // as all sids are
		c.From = numbersFrom(firstNumber, 3)
		f.start(t, c)
		dials := f.claimCalls(t, c.SID, dialTime, 2, claimed)
		f.append(t, dials[0], 0, sound(9, 1), nil)
		f.record(t, refs(dials[0]), ends(campaign.Reached, dialTime))
		err := f.Dialing.ChangeOpen(t.Context(), ours, account, c.SID, func(c *campaign.Campaign) []event.Event {
			return []event.Event{{
				Account: account, Campaign: c.SID, Position: event.Whole, Kind: event.Status, URL: "https://app.example.in/campaigns", Body: []byte(`{}`), Created: dialTime,
			}}
		})
		if err != nil {
			t.Fatal(err)
		}
		if ended {
			f.changeOpen(t, c.SID, func(c *campaign.Campaign) { c.Expire(dialTime) })
		}
	}
	f.setPolicy(t, account, campaign.Policy{DailyCap: 3})
	exotel := trunkRow("exotel")
	exotel.Settings = []byte(`{"host":"trunk.example.in","transport":"udp","user":"acme","format":"plus","calls_a_second":5,"channels":30,"codecs":["pcma"]}`)
	exotel.Password = append([]byte{1}, make([]byte, 40)...) // as one that is encrypted
	if err := f.Trunks.InsertTrunk(t.Context(), exotel); err != nil {
		t.Fatal(err)
	}
	call, _ := born()
	if err := f.CallDialogs.SaveDialog(t.Context(), call, []byte("INVITE")); err != nil {
		t.Fatal(err)
	}
	hello, file := prompted("hello", "", 9)
	if err := f.Prompts.InsertPrompt(t.Context(), account, hello, file, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Suppressions.AddSuppressions(t.Context(), account, []suppression.Suppression{{Number: firstNumber, Created: dialTime}}, nil); err != nil {
		t.Fatal(err)
	}
}
