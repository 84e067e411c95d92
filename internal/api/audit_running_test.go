package api_test

import (
	"context"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/event"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
	"callbook/internal/work"
)

// givingUp gives up at once what is not delivered.
type givingUp struct{ event.Store }

func (s givingUp) Record(ctx context.Context, lease work.Lease, account account.ID, outcomes []event.Outcome) error {
	for i, o := range outcomes {
		if o.State == event.Waiting {
			outcomes[i].State = event.GivenUp
		}
	}
	return s.Store.Record(ctx, lease, account, outcomes)
}

// stillImports is a store whose imports stand still while held is set.
type stillImports struct {
	upload.Store
	held *atomic.Bool
}

func (s *stillImports) ApplyBatch(ctx context.Context, b *upload.Batch) (upload.State, error) {
	if s.held.Load() {
		<-ctx.Done()
		return 0, context.Cause(ctx)
	}
	return s.Store.ApplyBatch(ctx, b)
}

// runningRoutes are the routes that change only what runs or has run: their entries are
// looked for in TestAuditOfRunning.
var runningRoutes = []string{
	"POST /campaigns/{sid}/callbacks/send", "POST /campaigns/{sid}/callbacks/{event_id}/send",
	"DELETE /campaigns/{sid}/call-details/{call_sid}/recording", "DELETE /csv-uploads/{upload_id}",
}

// TestAuditOfRunning sends callbacks again, deletes the recording of a call, and cancels an
// upload that runs.
func TestAuditOfRunning(t *testing.T) {
	t.Parallel()
	var held atomic.Bool
	s := servertest.Start(t, servertest.Options{
		Carrier: newTape(1000, false), VoiceCommand: voiceOf(t, make([]int16, 9)), Events: func(real event.Store) event.Store { return givingUp{real} },
		Imports: func(real upload.Store) upload.Store { return &stillImports{real, &held} },
	})
	c := s.Account("demo")
	id := c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","from":["` + recordedNumber + `"],"read_via_text":"Your rent is due.","record":true,
		"status_callback":"http://127.0.0.1:1/hook",` + alwaysCalled + `}]}`).ID
	awaitEnd(t, c, id)
	// givenUp waits until both callbacks, of the beginning and the end, are given up.
	givenUp := func() string {
		t.Helper()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); <-tick.C {
			page := string(c.Get(c.Path("/campaigns/" + id + "/callbacks?status=given-up")).Body)
			if strings.Contains(page, `"total":2`) {
				_, page, _ = strings.Cut(page, `"event_id":"`)
				event, _, _ := strings.Cut(page, `"`)
				return event
			}
		}
		t.Fatal("the callbacks are not given up")
		return ""
	}
	told := func(route, action string, done int, send func() servertest.Answer) {
		t.Helper()
		answer := send()
		if answer.Status != 200 {
			t.Errorf("%s: got %d %s", route, answer.Status, answer.Body)
		}
		found := 0
		for _, e := range auditOf(t, c, url.Values{"action": {action}}) {
			if e.RequestID != nil && *e.RequestID == answer.Header.Get("X-Request-Id") && e.Done == done && e.Actor.Kind == "key" && *e.Actor.ID == c.Key {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s has %d entries", route, found)
		}
	}
	event := givenUp()
	told(runningRoutes[1], "callbacks.resend", 1, func() servertest.Answer { return c.Send("POST", "/campaigns/"+id+"/callbacks/"+event+"/send", "") })
	givenUp()
	told(runningRoutes[0], "callbacks.resend", 2, func() servertest.Answer { return c.Send("POST", "/campaigns/"+id+"/callbacks/send", "") })
	call := recordedCalls(t, c, id)[recordedNumber].SID
	told(runningRoutes[2], "recordings.delete", 1, func() servertest.Answer {
		return c.Send("DELETE", "/campaigns/"+id+"/call-details/"+call+"/recording", "")
	})
	held.Store(true)
	u := c.Upload("Leads", "number\n9876543297\n")
	told(runningRoutes[3], "imports.cancel", 1, func() servertest.Answer { return c.Send("DELETE", "/csv-uploads/"+u.ID, "") })
}
