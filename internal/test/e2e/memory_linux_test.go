package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestPeakMemory: whatever one account leaves unread and unfinished, the server
// takes no more memory than it says, and another account is served. It is not
// parallel: its 5,000 connections would have others wait for too long.
func TestPeakMemory(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("long, and what it measures is the server as it is built for use")
	}
	db := newDB(t)
	greedy, other := newAccount(t, db, "greedy"), newAccount(t, db, "other")
	s := startServer(t, db)
	for from := 0; from < 3000; from += 1000 {
		newClient(t, s, greedy).mustPost(t, people(from, 1000, 12_000)...)
	}
	contacts := "/v2/accounts/greedy/contacts"

	// Answers that nobody reads, of 12 MB each, and exports.
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() { s.raw(t, greedy, "GET "+contacts+"?limit=1000", "", "") })
	}
	for range 10 {
		all.Go(func() { s.raw(t, greedy, "GET "+contacts+"/export", "", "") })
	}
	all.Wait()
	// Of contacts that are there already, the answer is a hundred times the
	// request.
	var numbers strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&numbers, `,{"number":"+91981%07d"}`, i)
	}
	again := `{"contacts":[` + numbers.String()[1:] + `]}`
	for range 20 {
		all.Go(func() { s.raw(t, greedy, "POST "+contacts, fmt.Sprintf("Content-Length: %d\r\n", len(again)), again) })
	}
	// Bodies that nobody ends.
	part := `{"contacts":[{"number":"` + strings.Repeat("9", 4<<20)
	for range 20 {
		all.Go(func() { s.raw(t, greedy, "POST "+contacts, "Content-Length: 33000000\r\n", part) })
	}
	all.Wait()
	// Connections that send nothing, more than there may be.
	for range 5000 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	c := newClient(t, s, other)
	c.mustPost(t, people(0, 5000, 10)...)
	if got, err := c.call("GET", "/contacts?limit=1000", nil); err != nil || got.status != http.StatusOK {
		t.Errorf("the other account's page: got %d, %v", got.status, err)
	}
	// The greedy one is told that it is its own doing.
	got, err := newClient(t, s, greedy).call("GET", "/contacts?limit=1000", nil)
	if err != nil || got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
		t.Errorf("the greedy account's page: got %d, %v", got.status, err)
	}
	if got := memory(t, s, "VmHWM:"); got > maxPeak {
		t.Errorf("the server took %d bytes, more than %d", got, maxPeak)
	} else {
		t.Logf("the server took %d bytes at most", got)
	}
	s.kill(t) // a stop would wait for what nobody reads
}

// people are contacts with a custom_field of some bytes.
func people(from, count, size int) []contact {
	all := make([]contact, count)
	for i := range all {
		all[i].Number = fmt.Sprintf("+91981%07d", from+i)
		all[i].CustomField = json.RawMessage(`{"a":"` + strings.Repeat("x", size) + `"}`)
	}
	return all
}

// raw sends a request, or what there is of one, on a connection of its own, and
// reads no more than the first byte of its answer. A request that has no end gets
// none.
func (s *server) raw(t *testing.T, as credentials, line, header, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Error(err)
		return
	}
	t.Cleanup(func() { conn.Close() })
	// It takes little of an answer into its own buffers.
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Error(err)
	}
	request := fmt.Sprintf("%s HTTP/1.1\r\nHost: test\r\nAuthorization: Basic %s\r\nContent-Type: application/json\r\n%s\r\n%s",
		line, base64.StdEncoding.EncodeToString([]byte(as.APIKey+":"+as.APIToken)), header, body)
	// What the server does not take, or does not answer, in this time it has not
	// the memory for, or is waiting for the rest.
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		t.Error(err)
	}
	if _, err := conn.Write([]byte(request)); err == nil {
		_, _ = conn.Read(make([]byte, 1))
	}
}

// TestTooLittleMemory: a server that could not take one request of the largest
// size does not start.
func TestTooLittleMemory(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--memory", "256"}, "--memory 256 is too little for --max-body 32, which needs 512; with --max-body 1, 140 is enough"},
		{[]string{"--memory", "256", "--max-body", "16"}, "--memory 256 is too little for --max-body 16, which needs 320; with --max-body 1, 140 is enough"},
		{[]string{"--connections=-1"}, "--connections -1 is too little: it must be 0 or more"},
	} {
		got := callbook(t, append([]string{"serve", "--addr", "127.0.0.1:0", "--db", newDB(t)}, tt.args...)...)
		if got.code == 0 || !strings.Contains(got.stderr, tt.want) {
			t.Errorf("%v: exit code %d, %q", tt.args, got.code, got.stderr)
		}
	}
}
