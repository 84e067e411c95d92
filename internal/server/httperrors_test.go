package server

import (
	"log/slog"
	"strings"
	"testing"
)

// TestHTTPErrors: what net/http says is logged without what a client sent.
func TestHTTPErrors(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"http: Accept error: accept tcp 127.0.0.1:8080: accept4: too many open files; retrying in 5ms\n":       "too many open files",
		"http: panic serving 192.0.2.1:4711: Zqxjmarker\ngoroutine 7 [running]:\nmain.f()\n":                   `"stack":"goroutine 7 [running]`,
		"http: panic serving 192.0.2.1:4711: of\nmany lines: Zqxjmarker\n\ngoroutine 7 [running]:\nmain.f()\n": `"stack":"goroutine 7 [running]`,
		"http: TLS handshake error from 192.0.2.1:4711: Zqxjmarker\n":                                          `"level":"DEBUG","msg":"a client and the server did not agree on TLS","reason":"other"`,
		"http: TLS handshake error from [::1]:4711: remote error: tls: unknown certificate authority\n":        `"reason":"remote error: tls: unknown certificate authority"`,
		"http: TLS handshake error from 192.0.2.1:4711: EOF\n":                                                 `"reason":"EOF"`,
		"http: something new about 192.0.2.1 and Zqxjmarker\n":                                                 "an error of a connection",
		"http: URL query contains semicolon, which is no longer a supported separator\n":                       "",
	} {
		var log strings.Builder
		h := httpErrors{slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
		if n, err := h.Write([]byte(line)); n != len(line) || err != nil {
			t.Errorf("%q: wrote %d, %v", line, n, err)
		}
		got := log.String()
		if !strings.Contains(got, want) || (want == "") != (got == "") || strings.Contains(got, "192.0.2.1") || strings.Contains(got, "Zqxjmarker") {
			t.Errorf("%q: logged is %q", line, got)
		}
	}
}
