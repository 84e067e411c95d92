package api_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/clock/clocktest"
	"callbook/internal/phone"
	"callbook/internal/test/servertest"
)

// later begins an hour after the golden time, so that no call is made.
const later = `"schedule":{"send_at":"2026-03-14T10:26:53+05:30"}`

// signature is what of a link to a report is random.
var signature = regexp.MustCompile(`(http://)127\.0\.0\.1:[0-9]+(/[^"]*signature=)[0-9a-f]{64}`)

// keyName names the key that was used, which is random.
var keyName = regexp.MustCompile(`API key [^"]+`)

func goldenCampaign(t *testing.T, name string, a servertest.Answer) {
	t.Helper()
	a.Body = signature.ReplaceAll(a.Body, []byte("${1}<server>$2<signature>"))
	a.Body = keyName.ReplaceAll(a.Body, []byte("API key <key>"))
	golden(t, name, a)
}

// TestGoldenCampaigns asks once each time: requests about campaigns that wait for their
// time.
func TestGoldenCampaigns(t *testing.T) {
	t.Parallel()
	const unknown = "0198f2c4a1b27d3e9f405162738495a6"
	// As section 13 of the contract has it.
	const sample = `{"campaigns":[{"name":"Rent June","caller_id":"08047000001","lists":["{list}"],"url":"http://my.exotel.com/demo/exoml/start_voice/42",` +
		`"retries":{"number_of_retries":2,"interval_mins":15,"mechanism":"exponential","on_status":["busy","no-answer"]},` +
		`"schedule":{"send_at":"2026-06-01T10:00:00+05:30","end_at":"2026-06-01T18:00:00+05:30"},"mode":"custom","throttle":20,` +
		`"call_status_callback":"https://app.example.in/call?token=1","status_callback":"https://app.example.in/camp"}]}`
	for _, tt := range []struct{ name, request, body string }{
		{"campaign_create", "POST /campaigns", sample},
		{"campaign_create_text", "POST /campaigns", `{"campaigns":[{"caller_id":"0XXXXXX4890","from":"+919876543210, 09876543211,+919876543210","read_via_text":" Dear @@first_name, please call. ",` +
			`"flow_type":"ivr","repeat_menu_attempts":2,"call_duplicate_numbers":"true","custom_field":{"a" : [1.50, "x"]},` + later[:len(later)-1] + `,"end_at":null}}]}`},
		{"campaign_create_nulls", "POST /campaigns", `{"campaigns":[{"caller_id":"08047000001","from":["+919876543210"],"lists":null,"url":"https://my.in.exotel.com/exoml/start/1","schedule":[{"send_at":"2026-03-14T04:56:53.5Z"}],` +
			`"custom_field":null,"call_schedule_callback":null,"throttle":null,"mode":"auto","retries":{"number_of_retries":1},"name":null,"call_status_callback":"","read_via_text":null,"content_type":"application/json"}]}`},
		{"campaign_create_dry_run", "POST /campaigns?dry_run=true", sample},
		{"campaign_create_hours", "POST /campaigns", strings.Replace(sample, `{"name"`, `{"calling_hours":{"hours":"always","reason":" A flood warning "},"name"`, 1)},
		{"campaign_change_hours", "PUT /campaigns/{one}", `{"campaigns":[{"calling_hours":{"hours":"10:00-18:00","days":"mon-fri","reason":"Asked for by the school"}}]}`},
		{"error_campaign_hours", "POST /campaigns", strings.Replace(sample, `{"name"`, `{"calling_hours":{"hours":"always"},"name"`, 1)},
		{"campaign_get", "GET /campaigns/{one}", ""},
		{"campaigns_page", "GET /campaigns?status=in-progress,created&limit=1&sort_by=date_created:desc", ""},
		{"campaigns_page_word", "GET /campaigns?page=2&page_size=1&name=RENT&sort_by=Name", ""},
		{"campaigns_none", "GET /campaigns?status=Archived", ""},
		{"campaign_pause", "PUT /campaigns/{one}", `{"campaigns":[{"action":"pause","caller_id":"1","url":"http://x/","status_callback":"https://app.example.in/other"}]}`},
		{"campaign_pause_bare", "POST /campaigns/{one}", `{"action":"pause"}`},
		{"campaign_complete", "PUT /campaigns/{one}", `{"campaigns":[{"action":"complete"}]}`},
		{"campaign_change", "PUT /campaigns/{one}", `{"campaigns":[{"name":"Rent July","throttle":10,"from":["+919876543211"],"retries":null}]}`},
		{"campaign_delete", "DELETE /campaigns/{one}", "{}"},
		{"campaign_copy", "POST /campaigns/{one}/copy", ""},
		{"campaign_copy_changed", "POST /campaigns/{one}/copy", `{"campaigns":[{"name":"Rent July","mode":"auto",` + later + `}]}`},
		{"campaign_no_calls", "GET /campaigns/{one}/call-details?limit=20&offset=0&sort_by=Date_created:asc", ""},
		{"campaign_no_targets", "GET /campaigns/{one}/targets", ""},
		{"error_campaign_missing", "POST /campaigns", `{}`},
		{"error_campaign_number", "POST /campaigns", `{"campaigns":[{"caller_id":"08047000001","from":["98450"],"url":"http://my.exotel.com/demo/exoml/start_voice/42"}]}`},
		{"error_campaign_unknown", "GET /campaigns/" + unknown, ""},
		{"error_campaign_route", "GET /campaigns/{one}/nothing/here", ""},
		{"error_campaign_method", "PATCH /campaign/{one}/call-details", ""},
		{"error_campaign_action", "PUT /campaigns/{one}", `{"campaigns":[{"action":"stop"}]}`},
		{"error_campaign_state", "PUT /campaigns/{one}", `{"campaigns":[{"action":"archive"}]}`},
		{"error_campaign_status", "GET /campaigns?status=created,gone", ""},
		{"error_campaign_limit", "GET /campaigns/{one}/call-details?limit=0", ""},
		{"error_campaign_page", "GET /campaigns?page=0", ""},
		{"error_campaign_report", "GET /campaigns/{one}/report", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := clocktest.New(goldenTime)
			c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
			list := c.CreateList("Tenants").SID
			for _, contact := range []string{`{"number":"+919800000001","first_name":"Asha","last_name":"Rao"}`, `{"number":"+919800000002"}`, `{"number":"+919800000003"}`} {
				c.Add(list, c.CreateOne(contact).SID)
			}
			c.Send("POST", "/suppressions", `{"suppressions":[{"number":"09800000003"}]}`)
			one := c.NewCampaign(strings.ReplaceAll(sample, "{list}", list))
			clock.Add(time.Second)
			c.NewCampaign(`{"campaigns":[{"name":"Another rent","caller_id":"08047000001","from":["+919800000001"],"url":"http://my.exotel.com/demo/exoml/start_voice/42",` + later + `}]}`)
			clock.Add(time.Second)
			method, path, _ := strings.Cut(strings.ReplaceAll(tt.request, "{one}", one.ID), " ")
			goldenCampaign(t, tt.name, c.Send(method, path, strings.ReplaceAll(tt.body, "{list}", list)))
		})
	}
}

