package dialer_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/callflow"
	"callbook/internal/callflow/library"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/test/servertest"
)

// texts is a carrier that notes the text of each call's first step.
type texts struct {
	carrier.Carrier
	mu    sync.Mutex
	heard []string
}

// Place implements [carrier.Carrier].
func (c *texts) Place(ctx context.Context, o carrier.Order) error {
	c.mu.Lock()
	c.heard = append(c.heard, o.Flow.Steps[o.Flow.Start].Text)
	c.mu.Unlock()
	return c.Carrier.Place(ctx, o)
}

// TestNewVariable: of a flow that changes while a campaign runs, the next call has the new
// texts. A variable that the flow did not have when the targets were read has no value.
func TestNewVariable(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 600, nil)
		book := addressbook.New(r.set.Contacts, addressbook.Options{})
		draft := addressbook.Draft{Number: addressbook.Given("+919800000008")} // which fails, and answers when it is called again
		draft.Texts[addressbook.FirstName], draft.Texts[addressbook.CompanyName] = addressbook.Given("Asha"), addressbook.Given("Lotus")
		list := r.list(t, book, draft)
		flows := library.New(r.set.Flows, book, clock.System)
		flow := func(text string) library.Flow {
			return library.Flow{Name: "rent", Flow: callflow.Flow{Start: "a", Steps: map[string]callflow.Step{"a": {Kind: callflow.Say, Text: text}}}}
		}
		if _, err := flows.Create(t.Context(), r.acct, flow("Hello @@first_name"), nil); err != nil {
			t.Fatal(err)
		}
		r.add(t, func(c *campaign.Campaign) {
			c.Lists, c.Text, c.URL = []addressbook.SID{list}, "", "http://x.example/start_voice/rent"
			c.Retries = &campaign.Retries{Number: 1, Interval: time.Minute, Failed: true}
		})
		phone := &texts{Carrier: simulator.New(simulator.Options{Clock: clock.System, Instant: true})}
		_, stop := r.startWith(phone)
		time.Sleep(30 * time.Second)
		if _, err := flows.Replace(t.Context(), r.acct, flow("Good day @@first_name of @@company_name."), time.Time{}, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		stop()
		if want := []string{"Hello Asha", "Good day Asha of ."}; !slices.Equal(phone.heard, want) {
			t.Errorf("the callee heard %q, want %q", phone.heard, want)
		}
		r.close(t)
	})
}
