package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// callsOfTarget is how often the killed campaign calls a number at most.
const callsOfTarget = 3

// killedTrial is a campaign whose servers are killed.
type killedTrial struct {
	targets, kills int
	servers        int
	speed          string
	rate           int // calls a minute, by the clock of the calls
	// handOver is how long it may take after a kill until the next call.
	handOver time.Duration
}

// newKilledTrial returns a short trial, or a long one where CALLBOOK_KILLS says how many
// kills there are to be: 20,000 numbers, and on PostgreSQL three servers. Each server would
// have a fast clock of its own, so the clock of three is the usual one.
func newKilledTrial(t *testing.T, db string) killedTrial {
	trial := killedTrial{targets: 2000, kills: 4, servers: 1, speed: "60", handOver: patience}
	if given := os.Getenv("CALLBOOK_KILLS"); given != "" {
		kills, err := strconv.Atoi(given)
		if err != nil || kills < 1 {
			t.Fatalf("CALLBOOK_KILLS is %q", given)
		}
		trial.targets, trial.kills, trial.handOver = 20_000, kills, 10*time.Second
		if isPostgres(db) {
			trial.servers, trial.speed = 3, "1"
		}
	}
	trial.rate = 2 * trial.step()
	if trial.speed == "1" {
		trial.rate *= 5 // a kill every six seconds
	}
	return trial
}

// step is how many calls are begun between two kills. A number is called about 1.7 times.
func (trial *killedTrial) step() int { return trial.targets * 17 / 10 / (trial.kills + 2) }

// TestKilledCampaign kills servers over and over while a campaign runs, until all of its
// numbers have their results: none is lost, none has a call more than it may, the pace is
// kept, and after each kill calls go on within ten seconds. The long run is
//
//	CALLBOOK_KILLS=200 go test -timeout 150m -run TestKilledCampaign -v ./internal/test/e2e
func TestKilledCampaign(t *testing.T) {
	t.Parallel()
	engines(t, killedCampaign)
}

func killedCampaign(t *testing.T, db string) {
	trial := newKilledTrial(t, db)
	auth := newAccount(t, db, "killed")
	if got := callbook(t, "account", "set", "killed", "--calls-a-minute", strconv.Itoa(trial.rate), "--db", db); got.code != 0 {
		t.Fatalf("account set: exit code %d, %s", got.code, got.stderr)
	}
	servers := make([]*server, trial.servers)
	for i := range servers {
		servers[i] = startServer(t, db, "--simulator-speed", trial.speed)
	}
	c := newClient(t, servers[0], auth)
	id := newCampaign(t, c, trial.targets)
	calls, kills, victim := 0, 0, 0
	var killed time.Time // zero when calls have gone on since
	var longest time.Duration
	for deadline := time.Now().Add(10*time.Minute + time.Duration(trial.kills)*20*time.Second); ; time.Sleep(50 * time.Millisecond) {
		now := readCampaign(t, c, id)
		if now.sum() != trial.targets && now.Status != "Created" {
			t.Fatalf("the numbers do not add up: %+v", now)
		}
		if now.Status == "Completed" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the campaign does not end: %+v", now)
		}
		begun := readCalls(t, c, id, 1, 0).Metadata.Total
		if !killed.IsZero() {
			switch took := time.Since(killed); {
			case begun > calls:
				killed, longest = time.Time{}, max(longest, took)
			case now.Stats["created"] == 0: // all wait for their next call
				killed = time.Time{}
			case took > trial.handOver:
				t.Fatalf("no call for %v after a kill: %+v", took, now)
			}
		}
		if killed.IsZero() && kills < trial.kills && begun >= (kills+1)*trial.step() {
			calls, killed = readCalls(t, c, id, 1, 0).Metadata.Total, time.Now()
			victim = (victim + 1 + kills%2) % trial.servers // in no fixed turn
			servers[victim].kill(t)
			kills++
			servers[victim] = startServer(t, db, "--simulator-speed", trial.speed)
			c = newClient(t, servers[victim], auth)
		}
	}
	t.Logf("%d kills; calls went on within %v", kills, longest)
	if kills < min(trial.kills, 3) {
		t.Errorf("there were %d kills only", kills)
	}
	checkCalls(t, c, id, trial)
	for _, s := range servers {
		s.stop(t)
	}
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

// newCampaign makes a campaign of a list with numbers of each kind.
func newCampaign(t *testing.T, c *client, targets int) string {
	t.Helper()
	var file strings.Builder
	file.WriteString("number\n")
	for i := range targets {
		fmt.Fprintf(&file, "+9198765%05d\n", i)
	}
	u := c.uploadCSV(t, "Killed", file.String())
	if !waitFor(patience, func() bool { return c.uploadStatus(t, u.ID).Status == "completed" }) {
		t.Fatalf("the upload is %+v", c.uploadStatus(t, u.ID))
	}
	body, err := json.Marshal(map[string]any{"campaigns": []any{map[string]any{
		"name": "Killed", "caller_id": "08047112233", "lists": []string{u.List}, "read_via_text": "Hello, the rent is due.",
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

// killedCall is what the tests read of a call.
type killedCall struct {
	Number  string
	Status  string
	Sid     string    `json:"call_sid"`
	Attempt int       `json:"attempt"`
	Created time.Time `json:"date_created"`
	Ended   time.Time `json:"end_time"`
}

// callsPage is an answer of calls.
type callsPage struct {
	Metadata struct{ Total int }
	Response []struct{ Data killedCall }
}

func readCalls(t *testing.T, c *client, id string, limit, offset int) (page callsPage) {
	t.Helper()
	got, err := c.call(http.MethodGet, fmt.Sprintf("/campaigns/%s/call-details?limit=%d&offset=%d", id, limit, offset), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got.body, &page); err != nil || got.status != http.StatusOK {
		t.Fatalf("got %d %s, %v", got.status, got.body, err)
	}
	return page
}

// checkCalls reads all calls of the campaign: the calls of a number are counted from 1
// on without a gap, the next one comes a minute after the end of the one before at the
// earliest, none comes after one that was answered, and no minute has more than the pace
// allows.
func checkCalls(t *testing.T, c *client, id string, trial killedTrial) {
	t.Helper()
	last := make(map[string]killedCall)
	seen := make(map[string]bool)
	seconds := make(map[int64]int) // calls by the second in which they were begun
	interrupted := 0
	for offset := 0; ; {
		page := readCalls(t, c, id, 500, offset)
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
			seconds[now.Created.Unix()]++
		}
		if offset += len(page.Response); len(page.Response) == 0 {
			break
		}
	}
	if len(last) != trial.targets {
		t.Errorf("%d numbers were called, of %d", len(last), trial.targets)
	}
	most := 0
	for from := range seconds {
		minute := 0
		for second := from; second < from+60; second++ {
			minute += seconds[second]
		}
		most = max(most, minute)
	}
	if most > trial.rate {
		t.Errorf("%d calls were begun in a minute, and the pace is %d", most, trial.rate)
	}
	t.Logf("%d calls, %d of them interrupted; %d in a minute at most, of %d", len(seen), interrupted, most, trial.rate)
}
