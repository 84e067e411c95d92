package main

import (
	"strings"
	"unsafe"
)

// takeArgs returns a copy of the program's arguments, and makes the passwords of URLs in
// the originals unreadable: the system shows those to every user of the machine, as ps
// does. They are readable until here, so the environment is the better place for them.
func takeArgs(args []string) []string {
	taken := make([]string, len(args))
	for i, arg := range args {
		taken[i] = strings.Clone(arg)
		shown := withoutSecrets(taken[i])
		if shown == taken[i] || len(arg) == 0 {
			continue
		}
		// The runtime's strings are the system's own memory, which may be written.
		system := unsafe.Slice(unsafe.StringData(arg), len(arg))
		n := copy(system, shown)
		clear(system[n:])
	}
	return taken
}
