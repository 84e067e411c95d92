package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/budget"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// campaignsAsGiven checks that all of a campaign comes back.
func campaignsAsGiven(t *testing.T, f *fixture) {
	least := newCampaign(f.account)
	least.Settings = campaign.Settings{Name: "x", SendAt: dialTime, EndAt: dialTime}
	most := newCampaign(f.account)
	most.Settings = campaign.Settings{
		Name: "नाम 'x' 𝄞", CallerID: "080-4700 0001", Dynamic: true, From: numbersFrom(firstNumber, 5000), Lists: []addressbook.SID{{1}, {2}},
		URL: "http://a.example/b?c=\"<&", Text: "Hello @@first_name\n", Vars: []string{"first_name"}, FlowType: "ivr", RepeatMenu: 5, Duplicates: true,
		Retries: &campaign.Retries{Number: 3, Interval: 24 * time.Hour, Exponential: true, Busy: true, NoAnswer: true, Failed: true},
		SendAt:  dialTime.Add(time.Nanosecond), EndAt: dialTime.Add(time.Hour),
		CallStatusCallback: "https://a.example/1", CallScheduleCallback: "https://a.example/2", StatusCallback: "https://a.example/3?token=x",
		Throttle: 199, CustomField: []byte(`{ "b" : 1.0e5, "a":"\u00e4" }`),
		CallingHours: &campaign.CallingHours{
			Hours: &campaign.Hours{From: 1, Until: 1440}, Days: &[7]bool{0: true}, Reason: "नाम \"x\"", By: "dashboard", Since: dialTime.Add(1),
		},
	}
	most.State, most.Expanded, most.Closed, most.EndedAs = campaign.Archived, true, true, campaign.Canceled
	most.Counts = campaign.Counts{
		New: 1, First: 2, Retry: 3, Retrying: 4, Reached: 5, Failed: 6, Suppressed: 7, Invalid: 8, NotAttempted: 9,
		Called: 10, Calls: 11, CallsReached: 12, CallsBusy: 13, CallsNoAnswer: 14, CallsFailed: 15,
	}
	most.Updated, most.Started, most.Ended = most.Created.Add(1), most.Created.Add(2), most.Created.Add(3)
	f.addCampaigns(t, least, most)
	for range 2 {
		same(t, "campaign", f.campaign(t, least.SID), least)
		same(t, "campaign", f.campaign(t, most.SID), most)
		f.reopen()
	}
	other := addAccount(t, f.Accounts, "other").ID
	for _, ask := range []struct {
		account account.ID
		sid     addressbook.SID
	}{{other, least.SID}, {f.account, addressbook.SID{1}}} {
		_, err := f.Campaigns.Campaign(t.Context(), ask.account, ask.sid)
		isError(t, "read", err, campaign.ErrNotFound)
		err = f.Campaigns.ChangeCampaign(t.Context(), ask.account, ask.sid, func(*campaign.Campaign, campaign.Running) error {
			t.Error("something is changed")
			return nil
		}, nil)
		isError(t, "change", err, campaign.ErrNotFound)
		_, err = f.Campaigns.Calls(t.Context(), ask.account, ask.sid, campaign.CallQuery{Limit: 1})
		isError(t, "calls", err, campaign.ErrNotFound)
		_, err = f.Campaigns.Targets(t.Context(), ask.account, ask.sid, campaign.TargetQuery{After: -1, Limit: 1})
		isError(t, "targets", err, campaign.ErrNotFound)
	}
}

var errRefused = errors.New("not so many")

// refusedCampaigns: who inserts or changes sees what the account has besides.
func refusedCampaigns(t *testing.T, f *fixture) {
	running, paused, ended, closed := newCampaign(f.account), newCampaign(f.account), newCampaign(f.account), newCampaign(f.account)
	running.Throttle, ended.Throttle, closed.Throttle = 20, 7, 9
	paused.State, ended.State, closed.State, closed.Closed = campaign.Paused, campaign.Completed, campaign.Archived, true
	f.addCampaigns(t, running, paused, ended, closed)
	other := newCampaign(addAccount(t, f.Accounts, "other").ID)
	f.addCampaigns(t, other)

	var got campaign.Running
	refused := newCampaign(f.account)
	err := f.Campaigns.InsertCampaign(t.Context(), refused, func(r campaign.Running) error {
		got = r
		return errRefused
	}, nil)
	isError(t, "insert", err, errRefused)
	same(t, "running", got, campaign.Running{Campaigns: 2, Throttle: 20})
	_, err = f.Campaigns.Campaign(t.Context(), f.account, refused.SID)
	isError(t, "read", err, campaign.ErrNotFound)

	for _, c := range []struct {
		*campaign.Campaign
		want campaign.Running
	}{{running, campaign.Running{Campaigns: 1}}, {ended, campaign.Running{Campaigns: 2, Throttle: 20}}} {
		err := f.Campaigns.ChangeCampaign(t.Context(), f.account, c.SID, func(c *campaign.Campaign, r campaign.Running) error {
			got, c.Name, c.State = r, "other", campaign.Canceled
			return errRefused
		}, nil)
		isError(t, "change", err, errRefused)
		same(t, "running", got, c.want)
		same(t, "campaign", f.campaign(t, c.SID), c.Campaign)
	}
}

