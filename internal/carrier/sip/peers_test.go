package sip_test

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/carrier"
	"callbook/internal/phone"
	"callbook/internal/test/siptest"
	"callbook/internal/trunk"
	"callbook/internal/wav"
)

// peerNumber is the telephone of the programs.
const peerNumber = "+919812345678"

// peer returns the telephone of a program.
func peer(t *testing.T) *siptest.Line {
	t.Helper()
	number, err := phone.ParseE164(peerNumber)
	if err != nil {
		t.Fatal(err)
	}
	return &siptest.Line{Number: number}
}

// kamailio starts a proxy that demands a password, stays on the way of the call, and leads
// to another address. It returns where it listens, by UDP and by TCP.
func kamailio(t *testing.T, next netip.AddrPort) (*program, netip.AddrPort) {
	t.Helper()
	path := installed(t, "kamailio")
	modules := ""
	for _, pattern := range []string{"/usr/lib/*/kamailio/modules", "/usr/lib*/kamailio/modules"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			modules = found[0]
		}
	}
	addr := ownAddress(t)
	config := fmt.Sprintf(`
listen=udp:%[1]v
listen=tcp:%[1]v
auto_aliases=no
children=1
tcp_children=1
mpath="%[2]s/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "xlog.so"
request_route {
	if (is_method("OPTIONS") && !has_totag()) {
		sl_send_reply("200", "OK");
		exit;
	}
	if (has_totag()) {
		if (loose_route()) {
			xlog("L_WARN", "$rm of $fU along the route, by $proto\n");
			t_relay();
		} else if (!is_method("ACK")) {
			sl_send_reply("404", "Not here");
		} else if (t_check_trans()) {
			t_relay();
		}
		exit;
	}
	if (is_method("REGISTER")) {
		if (!pv_www_authenticate("%[1]v", "secret", "0")) {
			www_challenge("%[1]v", "1");
			exit;
		}
		save("location");
		xlog("L_WARN", "$tu is registered for $hdr(Expires) s\n");
		exit;
	}
	if (is_method("CANCEL")) {
		if (t_check_trans()) t_relay();
		exit;
	}
	if (!pv_proxy_authenticate("trunk", "secret", "0")) {
		xlog("L_WARN", "$rm without the password\n");
		auth_challenge("trunk", "1");
		exit;
	}
	consume_credentials();
	record_route();
	$du = "sip:%[3]v";
	t_relay();
}
onreply_route {
	xlog("L_WARN", "the answer to $rm is $rs\n");
}
`, addr, modules, next)
	dir := t.TempDir()
	p := launch(t, dir, map[string]string{"kamailio.cfg": config}, path, "-f", "kamailio.cfg", "-DD", "-E", "-m", "16", "-Y", dir)
	p.answers(addr)
	return p, addr
}

// baresip starts a telephone that records what it hears. Settings are those of its account,
// such as "answermode=auto".
func baresip(t *testing.T, settings string) (*program, netip.AddrPort) {
	t.Helper()
	path := installed(t, "baresip")
	addr := ownAddress(t)
	p := launch(t, t.TempDir(), map[string]string{
		"accounts": fmt.Sprintf("<sip:%s@%v>;regint=0;audio_codecs=pcma,pcmu;%s\n", peerNumber, addr, settings),
		"contacts": "",
		"config": fmt.Sprintf(`
sip_listen %[1]v
net_interface %[2]v
audio_player aufile,out.wav
audio_source aufile,in.wav
ausrc_srate 8000
auplay_srate 8000
rtp_ports 10000-30000
jitter_buffer_delay 0-0
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module sndfile.so
snd_path .
module srtp.so
module_app account.so
module_app menu.so
`, addr, addr.Addr()),
		"in.wav": string(wav.Encode(make([]int16, 20*wav.Rate))),
	}, path, "-f", ".")
	p.answers(addr)
	return p, addr
}

