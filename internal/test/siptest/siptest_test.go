package siptest

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
)

// TestCallee calls a callee with text.
func TestCallee(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			callee := Start(t)
			line := callee.Line(t, Script{"CANCEL": func(*Call, *Message) {}})
			conn, err := net.Dial(network, callee.Addr.String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			r := bufio.NewReader(conn)
			sound, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { sound.Close() })
			sdp := fmt.Sprintf("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio %d RTP/AVP 0 8 96\r\na=rtpmap:96 telephone-event/8000\r\n", sound.LocalAddr().(*net.UDPAddr).Port)
			send := func(method, branch, tag, body string) {
				fmt.Fprintf(conn, "%s sip:%v@127.0.0.1 SIP/2.0\r\nv: SIP/2.0/%s 127.0.0.1:9;branch=%s\r\nf: <sip:me@127.0.0.1>;tag=mine\r\nt: <sip:you@127.0.0.1>%s\r\ni: one\r\nCSeq: 1 %s\r\nm: <sip:me@%v>\r\nl: %d\r\n\r\n%s",
					method, line.Number, strings.ToUpper(network), branch, tag, method, conn.LocalAddr(), len(body), body)
			}
			status := func() *Message {
				m, err := Read(r)
				if err != nil {
					t.Fatal(err)
				}
				return m
			}
			send("INVITE", "b1", "", sdp)
			if m := status(); m.Status() != 180 {
				t.Errorf("got %q", m.Start)
			}
			answer := status()
			if answer.Status() != 200 || !strings.Contains(answer.Body, "m=audio") || answer.Branch() != "b1" {
				t.Errorf("got %+v", answer)
			}
			send("INVITE", "b1", "", sdp) // as if the answer was lost
			if m := status(); m.ToTag() != answer.ToTag() {
				t.Errorf("got %+v", m)
			}
			tag := ";tag=" + answer.ToTag()
			send("ACK", "b2", tag, "")
			send("CANCEL", "b1", "", "")
			send("BYE", "b3", tag, "")
			if m := status(); m.Status() != 200 || m.Get("CSeq") != "1 BYE" {
				t.Errorf("got %+v", m)
			}
			call := line.Call()
			call.Await("BYE", 1)
			if got, want := call.Requests(), []string{"INVITE 1", "ACK 1", "CANCEL 1", "BYE 1"}; !slices.Equal(got, want) {
				t.Errorf("the callee saw %q, want %q", got, want)
			}
			if call.Count("INVITE") != 2 || line.Calls() != 1 {
				t.Errorf("the callee counted %d of %d calls", call.Count("INVITE"), line.Calls())
			}
			done := make(chan *Message)
			go func() { done <- call.Send(Request{Method: "BYE"}) }()
			bye := status()
			if bye.Get("To") != "<sip:me@127.0.0.1>;tag=mine" || bye.FromTag() != answer.ToTag() {
				t.Errorf("the callee sent %+v", bye)
			}
			fmt.Fprintf(conn, "SIP/2.0 481 Gone\r\nVia: %s\r\nContent-Length: 0\r\n\r\n", bye.Get("Via"))
			if m := <-done; m.Status() != 481 {
				t.Errorf("got %q", m.Start)
			}
			// The sound goes to where the SDP says, with its numbers.
			call.Media.Press("5", Sender{})
			call.Media.Speak(Tone(Frame))
			buf := make([]byte, 100)
			for i := range 9 {
				n, _, err := sound.ReadFrom(buf)
				if err != nil {
					t.Fatal(err)
				}
				if i < 8 && (buf[1]&0x7f != 96 || buf[12] != 5 || n != 16) || i == 8 && buf[1]&0x7f != 0 {
					t.Errorf("packet %d is % x", i, buf[:n])
				}
			}
			if _, err := sound.WriteTo(RTP(0, true, 7, 160, 1, Encode(0, Tone(Frame))), net.UDPAddrFromAddrPort(call.Media.Addr())); err != nil {
				t.Fatal(err)
			}
			if !call.Media.AwaitFrames(1) || Alike(Tone(Frame), call.Media.Heard()) < 0.99 {
				t.Errorf("the callee heard %v", call.Media.Heard())
			}
		})
	}
}

// TestG711: each code is the nearest to its sample, and the scales are those of the
// standard.
func TestG711(t *testing.T) {
	t.Parallel()
	for payloadType, want := range map[int][]int16{0: {-32124, 32124}, 8: {-5504, 5504}} {
		samples := Decode(payloadType, allCodes)
		if got := Decode(payloadType, Encode(payloadType, samples)); !slices.Equal(got, samples) {
			t.Errorf("codec %d: the samples of the codes have other codes", payloadType)
		}
		if got := Decode(payloadType, []byte{0x00, 0x80}); !slices.Equal(got, want) {
			t.Errorf("codec %d: got %d, want %d", payloadType, got, want)
		}
	}
}

// FuzzRead: no text makes the callee panic.
func FuzzRead(f *testing.F) {
	f.Add([]byte("BYE sip:a SIP/2.0\r\nl: 2\r\n\r\nok"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Read(bufio.NewReader(bytes.NewReader(b))); err == nil {
			_, _, _, _ = m.transaction(), m.CSeq(), m.Contact(), user(m.URI())
			parseSDP(m.Body)
		}
	})
}
