package dbcopy_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/callflow"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/dialer"
	"callbook/internal/event"
	"callbook/internal/phone"
	"callbook/internal/prompt"
	"callbook/internal/store"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/suppression"
	"callbook/internal/trunk"
	"callbook/internal/wav"
	"callbook/internal/work"
)

// openStores opens a database that nobody serves.
func openStores(t *testing.T, path string) *store.Set {
	t.Helper()
	open := func() (*store.Set, error) {
		log := slog.New(slog.DiscardHandler)
		if postgres.IsURL(path) {
			return postgres.OpenStores(t.Context(), path, false, log)
		}
		return sqlite.OpenStores(t.Context(), path, sqlite.Options{Log: log})
	}
	s, err := open()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// campaigns is what a database has of campaigns.
type campaigns struct {
	Campaigns    campaign.Page
	Calls        []campaign.CallPage
	Targets      []campaign.TargetPage
	Recordings   []string
	Policy       campaign.Policy
	Suppressions suppression.Page
	Flows        library.Page
	Prompts      prompt.Page

	// These belong to no account.
	Trunks  []trunk.Row
	Dialogs map[addressbook.SID][]byte
}

// calledOverTrunk is a call with a record of its dialog.
var calledOverTrunk = addressbook.SID{1, 2, 3}

// furnishTrunks adds trunks, one of them with a password, and the record of a dialog.
func furnishTrunks(t *testing.T, s *store.Set) {
	t.Helper()
	now := time.Now()
	for _, r := range []trunk.Row{
		{Name: "exotel", Settings: []byte(`{"host":"ü"}`), Password: []byte("\x00sealed\xff"), Created: now, Updated: now.Add(1)},
		{Name: "pbx", Settings: []byte(`{}`), Created: now, Updated: now},
	} {
		if err := s.Trunks.InsertTrunk(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Dialogs.SaveDialog(t.Context(), calledOverTrunk, []byte("INVITE\x00\xff")); err != nil {
		t.Fatal(err)
	}
}

// furnishCampaigns adds campaigns to acme and the other account. One of each was called,
// and is paused.
func furnishCampaigns(t *testing.T, path string) {
	t.Helper()
	ctx, s := t.Context(), openStores(t, path)
	furnishTrunks(t, s)
	for i, sid := range []string{"acme", "Other_2"} {
		acct, err := s.Accounts.Account(ctx, sid)
		if err != nil {
			t.Fatal(err)
		}
		page, err := s.Contacts.Lists(ctx, acct.ID, addressbook.ListQuery{Window: addressbook.Window{Limit: 1, Sort: addressbook.ByName, Desc: true}})
		if err != nil {
			t.Fatal(err)
		}
		for j, numbers := range [][]phone.Number{nil, {919812340001, 919812340002}} {
			now := time.Now()
			c := &campaign.Campaign{
				SID: addressbook.FirstSID(now), Account: acct.ID, State: campaign.Created, Created: now, Updated: now,
				Settings: campaign.Settings{
					Name: "Ürgent 'x'", CallerID: "08047000001", URL: "http://my.exotel.com/start/1", Throttle: 7, From: numbers,
					SendAt: now, EndAt: now.Add(24 * time.Hour), CustomField: []byte(`{ "a":1}`),
				},
			}
			c.SID[8], c.SID[15] = 0x80, byte(2*i+j)
			if j == 0 {
				c.Lists = []addressbook.SID{page.Lists[0].SID}
			}
			if err := s.Campaigns.InsertCampaign(ctx, c, func(campaign.Running) error { return nil }, nil); err != nil {
				t.Fatal(err)
			}
			if j == 1 {
				call(t, s, acct.ID, c)
			}
		}
		some := []suppression.Suppression{{Number: 919812340007, Source: "api", Note: "ü", Created: time.Now()}, {Number: 12025550123, Created: time.Now()}}
		if err := s.Suppressions.AddSuppressions(ctx, acct.ID, some, nil); err != nil {
			t.Fatal(err)
		}
		f := &library.Flow{
			Name: "rent", Title: "Ürgent", Flow: *callflow.Greeting("Hello @@first_name, \"ü\"."), Vars: []string{"first_name"},
			Created: time.Now(), Updated: time.Now(),
		}
		if err := s.Flows.InsertFlow(ctx, acct.ID, f, nil); err != nil {
			t.Fatal(err)
		}
		file := wav.Encode(make([]int16, 9))
		hello := prompt.Prompt{Name: "hello", Title: "ü", Size: len(file), Hash: sha256.Sum256(file), Created: time.Now(), Updated: time.Now()}
		if err := s.Prompts.InsertPrompt(ctx, acct.ID, &hello, file, nil); err != nil {
			t.Fatal(err)
		}
	}
	acme, err := s.Accounts.Account(ctx, "acme")
	if err == nil {
		err = s.Campaigns.ChangePolicy(ctx, acme.ID, func(p *campaign.Policy) error {
			*p = campaign.Policy{DailyCap: 3, Countries: []string{"IN"}}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// call makes targets of a campaign, calls the first one, and pauses.
func call(t *testing.T, s *store.Set, account account.ID, c *campaign.Campaign) {
	t.Helper()
	ctx, l := t.Context(), work.Lease{Server: "test", Until: c.Created.Add(time.Minute)}
	vars := func(*addressbook.Contact) string { return campaign.EncodeVars(map[string]string{"first_name": "Ü"}) }
	for done := false; !done; {
		var err error
		if done, err = s.Dialing.Expand(ctx, l, account, c.SID, c.Created, 100, vars); err != nil {
			t.Fatal(err)
		}
	}
	told := func(c *campaign.Campaign, call addressbook.SID) []event.Event {
		return []event.Event{{
			Account: account, Campaign: c.SID, Position: event.Whole, Kind: event.CallStatus, Call: call, Last: true,
			URL: "https://app.example.in", Body: []byte(`{"a":"ü"}`), Created: c.Created,
		}}
	}
	err := s.Dialing.ChangeOpen(ctx, l, account, c.SID, func(c *campaign.Campaign) []event.Event {
		c.Start(c.Created)
		return told(c, addressbook.SID{})
	})
	if err != nil {
		t.Fatal(err)
	}
	dials, err := s.Dialing.Claim(ctx, l, account, c.SID, dialer.ClaimQuery{Now: c.Created, Limit: 1, Scan: 1},
		func(c *campaign.Campaign, t *campaign.Target, _ dialer.Callee) (*campaign.Call, []event.Event) {
			call := &campaign.Call{SID: c.SID}
			c.Claim(t, call)
			return call, nil
		})
	if err != nil || len(dials) != 1 {
		t.Fatalf("%d calls, %v", len(dials), err)
	}
	if err := s.Recordings.AppendRecording(ctx, account, c.SID, dials[0].Call.SID, 0, []byte("\x00\xffsound")); err != nil {
		t.Fatal(err)
	}
	err = s.Dialing.Record(ctx, l, account, []dialer.CallRef{{Campaign: c.SID, Call: dials[0].Call.SID}},
		func(_ int, c *campaign.Campaign, t *campaign.Target, call *campaign.Call) []event.Event {
			call.State, call.Outcome, call.Ended = campaign.CallEnded, campaign.Reached, c.Created.Add(time.Second)
			call.Digits, call.CauseText, call.Code, call.Cause = "1", "ü", 200, 16
			c.Settle(t, call)
			_ = c.Do(campaign.Pause, c.Created)
			return told(c, call.SID)
		})
	if err == nil {
		err = s.Dialing.ReleaseAccount(ctx, "test", account)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// readCampaigns reads all of them, by account.
func readCampaigns(t *testing.T, path string) map[string]campaigns {
	t.Helper()
	s := openStores(t, path)
	defer s.Close()
	ctx, all := t.Context(), make(map[string]campaigns)
	for _, sid := range []string{"acme", "Other_2", "empty"} {
		all[sid] = readCampaignsOf(ctx, t, s, sid)
	}
	if n := len(all["acme"].Campaigns.Campaigns); n != 2 || all["acme"].Flows.Total != 1 || all["acme"].Calls[1].Total != 1 || len(all["acme"].Recordings) != 1 || all["acme"].Targets[1].Total != 2 {
		t.Errorf("acme has %d campaigns, %+v", n, all["acme"])
	}
	trunks, err := s.Trunks.Trunks(ctx)
	if err != nil || len(trunks) != 2 {
		t.Errorf("there are %d trunks, %v", len(trunks), err)
	}
	dialogs, err := s.Dialogs.Dialogs(ctx, []addressbook.SID{calledOverTrunk})
	if err != nil || len(dialogs) != 1 {
		t.Errorf("there are %d dialogs, %v", len(dialogs), err)
	}
	all[""] = campaigns{Trunks: trunks, Dialogs: dialogs}
	return all
}

func readCampaignsOf(ctx context.Context, t *testing.T, s *store.Set, sid string) (got campaigns) {
	acct, err := s.Accounts.Account(ctx, sid)
	if err == nil {
		got.Campaigns, err = s.Campaigns.Campaigns(ctx, acct.ID, campaign.Query{Limit: 10})
	}
	for i := range got.Campaigns.Campaigns {
		c := &got.Campaigns.Campaigns[i]
		c.Account = 0 // each database has ids of its own
		calls, errCalls := s.Campaigns.Calls(ctx, acct.ID, c.SID, campaign.CallQuery{Limit: 10})
		targets, errTargets := s.Campaigns.Targets(ctx, acct.ID, c.SID, campaign.TargetQuery{After: -1, Limit: 10})
		if errCalls != nil || errTargets != nil {
			t.Fatal(errCalls, errTargets)
		}
		for _, call := range calls.Calls {
			r, sound, err := s.Recordings.Recording(ctx, acct.ID, c.SID, call.SID, 0)
			if err != nil {
				t.Fatal(err)
			}
			got.Recordings = append(got.Recordings, fmt.Sprintf("%d %q", r.Samples, sound))
		}
		got.Calls, got.Targets = append(got.Calls, calls), append(got.Targets, targets)
	}
	if err == nil {
		got.Policy, err = s.Campaigns.Policy(ctx, acct.ID)
	}
	if err == nil {
		got.Suppressions, err = s.Suppressions.Suppressions(ctx, acct.ID, suppression.Query{Limit: 10})
	}
	if err == nil {
		got.Flows, err = s.Flows.Flows(ctx, acct.ID, library.Query{Limit: 10})
	}
	if err == nil {
		got.Prompts, err = s.Prompts.Prompts(ctx, acct.ID, prompt.Query{Limit: 10})
	}
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// sameCampaigns compares what two databases have of campaigns.
func sameCampaigns(t *testing.T, got, want map[string]campaigns) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(campaign.Minutes{})); diff != "" {
		t.Errorf("campaigns (-want +got):\n%s", diff)
	}
}
