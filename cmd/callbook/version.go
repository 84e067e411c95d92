package main

import (
	"fmt"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

type versionCmd struct{}

// versionFlag is the flag --version, which does the same as the command.
type versionFlag bool

// BeforeReset prints the version and exits, whatever the other arguments are.
func (versionFlag) BeforeReset(app *kong.Kong, std streams) error {
	err := versionCmd{}.Run(std)
	app.Exit(0)
	return err
}

// Run prints the version.
func (versionCmd) Run(std streams) error {
	_, err := fmt.Fprintln(std.out, "callbook", version())
	return err
}

// version returns the version that the Go toolchain has recorded in the binary.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
