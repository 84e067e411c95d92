package e2e

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// footprint is what a server takes while no client is connected.
type footprint struct {
	heap        int // live bytes after a garbage collection
	descriptors int
	goroutines  int
}

const (
	// maxPeak is the most memory that a server may take, in bytes: the documented
	// bound.
	maxPeak = 512 << 20
	// heapSlack, descriptorSlack and goroutineSlack are how much more than before
	// a server may take after a fault. What a fault leaves behind for each client
	// or request is far more in every test.
	heapSlack       = 16 << 20
	descriptorSlack = 20
	goroutineSlack  = 20
)

// calm waits until the server has closed the connections of clients that are
// gone, and given back what it held for them.
func (tr *trial) calm() {
	tr.t.Helper()
	tr.disconnect()
	limit := tr.idle.heap + heapSlack
	tr.settle(limit)
	if all := collections(tr.s); all[len(all)-1] > limit {
		tr.t.Errorf("the live heap is %d MB, before the fault it was %d", all[len(all)-1]>>20, tr.idle.heap>>20)
	}
}

// disconnect closes this side's connections, and waits until the server has no
// more descriptors open than it had before the fault.
func (tr *trial) disconnect() (open int) {
	tr.t.Helper()
	tr.c.http.CloseIdleConnections()
	if !waitFor(patience, func() bool {
		open = descriptors(tr.t, tr.s)
		return tr.idle.goroutines == 0 || open <= tr.idle.descriptors+descriptorSlack
	}) {
		tr.t.Errorf("the server has %d descriptors open, before the fault it had %d", open, tr.idle.descriptors)
	}
	return open
}

// settle works the server until a garbage collection leaves no more than this
// many live bytes.
func (tr *trial) settle(heap int) {
	tr.t.Helper()
	before := len(collections(tr.s))
	waitFor(patience, func() bool {
		got, err := tr.c.call(http.MethodGet, "/contacts?limit=5000", nil)
		if err != nil || got.status != http.StatusOK {
			tr.t.Fatalf("got %d %.200s (%v)", got.status, got.body, err)
		}
		all := collections(tr.s)
		return len(all) > before && all[len(all)-1] <= heap
	})
}

// measure ends the server with SIGQUIT, at which Go prints all goroutines, as
// soon as its clients' connections are closed.
func (tr *trial) measure() (f footprint) {
	tr.t.Helper()
	if log := tr.s.stderr.String(); strings.Contains(log, "panic") {
		tr.t.Errorf("the log tells of a panic:\n%s", log)
	}
	if all := collections(tr.s); len(all) > 0 {
		f.heap = all[len(all)-1]
	}
	tr.c.http.CloseIdleConnections()
	limit := tr.idle.descriptors + descriptorSlack
	if !waitFor(patience, func() bool {
		f.descriptors = descriptors(tr.t, tr.s)
		return tr.idle.goroutines == 0 || f.descriptors <= limit
	}) {
		tr.t.Errorf("the server has %d descriptors open, before the fault it had %d", f.descriptors, tr.idle.descriptors)
	}
	if err := tr.s.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		tr.t.Fatalf("SIGQUIT: %v", err)
	}
	if !tr.s.awaitEnd() {
		tr.t.Fatal("the server did not end at SIGQUIT")
	}
	f.goroutines = len(goroutine.FindAllString(dumpOf(tr.s), -1))
	return f
}

var (
	goroutine  = regexp.MustCompile(`(?m)^goroutine \d+ .*\[.*\]:$`)
	collection = regexp.MustCompile(`(?m)^gc \d+ @.* \d+->\d+->(\d+) MB, `)
)

// dumpOf is what a server printed that was ended by SIGQUIT.
func dumpOf(s *server) string {
	_, dump, _ := strings.Cut(s.stderr.String(), quitLine)
	return dump
}

// collections are the live bytes that each garbage collection has left.
func collections(s *server) (all []int) {
	for _, line := range collection.FindAllStringSubmatch(s.stderr.String(), -1) {
		megabytes, _ := strconv.Atoi(line[1]) // digits
		all = append(all, megabytes<<20)
	}
	return all
}

// descriptors is how many the server's process has open.
func descriptors(t *testing.T, s *server) int {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

// memory is a figure of /proc/PID/status, in bytes.
func memory(t *testing.T, s *server, key string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), key)
	var kilobytes int
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return kilobytes << 10
}
