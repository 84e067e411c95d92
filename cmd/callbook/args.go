package main

import (
	"strings"
	"unsafe"
)

// takeArgs returns a copy of the program's arguments, and overwrites the passwords of
// URLs in the originals. The system shows the originals to all users of the machine, for
// example with ps. The passwords are visible until takeArgs returns, so it is better to pass
// them in the environment.
func takeArgs(args []string) []string {
	taken := make([]string, len(args))
	for i, arg := range args {
		taken[i] = strings.Clone(arg)
		shown := withoutSecrets(taken[i])
		if shown == taken[i] || len(arg) == 0 {
			continue
		}
		// The strings of os.Args are in memory that the system has allocated, so they can
		// be overwritten.
		system := unsafe.Slice(unsafe.StringData(arg), len(arg))
		n := copy(system, shown)
		clear(system[n:])
	}
	return taken
}
