package dialer_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"callbook/internal/account"
	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/dialer"
	"callbook/internal/fault"
	"callbook/internal/test/servertest"
)

// voice makes sounds of one sample for each letter. A text that is in broken cannot be
// spoken.
type voice struct {
	mu     sync.Mutex
	broken map[string]error
	failed int
}

func (v *voice) breakDown(text string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.broken = map[string]error{text: err}
}

// Sound implements [dialer.Sounds].
func (v *voice) Sound(ctx context.Context, _ account.Account, s callflow.Sound) ([]int16, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	err := v.broken[s.Text]
	if err != nil {
		v.failed++
	}
	return make([]int16, len(s.Text)), err
}

// listening is a carrier that gets all sounds of a call before it leaves, as one with
// telephones does.
type listening struct {
	carrier.Carrier
	mu    sync.Mutex
	heard []int // samples
}

// Real implements [carrier.Carrier].
func (c *listening) Real() bool { return true }

// Place implements [carrier.Carrier].
func (c *listening) Place(ctx context.Context, o carrier.Order) error {
	for _, s := range o.Flow.Sounds() {
		samples, err := o.Sound(ctx, s)
		if err != nil {
			return &carrier.NotSentError{Cause: err}
		}
		c.mu.Lock()
		c.heard = append(c.heard, len(samples))
		c.mu.Unlock()
	}
	return c.Carrier.Place(ctx, o)
}

// TestSilent: while the text of a campaign cannot be spoken, no call of it is placed, its
// targets say why, and another campaign calls. Then it goes on, and each callee hears it.
func TestSilent(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	const text, other = "Your rent is due on Monday.", "The lift is out of order."
	for name, broken := range map[string]error{
		"from the start": fault.New(fault.Unavailable, "The program of the voice has failed"), "an error of the database": errors.New("away"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 6000, many(20))
				r.add(t, func(c *campaign.Campaign) { c.From, c.Text = many(30), other })
				v := &voice{}
				v.breakDown(text, broken)
				phone := &listening{Carrier: simulator.New(simulator.Options{Clock: clock.System, Instant: true})}
				d := dialer.New(r.set.Dialing, phone, dialer.Options{Log: quiet, Clock: clock.System, Sounds: v})
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() {
					defer close(done)
					d.Run(ctx)
				}()
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				if got := r.campaign(t); got.Counts.Calls != 0 || got.State != campaign.InProgress {
					t.Errorf("the campaign is %v with %d calls", got.State, got.Counts.Calls)
				}
				page, err := r.set.Campaigns.Targets(ctx, r.acct.ID, r.campaigns[0], campaign.TargetQuery{Limit: 20})
				if err != nil {
					t.Fatal(err)
				}
				for _, target := range page.Targets {
					if target.State != campaign.Waiting || target.Reason != campaign.NotSpoken {
						t.Errorf("a target is %v, because of %v", target.State, target.Reason)
					}
				}
				if v.failed > 8 {
					t.Errorf("the text was tried %d times in five minutes", v.failed)
				}
				others, err := r.set.Campaigns.Campaign(ctx, r.acct.ID, r.campaigns[1])
				if err != nil || others.Counts.Reached != 30 {
					t.Errorf("the other campaign has %+v, %v", others.Counts, err)
				}
				v.breakDown("", nil)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				if got := r.campaign(t); got.Counts.Reached != 20 {
					t.Errorf("the campaign is %v, with %+v", got.State, got.Counts)
				}
				texts := 0
				for _, samples := range phone.heard {
					if samples == len(text) {
						texts++
					}
				}
				if texts != 20 || len(phone.heard) != 50 {
					t.Errorf("%d callees of %d heard the text", texts, len(phone.heard))
				}
				stop()
				<-done
				r.close(t)
			})
		})
	}
}

// TestSoundGone: a sound that was there, and that the carrier does not get any more, holds
// its campaign.
func TestSoundGone(t *testing.T) {
	t.Parallel()
	servertest.EmbeddedOnly(t, "a test in a bubble")
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 60, many(20))
		v := &voice{}
		phone := &listening{Carrier: simulator.New(simulator.Options{Clock: clock.System, Instant: true})}
		d := dialer.New(r.set.Dialing, phone, dialer.Options{Log: quiet, Clock: clock.System, Sounds: v})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.Run(ctx)
		}()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		v.breakDown("Your rent is due on Monday.", errors.New("away"))
		before := r.campaign(t).Counts.Reached
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := r.campaign(t); before == 0 || got.Counts.Reached != before || v.failed > 5 {
			t.Errorf("%d were reached before, and then %d; it was tried %d times", before, got.Counts.Reached, v.failed)
		}
		v.breakDown("", nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := r.campaign(t); got.Counts.Reached != 20 || got.Counts.Calls != 20 {
			t.Errorf("the campaign is %v, with %+v", got.State, got.Counts)
		}
		stop()
		<-done
		r.close(t)
	})
}