// TestGoldenCampaignErrors is for the errors of campaigns that need more than an odd body
// or path.
func TestGoldenCampaignErrors(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{AllowOrigins: []string{"https://app.example.com"}})
	c, other := s.Account("demo"), s.Account("other")
	path := c.Path("/campaigns")
	for name, a := range map[string]servertest.Answer{
		"error_campaign_no_key":        c.As("", "").Get(path),
		"error_campaign_other_account": other.Get(path),
		"error_campaign_content_type":  c.Do("POST", path, strings.NewReader("{}"), "Content-Type", "text/plain"),
		"error_campaign_other_site":    c.Do("POST", path, strings.NewReader("{}"), "Sec-Fetch-Site", "cross-site"),
		"error_campaign_link":          c.As("", "").Get(path + "/0198f2c4a1b27d3e9f405162738495a6/report?expires=9999999999&signature=00"),
	} {
		golden(t, name, a)
	}
	s.BreakDatabase()
	golden(t, "error_campaign_trouble", c.Get(path+"/0198f2c4a1b27d3e9f405162738495a6"))
}

// fixedCampaigns is a store with one campaign, whose calls and targets are given.
type fixedCampaigns struct {
	campaign.Store
	campaign campaign.Campaign
	calls    campaign.CallPage
	targets  campaign.TargetPage
}

func (f *fixedCampaigns) Campaign(context.Context, account.ID, addressbook.SID) (*campaign.Campaign, error) {
	c := f.campaign
	return &c, nil
}

func (f *fixedCampaigns) Campaigns(context.Context, account.ID, campaign.Query) (campaign.Page, error) {
	return campaign.Page{Campaigns: []campaign.Campaign{f.campaign}, Total: 1}, nil
}

