package sip_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"callbook/internal/test/siptest"
)

// program is a SIP program of others that runs. It ends with the test.
type program struct {
	t    *testing.T
	dir  string // where it runs, and its files are
	stop func() // ends it and waits until it has ended

	mu      sync.Mutex
	output  []byte
	changed chan struct{}
}

// installed returns the path of a program. Debian keeps some of them where PATH seldom
// leads.
func installed(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		missing(t, name)
	}
	return path
}

// missing skips a test for want of a tool, and fails it on a build server, where everything
// is to be there.
func missing(t *testing.T, what string) {
	t.Helper()
	const hint = "make test installs what it can"
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing, and CI=true allows no skip; %s", what, hint)
	}
	t.Skipf("%s is missing; %s", what, hint)
}

// launch starts a program in a folder with these files.
func launch(t *testing.T, dir string, files map[string]string, path string, args ...string) *program {
	t.Helper()
	p := &program{t: t, dir: dir, changed: make(chan struct{})}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = p.dir, p, p, 5*time.Second
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	p.stop = sync.OnceFunc(func() {
		cancel()
		_ = cmd.Wait() // the signal is its error
	})
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s printed:\n%s", filepath.Base(path), p.output)
		}
	})
	return p
}

// Write takes what the program prints.
func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.output = append(p.output, b...)
	close(p.changed)
	p.changed = make(chan struct{})
	return len(b), nil
}

// await waits until the program has printed a text.
func (p *program) await(text string) {
	p.t.Helper()
	late := time.NewTimer(siptest.Patience)
	defer late.Stop()
	for {
		p.mu.Lock()
		there, changed := bytes.Contains(p.output, []byte(text)), p.changed
		p.mu.Unlock()
		if there {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			p.t.Fatalf("it never printed %q", text)
		}
	}
}

// answers waits until a program answers OPTIONS over UDP.
func (p *program) answers(addr netip.AddrPort) {
	p.t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	buf := make([]byte, 1500)
	for begun := time.Now(); time.Since(begun) < siptest.Patience; <-again.C {
		_, err := fmt.Fprintf(conn, "OPTIONS sip:%v SIP/2.0\r\nVia: SIP/2.0/UDP %v;branch=z9hG4bKready;rport\r\nMax-Forwards: 70\r\n"+
			"From: <sip:test@localhost>;tag=test\r\nTo: <sip:%v>\r\nCall-ID: ready\r\nCSeq: 1 OPTIONS\r\nContact: <sip:test@%v>\r\nContent-Length: 0\r\n\r\n",
			addr, conn.LocalAddr(), addr, conn.LocalAddr())
		if err != nil {
			continue // nothing listens yet
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := conn.Read(buf); err == nil {
			return
		}
	}
	p.t.Fatal("it never answered OPTIONS")
}

// ownAddress returns an address of loopback of a program's own, so that nobody takes its
// ports before it has opened them, and a port that the kernel chose there.
func ownAddress(t *testing.T) netip.AddrPort {
	t.Helper()
	ip := net.IPv4(127, byte(1+rand.N(254)), byte(rand.N(256)), byte(1+rand.N(254)))
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort()
}
