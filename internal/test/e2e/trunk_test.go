package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"callbook/internal/test/siptest"
)

// TestTrunkTest: "trunk test" asks a trunk whether it is there, and shows a call over it,
// message by message and without the password's digest.
func TestTrunkTest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, password := filepath.Join(dir, "book.db"), filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("open sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	newAccount(t, db, "demo")
	callee := siptest.Start(t)
	account := siptest.Account{User: "callbook", Password: "open sesame"}
	answers := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		const nonce = "n0nce"
		if !account.Proves(m, nonce) {
			c.Challenge(m, 401, nonce)
			return
		}
		c.Ring(m)
		c.Pick(m)
		if c.Await("ACK", 2) != nil { // the first one is that of the 401
			c.Bye()
		}
	}})
	busy := callee.Line(t, siptest.Script{"INVITE": func(c *siptest.Call, m *siptest.Message) {
		c.Reply(m, siptest.Answer{Status: 486})
	}})
	for _, name := range []string{"lab", "gone"} {
		address := callee.Addr.String()
		if name == "gone" {
			address = "127.0.0.1:9"
		}
		if got := callbook(t, "trunk", "create", name, "--db", db, "--address", fmt.Sprintf("sip:%s;transport=udp", address),
			"--user", "callbook", "--password-file", password, "--caller-id", "+918047112233"); got.code != 0 {
			t.Fatal(got.stderr)
		}
	}
	for _, tt := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"lab"}, 0, []string{"Trunk lab answers\n", " answers in "}},
		{[]string{"lab", "--call", answers.Number.String()}, 0, []string{" sent\n", " received\n", "INVITE sip:", "SIP/2.0 200", "ACK sip:", "BYE sip:", "\nThe call ended: completed (SIP 200"}},
		{[]string{"lab", "--call", busy.Number.String()}, 1, []string{"SIP/2.0 486", "\nThe call ended: busy (SIP 486"}},
		{[]string{"gone"}, 1, []string{"Trunk gone does not answer"}},
	} {
		got := callbook(t, append([]string{"trunk", "test", "--db", db}, tt.args...)...)
		if got.code != tt.code {
			t.Errorf("%v: exit code %d, %s%s", tt.args, got.code, got.stdout, got.stderr)
		}
		for _, want := range tt.want {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("%v: %q is not in\n%s", tt.args, want, got.stdout)
			}
		}
		if strings.Contains(got.stdout, "response=") || strings.Contains(got.stdout, "sesame") {
			t.Errorf("%v shows a secret:\n%s", tt.args, got.stdout)
		}
	}
}