// changeCampaigns changes all of a campaign, and keeps an answer with it.
func changeCampaigns(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	f.addCampaigns(t, c)
	var told *campaign.Campaign
	receipt := journal.Receipt{Key: "k", Status: 200, Body: []byte("done"), Created: dialTime}
	err := f.Campaigns.ChangeCampaign(t.Context(), f.account, c.SID, func(c *campaign.Campaign, _ campaign.Running) error {
		c.Name, c.From, c.Lists, c.Retries, c.Throttle, c.CustomField = "ß", numbersFrom(firstNumber, 3), nil, nil, 5, []byte("null")
		return c.Do(campaign.Pause, dialTime)
	}, func(c *campaign.Campaign) *journal.Receipt {
		told = c
		return &receipt
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Name, c.From, c.Lists, c.Retries, c.Throttle, c.CustomField = "ß", numbersFrom(firstNumber, 3), nil, nil, 5, []byte("null")
	c.State, c.Updated = campaign.Paused, dialTime
	same(t, "result", told, c)
	f.reopen()
	same(t, "campaign", f.campaign(t, c.SID), c)
	kept, err := f.Receipts.Receipt(t.Context(), f.account, "k")
	if err != nil || string(kept.Body) != "done" {
		t.Errorf("the answer is %q, %v", kept.Body, err)
	}

	// What was deleted is nowhere.
	err = f.Campaigns.ChangeCampaign(t.Context(), f.account, c.SID, func(c *campaign.Campaign, _ campaign.Running) error { return c.Delete(dialTime) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Campaigns.Campaign(t.Context(), f.account, c.SID)
	isError(t, "read", err, campaign.ErrNotFound)
	err = f.Campaigns.ChangeCampaign(t.Context(), f.account, c.SID, func(*campaign.Campaign, campaign.Running) error { return nil }, nil)
	isError(t, "change", err, campaign.ErrNotFound)
	if page, err := f.Campaigns.Campaigns(t.Context(), f.account, campaign.Query{Limit: 10}); err != nil || page.Total != 0 || len(page.Campaigns) != 0 {
		t.Errorf("got %d of %d campaigns, %v", len(page.Campaigns), page.Total, err)
	}
}

// campaignPages asks for pages by each filter, in each order.
func campaignPages(t *testing.T, f *fixture) {
	one, two := list("one"), list("two")
	var all []*campaign.Campaign
	for i, name := range []string{"Zoë", "rent June", "RENT july", "b"} {
		c := newCampaign(f.account, one)
		c.Name, c.State = name, campaign.State(1+i)
		if i == 2 {
			c.Lists = sidsOfLists([]addressbook.List{two, one})
		}
		if i == 3 {
			c.Lists, c.From = nil, numbersFrom(firstNumber, 1)
		}
		all = append(all, c)
	}
	f.addCampaigns(t, all...)
	f.addCampaigns(t, newCampaign(addAccount(t, f.Accounts, "other").ID, one))
	for _, ask := range []struct {
		q     campaign.Query
		total int
		want  []int
	}{
		{campaign.Query{Limit: 10}, 4, []int{0, 1, 2, 3}},
		{campaign.Query{Limit: 10, Desc: true}, 4, []int{3, 2, 1, 0}},
		{campaign.Query{Limit: 2, Offset: 1}, 4, []int{1, 2}},
		{campaign.Query{Limit: 2, Offset: 9}, 4, nil},
		{campaign.Query{Limit: 10, ByName: true}, 4, []int{3, 2, 1, 0}},
		{campaign.Query{Limit: 2, Offset: 1, ByName: true, Desc: true}, 4, []int{1, 2}},
		{campaign.Query{Limit: 10, Name: "Rent J"}, 2, []int{1, 2}},
		{campaign.Query{Limit: 10, Name: "zoe"}, 1, []int{0}},
		{campaign.Query{Limit: 10, Name: "%"}, 0, nil},
		{campaign.Query{Limit: 1, States: []campaign.State{campaign.Completed, campaign.InProgress}}, 2, []int{1}},
		{campaign.Query{Limit: 10, States: []campaign.State{}}, 0, nil},
		{campaign.Query{Limit: 10, List: one.SID}, 3, []int{0, 1, 2}},
		{campaign.Query{Limit: 10, List: two.SID, Name: "rent", ByName: true, States: []campaign.State{campaign.Paused}}, 1, []int{2}},
	} {
		var want []campaign.Campaign
		for _, i := range ask.want {
			want = append(want, *all[i])
		}
		page, err := f.Campaigns.Campaigns(t.Context(), f.account, ask.q)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("%+v", ask.q), page, campaign.Page{Campaigns: want, Total: ask.total})
	}
}

// setPolicy stores what an account has set.
func (f *fixture) setPolicy(t tb, account account.ID, want campaign.Policy) {
	t.Helper()
	err := f.Campaigns.ChangePolicy(t.Context(), account, func(p *campaign.Policy) error {
		*p = want
		return nil
	})
	if err != nil {
		t.Fatalf("set a policy: %v", err)
	}
}

// policyChanges: of changes at once none is lost, and a refused one changes nothing.
func policyChanges(t *testing.T, f *fixture) {
	var clients sync.WaitGroup
	const each = 3
	for _, count := range []func(*campaign.Policy){
		func(p *campaign.Policy) { p.DailyCap++ }, func(p *campaign.Policy) { p.DailyCap++ }, func(p *campaign.Policy) { p.CallsAMinute++ },
	} {
		clients.Go(func() {
			for range each {
				err := f.Campaigns.ChangePolicy(t.Context(), f.account, func(p *campaign.Policy) error {
					count(p)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	refused := fault.New(fault.Invalid, "no")
	err := f.Campaigns.ChangePolicy(t.Context(), f.account, func(p *campaign.Policy) error {
		p.DailyCap = 99
		return refused
	})
	if err != refused {
		t.Errorf("the error is %v", err)
	}
	got, err := f.Campaigns.Policy(t.Context(), f.account)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "policy", got, campaign.Policy{DailyCap: 2 * each, CallsAMinute: each})
}

func policies(t *testing.T, f *fixture) {
	other := addAccount(t, f.Accounts, "other").ID
	full := campaign.Policy{
		CallsAMinute: 200, Countries: []string{"IN", "US"}, DailyCap: 3, Hours: &campaign.Hours{From: 540, Until: 1260}, Days: &[7]bool{1: true, 6: true},
	}
	for _, want := range []campaign.Policy{full, {}, {DailyCap: 1}} {
		f.setPolicy(t, f.account, want)
		f.reopen()
		for _, read := range []interface {
			Policy(context.Context, account.ID) (campaign.Policy, error)
		}{f.Campaigns, f.Dialing} {
			got, err := read.Policy(t.Context(), f.account)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "policy", got, want)
			if got, err = read.Policy(t.Context(), other); err != nil {
				t.Fatal(err)
			}
			same(t, "policy of who has set none", got, campaign.Policy{})
		}
	}
}

// lastSIDOfCampaigns: those of campaigns and of calls count.
func lastSIDOfCampaigns(t *testing.T, f *fixture) {
	last := func() addressbook.SID {
		t.Helper()
		sid, err := f.Campaigns.LastCampaignSID(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return sid
	}
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 1)
	f.start(t, c)
	same(t, "last sid", last(), c.SID)
	dials := f.claimCalls(t, c.SID, dialTime, 1, claimed)
	same(t, "last sid", last(), dials[0].Call.SID)
}

// memoryOfCampaigns: what is read is claimed, and a claim that is refused ends the
// method.
func memoryOfCampaigns(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 300)
	f.start(t, c)
	f.claimCalls(t, c.SID, dialTime, 300, claimed)
	big := newCampaign(f.account)
	big.Text = strings.Repeat("a", 400<<10)
	f.addCampaigns(t, big)
	held := budget.New(256<<10, 8) // of which a request gets half
	for name, do := range map[string]func(context.Context) error{
		"campaign": func(ctx context.Context) error {
			_, err := f.Campaigns.Campaign(ctx, f.account, big.SID)
			return err
		},
		"campaigns": func(ctx context.Context) error {
			_, err := f.Campaigns.Campaigns(ctx, f.account, campaign.Query{Limit: 10})
			return err
		},
		"change": func(ctx context.Context) error {
			return f.Campaigns.ChangeCampaign(ctx, f.account, big.SID, func(*campaign.Campaign, campaign.Running) error { return nil }, nil)
		},
		"targets": func(ctx context.Context) error {
			_, err := f.Campaigns.Targets(ctx, f.account, c.SID, campaign.TargetQuery{After: -1, Limit: 1000})
			return err
		},
		"calls": func(ctx context.Context) error {
			_, err := f.Campaigns.Calls(ctx, f.account, c.SID, campaign.CallQuery{Limit: 1000})
			return err
		},
	} {
		ctx, share := held.Begin(t.Context())
		if err := share.Admit(f.account); err != nil {
			t.Fatal(err)
		}
		if err := do(ctx); !errors.Is(err, budget.ErrShare) && !errors.Is(err, budget.ErrFull) {
			t.Errorf("%s: got %v", name, err)
		}
		share.End()
	}
	if memory, requests := held.InUse(); memory != 0 || requests != 0 {
		t.Errorf("%d bytes and %d places are held at the end", memory, requests)
	}
	same(t, "campaign", f.campaign(t, big.SID), big)
}
