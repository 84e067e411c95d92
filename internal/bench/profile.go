package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// profiler is the source that lets the server be profiled. An overlay adds it
// to the build, so that what people run has no such door.
//
//go:embed profile.go.txt
var profiler []byte

// profileLine is where the profiler says that it listens.
var profileLine = regexp.MustCompile(`(?m)^profiles are on (http://\S+)$`)

// profileLimit is how long the profiler may take to answer.
const profileLimit = 10 * time.Second

// overlay writes what go build needs to add the profiler to the package, and
// returns the file to name with -overlay.
func overlay(ctx context.Context, dir, pkg string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", pkg).Output()
	if err != nil {
		return "", fmt.Errorf("find the sources of %s: %w", pkg, err)
	}
	source := filepath.Join(dir, "profile.go")
	added := filepath.Join(strings.TrimSpace(string(out)), "profile_overlay.go")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {added: source}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	err = errors.Join(os.WriteFile(source, profiler, 0o600), os.WriteFile(path, list, 0o600))
	if err != nil {
		return "", fmt.Errorf("write the overlay: %w", err)
	}
	return path, nil
}

// startProfile begins to record where the server's processor time goes.
func (s *server) startProfile(ctx context.Context) error {
	_, err := s.profiler(ctx, "/start")
	return err
}

// saveProfile ends the recording and writes it to a file.
func (s *server) saveProfile(ctx context.Context, path string) error {
	profile, err := s.profiler(ctx, "/stop")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, profile, 0o644); err != nil {
		return fmt.Errorf("write the profile: %w", err)
	}
	return nil
}

func (s *server) profiler(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, profileLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, lineValue(profileLine, s.stdout.String())+path, nil)
	if err != nil {
		return nil, fmt.Errorf("profile the server: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("profile the server: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, answer)
	}
	if err != nil {
		return nil, fmt.Errorf("profile the server: %w", err)
	}
	return answer, nil
}
