package main

import (
	"fmt"
	"runtime/debug"
)

type versionCmd struct{}

// Run prints what the Go toolchain stamped into the binary.
func (versionCmd) Run(std streams) error {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	_, err := fmt.Fprintln(std.out, "callbook", version)
	return err
}
