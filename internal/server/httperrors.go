package server

import (
	"log/slog"
	"strings"
)

// httpErrors logs what net/http has to say, a line each Write, without what a
// client sent or where from: net/http quotes addresses, header fields and the
// values of panics.
type httpErrors struct{ log *slog.Logger }

// Write implements io.Writer.
func (h httpErrors) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	switch {
	case strings.HasPrefix(text, "http: Accept error: "), strings.HasPrefix(text, "http: superfluous response.WriteHeader call from "):
		// The first is the operating system's error, the second names our code.
		h.log.Warn("the HTTP server reports an error", "error", text)
	case strings.HasPrefix(text, "http: panic serving "):
		// A panic in a handler is caught before, so this one is of the server itself.
		// Its value may have several lines.
		_, stack, _ := strings.Cut(text, "\ngoroutine ")
		h.log.Error("the HTTP server caught a panic", "stack", "goroutine "+stack)
	case strings.HasPrefix(text, "http: URL query contains semicolon"):
		// It is the caller's mistake, and each such request would be a line.
	default:
		h.log.Warn("the HTTP server reports an error of a connection")
	}
	return len(line), nil
}
