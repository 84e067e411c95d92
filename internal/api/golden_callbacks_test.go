package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/clock/clocktest"
	"callbook/internal/event"
	"callbook/internal/test/servertest"
)

// fixedEvents is a store with given events.
type fixedEvents struct {
	event.Store
	all []event.Delivery
}

func (f *fixedEvents) Deliveries(_ context.Context, _ account.ID, _ addressbook.SID, q event.Query) (page event.Page, _ error) {
	for _, d := range f.all {
		if (q.States == nil || slices.Contains(q.States, d.State)) && (q.Position == nil || *q.Position == d.Position) {
			page.Deliveries = append(page.Deliveries, d)
		}
	}
	if q.Desc {
		slices.Reverse(page.Deliveries)
	}
	page.Total = len(page.Deliveries)
	page.Deliveries = page.Deliveries[min(q.Offset, page.Total):min(q.Offset+q.Limit, page.Total)]
	return page, nil
}

func (f *fixedEvents) SendAgain(_ context.Context, _ account.ID, campaign addressbook.SID, id int64, now time.Time) (event.Delivery, error) {
	for _, d := range f.all {
		if d.ID == id {
			d.State, d.Due, d.Tries, d.Since, d.Ended = event.Waiting, event.Asked, 0, now, time.Time{}
			return d, nil
		}
	}
	return event.Delivery{}, event.ErrNotFound
}

func (f *fixedEvents) SendAllAgain(_ context.Context, _ account.ID, _ addressbook.SID, _ time.Time, limit int) (n int, _ error) {
	for _, d := range f.all {
		if d.State == event.GivenUp && n < limit {
			n++
		}
	}
	return n, nil
}

// TestGoldenCallbacks asks for what was told of a campaign, and has it told again.
func TestGoldenCallbacks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, request string }{
		{"callbacks", "GET /callbacks"},
		{"callbacks_waiting", "GET /callbacks?status=Waiting,%20given_up&limit=2&sort_by=date_created:desc"},
		{"callbacks_target", "GET /callbacks?position=1"},
		{"callback_send", "POST /callbacks/{event}/send"},
		{"callbacks_send", "POST /callbacks/send"},
		{"error_callback_status", "GET /callbacks?status=lost"},
		{"error_callback_position", "GET /callbacks?position=1&status=waiting"},
		{"error_callback_unknown", "POST /callbacks/0198f2c4a1b27d3e9f405162738495a6/send"},
		{"error_callback_id", "POST /callbacks/7/send"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fixed := campaignStates(goldenTime)
			of := func(id int64, position int, k event.Kind) event.Event {
				return event.Event{
					ID: id, Campaign: fixed.campaign.SID, Position: position, Kind: k, URL: "https://app.example.in/" + k.String() + "?token=1",
					Body: []byte(`{"campaign_sid":"` + fixed.campaign.SID.String() + `"}`), Created: goldenTime,
				}
			}
			call := of(2, 1, event.CallStatus)
			call.Call = fixed.calls.Calls[1].SID
			at := func(n time.Duration) time.Time { return goldenTime.Add(n * time.Second) }
			events := &fixedEvents{all: []event.Delivery{
				{Event: of(1, event.Whole, event.Status), State: event.Delivered, Since: goldenTime, Tries: 2, Tried: at(1), Answer: event.Answer{Status: 204}, Ended: at(1)},
				{Event: call, State: event.Waiting, Since: goldenTime, Tries: 1, Due: event.DueAt(at(5)), Tried: at(4), Answer: event.Answer{Status: 500, Trouble: event.Refused}},
				{Event: of(3, 1, event.CallSchedule), State: event.Waiting, Since: goldenTime, Due: event.Behind},
				{Event: of(4, 2, event.CallSchedule), State: event.GivenUp, Since: goldenTime, Tries: 30, Tried: at(90_000), Answer: event.Answer{Trouble: event.PrivateAddress}, Ended: at(90_000)},
			}}
			c := servertest.Start(t, servertest.Options{
				Clock:     clocktest.New(goldenTime),
				Campaigns: func(s campaign.Store) campaign.Store { fixed.Store = s; return fixed },
				Events:    func(s event.Store) event.Store { events.Store = s; return events },
			}).Account("demo")
			method, path, _ := strings.Cut(strings.ReplaceAll(tt.request, "{event}", events.all[3].Name().String()), " ")
			golden(t, tt.name, c.Send(method, "/campaigns/"+fixed.campaign.SID.String()+path, ""))
		})
	}
}

// TestCallbacks runs a campaign against a program that is told of it: each callback comes,
// in order, and is signed.
func TestCallbacks(t *testing.T) {
	if testing.Short() {
		t.Skip("the tests of the dialer and of callbacks race the same")
	}
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	r := newProgram(t)
	one := c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","from":["+919800000006","+919800000016"],"read_via_text":"Hello, this is a call",` +
		`"call_status_callback":"` + r.URL + `/call","call_schedule_callback":"` + r.URL + `/target","status_callback":"` + r.URL + `/campaign"}]}`)
	got := r.until(t, `"status":"Completed"`)
	want := map[string]int{"/campaign": 2, "/call": 2, "/target": 2}
	for _, line := range got {
		path, body, _ := strings.Cut(line, " ")
		want[path]--
		if !strings.Contains(body, one.ID) {
			t.Errorf("%s tells of another campaign", line)
		}
	}
	for path, missing := range want {
		if missing != 0 {
			t.Errorf("%d are missing of %s: %q", missing, path, got)
		}
	}
	if last := got[len(got)-1]; !strings.HasPrefix(last, "/campaign") || !strings.Contains(last, "/report?") {
		t.Errorf("the last one is %s", last)
	}
}
