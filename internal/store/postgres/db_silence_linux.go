package postgres

import (
	"errors"
	"strings"
	"syscall"
)

// tcpUserTimeout is TCP_USER_TIMEOUT, which package syscall does not define on every
// architecture.
const tcpUserTimeout = 0x12

// limitSilence sets the TCP user timeout: a connection ends when the peer acknowledges
// nothing for silenceLimit. Without it, TCP retransmits for a quarter of an hour.
func limitSilence(network, _ string, conn syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var err error
	controlErr := conn.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(silenceLimit.Milliseconds()))
	})
	return errors.Join(controlErr, err)
}
