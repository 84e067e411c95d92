package main

import (
	"errors"
	"log/slog"
	"net"
	"os"
)

// notifyReady tells the service manager that the server answers requests, if one waits for
// that: sd_notify(3) of systemd, which gives services of Type=notify a socket.
func notifyReady(log *slog.Logger) {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	conn, err := net.Dial("unixgram", socket)
	if err == nil {
		_, err = conn.Write([]byte("READY=1"))
		err = errors.Join(err, conn.Close())
	}
	if err != nil {
		log.Warn("the service manager could not be told that the server is ready", "error", err)
	}
}