func (f *fixedCampaigns) Calls(context.Context, account.ID, addressbook.SID, campaign.CallQuery) (campaign.CallPage, error) {
	return f.calls, nil
}

func (f *fixedCampaigns) Targets(_ context.Context, _ account.ID, _ addressbook.SID, q campaign.TargetQuery) (campaign.TargetPage, error) {
	page := campaign.TargetPage{Total: f.targets.Total}
	for _, target := range f.targets.Targets {
		if target.Position > q.After && len(page.Targets) < q.Limit && (q.Again == nil || *q.Again == (len(target.History) > 0)) {
			page.Targets = append(page.Targets, target)
		}
	}
	return page, nil
}

// campaignStates are a campaign in several states, with what became of its numbers.
func campaignStates(at time.Time) *fixedCampaigns {
	number := func(last int) phone.Number { return phone.Number(919800000000 + last) }
	sids := addressbook.NewSIDs(clocktest.New(at))
	sid := func() addressbook.SID { s, _ := sids.Next(); return s }
	calls := []campaign.Call{
		{SID: sid(), Number: number(1), Attempt: 1, State: campaign.CallEnded, Placed: at, Rang: at.Add(time.Second), Answered: at.Add(9 * time.Second), Ended: at.Add(31 * time.Second),
			Outcome: campaign.Reached, Digits: "1#", Code: 200, Cause: 16, CauseText: "Normal call clearing"},
		{SID: sid(), Position: 1, Number: number(2), Attempt: 1, State: campaign.CallEnded, Placed: at, Rang: at.Add(time.Second), Ended: at.Add(30 * time.Second), Outcome: campaign.NoAnswer, Code: 480, Cause: 18, CauseText: `=no, "answer"`},
		{SID: sid(), Position: 1, Number: number(2), Attempt: 2, State: campaign.CallEnded, Placed: at.Add(time.Minute), Ended: at.Add(time.Minute), Outcome: campaign.Busy, Code: 486, Cause: 17, CauseText: "User busy"},
		{SID: sid(), Position: 2, Number: number(3), Attempt: 1, State: campaign.Ringing, Placed: at, Rang: at.Add(time.Second)},
		{SID: sid(), Position: 3, Number: number(4), Attempt: 1, State: campaign.Placing},
		{SID: sid(), Position: 4, Number: number(5), Attempt: 1, State: campaign.CallEnded, Placed: at, Ended: at, Outcome: campaign.Unreachable, Code: 404, Cause: 1},
	}
	targets := []campaign.Target{
		{Number: number(1), Contact: sid(), Name: `Rao, "Asha"`, Vars: map[string]string{"city": "=Pune"}, State: campaign.TargetReached, Ended: at.Add(31 * time.Second), History: []campaign.Attempt{{Call: calls[0].SID, Outcome: campaign.Reached}}},
		{Position: 1, Number: number(2), Name: "-Vikram", State: campaign.Waiting, Due: at.Add(time.Hour), Reason: campaign.OutsideHours, History: []campaign.Attempt{{Call: calls[1].SID, Outcome: campaign.NoAnswer}, {Call: calls[2].SID, Outcome: campaign.Busy}}},
		{Position: 2, Number: number(3), State: campaign.Calling, History: []campaign.Attempt{{Call: calls[3].SID}}},
		{Position: 3, Number: number(4), State: campaign.Calling, History: []campaign.Attempt{{Call: calls[4].SID}}},
		{Position: 4, Number: number(5), State: campaign.InvalidNumber, Ended: at, History: []campaign.Attempt{{Call: calls[5].SID, Outcome: campaign.Unreachable}}},
		{Position: 5, Number: number(6), State: campaign.Suppressed, Reason: campaign.OnSuppression, Ended: at},
		{Position: 6, Number: number(7), State: campaign.Waiting, Due: at},
	}
	f := &fixedCampaigns{campaign: campaign.Campaign{SID: sid(), State: campaign.InProgress, Expanded: true, Created: at, Updated: at, Started: at}}
	f.campaign.Settings = campaign.Settings{
		Name: "=Rent, June", CallerID: "+918047000001", Dynamic: true, Lists: []addressbook.SID{sid()}, Text: "Hello @@city and all", FlowType: campaign.Greeting, Vars: []string{"city"},
		SendAt: at, EndAt: at.Add(time.Hour), CustomField: []byte(`"ref-7"`),
	}
	f.campaign.Counts = campaign.Counts{New: 1, First: 2, Retry: 1, Reached: 1, Suppressed: 1, Invalid: 1, Called: 5, Calls: 6, CallsReached: 1, CallsBusy: 1, CallsNoAnswer: 1, CallsFailed: 1}
	for _, call := range calls {
		f.calls.Targets = append(f.calls.Targets, targets[call.Position])
	}
	f.calls.Calls, f.calls.Total = calls, len(calls)
	f.targets = campaign.TargetPage{Targets: targets, Total: len(targets)}
	return f
}

