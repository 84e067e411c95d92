package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// server is a running "callbook serve".
type server struct {
	process
	db, dir string
	url     *url.URL
	cmd     *exec.Cmd
	stderr  bytes.Buffer
}

// withServer runs f with a server on a new database, and with a key of an account.
func (l *lab) withServer(ctx context.Context, f func(*server, credentials) error) (err error) {
	dir, err := os.MkdirTemp(l.Dir, "callbook-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := l.engine.database(ctx, dir)
	if err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	s, err := l.launch(ctx, db)
	if err != nil {
		return err
	}
	s.dir = dir
	defer func() { err = errors.Join(err, s.stop()) }()
	auth, err := l.account(ctx, db, "bench")
	if err != nil {
		return err
	}
	return f(s, auth)
}

// launch starts a server on a database, with more flags. It is killed when ctx ends.
func (l *lab) launch(ctx context.Context, db string, flags ...string) (*server, error) {
	s := &server{db: db, cmd: exec.CommandContext(ctx, l.Binary, append([]string{"serve", "--db", db, "--addr", "127.0.0.1:0", "--no-bootstrap", "--log-level", "warn"}, flags...)...)}
	s.cmd.Stderr = &s.stderr
	stdout, err := s.cmd.StdoutPipe()
	if err = errors.Join(err, s.cmd.Start()); err != nil {
		return nil, fmt.Errorf("start callbook: %w", err)
	}
	s.process = process(s.cmd.Process.Pid)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if at, found := strings.CutPrefix(lines.Text(), "callbook is listening on "); found {
			s.url, err = url.Parse(at + "/")
			return s, err
		}
	}
	return nil, errors.Join(errors.New("the server ended instead of starting"), s.stop())
}

// stop lets the server end.
func (s *server) stop() error {
	if s.cmd.Process.Signal(os.Interrupt) == nil && s.cmd.Wait() == nil {
		return nil
	}
	return fmt.Errorf("the server did not end well: %s\n%s", s.cmd.ProcessState, s.stderr.Bytes())
}

// credentials let a client into an account.
type credentials struct {
	Account string `json:"account_sid"`
	Key     string `json:"api_key"`
	Token   string `json:"api_token"`
}

// account makes an account in a database, with a key.
func (l *lab) account(ctx context.Context, db, sid string) (c credentials, err error) {
	if _, err := l.command(ctx, db, "account", "create", sid); err != nil {
		return c, err
	}
	out, err := l.command(ctx, db, "key", "create", "--account", sid, "--json")
	if err == nil {
		err = json.Unmarshal(out, &c)
	}
	return c, err
}

// command runs a callbook command on a database and returns what it prints.
func (l *lab) command(ctx context.Context, db string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, l.Binary, append(args, "--db", db)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("callbook %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

// process is a running process as Linux accounts for it under /proc. Elsewhere,
// and of process 0, its figures are zero.
type process int

// cpu is the processor time, user and system, of the process and of its children,
// with those that have ended.
func (p process) cpu() (sum time.Duration) {
	for _, pid := range append(bytes.Fields(p.read(fmt.Sprintf("task/%d/children", p))), fmt.Append(nil, int(p))) {
		stat := process(number(pid)).read("stat")
		// The second field is the program's name, which may hold anything.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		for i := 11; i < 15 && i < len(fields); i++ {
			sum += time.Duration(number(fields[i])) * 10 * time.Millisecond // USER_HZ is 100 wherever Go runs on Linux
		}
	}
	return sum
}

// resetPeak makes the peak of the resident memory count from now. Not every system
// permits it; then it is that of the process's whole life.
func (p process) resetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p), []byte("5"), 0)
}

// megabytes is the resident memory: what there is now (VmRSS), or the peak (VmHWM).
func (p process) megabytes(key string) float64 {
	_, rest, _ := bytes.Cut(p.read("status"), []byte("\n"+key+":"))
	kb, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
	return float64(number(kb)<<10) / 1e6
}

func (p process) read(name string) []byte {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p, name))
	return text
}

func number(digits []byte) int {
	n, _ := strconv.Atoi(string(digits))
	return n
}
