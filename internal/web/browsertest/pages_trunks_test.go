package browsertest

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"callbook/internal/test/servertest"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
)

// newTrunkWorld starts a server that calls over a trunk to a callee, with lines whose
// scripts these are.
func newTrunkWorld(t *testing.T, scripts ...siptest.Script) (w *world, lines []*siptest.Line) {
	t.Helper()
	callee := siptest.Start(t)
	for _, script := range scripts {
		lines = append(lines, callee.Line(t, script))
	}
	tr := trunk.Defaults("exotel-mumbai")
	tr.Host, tr.Port, tr.CallerIDs, tr.Prefixes = callee.Addr.Addr().String(), int(callee.Addr.Port()), []string{"+918047112233", "+918047112234"}, []string{"+91"}
	tr.User, tr.Password = "acme", "s3cret"
	s := servertest.Start(t, servertest.Options{Dashboard: true, Trunk: tr, TrunkKeys: trunk.Keys{Own: filepath.Join(t.TempDir(), "key")}})
	return &world{t: t, server: s, client: s.Account("demo")}, lines
}

// ringing and busy are telephones.
var (
	ringing = siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Ring(m) }}
	busy    = siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Ring(m)
		c.Reply(m, siptest.Answer{Status: 486, Header: []string{"Reason: Q.850;cause=17;text=\"user busy\""}})
	}}
)

// addTrunk adds a trunk by its form.
func addTrunk(b *tab, name, address string) {
	b.t.Helper()
	b.open("/trunks/new")
	b.fill("#name", name)
	b.fill("#address", address)
	b.follow("main form .primary")
}

// TestTrunkPages looks at the pages of trunks.
func TestTrunkPages(t *testing.T) {
	w, lines := newTrunkWorld(t, busy, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 488}) }})
	w.look(t, []page{
		{name: "trunk-new", path: at("/trunks/new")},
		{name: "trunk-wrong", path: at("/trunks/new"), before: func(b *tab) {
			b.fill("#name", "exotel-mumbai")
			b.fill("#address", "pbx:5060")
			b.click("main form .primary")
			b.await(`document.querySelector("#address-error")`)
		}},
		{name: "trunk-down", path: at("/trunks"), before: func(b *tab) {
			addTrunk(b, "a-dead-one-with-a-long-name-of-the-other-telephone-company", "sip:127.0.0.1:1;transport=tcp")
			b.awaitReloading("#live", "it cannot be reached")
		}},
		{name: "trunks", path: at("/trunks"), before: func(b *tab) { b.awaitReloading("#live", "Up") }},
		{name: "trunk", path: at("/trunk/exotel-mumbai"), before: func(b *tab) { b.awaitReloading("#live", "ms") }},
		{name: "trunk-edit", path: at("/trunk/exotel-mumbai/edit")},
		{name: "test-call-new", path: at("/trunk/exotel-mumbai/call")},
		{name: "test-call", path: at("/trunk/exotel-mumbai/call"), before: func(b *tab) {
			b.fill("#number", lines[0].Number.String())
			b.follow("main form .primary")
			b.await(`document.querySelector("h1 .badge").textContent === "Busy"`)
			b.click("details summary")
		}},
		{name: "test-call-failed", path: at("/trunk/exotel-mumbai/call"), before: func(b *tab) {
			b.fill("#number", lines[1].Number.String())
			b.follow("main form .primary")
			b.await(`document.querySelector(".notice.bad")`)
		}},
	})
}

// TestSimulatedTrunkPages looks at the pages of trunks on a server that calls over none.
func TestSimulatedTrunkPages(t *testing.T) {
	s := servertest.Start(t, servertest.Options{Dashboard: true})
	w := &world{t: t, server: s, client: s.Account("demo")}
	w.look(t, []page{
		{name: "trunks-empty", path: at("/trunks")},
		{name: "trunk-no-key", path: at("/trunks/new"), before: func(b *tab) {
			b.fill("#name", "pbx")
			b.fill("#address", "sip:10.0.0.5")
			b.fill("#user", "acme")
			b.fill("#password", "s3cret")
			b.click("main form .primary")
			b.await(`document.querySelector("#password-error")`)
		}},
		{name: "trunks-simulated", path: at("/trunks"), before: func(b *tab) {
			addTrunk(b, "pbx", "sip:10.0.0.5")
			b.open("/trunks")
		}},
	})
}

// TestTrunkStory adds a trunk, puts it first, places a test call over the other one, hangs
// up, and removes it.
func TestTrunkStory(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]bool{"with script": true, "without script": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, lines := newTrunkWorld(t, ringing)
			b := newTab(t, w.server.URL)
			if !script {
				b.switchScriptOff()
			}
			reload := func(path, text string) {
				t.Helper()
				if script {
					b.await(`document.querySelector("#live").textContent.includes("` + text + `")`)
					return
				}
				b.eventually("the page does not say "+text, func(context.Context) bool {
					b.open(path)
					return strings.Contains(b.text("#live"), text)
				})
			}
			b.signIn(w, "demo")
			b.open("/trunks")
			b.follow("a.primary")
			b.fill("#name", "pbx")
			b.fill("#address", "sip:127.0.0.1:1;transport=tcp")
			b.follow("main form .primary")
			reload("/trunk/pbx", "it cannot be reached")
			b.open("/trunks")
			b.follow("#up-pbx")
			b.await(`document.querySelector("tbody tr:first-child a").textContent === "pbx"`)

			b.open("/trunk/exotel-mumbai/call")
			b.fill("#number", lines[0].Number.String())
			b.follow("main form .primary")
			call := b.location()
			reload(call, "180 ")
			b.follow("main form .danger")
			reload(call, "No answer")
			reload(call, "487")
			if lines[0].Calls() != 1 {
				t.Errorf("the telephone rang %d times", lines[0].Calls())
			}

			b.open("/trunk/pbx")
			if script {
				b.do(chromedp.EmulateViewport(390, 800))
			}
			b.click("details.confirm summary")
			if script {
				b.await(`(form => form.width > 0 && form.left >= 0 && form.right <= innerWidth)(document.querySelector("details.confirm form").getBoundingClientRect())`)
			}
			b.follow("details.confirm form button")
			if got := b.text("main"); !strings.Contains(got, "Removed the trunk pbx.") || strings.Contains(b.text("tbody"), "pbx") {
				t.Errorf("the page says %.300q", got)
			}
		})
	}
}
