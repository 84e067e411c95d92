package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// process is a running process as the kernel accounts for it under /proc.
// Where there is no /proc its figures are zero, and the report leaves them
// out.
type process struct{ pid int }

// tick is the unit of times in /proc/PID/stat: USER_HZ, which is 100 wherever
// Go runs on Linux.
const tick = 10 * time.Millisecond

// cpu is the processor time that the process has used, user and system.
func (p process) cpu() time.Duration {
	stat, err := os.ReadFile(p.file("stat"))
	if err != nil {
		return 0
	}
	// The second field is the program's name, which may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const user, system = 11, 12
	if len(fields) <= system {
		return 0
	}
	return time.Duration(number(fields[user])+number(fields[system])) * tick
}

// resetPeak makes peak count from now. Not every system permits it; then the
// peak is that of the process's whole life.
func (p process) resetPeak() {
	_ = os.WriteFile(p.file("clear_refs"), []byte("5"), 0)
}

// peak is the most memory that was resident, in bytes.
func (p process) peak() int { return p.status("VmHWM:") }

// resident is the memory that is resident now, in bytes.
func (p process) resident() int { return p.status("VmRSS:") }

func (p process) status(key string) int {
	status, err := os.ReadFile(p.file("status"))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("\n"+key))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	return number(fields[0]) << 10 // it is in kB
}

func (p process) file(name string) string { return fmt.Sprintf("/proc/%d/%s", p.pid, name) }

func number(digits []byte) int {
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return 0
	}
	return n
}
