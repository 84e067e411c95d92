package media

import (
	"errors"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"callbook/internal/trunk"
)

// versionOf returns the id and the version in the o= line.
func versionOf(t *testing.T, sdp []byte) (id string, version int) {
	t.Helper()
	o := regexp.MustCompile(`(?m)^o=callbook (\d+) (\d+) `).FindSubmatch(sdp)
	if o == nil {
		t.Fatalf("no o= line in\n%s", sdp)
	}
	version, _ = strconv.Atoi(string(o[2]))
	return string(o[1]), version
}

func TestOffer(t *testing.T) {
	t.Parallel()
	e, err := Open(Options{First: 21000, Last: 31999, Bind: loopback, Public: netip.MustParseAddr("192.0.2.7")})
	if err != nil {
		t.Fatal(err)
	}
	start(t, e)
	s := newSession(t, e, Settings{Codecs: []trunk.Codec{trunk.PCMU, trunk.PCMA}})
	offer := s.Offer()
	id, version := versionOf(t, offer)
	port := strconv.Itoa(int(addressOf(t, offer).Port()))
	want := "v=0\r\no=callbook " + id + " " + strconv.Itoa(version) + " IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n" +
		"m=audio " + port + " RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n" +
		"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
	if string(offer) != want {
		t.Errorf("the offer is\n%s\nwant\n%s", offer, want)
	}
	if addressOf(t, offer).Port()%2 != 0 {
		t.Errorf("port %s is not even", port)
	}
	c := newCallee(t)
	again, err := s.Reoffer(c.answer(offer))
	if err != nil {
		t.Fatal(err)
	}
	for i, sdp := range [][]byte{again, s.Offer(), s.Offer()} {
		if nowID, now := versionOf(t, sdp); nowID != id || now != version+1+i {
			t.Errorf("description %d has id %s and version %d, want %s and %d", i+2, nowID, now, id, version+1+i)
		}
	}
}

// TestAnswers has answers to our offer: those with which a call is possible, and others.
func TestAnswers(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	const head = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
	tests := map[string]struct {
		sdp  string
		want error
		peer string // address, payload type, payload type of keys
	}{
		"usual":           {sdp: head + "m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n", peer: "192.0.2.9:4000 8 101"},
		"first of two":    {sdp: head + "m=audio 4000 RTP/AVP 0 8\r\n", peer: "192.0.2.9:4000 0 0"},
		"own numbers":     {sdp: head + "m=audio 4000 RTP/AVP 97 98\r\na=rtpmap:97 pcma/8000/1\r\na=rtpmap:98 Telephone-Event/8000\r\n", peer: "192.0.2.9:4000 97 98"},
		"address below":   {sdp: head + "m=audio 4000 RTP/AVP 8\r\na=sendrecv\r\nc=IN IP4 192.0.2.10\r\n", peer: "192.0.2.10:4000 8 0"},
		"bare lines":      {sdp: strings.ReplaceAll("v=0\r\nm=audio 4000 RTP/AVP 8\r\nc=IN IP4 192.0.2.9\r\n", "\r", ""), peer: "192.0.2.9:4000 8 0"},
		"others refused":  {sdp: head + "m=video 0 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 8\r\n", peer: "192.0.2.9:4000 8 0"},
		"wide band event": {sdp: head + "m=audio 4000 RTP/AVP 8 100 101\r\na=rtpmap:100 telephone-event/16000\r\na=rtpmap:101 telephone-event/8000\r\n", peer: "192.0.2.9:4000 8 101"},
		"nothing":         {sdp: "", want: errNoSDP},
		"HTML":            {sdp: "<html>", want: errNoSDP},
		"no stream":       {sdp: head, want: errNoStream},
		"refused":         {sdp: head + "m=audio 0 RTP/AVP 8\r\n", want: errNoStream},
		"fax":             {sdp: head + "m=image 4000 udptl t38\r\n", want: errNoStream},
		"encrypted":       {sdp: head + "m=audio 4000 RTP/SAVP 8\r\n", want: errNoStream},
		"G.729":           {sdp: head + "m=audio 4000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n", want: errNoCodec},
		"other 8":         {sdp: head + "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 opus/48000/2\r\n", want: errNoCodec},
		"no address":      {sdp: "v=0\r\nm=audio 4000 RTP/AVP 8\r\n", want: errNoAddr},
		"a name":          {sdp: "v=0\r\nc=IN IP4 example.org\r\nm=audio 4000 RTP/AVP 8\r\n", want: errNoAddr},
		"IPv6":            {sdp: "v=0\r\nc=IN IP6 2001:db8::1\r\nm=audio 4000 RTP/AVP 8\r\n", want: errNoAddr},
		"many hosts":      {sdp: "v=0\r\nc=IN IP4 224.0.0.7\r\nm=audio 4000 RTP/AVP 8\r\n", want: errNoAddr},
		"port too large":  {sdp: head + "m=audio 70000 RTP/AVP 8\r\n", want: errNoSDP},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t, e, Settings{})
			s.Offer()
			if err := s.Answer([]byte(test.sdp)); !errors.Is(err, test.want) {
				t.Fatalf("the error is %v, want %v", err, test.want)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.started != (test.want == nil) {
				t.Errorf("media began: %v", s.started)
			}
			if test.want != nil {
				return
			}
			got := s.peer.addr.String() + " " + strconv.Itoa(int(s.peer.kind)) + " " + strconv.Itoa(int(s.peer.event))
			if got != test.peer {
				t.Errorf("the peer is %s, want %s", got, test.peer)
			}
		})
	}
}

