package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/event"
	"callbook/internal/fault"
)

func eventPages(t *testing.T, s EventStores) {
	e := newEventTest(t, s)
	var events []event.Event
	for i := range 9 {
		events = append(events, e.event(i%4, "a.example"))
	}
	another := e.event(0, "a.example")
	another.Campaign = addressbook.SID{0: 2}
	e.add(t, append(events, another)...)
	e.claim(t)
	due := e.due(t, "a.example")
	for i, state := range []event.State{event.Delivered, event.GivenUp, event.Delivered} {
		e.record(t, e.outcome(due[i], state, 0, 200))
	}
	ids := func(q event.Query, total int, want ...int) {
		t.Helper()
		page := e.page(t, q)
		var got []int
		for _, d := range page.Deliveries {
			got = append(got, slices.IndexFunc(due, func(p event.Pending) bool { return p.ID == d.ID }))
		}
		same(t, fmt.Sprintf("the page of %+v", q), got, want)
		if page.Total != total {
			t.Errorf("%+v: the total is %d, want %d", q, page.Total, total)
		}
	}
	ids(event.Query{}, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8)
	ids(event.Query{Desc: true, Limit: 3}, 9, 8, 7, 6)
	ids(event.Query{Offset: 7, Limit: 3}, 9, 7, 8)
	ids(event.Query{Offset: 20}, 9)
	ids(event.Query{States: []event.State{event.Delivered}}, 2, 0, 2)
	ids(event.Query{States: []event.State{event.GivenUp, event.Delivered}, Desc: true}, 3, 2, 1, 0)
	ids(event.Query{States: []event.State{event.Waiting}, Offset: 1, Limit: 2}, 6, 4, 5)
	position := 1
	ids(event.Query{Position: &position, Desc: true}, 2, 5, 1)
	empty, err := s.Events.Deliveries(t.Context(), e.account, addressbook.SID{7}, event.Query{Limit: 1})
	if err != nil || empty.Total != 0 || empty.Deliveries != nil {
		t.Errorf("a campaign without events has %+v, %v", empty, err)
	}
}

func sendEventsAgain(t *testing.T, s EventStores) {
	e := newEventTest(t, s)
	e.add(t, e.event(1, "a.example"), e.event(2, "a.example"), e.event(3, "a.example"), e.event(4, "a.example"))
	e.claim(t)
	due := e.due(t, "a.example")
	e.now = e.now.Add(time.Hour)
	e.record(t, e.outcome(due[0], event.Delivered, 0, 200), e.outcome(due[1], event.GivenUp, 0, 500), e.outcome(due[2], event.GivenUp, 0, 500))
	again, err := s.Events.SendAgain(t.Context(), e.account, e.campaign, due[0].ID, e.now)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what is sent again", again, e.page(t, event.Query{}).Deliveries[0])
	if again.State != event.Waiting || again.Due != event.Asked || again.Tries != 0 || !again.Since.Equal(e.now) || !again.Ended.IsZero() {
		t.Errorf("it is %+v", again)
	}
	same(t, "what is due", e.dueAt(t, "a.example"), []string{"1", "4"})
	if n, err := s.Events.SendAllAgain(t.Context(), e.account, e.campaign, e.now, 1); err != nil || n != 1 {
		t.Errorf("%d are sent again, %v", n, err)
	}
	same(t, "what is due then", e.dueAt(t, "a.example"), []string{"1", "2", "4"})
	same(t, "counts", e.page(t, event.Query{}).Counts, event.Counts{Waiting: 3, GivenUp: 1})
	for _, wrong := range []struct {
		campaign addressbook.SID
		id       int64
	}{{addressbook.SID{8}, due[0].ID}, {e.campaign, due[3].ID + 100}} {
		if _, err := s.Events.SendAgain(t.Context(), e.account, wrong.campaign, wrong.id, e.now); !fault.Is(err, fault.NotFound) {
			t.Errorf("sent again: %v", err)
		}
	}
}

func purgeEvents(t *testing.T, s EventStores) {
	e := newEventTest(t, s)
	young := e.event(5, "a.example")
	young.Created = eventsBegin.Add(time.Hour)
	e.add(t, e.event(1, "a.example"), e.event(2, "a.example"), e.event(3, "a.example"), e.event(4, "a.example"), young)
	e.claim(t)
	due := e.due(t, "a.example")
	for _, i := range []int{0, 1, 3, 4} {
		e.record(t, e.outcome(due[i], event.Delivered, 0, 200))
	}
	for purges := 1; ; purges++ {
		more, err := s.Events.Purge(t.Context(), eventsBegin.Add(time.Second), 2)
		if err != nil || purges > 5 {
			t.Fatalf("purge %d: %v", purges, err)
		}
		if !more {
			break
		}
	}
	page := e.page(t, event.Query{})
	same(t, "counts", page.Counts, event.Counts{Waiting: 1, Delivered: 1})
	if len(page.Deliveries) != 2 || page.Deliveries[0].Position != 3 || page.Deliveries[1].Position != 5 {
		t.Errorf("left are %+v", page.Deliveries)
	}
}
