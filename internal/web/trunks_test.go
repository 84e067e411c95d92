package web_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/app"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
	"callbook/internal/test/servertest"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
	"callbook/internal/wav"
)

// trunkServer starts a server whose account demo manages the trunks, with a key for their
// passwords.
func trunkServer(t *testing.T, opts servertest.Options) (*servertest.Server, *servertest.Browser) {
	t.Helper()
	opts.Dashboard, opts.TrunkAccounts = true, []string{"demo"}
	opts.TrunkKeys = trunk.Keys{Own: filepath.Join(t.TempDir(), "key")}
	s := servertest.Start(t, opts)
	s.Account("demo")
	return s, s.SignedIn("demo")
}

// trunkForm is the form of a trunk, with changes as names and values in turn.
func trunkForm(changes ...string) url.Values {
	form := url.Values{
		"name": {"exotel"}, "address": {"sip:127.0.0.1:5060"}, "user": {"acme"}, "password": {"s3cret"}, "caller_ids": {"+91 80 4711 2233\r\n+918047112234\r\n"},
		"prefixes": {"+91, +1"}, "format": {"bare"}, "calls_a_second": {"20"}, "channels": {"60"}, "codecs": {"pcmu,pcma"}, "outcomes": {"480=busy"},
	}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}

// trunkOrder returns the names in the table of trunks.
func trunkOrder(page string) (names []string) {
	for _, part := range strings.Split(page, `<a href="/trunk/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		names = append(names, name)
	}
	return names
}

// TestTrunkPages adds trunks, changes, moves and removes them. No page has a password.
func TestTrunkPages(t *testing.T) {
	t.Parallel()
	_, b := trunkServer(t, servertest.Options{})
	open := func(path string) string {
		t.Helper()
		page := b.Open(path).PageText(t, 200)
		if strings.Contains(page, "s3cret") {
			t.Errorf("%s has the password", path)
		}
		return page
	}
	has(t, open("/trunks"), "There is no trunk yet", "Nobody is called")
	has(t, b.Follow(b.Submit("/trunks", trunkForm("register", "1"))).PageText(t, 200), "The trunk is added.")
	has(t, open("/trunk/exotel"), "sip:127.0.0.1:5060;transport=udp", "acme, with a password", "&#43;918047112233, &#43;918047112234", "&#43;91, &#43;1", "919876543210",
		"20 calls a second, 60 at the same time", "µ-law (PCMU), else A-law", "480=busy", "callbook registers with it", "it calls over no trunk")
	for _, name := range []string{"a", "b"} {
		b.Submit("/trunks", trunkForm("name", name, "user", "", "password", "", "caller_ids", "", "prefixes", "")).Redirect(t, "/trunk/"+name)
	}
	list := open("/trunks")
	has(t, list, "Not known", "at most 60", "&#43;918047112233, &#43;918047112234")
	if got := strings.Join(trunkOrder(list), " "); got != "exotel a b" {
		t.Errorf("the order is %s", got)
	}
	for _, move := range []struct{ name, to, want string }{{"b", "up", "exotel b a"}, {"b", "up", "b exotel a"}, {"b", "up", "b exotel a"}, {"exotel", "down", "b a exotel"}} {
		b.Submit("/trunk/"+move.name+"/move", url.Values{"to": {move.to}}).Redirect(t, "/trunks")
		if got := strings.Join(trunkOrder(open("/trunks")), " "); got != move.want {
			t.Errorf("after %s went %s: %s, want %s", move.name, move.to, got, move.want)
		}
	}

	edit := open("/trunk/exotel/edit")
	has(t, edit, "A password is kept", `value="acme"`, "&#43;918047112233\n&#43;918047112234", `name="register" value="1" checked`)
	was := hidden(t, edit, "was")
	form := trunkForm("was", was, "password", "", "channels", "7", "outcomes", "")
	form.Del("name")
	has(t, b.Follow(b.Submit("/trunk/exotel", form)).PageText(t, 200), "Saved.", "7 at the same time", "acme, with a password")
	if strings.Contains(open("/trunk/exotel"), "480=busy") {
		t.Error("the outcomes are still there")
	}
	// Somebody else has changed it meanwhile.
	form.Set("channels", "8")
	late := b.Submit("/trunk/exotel", form).PageText(t, 422)
	has(t, late, "Somebody has changed this trunk", `value="8"`)
	form.Set("was", hidden(t, late, "was"))
	form.Set("user", "")
	has(t, b.Follow(b.Submit("/trunk/exotel", form)).PageText(t, 200), "8 at the same time")
	if strings.Contains(open("/trunk/exotel"), "with a password") {
		t.Error("the password is still there without its user")
	}
	has(t, b.Follow(b.Submit("/trunk/exotel/remove", nil)).PageText(t, 200), "Removed the trunk exotel.")
	has(t, b.Follow(b.Submit("/trunk/exotel/remove", nil)).PageText(t, 200), "no trunk with this name any more")
	for _, path := range []string{"/trunk/exotel", "/trunk/exotel/edit", "/trunk/exotel/call"} {
		has(t, b.Open(path).PageText(t, 404), "There is no trunk with this name.")
	}
	has(t, b.Open("/trunk/a/call").PageText(t, 200), "callbook trunk test a --call")
	b.Submit("/trunk/a/call", url.Values{"number": {"+919876543210"}, "caller_id": {"+918047112233"}}).PageText(t, 422)
	b.Open("/trunks/calls/0197a3c2d4e57f6a8b9c0d1e2f3a4b5c").PageText(t, 404)
}

// TestTrunkFaults: what is wrong is told at its field, in the subject's words, and the
// form keeps all but the password.
func TestTrunkFaults(t *testing.T) {
	t.Parallel()
	_, b := trunkServer(t, servertest.Options{})
	b.Submit("/trunks", trunkForm("name", "taken")).Redirect(t, "/trunk/taken")
	for _, tt := range []struct{ field, value, want string }{
		{"name", "", "A trunk&#39;s name has"},
		{"name", "taken", "There is a trunk with this name already."},
		{"address", "pbx:5060", "The address does not begin with sip:"},
		{"user", "", "There is a password and no user"},
		{"user", "a b", "The user has a character"},
		{"password", "s3cret\x01", "The password has a control character"},
		{"caller_ids", "080", "The caller id &#34;080&#34; is no telephone number"},
		{"prefixes", "91", "The prefix &#34;91&#34; does not begin a number"},
		{"format", "x", "The format is"},
		{"calls_a_second", "0", "The calls a second are 0"},
		{"channels", "many", "This is no whole number."},
		{"codecs", "opus", "The codec &#34;opus&#34;"},
		{"outcomes", "480", "The outcome &#34;480&#34; cannot be read"},
	} {
		page := b.Submit("/trunks", trunkForm(tt.field, tt.value)).PageText(t, 422)
		_, at, found := strings.Cut(page, `id="`+tt.field+`-error">`)
		if !found || !strings.HasPrefix(at, tt.want) {
			t.Errorf("%s %q: %.120q", tt.field, tt.value, at)
		}
		if strings.Contains(page, "s3cret") {
			t.Errorf("%s: the page has the password", tt.field)
		}
		if tt.field != "channels" {
			has(t, page, `value="60"`)
		}
	}
	if n := len(trunkOrder(b.Open("/trunks").PageText(t, 200))); n != 1 {
		t.Errorf("there are %d trunks", n)
	}
}

// TestTrunkKeys: without a key, the page says what to do; with another key, it says that no
// call leaves.
func TestTrunkKeys(t *testing.T) {
	t.Parallel()
	path, key := servertest.NewDatabase(t), filepath.Join(t.TempDir(), "key")
	start := func(keys trunk.Keys) *servertest.Server {
		return servertest.Start(t, servertest.Options{Path: path, Dashboard: true, TrunkAccounts: []string{"demo"}, TrunkKeys: keys})
	}
	s := start(trunk.Keys{})
	s.Account("demo")
	b := s.SignedIn("demo")
	has(t, b.Submit("/trunks", trunkForm()).PageText(t, 422), "There is no key to encrypt the password with.", "openssl rand -base64 32", "--secrets-key-file callbook.key")
	b.Submit("/trunks", trunkForm("user", "", "password", "")).Redirect(t, "/trunk/exotel")
	s.Stop()
	s = start(trunk.Keys{Own: key})
	s.SignedIn("demo").Submit("/trunk/exotel", trunkForm()).Redirect(t, "/trunk/exotel")
	s.Stop()
	s = start(trunk.Keys{Text: strings.Repeat("ab", trunk.KeyBytes)})
	has(t, s.SignedIn("demo").Open("/trunks").PageText(t, 200), ">Locked</span>", "encrypted with another key")
}

// TestTrunksAreManaged: trunks are seen and changed by the only account, or by those that
// the server names, and by no other.
func TestTrunksAreManaged(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	has(t, b.Open("/").PageText(t, 200), `href="/trunks"`)
	b.Open("/trunks").PageText(t, 200)
	refused := func(b *servertest.Browser) {
		t.Helper()
		if strings.Contains(b.Open("/").PageText(t, 200)+b.Open("/search?q=trunks").PageText(t, 200), `href="/trunks"`) {
			t.Error("the navigation leads to the trunks")
		}
		has(t, b.Open("/trunks").PageText(t, 403), "your account does not manage it")
		b.Submit("/trunks", trunkForm("user", "", "password", "")).PageText(t, 403)
		b.Submit("/trunk/x/remove", nil).PageText(t, 403)
	}
	named, first := trunkServer(t, servertest.Options{})
	named.Account("other")
	first.Open("/trunks").PageText(t, 200)
	refused(named.SignedIn("other"))

	two, _ := serve(t)
	two.Account("demo")
	two.Account("other")
	refused(two.SignedIn("demo"))
	refused(two.SignedIn("other"))
}

// TestTrunkFormSignedOut: the password of a form that comes after the session has ended is
// not on the page that asks to sign in, and not kept.
func TestTrunkFormSignedOut(t *testing.T) {
	t.Parallel()
	s, b := trunkServer(t, servertest.Options{})
	b.Open("/trunks/new").PageText(t, 200)
	b.Submit("/signout", nil)
	page := b.Submit("/trunks", trunkForm()).PageText(t, 403)
	if strings.Contains(page, "s3cret") {
		t.Error("the page has the password")
	}
	key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{})
	if err != nil {
		t.Fatal(err)
	}
	again := b.Follow(b.Submit("/signin/again", url.Values{"key": {key.ID}, "token": {token}, "next": {"/trunks/new"}, "typed.name": {"exotel"}, "typed.user": {"acme"}})).PageText(t, 200)
	has(t, again, `value="acme"`, "not saved yet")
}

// until opens a page until it says all of this.
func until(t *testing.T, b *servertest.Browser, path string, wants ...string) string {
	t.Helper()
	page := ""
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); <-tick.C {
		page = string(b.Open(path).Body) // which may not be there yet
		all := true
		for _, want := range wants {
			all = all && strings.Contains(page, want)
		}
		if all {
			return page
		}
	}
	has(t, page, wants...)
	return page
}

// trunkTo returns a trunk that leads to a callee.
func trunkTo(callee *siptest.Callee) *trunk.Trunk {
	tr := trunk.Defaults("callee")
	tr.Host, tr.Port, tr.CallsASecond, tr.CallerIDs = callee.Addr.Addr().String(), int(callee.Addr.Port()), 1000, []string{"+918047000001"}
	return tr
}

// TestTrunkHealth shows how trunks are, as the running server knows it, also of one that is
// added while it runs.
func TestTrunkHealth(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	_, b := trunkServer(t, servertest.Options{Trunk: trunkTo(callee)})
	until(t, b, "/trunks", `<span class="badge good">Up</span>`, "0 of 30")
	has(t, b.Open("/trunk/callee").PageText(t, 200), callee.Addr.String(), "ms")
	b.Submit("/trunks", trunkForm("name", "dead", "address", "sip:127.0.0.1:1;transport=tcp", "user", "", "password", "")).Redirect(t, "/trunk/dead")
	until(t, b, "/trunk/dead", `<span class="badge bad">Down</span>`, "it cannot be reached", "Since")
}

// TestSlowServer: a server that cannot keep pace with the sound of its calls places no others,
// says so, and goes on when it has caught up. No attempt is spent.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	talks, waits := callee.Line(t, nil), callee.Line(t, nil)
	var lag atomic.Int64
	file := filepath.Join(t.TempDir(), "said.wav")
	if err := os.WriteFile(file, wav.Encode(make([]int16, 60*wav.Rate)), 0o600); err != nil {
		t.Fatal(err)
	}
	s, b := trunkServer(t, servertest.Options{
		Trunk: trunkTo(callee), VoiceCommand: []string{"sh", "-c", "cat $0", file},
		SIP: app.SIP{Now: func() time.Time { return time.Now().Add(time.Duration(lag.Load())) }},
	})
	key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{})
	if err != nil {
		t.Fatal(err)
	}
	demo := s.Account("other").As(key.ID, token)
	demo.Account = "demo"
	call := func(line *siptest.Line) string {
		return demo.NewCampaign(`{"campaigns":[{"caller_id":"+918047000001","read_via_text":"Hello, this is a test","from":["` + line.Number.String() +
			`"],"calling_hours":{"hours":"always","days":"always","reason":"A test"}}]}`).ID
	}
	call(talks)
	until(t, b, "/trunks", "1 of 30")
	talks.Call().Await("ACK", 1)
	const notice = "cannot keep pace with the sound of its calls"
	lag.Store(int64(time.Second))
	until(t, b, "/trunks", notice)
	has(t, b.Open("/trunk/callee").PageText(t, 200), notice)
	second := call(waits)
	until(t, b, "/campaigns/"+second, ">Calling</span>")
	if waits.Calls() != 0 {
		t.Error("another call has left")
	}
	lag.Store(-int64(time.Hour))
	waits.Call().Await("ACK", 1)
	if strings.Contains(b.Open("/trunks").PageText(t, 200), notice) {
		t.Error("the page of trunks still says that calls wait")
	}
	if talks.Calls() != 1 || waits.Calls() != 1 {
		t.Errorf("the telephones rang %d and %d times", talks.Calls(), waits.Calls())
	}
}

// TestTestCall places a test call from its page: once for a form that is sent twice, one
// at a time, and shows its messages and its end.
func TestTestCall(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	rings := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Ring(m) }})
	busy := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 486}) }})
	refuses := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 488}) }})
	s, b := trunkServer(t, servertest.Options{Trunk: trunkTo(callee)})
	until(t, b, "/trunks", ">Up</span>")
	has(t, b.Open("/trunk/callee/call").PageText(t, 200), "&#43;918047000001")
	send := func(line *siptest.Line, changes ...string) url.Values {
		form := url.Values{"number": {line.Number.String()}, "caller_id": {"+918047000001"}, "once": {hidden(t, b.Open("/trunk/callee/call").PageText(t, 200), "once")}}
		for i := 0; i < len(changes); i += 2 {
			form.Set(changes[i], changes[i+1])
		}
		return form
	}
	has(t, b.Submit("/trunk/callee/call", send(rings, "number", "12")).PageText(t, 422), `id="number-error"`)
	has(t, b.Submit("/trunk/callee/call", send(rings, "caller_id", "+918047000009")).PageText(t, 422), "Write a number that the trunk may show.")

	form := send(rings)
	first := b.Submit("/trunk/callee/call", form)
	at := first.Header.Get("Location")
	rung := at
	b.Submit("/trunk/callee/call", form).Redirect(t, at)
	page := until(t, b, at, "INVITE", "180 ")
	has(t, page, "Hang up", `hx-trigger="every 1s"`)
	has(t, b.Submit("/trunk/callee/call", send(busy)).PageText(t, 422), "A test call is being made")
	b.Submit(at+"/hangup", nil).Redirect(t, at)
	page = until(t, b, at, "CANCEL", "No answer")
	has(t, page, "Another test call")
	if strings.Contains(page, "every 1s") {
		t.Error("the page of a call that is over renews itself")
	}
	at = b.Submit("/trunk/callee/call", send(busy)).Header.Get("Location")
	until(t, b, at, "486", ">Busy</span>", "&#43;91 80 4700 0001")
	at = b.Submit("/trunk/callee/call", send(refuses)).Header.Get("Location")
	until(t, b, at, "488 The trunk takes none of the codecs. Give the trunk the codec that it takes")
	if rings.Calls() != 1 || busy.Calls() != 1 {
		t.Errorf("the telephones rang %d and %d times", rings.Calls(), busy.Calls())
	}
	// The call of the form that came before is placed by no press any more.
	b.Submit("/trunk/callee/call", form).Redirect(t, rung)
	log, err := s.Audit.AuditEntries(t.Context(), account.None, auditlog.Query{Action: audit.TrunksCall, Limit: 9})
	if err != nil || len(log.Entries) != 3 || log.Entries[0].Object != "callee" {
		t.Errorf("the audit log has %+v, %v", log.Entries, err)
	}
	s.Account("other")
	s.SignedIn("other").Open(at).PageText(t, 403)
}

