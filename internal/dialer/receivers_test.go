package dialer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/event"
	"callbook/internal/test/servertest"
	"callbook/internal/work"
)

// manner is how the shaky receiver of callbacks treats a request.
type manner int

const (
	answers manner = iota // with a status of success
	refuses               // with one of failure
	hangs                 // until the sender gives up
	mumbles               // it takes the event, but its answer is lost
	manners
)

// The receivers of the model. The steady one always answers.
const (
	steady = "https://steady.example"
	shaky  = "https://shaky.example"
)

// told identifies an event by what its receiver sees of it.
type told struct {
	campaign addressbook.SID
	kind     string // the path of its URL
	call     addressbook.SID
	number   string
	last     bool
}

// owed is an event that its receiver has not acknowledged.
type owed struct {
	origin string
	since  time.Time // when nothing before it was owed any more
}

// readEvent returns what a receiver sees of an event.
func (w *world) readEvent(kind string, body []byte) (e told) {
	var b struct {
		Campaign addressbook.SID `json:"campaign_sid"`
		Call     addressbook.SID `json:"call_sid"`
		From     string
		Status   string
	}
	if err := json.Unmarshal(body, &b); err != nil {
		w.t.Errorf("a callback has the body %s: %v", body, err)
	}
	return told{b.Campaign, kind, b.Call, b.From, kind == "/campaign" && b.Status != campaign.InProgress.String()}
}

// String returns the event as failures show it.
func (e told) String() string {
	return fmt.Sprintf("%s of %v, %v, %s, last: %t", e.kind, e.campaign, e.call, e.number, e.last)
}

// before tells whether an event must be acknowledged before another one is sent.
func (e told) before(other told) bool {
	switch {
	case e == other || e.campaign != other.campaign:
		return false
	case other.last:
		return true
	case e.kind != "/call" || e.number != other.number:
		return false
	}
	return other.kind == "/target" || bytes.Compare(e.call[:], other.call[:]) < 0
}

// waits tells whether an event has to wait for another one. The caller holds mu.
func (w *world) waits(e told) bool {
	for other := range w.owed {
		if other.before(e) {
			return true
		}
	}
	return false
}

// arrived is called when an event has reached its receiver.
func (w *world) arrived(req *http.Request, body []byte) manner {
	e := w.readEvent(req.URL.Path, body)
	w.mu.Lock()
	defer w.mu.Unlock()
	for other := range w.owed {
		if other.before(e) {
			w.t.Errorf("%v: the event %v came before %v", time.Now(), e, other)
		}
	}
	if req.URL.Host == "shaky.example" && w.manner != answers {
		return w.manner
	}
	w.acknowledged[e] = true
	delete(w.owed, e)
	return answers
}

// owe notes an event that was stored. The caller holds mu.
func (w *world) owe(e *event.Event) {
	origin := event.Origin(e.URL)
	if key := w.readEvent(e.URL[len(origin):], e.Body); !w.acknowledged[key] { // the deliverer may have been faster
		w.owed[key] = owed{origin, time.Now()}
	}
}

// latest is how late an event may be. A request that failed with its server is tried again
// minutes later, and a receiver whose requests fail gets none for up to ten minutes.
const latest = 15 * time.Minute

// late looks for events that the steady receiver should have got long ago. Only a server
// that has failed lately may be so late, whatever the shaky receiver does.
func (w *world) late() {
	if dead, alive := w.process.state(); dead || !alive || w.process.flaky > 0 || !w.bubble() {
		w.unsteady = time.Now()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for e, o := range w.owed {
		if o.origin != steady || w.waits(e) || o.since.Before(w.unsteady) {
			o.since = time.Now()
			w.owed[e] = o
		} else if time.Since(o.since) > latest {
			w.t.Errorf("%v: the event %v is late", time.Now(), e)
			delete(w.owed, e)
		}
	}
}

// delivered waits until all events have been acknowledged.
func (w *world) delivered() {
	for range 1000 {
		if w.owes() == 0 {
			break
		}
		w.sleep(10 * time.Second)
		w.late()
	}
	if n := w.owes(); n > 0 {
		w.t.Errorf("%d events were not delivered: %+v", n, w.owed)
	}
}

func (w *world) owes() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.owed)
}

// deliver counts, at the end, the events in the store and those that were acknowledged.
func (w *world) countDelivered() {
	stored := 0
	for _, p := range w.plans {
		if p.deleted {
			continue
		}
		page, err := w.set.Events.Deliveries(w.t.Context(), w.acct.ID, p.sid, event.Query{Limit: 1})
		if n := len(w.events[p.sid]); err != nil || page.Counts != (event.Counts{Delivered: n}) {
			w.t.Errorf("of the %d events of %v, there are %+v, %v", n, p.sid, page.Counts, err)
		}
		stored += page.Counts.Delivered
	}
	if stored != len(w.acknowledged) {
		w.t.Errorf("%d events were delivered, and %d acknowledged", stored, len(w.acknowledged))
	}
}

// RoundTrip implements [http.RoundTripper] by the receivers of the model.
func (p *process) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if dead, _ := p.state(); dead {
		return nil, errFault
	}
	status := http.StatusNoContent
	switch p.w.arrived(req, body) {
	case refuses:
		status = http.StatusServiceUnavailable
	case hangs:
		<-req.Context().Done()
		return nil, req.Context().Err()
	case mumbles:
		return nil, errFault
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: req}, nil
}

// setManner changes how the shaky receiver treats requests.
func (w *world) setManner() {
	m := manner(w.dice.IntN(int(manners)))
	if !w.bubble() && m == hangs {
		m = refuses // for the sender's patience is the machine's
	}
	if w.dice.IntN(2) == 0 {
		m = answers
	}
	w.locked(func() { w.manner = m })
}

// deliveries is the store of callbacks of a process.
type deliveries struct {
	event.Store
	p *process
}

func (d deliveries) ClaimAccounts(ctx context.Context, l work.Lease, now time.Time, limit int) (ids []account.ID, err error) {
	err = d.p.do(func() (err error) {
		ids, err = d.Store.ClaimAccounts(ctx, l, now, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

func (d deliveries) RenewAccounts(ctx context.Context, l work.Lease, ids []account.ID) (lost []account.ID, err error) {
	err = d.p.do(func() (err error) {
		lost, err = d.Store.RenewAccounts(ctx, l, ids)
		return err
	})
	return lost, err
}

func (d deliveries) ReleaseAccounts(ctx context.Context, server string, ids []account.ID) error {
	return d.p.do(func() error { return d.Store.ReleaseAccounts(ctx, server, ids) })
}

func (d deliveries) Due(ctx context.Context, r event.Receiver, now time.Time, known []int64, limit int) (due []event.Pending, err error) {
	err = d.p.do(func() (err error) {
		due, err = d.Store.Due(ctx, r, now, known, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return due, nil
}

func (d deliveries) Record(ctx context.Context, l work.Lease, id account.ID, outcomes []event.Outcome) error {
	return d.p.do(func() error { return d.Store.Record(ctx, l, id, outcomes) })
}

// callbackSpeed is how fast the clock of the callbacks runs.
func callbackSpeed() int {
	if servertest.OnPostgres() {
		return 10
	}
	return 1
}
