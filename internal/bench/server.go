package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startLimit = 30 * time.Second
	stopLimit  = 40 * time.Second // the server itself waits 30 s for requests in flight
)

// build compiles callbook into the directory, with the profiler or without,
// and returns the binary's path.
func build(ctx context.Context, dir string, profiled bool) (string, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", errors.New("build callbook: this program does not know its own module")
	}
	binary := filepath.Join(dir, "callbook.exe") // the suffix matters on Windows only
	pkg := info.Main.Path + "/cmd/callbook"
	args := []string{"build", "-trimpath", "-o", binary}
	if profiled {
		path, err := overlay(ctx, dir, pkg)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay", path)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as the Makefile does
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build callbook: %w\n%s", err, out)
	}
	return binary, nil
}

// credentials let a client into an account.
type credentials struct {
	Account string `json:"account_sid"`
	Key     string `json:"api_key"`
	Token   string `json:"api_token"`
}

// server is a running "callbook serve".
type server struct {
	process
	database
	url    string
	first  credentials // of the account that the database's first server made by itself
	binary string
	remove func() error // what was made for it; nil where that is another's to do

	cmd    *exec.Cmd
	cancel context.CancelFunc
	ended  chan struct{} // closed when the process is gone
	stdout output
	stderr output
}

// The lines of the server's greeting.
var (
	urlLine     = regexp.MustCompile(`(?m)^callbook is listening on (http://\S+)$`)
	accountLine = regexp.MustCompile(`(?m)^  account sid  (\S+)$`)
	keyLine     = regexp.MustCompile(`(?m)^  api key      (\S+)$`)
	tokenLine   = regexp.MustCompile(`(?m)^  api token    (\S+)$`)
)

// startServer starts a server on a new database, whose files, if it has any, are
// in the directory, and which is removed with the server. When ctx ends the
// server is told to stop too.
func (l *lab) startServer(ctx context.Context, dir string) (*server, error) {
	db, err := l.engine.newDatabase(ctx, dir)
	if err != nil {
		return nil, err
	}
	s, err := launch(ctx, l.binary, db, credentials{})
	if err != nil {
		return nil, errors.Join(err, db.remove())
	}
	s.remove = sync.OnceValue(db.remove)
	return s, nil
}

// again starts a server on the same database, after this one has ended.
func (s *server) again(ctx context.Context) (*server, error) {
	next, err := launch(ctx, s.binary, s.database, s.first)
	if err != nil {
		return nil, errors.Join(err, s.remove())
	}
	next.remove = s.remove
	return next, nil
}

// beside starts one more server on the same database, which must be stopped
// before this one.
func (s *server) beside(ctx context.Context) (*server, error) {
	return launch(ctx, s.binary, s.database, s.first)
}

// launch starts a server on a database that is new, or knows the credentials.
func launch(ctx context.Context, binary string, db database, known credentials) (*server, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{
		database: db,
		first:    known,
		binary:   binary,
		cancel:   cancel,
		ended:    make(chan struct{}),
	}
	s.cmd = exec.CommandContext(ctx, binary, "serve", "--addr", "127.0.0.1:0", "--db", db.name(), "--log-level", "warn")
	s.cmd.Env = cleanEnv()
	s.cmd.Stdout, s.cmd.Stderr = &s.stdout, &s.stderr
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = stopLimit
	if err := s.cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("start callbook: %w", err)
	}
	s.process = process{pid: s.cmd.Process.Pid}
	go func() {
		_ = s.cmd.Wait() // how it ended is read from ProcessState
		close(s.ended)
	}()
	if err := s.awaitGreeting(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// awaitGreeting waits for the server to say where it listens and how to get
// in.
func (s *server) awaitGreeting(ctx context.Context) error {
	deadline := time.After(startLimit)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		greeting := s.stdout.String()
		s.url = lineValue(urlLine, greeting)
		if s.url != "" && s.first != (credentials{}) {
			return nil
		}
		if token := lineValue(tokenLine, greeting); token != "" {
			s.first = credentials{
				Account: lineValue(accountLine, greeting),
				Key:     lineValue(keyLine, greeting),
				Token:   token,
			}
			return nil
		}
		select {
		case <-poll.C:
		case <-s.ended:
			return errors.New("the server ended instead of starting")
		case <-deadline:
			return fmt.Errorf("the server did not start within %s", startLimit)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func lineValue(line *regexp.Regexp, text string) string {
	if found := line.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

// stop ends the server with SIGTERM, or by force when it does not go, and removes
// its database. It may be called twice.
func (s *server) stop() (err error) {
	s.cancel()
	<-s.ended // within stopLimit, see WaitDelay
	if s.cmd.ProcessState.ExitCode() != 0 {
		err = fmt.Errorf("the server did not end well: %s\n%s", s.cmd.ProcessState, s.stderr.String())
	}
	if s.remove != nil {
		err = errors.Join(err, s.remove())
	}
	return err
}

// kill ends the server as a power cut would.
func (s *server) kill() error {
	err := s.cmd.Process.Kill()
	<-s.ended
	s.cancel()
	if err != nil {
		return fmt.Errorf("kill the server: %w", err)
	}
	return nil
}

// newAccount makes one more account in the server's database, with a key.
func (s *server) newAccount(ctx context.Context, sid string) (credentials, error) {
	if _, err := s.command(ctx, "account", "create", sid); err != nil {
		return credentials{}, err
	}
	out, err := s.command(ctx, "key", "create", "--account", sid, "--json")
	if err != nil {
		return credentials{}, err
	}
	var c credentials
	if err := json.Unmarshal(out, &c); err != nil {
		return credentials{}, fmt.Errorf("read the new key of account %s: %w", sid, err)
	}
	return c, nil
}

// command runs another callbook command on the server's database.
func (s *server) command(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, s.binary, append(args, "--db", s.name())...)
	cmd.Env = cleanEnv()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("callbook %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

// cleanEnv is the environment without what would change callbook's flags.
func cleanEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CALLBOOK_") {
			env = append(env, v)
		}
	}
	return env
}

// output collects what a running process prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// maxOutput is enough for the greeting and for the first of many errors.
const maxOutput = 64 << 10

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p[:min(len(p), maxOutput-o.text.Len())])
	return len(p), nil
}

// String returns the beginning of what was printed so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
