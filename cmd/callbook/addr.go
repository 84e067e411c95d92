package main

import (
	"fmt"
	"net"
	"strconv"
)

// checkAddr refuses an address that nobody can listen on. Whether the host is one
// of this machine, only listening tells.
func checkAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if n, numErr := strconv.Atoi(addr); err != nil && numErr == nil && n >= 0 {
		return fmt.Errorf("--addr %q has no colon before the port: write it as 127.0.0.1:%[2]d or :%[2]d", addr, n)
	}
	if err != nil {
		return fmt.Errorf("--addr %q is not a host and a port: write it as 127.0.0.1:8080, [::1]:8080 or :8080", addr)
	}
	if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return fmt.Errorf("--addr %q: the port must be a number from 0 to 65535, as in 127.0.0.1:8080 or :8080", addr)
	}
	return nil
}
