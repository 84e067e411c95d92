package event

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestBodies compares the bodies of callbacks with golden files, byte for byte.
func TestBodies(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 6, 1, 4, 30, 0, 999_999_999, time.UTC) // 10:00 in the account's zone
	at := func(d time.Duration) time.Time { return start.Add(d) }
	sid := func(s string) addressbook.SID {
		t.Helper()
		sid, ok := addressbook.ParseSID(s)
		if !ok {
			t.Fatalf("%q is no sid", s)
		}
		return sid
	}
	first, second := sid("0197a3c2e0f17a2b8c3d4e5f60718293"), sid("0197a3d0a1b27c4d9e5f607182930415")
	c := campaign.Campaign{
		SID: sid("0197a3c2d4e57f6a8b9c0d1e2f3a4b5c"),
		Settings: campaign.Settings{
			CallerID: "08047000001", CallStatusCallback: "https://a.example/call?token=1&x=2",
			CallScheduleCallback: "https://a.example/target", StatusCallback: "https://a.example/campaign",
		},
		State: campaign.InProgress, Created: at(-time.Hour), Started: start, Updated: start,
	}
	custom := c
	custom.CustomField, custom.CallerID = []byte(`{"batch": "<7>", "n": 1.0}`), "59000"
	ended := c
	ended.State, ended.EndedAs, ended.Ended, ended.Updated = campaign.Completed, campaign.Completed, at(time.Hour), at(time.Hour)
	early := ended
	early.State, early.EndedAs, early.Started, early.CustomField = campaign.Canceled, campaign.Canceled, time.Time{}, []byte{}
	archived := ended
	archived.State, archived.EndedAs, archived.Counts = campaign.Archived, campaign.Canceled, campaign.Counts{CallsBusy: 1}
	answered := campaign.Call{
		SID: first, Campaign: c.SID, Position: 4, Number: 919800000001, Attempt: 1, State: campaign.CallEnded,
		Placed: at(4 * time.Second), Rang: at(5 * time.Second), Answered: at(13 * time.Second), Ended: at(35 * time.Second),
		Outcome: campaign.Reached, Digits: "1", Code: 200, Cause: 16,
	}
	unanswered := answered
	unanswered.Answered, unanswered.Outcome, unanswered.Digits, unanswered.Attempt = time.Time{}, campaign.NoAnswer, "", 2
	interrupted := campaign.Call{
		SID: first, Campaign: c.SID, Number: 919800000001, Attempt: 1, State: campaign.CallEnded,
		Ended: at(35 * time.Second), Outcome: campaign.CallFailed,
	}
	tried := campaign.Target{
		Position: 4, Number: 919800000002, State: campaign.TargetFailed, Ended: at(16 * time.Minute),
		History: []campaign.Attempt{{Call: first, Outcome: campaign.NoAnswer}, {Call: second, Outcome: campaign.Busy}},
	}
	suppressed := campaign.Target{Position: 5, Number: 919800000003, State: campaign.Suppressed, Ended: at(time.Minute)}
	waiting := campaign.Target{Position: 6, Number: 919800000004, State: campaign.Waiting, Ended: ended.Ended}

	zone, err := time.LoadLocation(account.DefaultTimeZone)
	if err != nil {
		t.Fatal(err)
	}
	r := NewRenderer(account.Account{ID: 7, Region: account.DefaultRegion, TimeZone: zone})
	const report = "https://book.example/v2/accounts/acme1/campaigns/0197a3c2d4e57f6a8b9c0d1e2f3a4b5c/report?a=1&b=2"
	for name, got := range map[string][]Event{
		"call_answered":       r.CallEnded(&c, &answered, "", start),
		"call_recorded":       r.CallEnded(&c, &answered, "https://book.example/recording?a=1&b=2", start),
		"call_unanswered":     r.CallEnded(&custom, &unanswered, "", start),
		"call_interrupted":    r.CallEnded(&c, &interrupted, "", start),
		"target_tried":        r.TargetEnded(&custom, &tried, start),
		"target_suppressed":   r.TargetEnded(&c, &suppressed, start),
		"target_never_called": r.TargetEnded(&ended, &waiting, start),
		"target_never_began":  r.TargetEnded(&early, &waiting, start),
		"campaign_started":    r.Started(&c, start),
		"campaign_ended":      r.Closed(&ended, report, start),
		"campaign_canceled":   r.Closed(&early, report, start),
		"campaign_archived":   r.Closed(&archived, report, start),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(got) != 1 || got[0].Account != 7 || got[0].Campaign != c.SID || !got[0].Created.Equal(start) {
				t.Fatalf("the events are %+v", got)
			}
			golden(t, name, got[0].Body)
		})
	}

	for name, tt := range map[string]struct {
		event Event
		want  Told
	}{
		"of a call":     {r.CallEnded(&c, &unanswered, "", start)[0], Told{unanswered.Number, "no-answer"}},
		"of a target":   {r.TargetEnded(&c, &suppressed, start)[0], Told{suppressed.Number, "failed-dnd"}},
		"of a campaign": {r.Started(&c, start)[0], Told{Status: campaign.InProgress.String()}},
		"of nobody":     {Event{Body: []byte("[]")}, Told{}},
	} {
		if got := tt.event.Told(); got != tt.want {
			t.Errorf("what is told %s is %+v, want %+v", name, got, tt.want)
		}
	}
}

// golden compares a body with the file that has its name.
func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, append(body, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(body) + "\n"; got != string(want) {
		t.Errorf("the body is\n%s, want\n%s", got, want)
	}
}

// TestWhereEventsGo: an event has the URL and the order of what it tells, and without a
// URL there is none.
func TestWhereEventsGo(t *testing.T) {
	t.Parallel()
	r := NewRenderer(account.Account{ID: 7, Region: "IN", TimeZone: time.UTC})
	c := campaign.Campaign{Settings: campaign.Settings{CallStatusCallback: "call", CallScheduleCallback: "target", StatusCallback: "campaign"}}
	call := campaign.Call{SID: addressbook.SID{1}, Position: 3, Outcome: campaign.Busy}
	target := campaign.Target{Position: 4, State: campaign.TargetFailed}
	none := campaign.Campaign{}
	for _, tt := range []struct {
		got, without []Event
		want         Event
	}{
		{r.CallEnded(&c, &call, "", time.Time{}), r.CallEnded(&none, &call, "", time.Time{}), Event{URL: "call", Kind: CallStatus, Position: 3, Call: call.SID}},
		{r.TargetEnded(&c, &target, time.Time{}), r.TargetEnded(&none, &target, time.Time{}), Event{URL: "target", Kind: CallSchedule, Position: 4}},
		{r.Started(&c, time.Time{}), r.Started(&none, time.Time{}), Event{URL: "campaign", Kind: Status, Position: Whole}},
		{r.Closed(&c, "", time.Time{}), r.Closed(&none, "", time.Time{}), Event{URL: "campaign", Kind: Status, Position: Whole, Last: true}},
	} {
		if len(tt.without) != 0 {
			t.Errorf("without a URL there are %+v", tt.without)
		}
		got := tt.got[0]
		if got.URL != tt.want.URL || got.Kind != tt.want.Kind || got.Position != tt.want.Position || got.Call != tt.want.Call || got.Last != tt.want.Last {
			t.Errorf("the event is %+v, want %+v", got, tt.want)
		}
	}
}
