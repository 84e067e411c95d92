package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"syscall"
)

// checkAddr returns an error if addr, the value of a flag, cannot be an address to listen
// on. It does not check whether the host belongs to this machine.
func checkAddr(flag, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if n, numErr := strconv.Atoi(addr); err != nil && numErr == nil && n >= 0 {
		return fmt.Errorf("%s %q has no colon before the port: write it as 127.0.0.1:%[3]d or :%[3]d", flag, addr, n)
	}
	if err != nil {
		return fmt.Errorf("%s %q is not a host and a port: write it as 127.0.0.1:8080, [::1]:8080 or :8080", flag, addr)
	}
	if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return fmt.Errorf("%s %q: the port must be a number from 0 to 65535, as in 127.0.0.1:8080 or :8080", flag, addr)
	}
	return nil
}

// listen listens on an address that [checkAddr] has accepted for the flag.
func listen(flag, addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err == nil {
		return ln, nil
	}
	_, unknown := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s %s is in use by another program, perhaps by another callbook: end that one, or take another port, as %[1]s 127.0.0.1:8081 (port 0 takes a free one)", flag, addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL), unknown:
		return nil, fmt.Errorf("%s %s is no address of this machine: write 127.0.0.1 to listen for this machine alone, or 0.0.0.0 for all of its networks", flag, addr)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s %s: this user may not listen on that port, since the system keeps those below 1024: take a higher one, as %[1]s 127.0.0.1:8080", flag, addr)
	}
	return nil, fmt.Errorf("%s %s: %w", flag, addr, err)
}
