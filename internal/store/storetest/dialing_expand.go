package storetest

import (
	"strings"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/event"
)

// waits returns what a new target is.
func waits(position int, n addressbook.Contact, name string) campaign.Target {
	return campaign.Target{Position: position, Number: n.Number, Contact: n.SID, Name: name, State: campaign.Waiting, Due: dialTime}
}

// expandNumbers makes targets of numbers, in steps of every size.
func expandNumbers(t *testing.T, f *fixture) {
	for limit, steps := range map[int]int{1: 7, 3: 3, 7: 1, 100: 1} {
		c := newCampaign(f.account)
		c.From = numbersFrom(firstNumber, 7)
		f.addCampaigns(t, c)
		if got := f.expand(t, c.SID, limit); got != steps {
			t.Errorf("by %d, it took %d steps, want %d", limit, got, steps)
		}
		f.reopen()
		var want []campaign.Target
		for i, n := range c.From {
			want = append(want, campaign.Target{Position: i, Number: n, State: campaign.Waiting, Due: dialTime})
		}
		same(t, "targets", f.targets(t, c.SID), want)
		c.Expanded, c.Counts.New = true, 7
		same(t, "campaign", f.campaign(t, c.SID), c)
		if done, err := f.Dialing.Expand(t.Context(), ours, f.account, c.SID, dialTime, limit, nil); !done || err != nil {
			t.Errorf("once more: %v, %v", done, err)
		}
	}
}

// expandLists makes targets of lists that have contacts in common, in the order of the
// lists and of their contacts.
func expandLists(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 9)
	given := addressbook.Given
	names := []string{"Ada", "Lovelace", "Ada Lovelace", "", "", " Ada   L ", "नाम", "Ada", "Ada"}
	for i, texts := range [][2]addressbook.Text{
		{given("Ada")}, {{}, given("Lovelace")}, {given("Ada"), given("Lovelace")}, {}, {given(""), given("")}, {given(" Ada "), given(" L ")},
		{given("नाम"), given("")},
	} {
		all[i].Texts[addressbook.FirstName], all[i].Texts[addressbook.LastName] = texts[0], texts[1]
	}
	f.insertAllNew(t, all...)
	one, two, empty, gone := list("one"), list("two"), list("empty"), list("gone")
	f.addLists(t, one, two, empty, gone)
	f.join(t, one, all[5], all[0], all[2], all[8])
	f.join(t, two, all[:8]...)
	f.join(t, gone, all...)
	f.delete(t, all[2].SID)
	f.deleteLists(t, gone.SID)
	theirs := addAccount(t, f.Accounts, "other").ID
	foreign := list("theirs")
	addListsTo(t, f.Contacts, theirs, foreign)

	single, twice := []int{0, 5, 8, 1, 3, 4, 6, 7}, []int{0, 5, 8, 0, 1, 3, 4, 5, 6, 7}
	for _, limit := range []int{1, 2, 3, 4, 10, 100} {
		for _, duplicates := range []bool{false, true} {
			c := newCampaign(f.account, gone, one, empty, foreign, two)
			c.Duplicates = duplicates
			f.addCampaigns(t, c)
			f.expand(t, c.SID, limit)
			order := single
			if duplicates {
				order = twice
			}
			var want []campaign.Target
			for position, i := range order {
				want = append(want, waits(position, all[i], names[i]))
			}
			same(t, "targets", f.targets(t, c.SID), want)
			got := f.campaign(t, c.SID)
			same(t, "counts", got.Counts, campaign.Counts{New: len(want)})
			if !got.Expanded {
				t.Error("it is not expanded")
			}
		}
	}

	// What changes between two steps is seen, and what was read stays.
	c := newCampaign(f.account, one, two)
	f.addCampaigns(t, c)
	if _, err := f.Dialing.Expand(t.Context(), ours, f.account, c.SID, dialTime, 2, nil); err != nil {
		t.Fatal(err)
	}
	f.delete(t, all[0].SID, all[8].SID)
	f.deleteLists(t, one.SID)
	f.expand(t, c.SID, 2)
	var want []campaign.Target
	for position, i := range []int{0, 5, 1, 3, 4, 6, 7} {
		want = append(want, waits(position, all[i], names[i]))
	}
	same(t, "targets", f.targets(t, c.SID), want)
}

// expandLong makes targets of a list that takes several transactions, and of another one
// with the same contacts and one more.
func expandLong(t *testing.T, f *fixture) {
	const n = 4500
	all := contacts(firstNumber, n+1)
	one, two := list("one"), list("two")
	f.addLists(t, one, two)
	for _, part := range [][]addressbook.Contact{all[:2000], all[2000:4000], all[4000:]} {
		f.insertAllNew(t, part...)
		f.join(t, one, part...)
		f.join(t, two, part...)
	}
	f.removeMembers(t, one, all[n].SID)
	for duplicates, total := range map[bool]int{false: n + 1, true: 2*n + 1} {
		c := newCampaign(f.account, one, two)
		c.Duplicates = duplicates
		f.addCampaigns(t, c)
		f.expand(t, c.SID, 20_000)
		same(t, "counts", f.campaign(t, c.SID).Counts, campaign.Counts{New: total})
		after := -1
		for i := 0; i < total; {
			page, err := f.Campaigns.Targets(t.Context(), f.account, c.SID, campaign.TargetQuery{After: after, Limit: 1000})
			if err != nil || len(page.Targets) == 0 {
				t.Fatalf("after %d of %d targets: %v", i, total, err)
			}
			for _, target := range page.Targets {
				if want := all[i%n]; i < total-1 && target.Contact != want.SID || target.Position != i {
					t.Fatalf("target %d is %+v, want %s", i, target, want.SID)
				}
				i++
			}
			after = page.Targets[len(page.Targets)-1].Position
		}
		if last := f.target(t, c.SID, total-1); last.Contact != all[n].SID {
			t.Errorf("the last target is %+v", last)
		}
	}
}

