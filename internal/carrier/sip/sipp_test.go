package sip_test

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/test/siptest"
)

// pressesOne is a capture of a telephone whose key 1 is pressed. Its first packet has the
// duration 0. Debian's package of SIPp has it.
const pressesOne = "/usr/share/sip-tester/dtmf_2833_1.pcap"

// sippSays returns a step of a scenario of SIPp that answers the last request.
func sippSays(status, cseq, more string) string {
	return `
<send><![CDATA[
SIP/2.0 ` + status + `
[last_Via:]
[last_From:]
[last_To:];tag=[pid]-[call_number]
[last_Call-ID:]
CSeq: ` + cseq + `
Contact: <sip:sipp@[local_ip]:[local_port]>
` + more + `]]></send>`
}

// nothing ends an answer that has no body.
const nothing = "Content-Length: 0\n\n"

// sippAnswers is a call that is answered, presses a key when the question has begun, and
// is hung up by the caller.
var sippAnswers = `<recv request="INVITE"/>` +
	sippSays("180 Ringing", "[last_cseq_number] INVITE", nothing) +
	sippSays("200 OK", "[last_cseq_number] INVITE", `Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp 1 1 IN IP4 [media_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 96
a=rtpmap:8 PCMA/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-15
`) + `
<recv request="ACK"/>
<pause milliseconds="2000"/>
<nop><action><exec play_pcap_audio="` + pressesOne + `"/></action></nop>
<recv request="BYE"/>` +
	sippSays("200 OK", "[last_cseq_number] BYE", nothing)

// sippIsBusy is a call to a telephone that is busy.
var sippIsBusy = `<recv request="INVITE"/>` +
	sippSays("486 Busy Here", "[last_cseq_number] INVITE", `Reason: Q.850;cause=17;text="User busy"`+"\n"+nothing) + `
<recv request="ACK"/>`

// sippRings is a call that nobody answers, until the caller gives up.
var sippRings = `<recv request="INVITE"/>` +
	sippSays("180 Ringing", "[last_cseq_number] INVITE", nothing) + `
<recv request="CANCEL"/>` +
	sippSays("200 OK", "[last_cseq_number] CANCEL", nothing) +
	sippSays("487 Request Terminated", "[last_cseq_number] INVITE", nothing) + `
<recv request="ACK"/>`

// sipp starts SIPp. It prints a line at the end of each call that went as the scenario
// says.
func sipp(t *testing.T, steps string) (*program, netip.AddrPort) {
	t.Helper()
	path := installed(t, "sipp")
	addr := ownAddress(t)
	ip, port := addr.Addr().String(), int(addr.Port())
	scenario := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="callee">
%s
<nop><action><log message="as the scenario says"/></action></nop>
</scenario>
`, steps)
	p := launch(t, t.TempDir(), map[string]string{"callee.xml": scenario}, path, "-sf", "callee.xml", "-aa", "-nostdin",
		"-i", ip, "-p", strconv.Itoa(port), "-mi", ip, "-mp", "30000", "-ci", ip,
		"-trace_err", "-error_file", "/dev/stderr", "-trace_logs", "-log_file", "/dev/stderr")
	p.answers(addr)
	return p, addr
}

// TestSIPp: SIPp answers and presses a key, is busy, or rings until the caller gives up.
func TestSIPp(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		steps   string
		outcome campaign.Outcome
		code    int
		cause   int
		digits  string
	}{
		"it answers and presses 1": {sippAnswers, campaign.Reached, 200, 16, "1"},
		"it is busy":               {sippIsBusy, campaign.Busy, 486, 17, ""},
		"it rings":                 {sippRings, campaign.NoAnswer, 487, 19, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(pressesOne); err != nil && tt.digits != "" {
				missing(t, pressesOne)
			}
			program, addr := sipp(t, tt.steps)
			r := open(t, &siptest.Callee{Addr: addr}, func(s *setup) {
				if tt.outcome == campaign.NoAnswer {
					s.Ring = 5 * time.Second
				}
			})
			p := r.end(r.place(peer(t), callflow.Menu("30000", 0)), tt.outcome)
			if p.Code != tt.code || p.Cause != tt.cause || p.Digits != tt.digits {
				t.Errorf("the dialer was told %+v", p)
			}
			program.await("as the scenario says")
		})
	}
}
