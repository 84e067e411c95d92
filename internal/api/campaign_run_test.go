package api_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/app"
	"callbook/internal/test/servertest"
)

// TestCampaignAddsUp runs a campaign to its end, with retries, and holds its stats, its
// calls, its targets and its report against each other.
func TestCampaignAddsUp(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Simulator: app.Simulator{Speed: 5000}})
	c := s.Account("demo")
	list := c.CreateList("Tenants").SID
	for last := range 10 {
		c.Add(list, c.CreateOne(fmt.Sprintf(`{"number":"+9198000000%d%d","first_name":"=Name %d"}`, last, last, last)).SID)
	}
	c.Send("POST", "/suppressions", `{"suppressions":[{"number":"+919800000000"}]}`)
	one := c.NewCampaign(campaignWith("from", "", "lists", `["`+list+`"]`, "name", `"@All, of them"`,
		"retries", `{"number_of_retries":2,"interval_mins":1,"mechanism":"Exponential","on_status":["busy","failed"]}`))
	one = awaitCampaign(t, c, one.ID, "Completed")
	// By the last digits: 6 is busy each time, 7 does not answer, 8 fails once, 9 each time.
	want := map[string]int{
		"created": 0, "in-progress": 0, "retry": 0, "retrying": 0, "failed": 3, "failed-dnd": 1, "invalid": 0,
		"paused": 0, "failed-no-attempt": 0, "completed": 6,
	}
	if diff := cmp.Diff(want, one.Stats); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	path := c.Path("/campaigns/" + one.ID)
	for word, n := range want {
		if got := c.Get(path + "/targets?status=" + word).CampaignPage(t).Metadata; got.Total != n || got.Count != n {
			t.Errorf("%d of %d targets are %s, want %d", got.Count, got.Total, word, n)
		}
	}
	if got := c.Get(path + "/targets?status=failed-dnd,%20Completed,completed").CampaignPage(t).Metadata.Total; got != 7 {
		t.Errorf("%d targets are suppressed or completed, want 7", got)
	}
	// Nothing is so far, in whatever order.
	for _, words := range []string{"/targets?", "/targets?status=failed&", "/call-details?", "/call-details?status=busy,queued&", "/callbacks?"} {
		for _, offset := range []int{math.MaxInt32, math.MaxInt} {
			if got := c.Get(path + words + "offset=" + strconv.Itoa(offset)).CampaignPage(t).Metadata; got.Count != 0 {
				t.Errorf("%s: behind %d there are %+v", words, offset, got)
			}
		}
	}
	// By cursor, each target once.
	var positions []int
	for next := path + "/targets?limit=3&cursor="; ; {
		page := c.Get(strings.TrimSuffix(next, "&cursor=")).CampaignPage(t)
		for _, item := range page.Response {
			var target struct{ Position int }
			if err := json.Unmarshal(*item.Data, &target); err != nil {
				t.Fatal(err)
			}
			positions = append(positions, target.Position)
		}
		if page.Metadata.Cursor == nil {
			break
		}
		next = path + "/targets?limit=3&cursor=" + *page.Metadata.Cursor
	}
	if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, positions); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
	calls := map[string]int{"completed": 6, "busy": 3, "no-answer": 1, "failed": 4}
	total := 0
	for word, n := range calls {
		total += n
		if got := c.Get(path + "/call-details?status=" + word + "&limit=500").CampaignPage(t).Metadata; got.Total != n || got.Count != n {
			t.Errorf("%d of %d calls are %s, want %d", got.Count, got.Total, word, n)
		}
	}
	if got := c.Get(path + "/call-details?page=2&page_size=10&status=completed,no-answer,failed,%20busy,No_Answer").CampaignPage(t).Metadata; got.Total != total || got.Count != total-10 || got.Offset != 10 {
		t.Errorf("the second page of calls has %+v", got)
	}

	// The link needs no key, and is good for this report alone.
	if one.ReportURL == nil {
		t.Fatal("there is no report_url")
	}
	link := strings.TrimPrefix(*one.ReportURL, s.URL)
	stranger := c.As("", "")
	report := stranger.Get(link)
	if again := c.Get(path + "/report"); report.Status != http.StatusOK || !bytes.Equal(report.Body, again.Body) {
		t.Errorf("by link: %d %.300s\nby key: %d %.300s", report.Status, report.Body, again.Status, again.Body)
	}
	for _, spoilt := range []string{
		strings.Replace(link, "signature=", "signature=0", 1), strings.Replace(link, "expires=", "expires=1", 1),
		strings.Replace(link, one.ID, strings.Repeat("0", 32), 1), strings.Replace(link, "/demo/", "/other/", 1),
		link[:strings.Index(link, "?")], strings.Replace(link, "/report", "", 1), strings.Replace(link, "/report", "/targets", 1),
	} {
		if got := stranger.Get(spoilt).Fault(t, http.StatusUnauthorized); got.Code != 1010 {
			t.Errorf("%s: got %+v", spoilt, got)
		}
	}
	if got := stranger.Do("DELETE", link, nil).Fault(t, http.StatusUnauthorized); got.Code != 1010 {
		t.Errorf("a DELETE by link: got %+v", got)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(report.Body, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got, numbers := make(map[string]int), make(map[string]bool)
	for _, row := range rows[1:] {
		got[row[6]]++
		numbers[row[2]] = true
		if row[0] != one.ID || row[1] != "'@All, of them" || !strings.HasPrefix(row[3], "'=Name ") {
			t.Errorf("got the row %q", row)
		}
	}
	maps.Copy(calls, map[string]int{"failed-dnd": 1})
	if diff := cmp.Diff(calls, got); diff != "" || len(numbers) != 10 {
		t.Errorf("rows by status of %d numbers (-want +got):\n%s", len(numbers), diff)
	}
	if head := c.Do("HEAD", path+"/report", nil); head.Status != http.StatusOK || len(head.Body) > 0 {
		t.Errorf("HEAD: got %d %s", head.Status, head.Body)
	}
	if archived := c.Send("PUT", "/campaigns/"+one.ID, `{"campaigns":[{"action":"archive"}]}`).Campaign(t); archived.Status != "Archived" || archived.ReportURL == nil {
		t.Errorf("got %+v", archived)
	}
}

// awaitCampaign waits until a campaign is in a state.
func awaitCampaign(t *testing.T, c *servertest.Client, id, status string) servertest.Campaign {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(3 * time.Minute); ; <-tick.C {
		got := c.GetCampaign(id)
		if got.Status == status {
			return got
		}
		if time.Now().After(deadline) {
			t.Fatalf("the campaign is %+v, want %s", got, status)
		}
	}
}

// TestCampaignChanges has the rows of section 4 of the contract: what may be changed, and
// which actions are allowed, in each state. A campaign that has started has calls for
// minutes.
func TestCampaignChanges(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	numbers := make([]string, 200)
	for i := range numbers {
		numbers[i] = fmt.Sprintf(`"+919876543%03d"`, i)
	}
	many := "[" + strings.Join(numbers, ",") + "]"
	soon, week := time.Now().Add(time.Hour).Format(time.RFC3339), time.Now().AddDate(0, 0, 7).Format(time.RFC3339)
	inState := map[string]func() string{
		"Created": func() string { return c.NewCampaign(campaignWith("schedule", `{"send_at":"`+soon+`"}`)).ID },
		"InProgress": func() string {
			id := c.NewCampaign(campaignWith("from", many)).ID
			awaitCampaign(t, c, id, "InProgress")
			return id
		},
	}
	then := func(state, from, action string) {
		inState[state] = func() string {
			id := inState[from]()
			c.Send("PUT", "/campaigns/"+id, `{"action":"`+action+`"}`).Campaign(t)
			return id
		}
	}
	then("Paused", "InProgress", "pause")
	then("Paused before", "Created", "pause")
	then("Completed", "InProgress", "complete")
	then("Archived", "Completed", "archive")
	for _, tt := range []struct {
		state, body, want string // want is a state, or what is wrong
	}{
		{"Created", `{"action":"pause"}`, "Paused"},
		{"Created", `{"action":"resume"}`, "Campaign is Created"},
		{"Created", `{"action":"complete"}`, "Completed"},
		{"Created", `{"action":"archive"}`, "Campaign is Created"},
		{"InProgress", `{"action":"pause","caller_id":"999","url":"x","throttle":"7"}`, "Paused"},
		{"InProgress", `{"action":"pause","caller_id":"abc","url":"x","unknown":[1]}`, "Paused"},
		{"InProgress", `{"throttle":"7"}`, "json: cannot unmarshal string into Go struct field Campaign.throttle of type int"},
		{"InProgress", `{"campaigns":[{"action":"pause","schedule":"now","from":[7]}]}`, "Paused"},
		{"Paused", `{"action":"resume","schedule":"now","from":[7]}`, "json: cannot unmarshal string into Go struct field Campaign.schedule of type Schedule"},
		{"InProgress", `{"action":"pause","status_callback":7}`, "json: cannot unmarshal number into Go struct field Campaign.status_callback of type string"},
		{"InProgress", `{"action":"resume"}`, "InProgress"},
		{"InProgress", `{"action":"complete"}`, "Completed"},
		{"InProgress", `{"action":"Pause"}`, "Invalid Action"},
		{"InProgress", `{"action":""}`, "Invalid Action"},
		{"InProgress", `{"action":null,"status_callback":"http://example.com/x"}`, "InProgress"},
		{"Paused", `{"action":"pause"}`, "Paused"},
		{"Paused", `{"action":"resume"}`, "InProgress"},
		{"Paused", `{"action":"resume","schedule":{"end_at":"` + week + `"}}`, "InProgress"},
		{"Paused before", `{"action":"resume"}`, "Created"},
		{"Paused before", `{"name":"Another"}`, "Paused"},
		{"Completed", `{"action":"complete"}`, "Completed"},
		{"Completed", `{"action":"pause"}`, "Campaign is Completed"},
		{"Completed", `{"action":"archive"}`, "Archived"},
		{"Completed", `{"status_callback":"http://example.com/x"}`, "Completed"},
		{"Completed", `{"name":"Another"}`, "Name can not be updated after send_at"},
		{"Archived", `{"action":"archive"}`, "Archived"},
		{"Archived", `{"action":"resume"}`, "Campaign is Archived"},
		{"InProgress", `{"caller_id":"08047000001","from":` + many + `,"url":"` + flowURL + `","call_status_callback":"http://example.com/y"}`, "InProgress"},
		{"InProgress", `{"caller_id":"08047000002"}`, "CallerId can not be updated after send_at"},
		{"InProgress", `{"from":["09876543211"]}`, "From can not be updated after send_at"},
		{"InProgress", `{"retries":{"number_of_retries":1}}`, "Retries can not be updated after send_at"},
		{"InProgress", `{"throttle":7,"mode":"custom"}`, "Throttle can not be updated after send_at"},
		{"InProgress", `{"custom_field":1}`, "CustomField can not be updated after send_at"},
		{"InProgress", `{"schedule":{"end_at":"` + week + `"}}`, "Schedule can not be updated after send_at"},
		{"Paused", `{"schedule":{"end_at":"` + week + `"}}`, "Paused"},
		{"InProgress", `{"name":null,"schedule":null,"retries":null,"throttle":null,"custom_field":null,"status_callback":"http://example.com/z"}`, "InProgress"},
		{"InProgress", `{"schedule":{"send_at":null,"end_at":null}}`, "InProgress"},
		{"Created", `{"read_via_text":"Hello to all of you"}`, "Created"},
		{"Created", `{"caller_id":null}`, "CallerId is mandatory"},
		{"Created", `{}`, "Campaigns is mandatory"},
		{"Created", `{"campaigns":[{}]}`, "Created"},
		{"Created", `{"campaigns":[{},{}]}`, "Maximum allowed length for Campaigns is 1"},
		{"Created", "DELETE", "Deleted"},
		{"Paused before", "DELETE", "Deleted"},
		{"InProgress", "DELETE", "Only campaigns that have not started can be deleted"},
		{"Completed", "DELETE", "Only campaigns that have not started can be deleted"},
	} {
		path := "/campaigns/" + inState[tt.state]()
		method, status := "PUT", http.StatusBadRequest
		if tt.body == "DELETE" {
			method, status = tt.body, http.StatusForbidden
		}
		a := c.Send(method, path, tt.body)
		if !strings.Contains(tt.want, " ") {
			if got := a.Campaign(t); got.Status != tt.want {
				t.Errorf("%s %s: got %s, want %s", tt.state, tt.body, got.Status, tt.want)
			}
		} else if got := campaignFault(t, a, status); got.Description != tt.want {
			t.Errorf("%s %s: got %+v, want %s", tt.state, tt.body, got, tt.want)
		}
		if tt.want == "Deleted" {
			campaignFault(t, c.Get(c.Path(path)), http.StatusNotFound)
		}
	}
}

// TestResumedWithNulls: a program that sends all its fields again, those that it does not use
// as null, moves nothing by that.
func TestResumedWithNulls(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	end := time.Now().Add(time.Hour).Format(time.RFC3339)
	path := "/campaigns/" + c.NewCampaign(campaignWith("from", `["+919876543216","+919876543217"]`, "schedule", `{"end_at":"`+end+`"}`)).ID
	schedule := func() string {
		_, rest, _ := strings.Cut(string(c.Get(c.Path(path)).Body), `"schedule":`)
		dates, _, _ := strings.Cut(rest, "}")
		return dates
	}
	before := schedule()
	c.Send("PUT", path, `{"action":"pause"}`).Campaign(t)
	c.Send("PUT", path, `{"campaigns":[{"action":"resume","name":null,"schedule":null,"throttle":null}]}`).Campaign(t)
	if after := schedule(); after != before {
		t.Errorf("the schedule was %s, and is %s", before, after)
	}
}

// TestCampaignPreflight: the answer to a browser that asks beforehand has an array, too.
func TestCampaignPreflight(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{AllowOrigins: []string{"https://app.example.com"}})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.URL+"/v2/accounts/demo/campaigns", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://app.example.com")
	req.Header.Set("Access-Control-Request-Method", "POST")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), `"response":[{"code":200,"error_data":null,"status":"success","data":null}]}`) {
		t.Errorf("got %d %s, %v", resp.StatusCode, body, err)
	}
}