// heard ends baresip and returns what it has recorded.
func heard(t *testing.T, p *program) []int16 {
	t.Helper()
	p.stop()
	files, err := filepath.Glob(filepath.Join(p.dir, "*-dec.wav"))
	if err != nil || len(files) != 1 {
		t.Fatalf("it recorded %q, %v", files, err)
	}
	f, err := os.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	recording, err := wav.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var samples []int16
	for err == nil {
		samples, err = recording.Append(samples)
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	return samples
}

// TestKamailioAndBaresip: a call through a proxy that demands a password and stays on the
// way, to a telephone that records what it hears.
func TestKamailioAndBaresip(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		transport trunk.Transport
		codec     trunk.Codec
		srtp      bool
	}{
		"A-law by UDP":            {trunk.UDP, trunk.PCMA, false},
		"µ-law by UDP":            {trunk.UDP, trunk.PCMU, false},
		"A-law by TCP":            {trunk.TCP, trunk.PCMA, false},
		"A-law by TCP, encrypted": {trunk.TCP, trunk.PCMA, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := "answermode=auto"
			if tt.srtp {
				settings += ";mediaenc=srtp-mand"
			}
			telephone, next := baresip(t, settings)
			proxy, addr := kamailio(t, next)
			r := open(t, &siptest.Callee{Addr: addr}, func(s *setup) {
				s.trunk.Transport, s.trunk.Codecs, s.trunk.SRTP = tt.transport, []trunk.Codec{tt.codec}, tt.srtp
				s.trunk.User, s.trunk.Password = "trunk", "secret"
			})
			o := r.place(peer(t), callflow.Greeting("1000"))
			r.end(o, campaign.Reached)
			proxy.await("INVITE without the password")
			for _, method := range []string{"ACK", "BYE"} {
				proxy.await(method + " of " + o.CallerID + " along the route, by " + string(tt.transport))
			}
			proxy.await("the answer to BYE is 200")
			// Sound takes another way than ACK and BYE, so the telephone may begin to
			// listen a moment after the sound begins, or end a moment before it does.
			// On a busy machine it plays a silence where a packet comes late, and no piece of
			// the sound is like another: half of the pieces show that it is the sound.
			const piece = wav.Rate / 10
			sound, recording := siptest.Tone(wav.Rate), heard(t, telephone)
			pieces, whole := 0, 0
			for part := range slices.Chunk(sound[piece:len(sound)-piece], piece) {
				if pieces++; siptest.Alike(part, recording) >= 0.95 {
					whole++
				}
			}
			if whole < pieces/2 {
				t.Errorf("of %d pieces of the sound, %d are in the %d samples that it recorded", pieces, whole, len(recording))
			}
		})
	}
}

// TestRegistration: a trunk that wants a registration gets one by the password, and is up
// from then on. When the carrier ends, it is removed.
func TestRegistration(t *testing.T) {
	t.Parallel()
	for _, transport := range []trunk.Transport{trunk.UDP, trunk.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			registrar, addr := kamailio(t, netip.MustParseAddrPort("127.0.0.1:9"))
			r := open(t, &siptest.Callee{Addr: addr}, func(s *setup) {
				s.trunk.User, s.trunk.Password, s.trunk.Register, s.trunk.Transport = "trunk", "secret", true, transport
			})
			registrar.await("is registered for 300 s")
			for late := time.After(siptest.Patience); !r.Health()[0].Up; {
				select {
				case <-late:
					t.Fatalf("%+v", r.Health())
				case <-time.After(10 * time.Millisecond):
				}
			}
			r.stop()
			registrar.await("is registered for 0 s")
		})
	}
}

// TestEndBehindAProxy: the caller gives up a telephone that rings behind a proxy. If the
// caller dies, the next process ends the call, whether it rings or was answered.
func TestEndBehindAProxy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settings string
		killed   bool
		begun    string // what the proxy prints when the call is that far
		ended    string // and when the telephone has ended it
	}{
		"it rings":                         {"answermode=manual", false, "INVITE is 180", "INVITE is 487"},
		"it rings, the caller dies":        {"answermode=manual", true, "INVITE is 180", "INVITE is 487"},
		"it has answered, the caller dies": {"answermode=auto", true, "ACK of ", "BYE is 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, next := baresip(t, tt.settings)
			proxy, addr := kamailio(t, next)
			callee := &siptest.Callee{Addr: addr}
			change := func(s *setup) {
				s.trunk.User, s.trunk.Password = "trunk", "secret"
				if !tt.killed {
					s.Ring = 5 * time.Second
				}
			}
			first := open(t, callee, change)
			o := first.place(peer(t), nil)
			proxy.await(tt.begun)
			if tt.killed {
				second := open(t, callee, func(s *setup) {
					change(s)
					s.Dialogs = first.records.Copy()
				})
				answers, err := second.Resolve(t.Context(), []carrier.Asked{{Order: o}})
				if err != nil || answers[0].Fate != carrier.Unknown {
					t.Errorf("%+v, %v", answers, err)
				}
			} else {
				first.end(o, campaign.NoAnswer)
			}
			proxy.await(tt.ended)
		})
	}
}
