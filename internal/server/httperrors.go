package server

import (
	"log/slog"
	"strings"
)

// httpErrors logs the errors of net/http, one per Write. It leaves out what clients have
// sent and their addresses: net/http quotes addresses, header fields and the values of
// panics.
type httpErrors struct{ log *slog.Logger }

// Write implements io.Writer.
func (h httpErrors) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	switch {
	case strings.HasPrefix(text, "http: Accept error: "), strings.HasPrefix(text, "http: superfluous response.WriteHeader call from "):
		// The first has an error of the operating system, the second the name of our
		// function.
		h.log.Warn("the HTTP server reports an error", "error", text)
	case strings.HasPrefix(text, "http: panic serving "):
		// The server recovers panics of handlers itself, so this panic was outside of
		// them. The value before the stack may have several lines.
		_, stack, _ := strings.Cut(text, "\ngoroutine ")
		h.log.Error("the HTTP server caught a panic", "stack", "goroutine "+stack)
	case strings.HasPrefix(text, "http: URL query contains semicolon"):
		// This is the client's mistake. Logging it would let clients fill the log.
	case strings.HasPrefix(text, tlsError):
		// So is this, or it is the probe of a load balancer, which only connects.
		h.log.Debug("a client and the server did not agree on TLS", "reason", tlsReason(text))
	default:
		h.log.Warn("the HTTP server reports an error of a connection")
	}
	return len(line), nil
}

// tlsError begins a line about a TLS handshake. The client's address and a reason follow.
const tlsError = "http: TLS handshake error from "

// tlsReason returns the reason in such a line, if it has nothing in it that a client has
// sent, or "other".
func tlsReason(line string) string {
	_, reason, _ := strings.Cut(strings.TrimPrefix(line, tlsError), ": ")
	for _, fixed := range []string{
		"EOF", "client sent an HTTP request to an HTTPS server", "tls: first record does not look like a TLS handshake",
		"tls: client offered only unsupported versions: ", "tls: no cipher suite supported by both client and server", "remote error: tls: ",
	} {
		if strings.HasPrefix(reason, fixed) {
			return reason
		}
	}
	return "other"
}
