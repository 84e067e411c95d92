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
func (p process) cpu() time.Duration { return p.stat(userTime, systemTime) }

// endedCPU is that of all its children that have ended, and of theirs.
func (p process) endedCPU() time.Duration { return p.stat(endedUserTime, endedSystemTime) }

// Fields of /proc/PID/stat after the program's name.
const (
	userTime = 11 + iota
	systemTime
	endedUserTime
	endedSystemTime
)

// stat sums up some of the times that the kernel tells of a process.
func (p process) stat(which ...int) time.Duration {
	stat, err := os.ReadFile(p.file("stat"))
	if err != nil {
		return 0
	}
	// The second field is the program's name, which may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	ticks := 0
	for _, i := range which {
		if i < len(fields) {
			ticks += number(fields[i])
		}
	}
	return time.Duration(ticks) * tick
}

// family is a process and its children; parent is zero where there is none to
// look at.
type family struct{ parent int }

// cpu is the processor time of all of them, with those that have ended.
func (f family) cpu() time.Duration {
	if f.parent == 0 {
		return 0
	}
	parent := process{pid: f.parent}
	sum := parent.cpu() + parent.endedCPU()
	children, err := os.ReadFile(parent.file(fmt.Sprintf("task/%d/children", f.parent)))
	if err != nil {
		return 0
	}
	for _, pid := range bytes.Fields(children) {
		sum += process{pid: number(pid)}.cpu()
	}
	return sum
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
