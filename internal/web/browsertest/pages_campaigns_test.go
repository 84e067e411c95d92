package browsertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"callbook/internal/account"
	"callbook/internal/app"
	"callbook/internal/event"
	"callbook/internal/test/servertest"
	"callbook/internal/work"
)

// numbersOfEachKind has a number of each kind that the simulated telephone knows.
const numbersOfEachKind = "+919876500010\n+919876500011\n+919876500026\n+919876500037\n+919876500048\n+919876500059"

// makeCampaign fills in the form of a campaign, which tells this program of its calls,
// and makes it.
func makeCampaign(b *tab, name, receiver string) {
	b.t.Helper()
	b.open("/campaigns/new")
	b.fill("#number", numbersOfEachKind)
	b.fill("#caller_id", "08047112233")
	b.fill("#text", "Hello @@first_name, the rent is due on Monday.")
	b.fill("#interval", "1")
	b.fill("#name", name)
	b.click("details:has(#call_status_callback) > summary")
	b.fill("#call_status_callback", receiver+"/calls?agency=bengaluru-and-mysuru&token=0123456789")
	b.fill("#call_schedule_callback", receiver+"/numbers")
	b.fill("#status_callback", "http://127.0.0.1:1/campaigns") // where nobody listens
	b.follow("main form .primary")
	b.follow("main form .primary")
}

// campaignPages are the pages of campaigns, in a world of their own, with a program that
// is told of their calls.
func campaignPages(receiver string) []page {
	return []page{
		{name: "campaigns-empty", path: at("/campaigns")},
		{name: "campaign-new", path: at("/campaigns/new")},
		{name: "campaign-wrong", path: at("/campaigns/new"), before: func(b *tab) {
			b.fill("#number", "98450")
			b.fill("#caller_id", "08047112233")
			b.fill("#text", "Hello, the rent is due.")
			b.click("[aria-labelledby=step-3] summary")
			b.click("input[name=hours][value=own]")
			b.click("main form .primary")
			b.await(`document.querySelector("#number-error")`)
		}},
		{name: "campaign-review", path: at("/campaigns/new"), before: func(b *tab) {
			b.fill("#number", numbersOfEachKind)
			b.fill("#caller_id", "08047112233")
			b.fill("#text", "Hello @@first_name, the rent is due on Monday.")
			b.click("[aria-labelledby=step-3] summary")
			b.click("input[name=hours][value=always]")
			b.fill("#hours_reason", "Flood warning of the district")
			b.follow("main form .primary")
		}},
		{name: "campaign", path: at("/campaigns"), before: func(b *tab) {
			makeCampaign(b, "Rent June", receiver)
			b.await(`document.querySelector("h1 .badge").textContent === "Completed"`)
		}},
		{name: "campaigns", path: at("/campaigns")},
		{name: "campaign-rules", path: at("/campaigns/rules")},
		{name: "suppressions", path: at("/campaigns/suppressions"), before: func(b *tab) {
			b.fill("#numbers", "+919876500011\n+919876500026")
			b.fill("#note", "asked on 3 June")
			b.follow("main form .primary")
		}},
		{name: "campaign-callbacks", path: at("/campaigns"), before: func(b *tab) {
			b.follow("tbody a")
			b.follow(`a[href$="/callbacks"]`)
			b.awaitReloading("#results", "Given up")
			b.awaitReloading("#results", "There is no connection")
		}},
		{name: "campaign-numbers", path: at("/campaigns"), before: func(b *tab) {
			b.follow("tbody a")
			b.follow(`a[href$="/numbers"]`)
		}},
		{name: "campaign-calls", path: at("/campaigns"), before: func(b *tab) {
			b.follow("tbody a")
			b.follow(`a[href$="/calls"]`)
		}},
		{name: "campaign-number", path: at("/campaigns"), before: func(b *tab) {
			b.follow("tbody a")
			b.follow(`a[href$="/numbers"]`)
			b.follow("tbody tr:nth-child(5) a")
		}},
		{name: "campaign-hours", path: func(w *world) string {
			return "/campaigns/" + w.client.NewCampaign(`{"campaigns":[{"caller_id":"08047112233","name":"Exams","from":["+919876500011"],"read_via_text":"Hello, the exams begin",`+
				`"calling_hours":{"hours":"10:00-17:00","days":"mon-sat","reason":"Asked for by the school"},"schedule":{"send_at":"2099-06-01T10:00:00+05:30"}}]}`).ID + "/hours"
		}},
	}
}

// TestCampaignPages looks at the pages of campaigns, with a telephone that is fast.
func TestCampaignPages(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/numbers" {
			http.Error(w, "the disk is full", http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(receiver.Close)
	s := servertest.Start(t, servertest.Options{Dashboard: true, Simulator: app.Simulator{Speed: 600}, Events: func(real event.Store) event.Store {
		return impatientStore{real}
	}})
	w := &world{t: t, server: s, client: s.Account("demo")}
	addPeople(w.client)
	w.look(t, campaignPages(receiver.URL))
}

// impatientStore gives up at once what a program refuses, and not after a day.
type impatientStore struct{ event.Store }

func (s impatientStore) Record(ctx context.Context, lease work.Lease, account account.ID, outcomes []event.Outcome) error {
	for i, o := range outcomes {
		if o.Answer.Trouble == event.Refused {
			outcomes[i].State = event.GivenUp
		}
	}
	return s.Store.Record(ctx, lease, account, outcomes)
}
