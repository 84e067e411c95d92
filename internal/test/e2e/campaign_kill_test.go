package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killedTargets is how many numbers the killed campaign calls, and callsOfTarget how
// often each at most.
const killedTargets, callsOfTarget = 2000, 3

// TestKilledCampaign kills the server over and over while a campaign runs, until all of
// its numbers have their results: none is lost, and none has a call more than it may.
// CALLBOOK_KILLS is how often; nobody sets it in a usual run.
func TestKilledCampaign(t *testing.T) {
	t.Parallel()
	engines(t, killedCampaign)
}

func killedCampaign(t *testing.T, db string) {
	auth := newAccount(t, db, "killed")
	if got := callbook(t, "account", "set", "killed", "--calls-a-minute", "1000000", "--db", db); got.code != 0 {
		t.Fatalf("account set: exit code %d, %s", got.code, got.stderr)
	}
	wanted, err := strconv.Atoi(cmp.Or(os.Getenv("CALLBOOK_KILLS"), "4"))
	if err != nil {
		t.Fatal(err)
	}
	start := func() (*server, *client) {
		s := startServer(t, db, "--simulator-speed", "60")
		return s, newClient(t, s, auth)
	}
	s, c := start()
	id := newCampaign(t, c)
	calls, kills := -1, 0
	for deadline := time.Now().Add(10 * time.Minute); ; {
		var now campaignItem
		// What the last server did shows that this one goes on.
		if !waitFor(patience, func() bool {
			now = readCampaign(t, c, id)
			return now.Status == "Completed" || now.Summary.Initialized+now.Stats["retry"]+now.Stats["retrying"]+now.Stats["completed"] != calls
		}) {
			t.Fatalf("the campaign does not go on: %+v", now)
		}
		calls = now.Summary.Initialized + now.Stats["retry"] + now.Stats["retrying"] + now.Stats["completed"]
		if now.sum() != killedTargets && now.Status != "Created" {
			t.Fatalf("the numbers do not add up: %+v", now)
		}
		if now.Status == "Completed" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the campaign does not end: %+v", now)
		}
		if kills < wanted {
			s.kill(t)
			kills++
			s, c = start()
		}
	}
	t.Logf("the server was killed %d times", kills)
	if kills < min(wanted, 3) {
		t.Errorf("the server was killed %d times only", kills)
	}
	checkCalls(t, c, id)
	s.stop(t)
	if got := callbook(t, "check", "--db", db); got.code != 0 {
		t.Errorf("check: exit code %d, %s%s", got.code, got.stdout, got.stderr)
	}
}

// campaignItem is what the tests read of a campaign.
type campaignItem struct {
	ID, Status string
	Stats      map[string]int
	Summary    struct {
		Initialized int `json:"call_initialized"`
	} `json:"-"`
}

// sum is the number of targets.
func (c *campaignItem) sum() (n int) {
	for _, count := range c.Stats {
		n += count
	}
	return n
}

// campaignAnswer reads an answer of one campaign.
func campaignAnswer(t *testing.T, got answer, err error) campaignItem {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Response []struct {
			Data    campaignItem
			Summary json.RawMessage
		}
	}
	if err := json.Unmarshal(got.body, &body); err != nil || got.status != http.StatusOK || len(body.Response) != 1 {
		t.Fatalf("got %d %s, %v", got.status, got.body, err)
	}
	item := body.Response[0].Data
	if err := json.Unmarshal(body.Response[0].Summary, &item.Summary); err != nil {
		t.Fatal(err)
	}
	return item
}

// newCampaign makes a campaign of numbers of each kind.
func newCampaign(t *testing.T, c *client) string {
	t.Helper()
	numbers := make([]string, killedTargets)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+9198765%05d", i)
	}
	body, err := json.Marshal(map[string]any{"campaigns": []any{map[string]any{
		"name": "Killed", "caller_id": "08047112233", "from": numbers, "read_via_text": "Hello, the rent is due.",
		"retries": map[string]any{"number_of_retries": callsOfTarget - 1, "interval_mins": 1},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.call(http.MethodPost, "/campaigns", body)
	return campaignAnswer(t, got, err).ID
}

func readCampaign(t *testing.T, c *client, id string) campaignItem {
	t.Helper()
	got, err := c.call(http.MethodGet, "/campaigns/"+id, nil)
	return campaignAnswer(t, got, err)
}

// checkCalls reads all calls of the campaign: the calls of a number are counted from 1
// on without a gap, the next one comes a minute after the end of the one before at the
// earliest, and none comes after one that was answered.
func checkCalls(t *testing.T, c *client, id string) {
	t.Helper()
	type call struct {
		Number  string
		Status  string
		Sid     string    `json:"call_sid"`
		Attempt int       `json:"attempt"`
		Created time.Time `json:"date_created"`
		Ended   time.Time `json:"end_time"`
	}
	last := make(map[string]call)
	seen := make(map[string]bool)
	interrupted := 0
	for offset := 0; ; {
		got, err := c.call(http.MethodGet, fmt.Sprintf("/campaigns/%s/call-details?limit=500&offset=%d", id, offset), nil)
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Response []struct{ Data call }
		}
		if err := json.Unmarshal(got.body, &page); err != nil || got.status != http.StatusOK {
			t.Fatalf("got %d %s, %v", got.status, got.body, err)
		}
		for _, item := range page.Response {
			now := item.Data
			before, again := last[now.Number]
			switch {
			case seen[now.Sid]:
				t.Fatalf("the call %+v is there twice", now)
			case now.Attempt != before.Attempt+1 || now.Attempt > callsOfTarget:
				t.Fatalf("after %+v comes %+v", before, now)
			case again && before.Status == "completed":
				t.Fatalf("%+v was answered, and then called again: %+v", before, now)
			// Dates have no fraction.
			case again && now.Created.Sub(before.Ended) < time.Minute-time.Second:
				t.Fatalf("%+v comes too soon after %+v", now, before)
			}
			if strings.Contains("012345", now.Number[len(now.Number)-1:]) && now.Status != "completed" {
				interrupted++
			}
			seen[now.Sid], last[now.Number] = true, now
		}
		if offset += len(page.Response); len(page.Response) == 0 {
			break
		}
	}
	if len(last) != killedTargets {
		t.Errorf("%d numbers were called, of %d", len(last), killedTargets)
	}
	t.Logf("%d calls, of which %d were interrupted", len(seen), interrupted)
}
