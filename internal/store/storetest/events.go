package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/event"
	"callbook/internal/work"
)

// EventStores are the stores of one database that keep events.
type EventStores struct {
	Accounts account.Store
	Events   event.Store
	// Add stores events as the store of the dialer does.
	Add func(context.Context, []event.Event) error
}

// Events runs the contract of [event.Store]. Open gives each test a database of its own.
func Events(t *testing.T, open func(t *testing.T) EventStores) {
	run(t, open, []test[EventStores]{
		{"leases of deliveries", eventLeases},
		{"receivers with events", eventReceivers},
		{"events that are due", eventsDue},
		{"events of a target", eventsOfTarget},
		{"the last event of a campaign", lastEvent},
		{"outcomes of events", eventOutcomes},
		{"give events up", expireEvents},
		{"pages of events", eventPages},
		{"send events again", sendEventsAgain},
		{"purge events", purgeEvents},
	})
}

// eventsBegin is when the events of these tests are created.
var eventsBegin = time.Unix(1_780_000_000, 123_456_789)

// eventTest has an account, its lease, and a campaign.
type eventTest struct {
	EventStores
	account  account.ID
	campaign addressbook.SID
	lease    work.Lease
	now      time.Time
}

func newEventTest(t *testing.T, s EventStores) *eventTest {
	t.Helper()
	return &eventTest{
		EventStores: s, account: addAccount(t, s.Accounts, "acme").ID, campaign: addressbook.SID{0: 1, 15: 9},
		lease: work.Lease{Server: "one", Until: eventsBegin.Add(time.Hour)}, now: eventsBegin,
	}
}

// event returns an event of a target.
func (s *eventTest) event(position int, host string) event.Event {
	return event.Event{
		Account: s.account, Campaign: s.campaign, Position: position, Kind: event.CallSchedule,
		URL: "https://" + host + "/path?token=1", Body: fmt.Appendf(nil, `{"position":%d}`, position), Created: eventsBegin,
	}
}

