package dialer_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/journal"
	"callbook/internal/phone"
	"callbook/internal/store"
	"callbook/internal/test/servertest"
)

// rig is an account with campaigns.
type rig struct {
	set       *store.Set
	acct      account.Account
	sids      *addressbook.SIDs
	campaigns []addressbook.SID
}

// many returns so many numbers, which all answer.
func many(n int) []phone.Number {
	numbers := make([]phone.Number, n)
	for i := range numbers {
		numbers[i] = phone.Number(919800000000 + 10*i)
	}
	return numbers
}

// newRig makes campaigns of these numbers.
func newRig(tb testing.TB, callsAMinute int, numbers []phone.Number) *rig {
	ctx := context.Background()
	set := openStores(tb, servertest.NewDatabase(tb))
	acct, err := set.Accounts.CreateAccount(ctx, account.Account{SID: "demo", Region: "IN", TimeZone: time.UTC, Created: time.Now()})
	if err != nil {
		tb.Fatal(err)
	}
	r := &rig{set: set, acct: acct, sids: addressbook.NewSIDs(clock.System)}
	r.setPolicy(tb, campaign.Policy{CallsAMinute: callsAMinute})
	for part := range slices.Chunk(numbers, campaign.MaxFrom) {
		r.add(tb, func(c *campaign.Campaign) { c.From = part })
	}
	return r
}

// setPolicy stores what the account has set.
func (r *rig) setPolicy(tb testing.TB, want campaign.Policy) {
	tb.Helper()
	_, err := campaign.ChangePolicy(context.Background(), r.set.Campaigns, r.acct, func(p *campaign.Policy) { *p = want })
	if err != nil {
		tb.Fatal(err)
	}
}

// add makes a campaign that begins now.
func (r *rig) add(tb testing.TB, change func(*campaign.Campaign)) {
	tb.Helper()
	now := time.Now()
	c := &campaign.Campaign{Account: r.acct.ID, State: campaign.Created, Created: now, Updated: now}
	c.SID, _ = r.sids.Next()
	c.Settings = campaign.Settings{
		Name: "rig", CallerID: "08047000001", Text: "Your rent is due on Monday.", FlowType: "greeting", SendAt: now, EndAt: now.Add(time.Hour),
		CallStatusCallback: "https://a.example/call", StatusCallback: "https://a.example/campaign",
	}
	change(c)
	ok := func(campaign.Running) error { return nil }
	if err := r.set.Campaigns.InsertCampaign(tb.Context(), c, ok, journal.Ready[*campaign.Campaign](nil)); err != nil {
		tb.Fatal(err)
	}
	r.campaigns = append(r.campaigns, c.SID)
}

// list makes a list of new contacts.
func (r *rig) list(tb testing.TB, book *addressbook.Book, drafts ...addressbook.Draft) addressbook.SID {
	tb.Helper()
	ctx := tb.Context()
	lists, err := book.CreateLists(ctx, r.acct, []addressbook.ListDraft{{Name: addressbook.Given("All")}}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	for part := range slices.Chunk(drafts, 5000) {
		made, err := book.CreateContacts(ctx, r.acct, part, addressbook.CreateOptions{}, nil)
		if err != nil {
			tb.Fatal(err)
		}
		refs := make([]addressbook.ContactRef, len(made))
		for i := range made {
			refs[i].SID = made[i].Contact.SID
		}
		if _, err := book.AddToList(ctx, r.acct, lists[0].List.SID, refs, nil); err != nil {
			tb.Fatal(err)
		}
	}
	return lists[0].List.SID
}

// watched is a carrier that notes when calls leave. Each waits for hold, unless that is
// nil.
type watched struct {
	carrier.Carrier
	hold  chan struct{}
	real  bool // it says that people are called
	mu    sync.Mutex
	times []time.Time
}

// Real implements [carrier.Carrier].
func (c *watched) Real() bool { return c.real }

// Place implements [carrier.Carrier].
func (c *watched) Place(ctx context.Context, o carrier.Order) error {
	c.mu.Lock()
	c.times = append(c.times, time.Now())
	c.mu.Unlock()
	if c.hold != nil {
		<-c.hold
	}
	return c.Carrier.Place(ctx, o)
}

func (c *watched) left() []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.times)
}

// start starts a server, with calls of no duration.
func (r *rig) start(hold chan struct{}) (d *dialer.Dialer, c *watched, stop func()) {
	c = &watched{Carrier: simulator.New(simulator.Options{Clock: clock.System, Instant: true}), hold: hold}
	d, stop = r.startWith(c)
	return d, c, stop
}

// startWith starts a server with this carrier.
func (r *rig) startWith(c carrier.Carrier) (d *dialer.Dialer, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	d = dialer.New(r.set.Dialing, c, dialer.Options{Log: quiet, Clock: clock.System, Gate: dialer.Rules{}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx)
	}()
	return d, func() {
		cancel()
		<-done
	}
}

// pause pauses a campaign.
func (r *rig) pause(tb testing.TB, sid addressbook.SID) {
	tb.Helper()
	err := r.set.Campaigns.ChangeCampaign(tb.Context(), r.acct.ID, sid, func(c *campaign.Campaign, _ campaign.Running) error {
		return c.Do(campaign.Pause, time.Now())
	}, nil)
	if err != nil {
		tb.Fatal(err)
	}
}

// campaign reads the first campaign.
func (r *rig) campaign(tb testing.TB) *campaign.Campaign {
	tb.Helper()
	c, err := r.set.Campaigns.Campaign(tb.Context(), r.acct.ID, r.campaigns[0])
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// call reads the latest call of the first campaign, or returns the zero Call before there
// is one.
func (r *rig) call(tb testing.TB) campaign.Call {
	tb.Helper()
	page, err := r.set.Campaigns.Calls(tb.Context(), r.acct.ID, r.campaigns[0], campaign.CallQuery{Limit: 1, Desc: true})
	if err != nil {
		tb.Fatal(err)
	}
	if len(page.Calls) == 0 {
		return campaign.Call{}
	}
	return page.Calls[0]
}

func (r *rig) close(tb testing.TB) {
	tb.Helper()
	if err := r.set.Close(); err != nil {
		tb.Error(err)
	}
}