// TestGoldenCampaignStates has answers about a campaign that calls, is paused, or has
// ended.
func TestGoldenCampaignStates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path string
		state      campaign.State
	}{
		{"campaign_running", "", campaign.InProgress},
		{"campaign_paused", "", campaign.Paused},
		{"campaign_completed", "", campaign.Completed},
		{"campaign_calls", "/call-details", campaign.InProgress},
		{"campaign_targets", "/targets", campaign.InProgress},
		{"campaign_targets_paused", "/targets?limit=2&offset=1", campaign.Paused},
		{"campaign_targets_cursor", "/targets?limit=2&cursor=1", campaign.InProgress},
		{"campaign_targets_last", "/targets?limit=2&cursor=4", campaign.Completed},
		{"campaign_targets_none", "/targets?status=created", campaign.Paused},
		{"error_campaign_target_words", "/targets?status=created,failed", campaign.InProgress},
		{"error_campaign_target_word", "/targets?status=gone", campaign.InProgress},
		{"error_campaign_target_cursor", "/targets?cursor=-", campaign.InProgress},
		{"report_partial.csv", "/report?partial=true", campaign.InProgress},
		{"report.csv", "/report", campaign.Completed},
		{"error_report_unread", "/report", campaign.Completed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fixed := campaignStates(goldenTime)
			fixed.campaign.State = tt.state
			if tt.state == campaign.Completed {
				fixed.campaign.State = campaign.InProgress
				fixed.campaign.End(campaign.Completed, goldenTime.Add(time.Hour))
			}
			fixed.campaign.Expanded = tt.name != "error_report_unread"
			c := servertest.Start(t, servertest.Options{
				Clock:     clocktest.New(goldenTime),
				Campaigns: func(s campaign.Store) campaign.Store { fixed.Store = s; return fixed },
			}).Account("demo")
			goldenCampaign(t, tt.name, c.Get(c.Path("/campaigns/"+fixed.campaign.SID.String()+tt.path)))
		})
	}
}

// TestGoldenSuppressions asks once each time.
func TestGoldenSuppressions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, request, body string }{
		{"suppressions", "GET /suppressions", ""},
		{"suppressions_page", "GET /suppressions?offset=1&limit=1", ""},
		{"suppressions_number", "GET /suppressions?number= 91 98000 00001", ""},
		{"error_suppressions_number", "GET /suppressions?number=x", ""},
		{"suppressions_add", "POST /suppressions", `{"suppressions":[{"number":"09800000003","note":"Asked for it","source":"letter"},{"number":"+919800000003"},{"number":"9800000001","note":"again"},` +
			`{"number":"x"},{},{"number":7},7,{"number":"9800000004","note":"` + strings.Repeat("x", 256) + `"},{"number":"9800000004","source":"a\u0000"}]}`},
		{"suppressions_remove", "DELETE /suppressions", `{"suppressions":[{"number":"9800000001"},{"number":"9800000001"},{"number":"9800000009"},{"number":"x"},{}]}`},
		{"suppressions_export.csv", "GET /suppressions/export", ""},
		{"error_suppressions_export", "GET /suppressions/export?number=1", ""},
		{"suppressions_all_bad", "POST /suppressions", `{"suppressions":[{"number":"x"}]}`},
		{"error_suppressions_missing", "POST /suppressions", `{"suppressions":[]}`},
		{"error_suppressions_limit", "GET /suppressions?limit=x", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := clocktest.New(goldenTime)
			c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
			c.Send("POST", "/suppressions", `{"suppressions":[{"number":"9800000001","note":"first"}]}`)
			clock.Add(time.Minute)
			c.Send("POST", "/suppressions", `{"suppressions":[{"number":"9800000002","source":"registry"}]}`)
			method, path, _ := strings.Cut(tt.request, " ")
			golden(t, tt.name, c.Send(method, strings.ReplaceAll(path, " ", "%20"), tt.body))
		})
	}
}
