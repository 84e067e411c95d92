package storetest

import (
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/clock"
	"callbook/internal/event"
	"callbook/internal/person"
	"callbook/internal/phone"
	"callbook/internal/suppression"
)

// Persons runs the contract of [person.Store], as far as requests to a server do not: what
// happens to calls in flight. Open gives each test a database of its own, as for
// [AddressBook].
func Persons(t *testing.T, open func(t *testing.T) Stores) {
	run(t, func(t *testing.T) *fixture { return newFixture(t, open(t)) }, []test[*fixture]{
		{"in flight", eraseInFlight},
		{"other accounts", eraseOfOthers},
	})
}

// matcher returns the matcher for a number.
func matcher(t *testing.T, n phone.Number) *person.Matcher {
	t.Helper()
	region, err := phone.RegionByCode("IN")
	if err != nil {
		t.Fatal(err)
	}
	return person.NewMatcher(n, person.Mark([]byte("secret"), n), region)
}

func (f *fixture) findPerson(t *testing.T, m *person.Matcher) *person.Found {
	t.Helper()
	found, err := f.Persons.FindPerson(t.Context(), f.account, m)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// erasePerson finds and erases a person, and returns what was found.
func (f *fixture) erasePerson(t *testing.T, m *person.Matcher) *person.Found {
	t.Helper()
	found := f.findPerson(t, m)
	erasure := addressbook.NewSIDs(clock.System)
	sid, _ := erasure.Next()
	if err := f.Persons.ErasePerson(t.Context(), f.account, sid, m, found); err != nil {
		t.Fatal(err)
	}
	if err := f.Persons.Scrub(t.Context(), []addressbook.SID{sid}, [][]byte{[]byte("nothing that is there")}); err != nil {
		t.Fatal(err)
	}
	if left, err := f.Persons.Unscrubbed(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("not cleaned after: %v, %v", left, err)
	}
	return found
}

// eraseInFlight: a target that is being called has the mark, so its callee can ask not to
// be called again; when the call is over, another erasure takes the mark away.
func eraseInFlight(t *testing.T, f *fixture) {
	c := newCampaign(f.account)
	c.From = numbersFrom(firstNumber, 2)
	f.start(t, c)
	dials := f.claimCalls(t, c.SID, dialTime, 2, claimed)
	sids := []addressbook.SID{dials[0].Call.SID, dials[1].Call.SID}
	records := make(map[addressbook.SID][]byte)
	for i := range sids {
		records[sids[i]] = []byte("to " + c.From[i].String())
		if err := f.CallDialogs.SaveDialog(t.Context(), sids[i], records[sids[i]]); err != nil {
			t.Fatal(err)
		}
	}
	m := matcher(t, firstNumber)
	found := f.erasePerson(t, m)
	if len(found.Targets) != 1 || len(found.Calls) != 1 || len(found.Campaigns) != 1 || found.Dialogs != 0 {
		t.Errorf("found %+v", found)
	}
	inFlight, err := f.Persons.PersonCalls(t.Context(), f.account, m.Mark)
	if err != nil || len(inFlight) != 1 || inFlight[0].SID != sids[0] {
		t.Errorf("in flight: %v, %v", inFlight, err)
	}
	same(t, "target", f.targets(t, c.SID)[0].Number, m.Mark)
	same(t, "of the campaign", f.campaign(t, c.SID).From, []phone.Number{phone.Erased, c.From[1]})
	if again := f.findPerson(t, m); len(again.Targets)+len(again.Calls)+len(again.Campaigns) > 0 {
		t.Errorf("found again: %+v", again)
	}
	f.dialogs(t, sids, records)

	ended := dialTime.Add(20 * time.Second)
	f.record(t, refs(dials...), func(_ int, c *campaign.Campaign, target *campaign.Target, call *campaign.Call) []event.Event {
		call.Ended, call.State, call.Outcome, call.Digits = ended, campaign.CallEnded, campaign.Reached, "9"
		call.Suppress = "asked"
		c.Settle(target, call)
		return nil
	})
	same(t, "suppressions", f.suppressionPage(t, suppression.Query{Limit: 10}).Total, 2)
	found = f.erasePerson(t, m)
	if len(found.Targets) != 1 || len(found.Calls) != 1 || len(found.Suppressions) != 1 || found.Dialogs != 1 {
		t.Errorf("found after its end: %+v", found)
	}
	same(t, "target after its end", f.targets(t, c.SID)[0].Number, phone.Erased)
	same(t, "call after its end", f.calls(t, c.SID)[0].Number, phone.Erased)
	same(t, "keys", f.calls(t, c.SID)[0].Digits, "")
	delete(records, sids[0])
	f.dialogs(t, sids, records)
	same(t, "counts", f.campaign(t, c.SID).Counts, campaign.Counts{Reached: 2, Called: 2, Calls: 2, CallsReached: 2})
	if found = f.findPerson(t, m); len(found.Targets)+len(found.Calls) > 0 || len(found.Suppressions) != 1 {
		t.Errorf("found at last: %+v", found)
	}
}

// eraseOfOthers: nothing of another account is found or erased.
func eraseOfOthers(t *testing.T, f *fixture) {
	other := newFixture2(t, f, "other")
	c := newCampaign(other.account)
	c.From = numbersFrom(firstNumber, 1)
	other.start(t, c)
	other.addSuppressions(t, suppressions(firstNumber, 1)...)
	m := matcher(t, firstNumber)
	if found := f.erasePerson(t, m); len(found.Targets)+len(found.Calls)+len(found.Campaigns)+len(found.Suppressions)+len(found.Contacts) > 0 {
		t.Errorf("found %+v", found)
	}
	same(t, "target of another account", other.targets(t, c.SID)[0].Number, firstNumber)
	same(t, "suppression of another account", other.suppressionPage(t, suppression.Query{Limit: 1}).Suppressions[0].Number, firstNumber)
}
