package clientaddr_test

import (
	"net/http"
	"net/netip"
	"testing"

	"callbook/internal/clientaddr"
)

func TestOf(t *testing.T) {
	t.Parallel()
	trusted := clientaddr.Proxies{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd00::/8"),
	}
	const proxy, unknown = "10.0.0.1:4711", "invalid IP"
	for _, tt := range []struct {
		peer      string
		forwarded []string // Forwarded
		legacy    []string // X-Forwarded-For
		want      string
	}{
		{peer: "192.0.2.1:80", want: "192.0.2.1"},
		{peer: "[2001:db8::1%eth0]:80", want: "2001:db8::1"},
		{peer: "[::ffff:192.0.2.1]:80", want: "192.0.2.1"},
		{peer: "@", want: unknown},
		// Nobody but a trusted proxy is believed.
		{peer: "192.0.2.1:80", legacy: []string{"198.51.100.9"}, want: "192.0.2.1"},
		{peer: "192.0.2.1:80", forwarded: []string{"for=198.51.100.9"}, want: "192.0.2.1"},

		{peer: proxy, want: "10.0.0.1"},
		{peer: "[::ffff:10.0.0.1]:4711", legacy: []string{"198.51.100.9"}, want: "198.51.100.9"},
		{peer: proxy, legacy: []string{"198.51.100.9"}, want: "198.51.100.9"},
		{peer: proxy, legacy: []string{"203.0.113.7, 198.51.100.9"}, want: "198.51.100.9"}, // the left one is the client's word
		{peer: proxy, legacy: []string{"203.0.113.7", "198.51.100.9"}, want: "198.51.100.9"},
		{peer: proxy, legacy: []string{"203.0.113.7, 198.51.100.9 ,10.2.3.4,\t127.0.0.1"}, want: "198.51.100.9"},
		{peer: proxy, legacy: []string{"10.9.9.9, 10.8.8.8"}, want: "10.9.9.9"},
		{peer: proxy, legacy: []string{"198.51.100.9:55"}, want: "198.51.100.9"},
		{peer: proxy, legacy: []string{"2001:db8::7"}, want: "2001:db8::7"},
		{peer: proxy, legacy: []string{"[2001:db8::7]"}, want: "2001:db8::7"},
		{peer: proxy, legacy: []string{"[2001:db8::7]:55"}, want: "2001:db8::7"},
		{peer: proxy, legacy: []string{"fe80::7%eth0"}, want: "fe80::7"},
		{peer: proxy, legacy: []string{"::ffff:198.51.100.9"}, want: "198.51.100.9"},
		{peer: proxy, legacy: []string{"garbage, 198.51.100.9"}, want: "198.51.100.9"}, // it is not read so far
		{peer: proxy, legacy: []string{"198.51.100.9, garbage"}, want: unknown},
		{peer: proxy, legacy: []string{"198.51.100.9,"}, want: unknown},
		{peer: proxy, legacy: []string{""}, want: unknown},
		{peer: proxy, legacy: []string{"unknown"}, want: unknown},
		{peer: proxy, legacy: []string{"[198.51.100.9]"}, want: unknown},
		{peer: proxy, legacy: []string{"198.51.100.999"}, want: unknown},
		{peer: proxy, legacy: []string{`"198.51.100.9"`}, want: unknown},

		{peer: proxy, forwarded: []string{"for=198.51.100.9"}, want: "198.51.100.9"},
		{peer: proxy, forwarded: []string{`For="198.51.100.9:55";proto=https;by=10.0.0.1`}, want: "198.51.100.9"},
		{peer: proxy, forwarded: []string{`proto=https; for="[2001:db8::7]:55"`}, want: "2001:db8::7"},
		{peer: proxy, forwarded: []string{`for="[2001:db8::7]"`}, want: "2001:db8::7"},
		{peer: proxy, forwarded: []string{`for="\1\98.51.100.9"`}, want: "198.51.100.9"},
		{peer: proxy, forwarded: []string{`for=203.0.113.7, for=198.51.100.9;by=x , for="[fd00::1]"`}, want: "198.51.100.9"},
		{peer: proxy, forwarded: []string{`for=203.0.113.7`, `for=198.51.100.9`}, want: "198.51.100.9"},
		{peer: proxy, forwarded: []string{`for="x,for=203.0.113.7", for=198.51.100.9`}, want: "198.51.100.9"},
		{peer: proxy, forwarded: []string{`by="a,b;c=\"";for=198.51.100.9`}, want: "198.51.100.9"},
		{peer: proxy, forwarded: []string{`nonsense, for=198.51.100.9`}, want: "198.51.100.9"},
		{peer: proxy, forwarded: []string{`for=198.51.100.9, nonsense`}, want: unknown},
		{peer: proxy, forwarded: []string{`for=198.51.100.9;for=203.0.113.7`}, want: unknown},
		{peer: proxy, forwarded: []string{`for=_hidden`}, want: unknown},
		{peer: proxy, forwarded: []string{`for=unknown`}, want: unknown},
		{peer: proxy, forwarded: []string{`for="198.51.100.9`}, want: unknown},
		{peer: proxy, forwarded: []string{`for="198.51.100.9\`}, want: unknown},
		{peer: proxy, forwarded: []string{`for=198.51.100.9 x`}, want: unknown},
		{peer: proxy, forwarded: []string{`for=`}, want: unknown},
		{peer: proxy, forwarded: []string{`proto=https`}, want: unknown},
		{peer: proxy, forwarded: []string{``}, want: unknown},

		// The proxy writes one of them, and passes on what the client put into the
		// other.
		{peer: proxy, forwarded: []string{"for=198.51.100.9"}, legacy: []string{"198.51.100.9"}, want: "198.51.100.9"},
		{peer: proxy, forwarded: []string{"for=203.0.113.7"}, legacy: []string{"198.51.100.9"}, want: unknown},
		{peer: proxy, forwarded: []string{"nonsense"}, legacy: []string{"198.51.100.9"}, want: unknown},
	} {
		r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{}}
		if tt.forwarded != nil {
			r.Header["Forwarded"] = tt.forwarded
		}
		if tt.legacy != nil {
			r.Header["X-Forwarded-For"] = tt.legacy
		}
		if got := trusted.Of(r).String(); got != tt.want {
			t.Errorf("peer %s, Forwarded %q, X-Forwarded-For %q: got %s, want %s", tt.peer, tt.forwarded, tt.legacy, got, tt.want)
		}
	}
	r := &http.Request{RemoteAddr: proxy, Header: http.Header{"X-Forwarded-For": {"198.51.100.9"}}}
	if got := clientaddr.Proxies(nil).Of(r).String(); got != "10.0.0.1" {
		t.Errorf("with no trusted proxy: got %s", got)
	}
}

// FuzzForwarded: whatever a proxy passes on, the answer is one of the addresses
// that the headers name or the peer, and what a trusted proxy appends counts.
func FuzzForwarded(f *testing.F) {
	f.Add(`for="[2001:db8::7]:55";by=x, for=1.2.3.4`, "1.2.3.4, ::1")
	f.Add(`for="`, `,`)
	trusted := clientaddr.Proxies{netip.MustParsePrefix("10.0.0.1/32")}
	f.Fuzz(func(t *testing.T, standard, legacy string) {
		for _, header := range []http.Header{
			{"Forwarded": {standard, "for=198.51.100.9"}}, {"X-Forwarded-For": {legacy, "198.51.100.9"}},
		} {
			if got := trusted.Of(&http.Request{RemoteAddr: "10.0.0.1:1", Header: header}); got.String() != "198.51.100.9" {
				t.Errorf("%q: got %s", header, got)
			}
		}
	})
}