// TestReoffers has the offers of re-INVITEs and what they are answered with.
func TestReoffers(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	tests := map[string]struct{ connection, attributes, want string }{
		"resume":           {"192.0.2.9", "", "sendrecv"},
		"sendonly":         {"192.0.2.9", "a=sendonly\r\n", "recvonly"},
		"recvonly":         {"192.0.2.9", "a=recvonly\r\n", "sendonly"},
		"inactive":         {"192.0.2.9", "a=inactive\r\n", "inactive"},
		"0.0.0.0":          {"0.0.0.0", "", "recvonly"},
		"sendonly 0.0.0.0": {"0.0.0.0", "a=sendonly\r\n", "recvonly"},
		"inactive 0.0.0.0": {"0.0.0.0", "a=inactive\r\n", "inactive"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t, e, Settings{})
			got, err := s.Reoffer([]byte("v=0\r\nc=IN IP4 " + test.connection + "\r\nm=video 6000 RTP/AVP 31 34\r\n" +
				"m=audio 4000 RTP/AVP 18 0 8 96\r\na=rtpmap:96 telephone-event/8000\r\n" + test.attributes))
			if err != nil {
				t.Fatal(err)
			}
			port := strconv.Itoa(s.port)
			want := "m=video 0 RTP/AVP 31 34\r\nm=audio " + port + " RTP/AVP 0 96\r\na=rtpmap:0 PCMU/8000\r\n" +
				"a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=ptime:20\r\na=" + test.want + "\r\n"
			if _, streams, _ := strings.Cut(string(got), "t=0 0\r\n"); streams != want {
				t.Errorf("the answer is\n%s\nwant\n%s", streams, want)
			}
		})
	}
	s := newSession(t, e, Settings{})
	if _, err := s.Reoffer([]byte("v=0\r\nc=IN IP4 192.0.2.9\r\nm=image 4000 udptl t38\r\n")); !errors.Is(err, errNoStream) {
		t.Errorf("an offer of a fax: %v", err)
	}
}

// FuzzSDP looks for descriptions that stop the program, and for offers whose answer cannot
// be read.
func FuzzSDP(f *testing.F) {
	f.Add([]byte("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000/2 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n"))
	f.Add([]byte("v=0\nm=audio 4000 RTP/SAVP 0\nc=IN IP6 ::1%x\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw|2^31\n"))
	e, err := Open(Options{First: 32000, Last: 32999, Bind: loopback})
	if err != nil {
		f.Fatal(err)
	}
	codecs := []trunk.Codec{trunk.PCMA, trunk.PCMU}
	sessions := []*Session{{engine: e, settings: Settings{Codecs: codecs}}, {engine: e, settings: Settings{Codecs: codecs, SRTP: true}}}
	f.Fuzz(func(t *testing.T, sdp []byte) {
		streams, err := parseSDP(sdp)
		if err != nil {
			return
		}
		for _, s := range sessions {
			i, p, err := s.choose(streams)
			if err != nil {
				continue
			}
			again, err := parseSDP(s.answer(streams, i, &p))
			if err != nil || len(again) != len(streams) {
				t.Fatalf("our answer has %d streams for %d, and the error %v", len(again), len(streams), err)
			}
			if got, _, ok := again[i].find(p.law.name); !ok || got != p.law.name {
				t.Fatalf("our answer does not have %s", p.law.name)
			}
		}
	})
}
