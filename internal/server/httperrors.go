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
	default:
		h.log.Warn("the HTTP server reports an error of a connection")
	}
	return len(line), nil
}