// target returns one target of a campaign.
func (f *fixture) target(t tb, sid addressbook.SID, position int) campaign.Target {
	t.Helper()
	page, err := f.Campaigns.Targets(t.Context(), f.account, sid, campaign.TargetQuery{After: position - 1, Limit: 1, NoTotal: true})
	if err != nil || len(page.Targets) != 1 {
		t.Fatalf("read target %d: %d targets, %v", position, len(page.Targets), err)
	}
	return page.Targets[0]
}

// expandWithVariables asks for the variables of each target.
func expandWithVariables(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 5)
	f.insertAllNew(t, all...)
	l := list("l")
	f.addLists(t, l)
	f.join(t, l, all...)
	c := newCampaign(f.account, l)
	f.addCampaigns(t, c)
	vars := func(c *addressbook.Contact) map[string]string {
		if c.Number == firstNumber+1 {
			return nil
		}
		return map[string]string{"email": c.Texts[addressbook.Email].Value, "odd name": "\"ü\n"}
	}
	for done := false; !done; {
		var err error
		if done, err = f.Dialing.Expand(t.Context(), ours, f.account, c.SID, dialTime, 2, func(c *addressbook.Contact) string { return campaign.EncodeVars(vars(c)) }); err != nil {
			t.Fatal(err)
		}
	}
	var want []campaign.Target
	for i := range all {
		target := waits(i, all[i], "Ada")
		target.Vars = vars(&all[i])
		want = append(want, target)
	}
	same(t, "targets", f.targets(t, c.SID), want)
}

// expandLongVariables makes targets whose variables take megabytes.
func expandLongVariables(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 300)
	f.insertAllNew(t, all...)
	l := list("l")
	f.addLists(t, l)
	f.join(t, l, all...)
	c := newCampaign(f.account, l)
	f.addCampaigns(t, c)
	vars := func(c *addressbook.Contact) map[string]string {
		return map[string]string{"long": strings.Repeat(c.Number.String(), 1200)}
	}
	for done := false; !done; {
		var err error
		if done, err = f.Dialing.Expand(t.Context(), ours, f.account, c.SID, dialTime, 20_000, func(c *addressbook.Contact) string { return campaign.EncodeVars(vars(c)) }); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "counts", f.campaign(t, c.SID).Counts, campaign.Counts{New: len(all)})
	for _, i := range []int{0, 280, 299} {
		target := waits(i, all[i], "Ada")
		target.Vars = vars(&all[i])
		same(t, "target", f.target(t, c.SID, i), target)
	}
}

// expandEnded: the targets of a campaign that has ended are counted as never called. Of
// one that was deleted, nothing is read.
func expandEnded(t *testing.T, f *fixture) {
	for _, state := range []campaign.State{campaign.Completed, campaign.Canceled, campaign.Deleted} {
		c := newCampaign(f.account)
		c.From, c.State, c.Ended = numbersFrom(firstNumber, 2), state, dialTime
		f.addCampaigns(t, c)
		if done, err := f.Dialing.Expand(t.Context(), ours, f.account, c.SID, dialTime, 10, nil); !done || err != nil {
			t.Errorf("in state %v: %v, %v", state, done, err)
		}
		if state == campaign.Deleted {
			continue
		}
		c.Expanded, c.Counts.NotAttempted = true, 2
		same(t, "campaign", f.campaign(t, c.SID), c)
		if more, err := f.Dialing.Sweep(t.Context(), ours, f.account, c.SID, 10, func(c *campaign.Campaign, t *campaign.Target) []event.Event {
			c.Leave(t)
			return nil
		}); more || err != nil {
			t.Errorf("in state %v: %v, %v", state, more, err)
		}
		for _, target := range f.targets(t, c.SID) {
			if target.State != campaign.NotAttempted || !target.Ended.Equal(dialTime) {
				t.Errorf("in state %v: got %+v", state, target)
			}
		}
	}
	// One that is paused goes on being read.
	c := newCampaign(f.account)
	c.From, c.State = numbersFrom(firstNumber, 2), campaign.Paused
	f.addCampaigns(t, c)
	f.expand(t, c.SID, 10)
	if n := len(f.targets(t, c.SID)); n != 2 {
		t.Errorf("there are %d targets", n)
	}
	_, err := f.Dialing.Expand(t.Context(), ours, f.account, addressbook.SID{1}, dialTime, 10, nil)
	isError(t, "expand none", err, campaign.ErrNotFound)
}
