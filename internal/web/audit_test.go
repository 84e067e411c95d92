package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
	"callbook/internal/carrier"
	"callbook/internal/carrier/simulator"
	"callbook/internal/clock"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// nothingTold are the forms for which the walk looks for no entry in the audit log, and why.
var nothingTold = map[string]string{
	"POST /contacts/columns":           "the columns of a table are in a cookie",
	"POST /contacts/selected":          "it keeps the selection for the page that asks what to do with it",
	"POST /contacts/selected/export":   "it reads",
	"POST /campaigns/review":           "it keeps the form for the page that asks whether to call",
	"POST /campaigns/hear":             "it speaks a text",
	"POST /trunk/{name}/call":          "it needs a trunk that answers: TestTestCall looks for its entry",
	"POST /trunks/calls/{call}/hangup": "nothing of what is stored changes",
}

// pageWalk is a server on which the forms of all pages are sent.
type pageWalk struct {
	t       *testing.T
	s       *servertest.Server
	c       *servertest.Client
	b       *servertest.Browser // signed in with c's key
	acct    account.ID
	session string      // the id of b's session in the log
	held    atomic.Bool // imports stand still
	numbers int
}

// TestAuditOfPages sends each form of the dashboard that changes something, and looks for
// its entries: who, what, how many, from where, and no personal data.
func TestAuditOfPages(t *testing.T) {
	t.Parallel()
	w := newPageWalk(t)
	told := make(map[string]bool)
	for _, row := range pageWrites {
		told[row.route] = true
		answer := row.send(w)
		if answer.Status != 303 && answer.Status != 200 {
			t.Errorf("%s: got %d: %.2000s", row.route, answer.Status, visible(string(answer.Body)))
			continue
		}
		var actions []string
		for _, e := range w.entries(answer.Header.Get("X-Request-Id")) {
			actions = append(actions, fmt.Sprintf("%s %d", e.Action, e.Done))
			by := e.Actor
			if row.by == "" {
				by = audit.BySession(w.session)
			}
			if kind, _ := e.Actor.Split(); e.Actor != by || row.by != "" && kind != row.by || e.Address != "127.0.0.1" || e.Object == "" && e.Subjects.IsZero() && row.unnamed == "" {
				t.Errorf("%s: the entry is %+v", row.route, e)
			}
		}
		slices.Sort(actions)
		if got := strings.Join(actions, ", "); got != row.want {
			t.Errorf("%s: the entries are %q, want %q", row.route, got, row.want)
		}
	}
	for _, pattern := range w.s.Dashboard.Patterns() {
		switch why := nothingTold[pattern]; {
		case !strings.HasPrefix(pattern, "POST "):
		case told[pattern] == (why != ""):
			t.Errorf("%s must be either a row of pageWrites or one of nothingTold", pattern)
		}
	}
	w.impersonal()
}

func newPageWalk(t *testing.T) *pageWalk {
	t.Helper()
	w := &pageWalk{t: t}
	phone := &recordingPhone{simulator.New(simulator.Options{Clock: clock.System, Instant: true})}
	w.s, _ = trunkServer(t, servertest.Options{
		Carrier: phone, VoiceCommand: []string{"cat", voice(t)},
		Imports: func(store upload.Store) upload.Store { return &heldImports{store, &w.held} },
	})
	acct, err := w.s.Directory.Account(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	key, token, err := w.s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{})
	if err != nil {
		t.Fatal(err)
	}
	other := w.s.Account("other").As(key.ID, token)
	other.Account = "demo"
	w.c, w.acct = other, acct.ID
	b, signedIn := w.signedIn()
	w.b = b
	// The key behind the session is in the entry of its beginning.
	begun := w.entries(signedIn.Header.Get("X-Request-Id"))
	if len(begun) != 1 || begun[0].Actor != audit.ByKey(key.ID) || begun[0].Action != audit.SessionsBegin {
		t.Fatalf("the session begins with %+v", begun)
	}
	w.session = begun[0].Object
	return w
}

// signedIn returns another browser that signs in with the key of w.
func (w *pageWalk) signedIn() (*servertest.Browser, servertest.Answer) {
	b := w.s.Browser()
	a := b.Submit("/signin", url.Values{"key": {w.c.Key}, "token": {w.c.Token}})
	a.Redirect(w.t, "/")
	return b, a
}

// entries returns the entries of a request, in the account's log and that of the
// installation. Request "" is any.
func (w *pageWalk) entries(request string) (all []audit.Entry) {
	w.t.Helper()
	for _, id := range []account.ID{w.acct, account.None} {
		page, err := w.s.Audit.AuditEntries(w.t.Context(), id, auditlog.Query{Limit: auditlog.MaxLimit})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range page.Entries {
			if request == "" || e.Request == request {
				all = append(all, e)
			}
		}
	}
	return all
}

// impersonal checks that no entry has a text that the forms have stored.
func (w *pageWalk) impersonal() {
	w.t.Helper()
	all := w.entries("")
	if len(all) < len(pageWrites) {
		w.t.Fatalf("there are %d entries", len(all))
	}
	// No piece of a number is looked for: digits of ids and times may be the same.
	numbers := []string{"+919"}
	for i := range 10 {
		numbers = append(numbers, fmt.Sprint("987654321", i), fmt.Sprint("98765 4321", i))
	}
	for i := range w.numbers {
		numbers = append(numbers, fmt.Sprintf("98200%05d", i+1), fmt.Sprintf("98200 %05d", i+1))
	}
	for _, e := range all {
		text, err := json.Marshal(e)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, word := range append(numbers, "Priya", "priya", "Walk", "walk", "Rent", "rent is due", "s3cret", "Exams", w.c.Token) {
			if strings.Contains(string(text), word) {
				w.t.Errorf("an entry has %q: %s", word, text)
			}
		}
	}
}

// contact makes a contact by the API, and returns its sid.
func (w *pageWalk) contact() string {
	w.t.Helper()
	w.numbers++
	return w.c.CreateOne(fmt.Sprintf(`{"number":"+9198200%05d","first_name":"Priya"}`, w.numbers)).SID
}

// list makes a list by the API with one contact, and returns their sids.
func (w *pageWalk) list() (list, contact string) {
	w.t.Helper()
	w.numbers++
	list, contact = w.c.CreateList(fmt.Sprintf("Walk %d", w.numbers)).SID, w.contact()
	w.c.Add(list, contact)
	return list, contact
}

// was returns a hidden field of a page.
func (w *pageWalk) was(page, field string) string {
	w.t.Helper()
	return hidden(w.t, w.b.Open(page).PageText(w.t, 200), field)
}

// heldImports is a store whose imports stand still while held is set.
type heldImports struct {
	upload.Store
	held *atomic.Bool
}

func (s *heldImports) ApplyBatch(ctx context.Context, b *upload.Batch) (upload.State, error) {
	if s.held.Load() {
		<-ctx.Done()
		return 0, context.Cause(ctx)
	}
	return s.Store.ApplyBatch(ctx, b)
}

// recordingPhone is a simulated telephone that records its calls.
type recordingPhone struct{ carrier.Carrier }

func (p *recordingPhone) Place(ctx context.Context, o carrier.Order) error {
	if o.Record != nil {
		o.Record(make([]int16, 800))
		o.Record(nil)
	}
	return p.Carrier.Place(ctx, o)
}