func (s *eventTest) add(t *testing.T, events ...event.Event) {
	t.Helper()
	if err := s.Add(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// claim takes the lease of the account.
func (s *eventTest) claim(t *testing.T) {
	t.Helper()
	claimed, err := s.Events.ClaimAccounts(t.Context(), s.lease, s.now, 10)
	if err != nil || !slices.Contains(claimed, s.account) {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
}

func (s *eventTest) due(t *testing.T, host string, known ...int64) []event.Pending {
	t.Helper()
	due, err := s.Events.Due(t.Context(), event.Receiver{Account: s.account, Origin: "https://" + host}, s.now, known, 100)
	if err != nil {
		t.Fatal(err)
	}
	return due
}

// dueAt returns the positions of what is due, each with whether it waits for another.
func (s *eventTest) dueAt(t *testing.T, host string) (all []string) {
	t.Helper()
	for _, p := range s.due(t, host) {
		name := fmt.Sprint(p.Position)
		if p.After != 0 {
			name += " after another"
		}
		all = append(all, name)
	}
	return all
}

func (s *eventTest) record(t *testing.T, outcomes ...event.Outcome) {
	t.Helper()
	if err := s.Events.Record(t.Context(), s.lease, s.account, outcomes); err != nil {
		t.Fatal(err)
	}
}

// page returns all events of the campaign.
func (s *eventTest) page(t *testing.T, q event.Query) event.Page {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	page, err := s.Events.Deliveries(t.Context(), s.account, s.campaign, q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// outcome returns what became of a pending event, which was sent.
func (s *eventTest) outcome(p event.Pending, state event.State, due event.Due, status int) event.Outcome {
	return event.Outcome{
		ID: p.ID, Campaign: p.Campaign, Position: p.Position, State: state, Due: due, Tried: true, At: s.now, Tries: p.Tries + 1,
		Answer: event.Answer{Status: status},
	}
}

func eventLeases(t *testing.T, s EventStores) {
	e := newEventTest(t, s)
	other := addAccount(t, s.Accounts, "other").ID
	ctx := t.Context()
	claim := func(server string, now time.Time, limit int, want ...account.ID) {
		t.Helper()
		l := work.Lease{Server: server, Until: now.Add(time.Minute)}
		claimed, err := s.Events.ClaimAccounts(ctx, l, now, limit)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "claimed accounts", claimed, want)
	}
	renew := func(server string, until time.Time, want ...account.ID) {
		t.Helper()
		lost, err := s.Events.RenewAccounts(ctx, work.Lease{Server: server, Until: until}, []account.ID{e.account, other})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "lost accounts", lost, want)
	}
	claim("one", e.now, 10) // nothing waits
	theirs := e.event(0, "a.example")
	theirs.Account = other
	e.add(t, e.event(0, "a.example"), theirs)
	claim("one", e.now, 1, e.account)
	claim("two", e.now, 10, other)
	claim("three", e.now, 10)
	renew("one", e.now.Add(3*time.Minute), other)
	renew("two", e.now.Add(time.Minute), e.account)
	claim("three", e.now.Add(2*time.Minute), 10, other)
	if err := s.Events.Record(ctx, work.Lease{Server: "two", Until: e.now.Add(time.Hour)}, other, nil); !errors.Is(err, work.ErrLost) {
		t.Errorf("a record without the lease: %v", err)
	}
	if _, err := s.Events.Expire(ctx, work.Lease{Server: "two"}, event.Receiver{Account: other}, e.now, e.now, 1); !errors.Is(err, work.ErrLost) {
		t.Errorf("an expiry without the lease: %v", err)
	}
	// A record extends the lease.
	if err := s.Events.Record(ctx, work.Lease{Server: "three", Until: e.now.Add(time.Hour)}, other, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Events.ReleaseAccounts(ctx, "one", []account.ID{e.account, other}); err != nil {
		t.Fatal(err)
	}
	claim("four", e.now.Add(30*time.Minute), 10, e.account)
}

func eventReceivers(t *testing.T, s EventStores) {
	e := newEventTest(t, s)
	other := addAccount(t, s.Accounts, "other").ID
	theirs := e.event(0, "c.example:8080")
	theirs.Account = other
	e.add(t, e.event(0, "B.example"), e.event(1, "a.example"), e.event(2, "b.example"), theirs)
	e.claim(t)
	receivers := func(limit int, after []event.Receiver, want ...event.DueReceiver) {
		t.Helper()
		got, err := s.Events.Receivers(t.Context(), after, limit)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(got, func(a, b event.DueReceiver) int {
			return cmp.Or(cmp.Compare(a.Account, b.Account), strings.Compare(a.Origin, b.Origin))
		})
		same(t, "receivers", got, want)
	}
	a := event.DueReceiver{Receiver: event.Receiver{Account: e.account, Origin: "https://a.example"}}
	b := event.DueReceiver{Receiver: event.Receiver{Account: e.account, Origin: "https://b.example"}}
	c := event.DueReceiver{Receiver: event.Receiver{Account: other, Origin: "https://c.example:8080"}}
	ours, all := []event.Receiver{{Account: e.account}}, []event.Receiver{{Account: e.account}, {Account: other}}
	receivers(10, ours, a, b)
	receivers(10, all, a, b, c)
	receivers(1, ours, a)
	receivers(1, all, a, c)
	receivers(1, []event.Receiver{a.Receiver, {Account: other}}, b, c)
	receivers(10, []event.Receiver{b.Receiver, c.Receiver})
	receivers(10, nil)
	later := e.outcome(e.due(t, "a.example")[0], event.Waiting, event.DueAt(e.now.Add(time.Minute)), 500)
	e.record(t, later)
	a.First = later.Due
	receivers(10, ours, a, b)
	for _, p := range e.due(t, "b.example") {
		e.record(t, e.outcome(p, event.Delivered, 0, 200))
	}
	receivers(10, ours, a)
}

func eventsDue(t *testing.T, s EventStores) {
	e := newEventTest(t, s)
	first := e.event(3, "a.example")
	e.add(t, first, e.event(1, "b.example"), e.event(2, "a.example"))
	e.claim(t)
	due := e.due(t, "a.example")
	if len(due) != 2 {
		t.Fatalf("%d events are due", len(due))
	}
	want := event.Pending{ID: due[0].ID, Campaign: e.campaign, Position: 3, URL: first.URL, Body: first.Body, Since: first.Created}
	same(t, "the first event", due[0], want)
	same(t, "without those that are known", e.due(t, "a.example", due[0].ID), due[1:])
	e.record(t, e.outcome(due[0], event.Waiting, event.DueAt(e.now.Add(time.Second)), 500))
	same(t, "what is due after a try", e.dueAt(t, "a.example"), []string{"2"})
	e.now = e.now.Add(time.Second)
	same(t, "what is due at its time", e.dueAt(t, "a.example"), []string{"2", "3"})
	if again := e.due(t, "a.example")[1]; again.Tries != 1 {
		t.Errorf("it was tried %d times", again.Tries)
	}
}

// eventsOfTarget: one that comes after another of its target waits for that one to end,
// though it goes to another receiver.
func eventsOfTarget(t *testing.T, s EventStores) {
	e := newEventTest(t, s)
	e.add(t, e.event(1, "a.example"), e.event(1, "b.example"), e.event(2, "b.example"), e.event(1, "b.example"))
	e.claim(t)
	first := e.due(t, "a.example")[0]
	due := e.due(t, "b.example")
	same(t, "what is due", e.dueAt(t, "b.example"), []string{"1 after another", "2", "1 after another"})
	if due[0].After != first.ID || due[2].After != due[0].ID {
		t.Errorf("%d and %d come after %d and %d", due[0].ID, due[2].ID, due[0].After, due[2].After)
	}
	behind := func(p event.Pending) event.Outcome {
		return event.Outcome{ID: p.ID, Campaign: p.Campaign, Position: p.Position, State: event.Waiting, Due: event.Behind}
	}
	e.record(t, behind(due[0]), behind(due[1]), behind(due[2]))
	same(t, "what is due when some are behind", e.dueAt(t, "b.example"), []string{"2"})
	e.record(t, e.outcome(first, event.Waiting, event.DueAt(e.now.Add(time.Second)), 500))
	same(t, "what is due after a try of the first one", e.dueAt(t, "b.example"), []string{"2"})
	e.record(t, e.outcome(first, event.GivenUp, 0, 500))
	same(t, "what is due after the first one", e.dueAt(t, "b.example"), []string{"1", "2", "1 after another"})
	// One that ends together with what waits for it.
	e.record(t, e.outcome(due[0], event.Delivered, 0, 200), behind(due[2]))
	same(t, "what is due after two", e.dueAt(t, "b.example"), []string{"2", "1"})
}

func lastEvent(t *testing.T, s EventStores) {
	e := newEventTest(t, s)
	last := e.event(event.Whole, "a.example")
	last.Kind, last.Last = event.Status, true
	another := e.event(1, "a.example")
	another.Campaign = addressbook.SID{0: 2}
	e.add(t, e.event(event.Whole, "a.example"), e.event(1, "a.example"), another, last)
	e.claim(t)
	same(t, "what is due", e.dueAt(t, "a.example"), []string{"-1", "1", "1", "-1 after another"})
	due := e.due(t, "a.example")
	e.record(t, event.Outcome{ID: due[3].ID, Campaign: e.campaign, Position: event.Whole, State: event.Waiting, Due: event.Behind})
	e.record(t, e.outcome(due[0], event.Delivered, 0, 200))
	same(t, "what is due after the first one", e.dueAt(t, "a.example"), []string{"1", "1", "-1 after another"})
	e.record(t, event.Outcome{ID: due[3].ID, Campaign: e.campaign, Position: event.Whole, State: event.Waiting, Due: event.Behind})
	e.record(t, e.outcome(due[1], event.GivenUp, 0, 500))
	same(t, "what is due at the end", e.dueAt(t, "a.example"), []string{"1", "-1"})
}

func eventOutcomes(t *testing.T, s EventStores) {
	e := newEventTest(t, s)
	call := e.event(1, "a.example")
	call.Kind, call.Call = event.CallStatus, addressbook.SID{5, 6, 7}
	e.add(t, call, e.event(2, "a.example"), e.event(3, "a.example"))
	e.claim(t)
	due := e.due(t, "a.example")
	e.now = e.now.Add(time.Second)
	next := event.DueAt(e.now.Add(time.Minute))
	failed := e.outcome(due[1], event.Waiting, next, 0)
	failed.Answer.Trouble = event.TimedOut
	e.record(t, e.outcome(due[0], event.Delivered, 0, 204), failed, e.outcome(due[2], event.GivenUp, 0, 500))
	page := e.page(t, event.Query{})
	same(t, "counts", page.Counts, event.Counts{Waiting: 1, Delivered: 1, GivenUp: 1})
	if n, err := s.Events.CountWaiting(t.Context()); n != 1 || err != nil {
		t.Errorf("%d events wait, %v", n, err)
	}
	call.ID = due[0].ID
	same(t, "what was delivered", page.Deliveries[0], event.Delivery{
		Event: call, State: event.Delivered, Since: eventsBegin, Tries: 1, Tried: e.now, Answer: event.Answer{Status: 204}, Ended: e.now,
	})
	waiting := e.event(2, "a.example")
	waiting.ID = due[1].ID
	want := event.Delivery{
		Event: waiting, State: event.Waiting, Since: eventsBegin, Tries: 1, Due: next, Tried: e.now, Answer: event.Answer{Trouble: event.TimedOut},
	}
	same(t, "what waits", page.Deliveries[1], want)
	// What has ended stays as it is, and what was not sent keeps its last answer.
	unsent := event.Outcome{ID: due[1].ID, Campaign: e.campaign, Position: 2, State: event.Waiting, Due: event.AtOnce, At: e.now}
	e.record(t, e.outcome(due[0], event.GivenUp, 0, 500), unsent)
	want.Due = event.AtOnce
	after := e.page(t, event.Query{})
	same(t, "counts after that", after.Counts, page.Counts)
	same(t, "what was delivered, after that", after.Deliveries[0], page.Deliveries[0])
	same(t, "what waits, after that", after.Deliveries[1], want)
	// Those of another account are not there.
	other := addAccount(t, s.Accounts, "other").ID
	theirs := e.event(0, "a.example")
	theirs.Account = other
	e.add(t, theirs)
	e.claimOther(t, other)
	if err := s.Events.Record(t.Context(), e.lease, other, []event.Outcome{e.outcome(due[1], event.GivenUp, 0, 500)}); err != nil {
		t.Fatal(err)
	}
	same(t, "what waits, after another account's outcome", e.page(t, event.Query{}).Deliveries[1], want)
}

// claimOther takes the lease of another account.
func (s *eventTest) claimOther(t *testing.T, other account.ID) {
	t.Helper()
	claimed, err := s.Events.ClaimAccounts(t.Context(), s.lease, s.now, 10)
	if err != nil || !slices.Contains(claimed, other) {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
}

func expireEvents(t *testing.T, s EventStores) {
	e := newEventTest(t, s)
	young := e.event(9, "a.example")
	young.Created = eventsBegin.Add(time.Hour)
	e.add(t, e.event(1, "a.example"), e.event(2, "a.example"), e.event(1, "a.example"), e.event(3, "b.example"), young, e.event(4, "a.example"))
	e.claim(t)
	due := e.due(t, "a.example")
	e.now = e.now.Add(time.Minute)
	e.record(t,
		event.Outcome{ID: due[2].ID, Campaign: e.campaign, Position: 1, State: event.Waiting, Due: event.Behind},
		e.outcome(due[4], event.Waiting, event.DueAt(e.now), 500)) // position 4
	expire := func(limit int, want bool) {
		t.Helper()
		more, err := s.Events.Expire(t.Context(), e.lease, event.Receiver{Account: e.account, Origin: "https://a.example"}, eventsBegin.Add(time.Second), e.now, limit)
		if err != nil || more != want {
			t.Fatalf("more: %t, %v", more, err)
		}
	}
	expire(3, true)
	same(t, "what is left", e.dueAt(t, "a.example"), []string{"1", "9"})
	expire(3, false)
	same(t, "what is left then", e.dueAt(t, "a.example"), []string{"9"})
	same(t, "what another receiver gets", e.dueAt(t, "b.example"), []string{"3"})
	page := e.page(t, event.Query{States: []event.State{event.GivenUp}})
	same(t, "counts", page.Counts, event.Counts{Waiting: 2, GivenUp: 4})
	if d := page.Deliveries[0]; !d.Ended.Equal(e.now) || !d.Tried.IsZero() {
		t.Errorf("the first one is %+v", d)
	}
}
