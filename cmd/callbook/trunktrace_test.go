package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
	"callbook/internal/wav"
)

// TestTrunkTrace: the messages of a call that failed are listed by trunk and shown by call,
// without secrets, by who has the database and by nobody else, until the person is erased.
func TestTrunkTrace(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	line := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		if m.Get("Authorization") == "" {
			c.Challenge(m, 401, "n1")
			return
		}
		c.Reply(m, siptest.Answer{Status: 404})
	}})
	db := filepath.Join(t.TempDir(), "book.db")
	do := func(args ...string) ran {
		t.Helper()
		return runHere(t, append(args, "--db", db)...)
	}
	mustRunHere(t, "trunk", "create", "pbx", "--address", fmt.Sprintf("sip:%v", callee.Addr), "--user", "acme", "--password-file", writeFile(t, "password", "s3cret"), "--db", db)
	mustRunHere(t, "account", "create", "demo", "--db", db)
	mustRunHere(t, "trunk", "create", "spare", "--address", "sip:192.0.2.1", "--rank", "1", "--db", db)
	if got := do("trunk", "trace", "pbx"); got.code != exitFailed || !strings.Contains(got.errs, "no server with a dashboard runs on this database") {
		t.Errorf("without a server: %+v", got)
	}
	sound := writeFile(t, "said.wav", string(wav.Encode(make([]int16, wav.Rate/10))))
	s := serveHere(t, "--db", db, "--sip-addr", "127.0.0.1:0", "--rtp-ports", "20000-60000", "--voice-command", "cat "+sound)
	var key struct {
		APIKey   string `json:"api_key"`
		APIToken string `json:"api_token"`
	}
	if err := json.Unmarshal([]byte(mustRunHere(t, "key", "create", "--account", "demo", "--json", "--db", db).out), &key); err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"campaigns":[{"caller_id":"+918047000001","read_via_text":"Hello, this is a test","from":[%q],"calling_hours":{"hours":"always","days":"always","reason":"A test"}}]}`, line.Number)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.listening+"/v2/accounts/demo/campaigns", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(key.APIKey, key.APIToken)
	r.Header.Set("Content-Type", "application/json")
	if status, answer := answerTo(t, r); status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}

	var calls []trunk.Trace
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(siptest.Patience); len(calls) == 0; <-tick.C {
		if err := json.Unmarshal([]byte(mustRunHere(t, "trunk", "trace", "pbx", "--json", "--db", db).out), &calls); err != nil || time.Now().After(limit) {
			t.Fatalf("%+v, %v", calls, err)
		}
	}
	if c := calls[0]; len(calls) != 1 || c.Trunk != "pbx" || c.Number != line.Number.String() || c.Outcome != "failed" || c.Code != 404 || c.Ended.IsZero() || c.Messages != nil {
		t.Errorf("the calls are %+v", calls)
	}
	call := calls[0].Call
	list := do("trunk", "trace", "pbx")
	if list.code != exitOK || !strings.Contains(list.out, call) || !strings.Contains(list.out, "404") || !strings.Contains(list.errs, "callbook trunk trace CALL") {
		t.Errorf("the list is %+v", list)
	}
	if got := do("trunk", "trace", "spare"); got.code != exitOK || got.out != "" || !strings.Contains(got.errs, "no server has messages of calls over this trunk") {
		t.Errorf("of a trunk without calls: %+v", got)
	}
	shown := do("trunk", "trace", call)
	for _, want := range []string{" to " + line.Number.String() + " over pbx", "sent\n    INVITE sip:", "received\n    SIP/2.0 404", "Authorization: ***", "The call ended: failed (SIP 404)"} {
		if !strings.Contains(shown.out, want) || shown.code != exitOK {
			t.Errorf("no %q in %+v", want, shown)
		}
	}
	var whole trunk.Trace
	if err := json.Unmarshal([]byte(do("trunk", "trace", call, "--json").out), &whole); err != nil || len(whole.Messages) < 4 || !whole.Messages[0].Sent || !strings.HasPrefix(whole.Messages[0].Text, "INVITE ") {
		t.Errorf("as JSON: %+v, %v", whole, err)
	}
	if got := do("trunk", "trace", strings.Repeat("0", 32)); got.code != exitFailed || !strings.Contains(got.errs, "no server has the messages of this call") {
		t.Errorf("of a call that is not there: %+v", got)
	}

	// A key opens nothing here, and neither does a link that the server has signed.
	for _, query := range []string{"?trunk=pbx", "?trunk=pbx&account=demo&expires=99999999999&signature=" + strings.Repeat("00", 32), "?trunk=pbx&account=nobody"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.listening+"/trunks/traces"+query, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(key.APIKey, key.APIToken)
		if status, answer := answerTo(t, r); status != http.StatusForbidden || strings.Contains(answer, call) {
			t.Errorf("%s: %d %s", query, status, answer)
		}
	}

	mustRunHere(t, "person", "erase", "--account", "demo", line.Number.String(), "--db", db)
	if got := do("trunk", "trace", call); got.code != exitFailed || got.out != "" {
		t.Errorf("after an erasure: %+v", got)
	}
}

func answerTo(t *testing.T, r *http.Request) (status int, body string) {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
