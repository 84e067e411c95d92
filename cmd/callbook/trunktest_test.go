package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"callbook/internal/test/siptest"
)

// TestTrunkTestFails: each way in which a test fails is told apart, with what to do.
func TestTrunkTestFails(t *testing.T) {
	t.Parallel()
	callee := siptest.Start(t)
	answers := func(answer func(*siptest.Call, *siptest.Message)) string {
		return callee.Line(t, siptest.Script{"INVITE": answer}).Number.String()
	}
	status := func(code int) string {
		return answers(func(c *siptest.Call, m *siptest.Message) { c.Reply(m, siptest.Answer{Status: code}) })
	}
	password := answers(func(c *siptest.Call, m *siptest.Message) { c.Challenge(m, 407, "n1") })
	db, file := filepath.Join(t.TempDir(), "book.db"), writeFile(t, "password", "s3cret")
	for name, address := range map[string]string{"pbx": fmt.Sprintf("sip:%v", callee.Addr), "closed": "sip:127.0.0.1:9;transport=tcp", "nowhere": "sip:nowhere.invalid"} {
		mustRunHere(t, "trunk", "create", name, "--address", address, "--user", "acme", "--password-file", file, "--caller-id", "+918047112233", "--db", db)
	}
	for _, tt := range []struct {
		args, want string
		code       int
	}{
		{"pbx", "The password was not tried", exitOK},
		{"pbx --call " + password, "The trunk refuses the user or the password\nGive the trunk the user and the password that it asks for.", exitFailed},
		{"pbx --call " + status(488), "The trunk takes none of the codecs\nGive the trunk the codec that it takes", exitFailed},
		{"pbx --call " + status(404), "The trunk may want numbers in another form", exitFailed},
		{"pbx --call " + status(486), "User busy\ncallbook: the trunk has placed the call, and the callee did not answer", exitFailed},
		{"pbx --call +919876543210 --caller-id +911234567890", `the trunk may show +918047112233; "callbook trunk set pbx --caller-id" names others`, exitFailed},
		{"closed", "nothing listens at its host and port (connection refused)\ncallbook: the trunk did not pass the test\n", exitFailed},
		{"closed --call +919876543210", "callbook: the trunk cannot be reached: nothing listens at its host and port (connection refused)", exitFailed},
		{"nowhere", "its host cannot be found", exitFailed},
	} {
		got := runHere(t, append(append([]string{"trunk", "test"}, strings.Fields(tt.args)...), "--db", db)...)
		if text := got.out + got.errs; got.code != tt.code || !strings.Contains(strings.ToLower(text), strings.ToLower(tt.want)) || strings.Contains(text, "s3cret") {
			t.Errorf("%s: exit code %d, want %q in\n%s", tt.args, got.code, tt.want, text)
		}
	}
}
