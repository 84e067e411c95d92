package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/app"
	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestCampaignLenient has what programs send in another form than the contract's, and what
// is answered: these keys of data.
func TestCampaignLenient(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{Clock: clocktest.New(goldenTime)}).Account("demo")
	long := strings.Repeat("x", 4096)
	const defaults = `{"number_of_retries":0,"interval_mins":15,"mechanism":"Linear","on_status":["busy","no-answer","failed"]}`
	for _, tt := range []struct{ field, given, want string }{
		{"retries", `[]`, defaults},
		{"retries", `{}`, defaults},
		{"retries", `[{"number_of_retries":1}]`, strings.Replace(defaults, "0", "1", 1)},
		{"retries", `null`, `null`},
		{"custom_field", `"` + long + `"`, `"` + long + `"`},
		{"custom_field", `[]`, `[]`},
		{"from", `"09876543210, +91 98765 43211"`, `["+919876543210","+919876543211"]`},
		{"from", `["09876543210","+919876543210","9876543211"]`, `["+919876543210","+919876543211"]`},
		{"status_callback", `""`, `null`},
		{"throttle", `7`, `null`},
		{"call_duplicate_numbers", `"true"`, `true`},
	} {
		a := c.Send("POST", "/campaigns", campaignWith(tt.field, tt.given))
		var got struct {
			Response []struct{ Data map[string]json.RawMessage }
		}
		if err := json.Unmarshal(a.Body, &got); err != nil || a.Status != http.StatusOK || string(got.Response[0].Data[tt.field]) != tt.want {
			t.Errorf("%s: %.300s: got %d %.900s", tt.field, tt.given, a.Status, a.Body)
		}
	}
}

// TestCampaignSameNumberTwice: a number that is given twice is called once, unless
// duplicates are asked for.
func TestCampaignSameNumberTwice(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{Simulator: app.Simulator{Speed: 5000}}).Account("demo")
	for asked, want := range map[string]int{"false": 1, "true": 3} {
		made := c.NewCampaign(campaignWith("from", `["+919800000000","09800000000","9800000000"]`, "call_duplicate_numbers", asked))
		ended := awaitCampaign(t, c, made.ID, "Completed")
		if ended.Stats["completed"] != want || ended.Summary.Scheduled != want {
			t.Errorf("call_duplicate_numbers %s: got %+v", asked, ended)
		}
	}
	dry := string(c.Send("POST", "/campaigns?dry_run=true", campaignWith("from", `["+919800000000","09800000000"]`)).Body)
	if !strings.Contains(dry, `"dry_run":{"called":1,"left_out":{"duplicate":1,"suppressed":0,"never-called":0,"other-country":0,"outside-hours":0}}`) {
		t.Errorf("the dry run tells %s", dry)
	}
	// A premium number is never called, as the campaign itself tells.
	body := campaignWith("from", `["+919800000000","+19002345678"]`)
	if dry := string(c.Send("POST", "/campaigns?dry_run=true", body).Body); !strings.Contains(dry, `"dry_run":{"called":1,"left_out":{"duplicate":0,"suppressed":0,"never-called":1,`) {
		t.Errorf("the dry run tells %s", dry)
	}
	if ended := awaitCampaign(t, c, c.NewCampaign(body).ID, "Completed"); ended.Stats["completed"] != 1 || ended.Stats["invalid"] != 1 {
		t.Errorf("got %+v", ended)
	}
}

// TestCampaignEndedEarly: the numbers of a campaign that was completed before its time are
// counted as never called, told of, and in the report, and so are those of one that was
// paused until its end.
func TestCampaignEndedEarly(t *testing.T) {
	t.Parallel()
	program := newProgram(t)
	// The clock goes on, unlike one that is set: that one would not wake a server which
	// begins to wait just after it was set.
	var ahead atomic.Int64
	began := time.Now()
	clock := clocktest.Func(func() time.Time { return goldenTime.Add(time.Since(began) + time.Duration(ahead.Load())) })
	c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
	list := c.CreateList("Tenants").SID
	for i := range 3 {
		c.Add(list, c.CreateOne(fmt.Sprintf(`{"number":"+91987654321%d"}`, i)).SID)
	}
	soon, later := goldenTime.Add(time.Hour).Format(time.RFC3339), goldenTime.Add(2*time.Hour).Format(time.RFC3339)
	body := campaignWith("from", "", "lists", `["`+list+`"]`, "schedule", `{"send_at":"`+soon+`","end_at":"`+later+`"}`,
		"call_schedule_callback", `"`+program.URL+`/target"`, "status_callback", `"`+program.URL+`/campaign"`)
	want := map[string]int{
		"created": 0, "in-progress": 0, "retry": 0, "retrying": 0, "failed": 0, "failed-dnd": 0, "invalid": 0,
		"paused": 0, "failed-no-attempt": 3, "completed": 0,
	}
	for _, tt := range []struct {
		action, status string
		wait           time.Duration
	}{{"complete", "Completed", 0}, {"pause", "Canceled", 3 * time.Hour}} {
		one := c.NewCampaign(body)
		if got := c.Send("PUT", "/campaigns/"+one.ID, `{"action":"`+tt.action+`"}`).Campaign(t); got.Summary.Scheduled != 3 {
			t.Errorf("%s: got %+v", tt.action, got)
		}
		ahead.Add(int64(tt.wait))
		// Archived at once, it is told of by the state that it ended in all the same.
		awaitCampaign(t, c, one.ID, tt.status)
		c.Send("PUT", "/campaigns/"+one.ID, `{"action":"archive"}`).Campaign(t)
		var told int
		for _, r := range program.until(t, `"status":"`+tt.status+`"`) {
			if strings.HasPrefix(r, "/target ") && strings.Contains(r, one.ID) && strings.Contains(r, `"call_sids":[],"status":"failed-no-attempt"`) {
				told++
			}
		}
		got := c.GetCampaign(one.ID)
		if diff := cmp.Diff(want, got.Stats); diff != "" || got.Summary.Scheduled != 3 || got.Summary.Failed != 3 || told != 3 {
			t.Errorf("%s: got %+v and %d targets are told of; stats (-want +got):\n%s", tt.action, got, told, diff)
		}
		report := string(c.Get(c.Path("/campaigns/" + one.ID + "/report")).Body)
		if n := strings.Count(report, ",failed-no-attempt,"); n != 3 {
			t.Errorf("%s: %d rows of the report are of numbers that were never called:\n%s", tt.action, n, report)
		}
	}
}

// TestCampaignAfterFastSimulation: campaigns start at once at a server whose clock is
// hours behind the one that a faster simulation had reached.
func TestCampaignAfterFastSimulation(t *testing.T) {
	t.Parallel()
	path := servertest.NewDatabase(t)
	late := clocktest.Func(func() time.Time { return time.Now().Add(3 * time.Hour) })
	before := servertest.Start(t, servertest.Options{Path: path, Clock: late, Simulator: app.Simulator{Instant: true}})
	c := before.Account("demo")
	awaitCampaign(t, c, c.NewCampaign(campaignWith("from", `["+919800000000"]`)).ID, "Completed")
	before.Stop()
	c = c.At(servertest.Start(t, servertest.Options{Path: path, Simulator: app.Simulator{Instant: true}}))
	awaitCampaign(t, c, c.NewCampaign(campaignWith("from", `["+919800000000"]`)).ID, "Completed")
}