// TestTracedCalls: the page of a number has the messages of a call that the trunk has
// failed, for those who manage trunks.
func TestTracedCalls(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: 503}) }})
	s, b := trunkServer(t, servertest.Options{Trunk: trunkTo(callee), VoiceCommand: []string{"sh", "-c", "cat $0", voice(t)}})
	other := s.Account("other")
	key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{})
	if err != nil {
		t.Fatal(err)
	}
	demo := other.As(key.ID, token)
	demo.Account = "demo"
	body := `{"campaigns":[{"caller_id":"+918047000001","read_via_text":"Hello, this is a test","from":["` + line.Number.String() + `"],"calling_hours":{"hours":"always","days":"always","reason":"A test"}}]}`
	mine, theirs := demo.NewCampaign(body).ID, other.NewCampaign(body).ID
	until(t, b, "/campaigns/"+mine+"/numbers/0", "503 Service Unavailable", "INVITE sip:", "Messages")
	page := until(t, s.SignedIn("other"), "/campaigns/"+theirs+"/numbers/0", ">Failed</span>")
	if strings.Contains(page, "INVITE") || strings.Contains(page, "Messages") {
		t.Error("an account that does not manage trunks sees the messages")
	}
}

// voice returns a file with a tenth of a second of sound.
func voice(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "said.wav")
	if err := os.WriteFile(file, wav.Encode(make([]int16, wav.Rate/10)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
