package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const (
	// defaultServer is the URL of "callbook serve" by default.
	defaultServer = "http://127.0.0.1:8080"
	// probes is how many servers are probed, and probeTimeout how long each may take to
	// answer.
	probes       = 4
	probeTimeout = 2 * time.Second
)

// runningServer returns the first URL at which a server answers. If none does, it returns
// the first URL or the default, and a note that says so.
func runningServer(ctx context.Context, urls []string) (url, note string) {
	for _, url := range urls[:min(len(urls), probes)] {
		if status, err := probeServer(ctx, url+"/healthz", probeTimeout); err == nil && status == http.StatusOK {
			return url, ""
		}
	}
	if len(urls) == 0 {
		return defaultServer, fmt.Sprintf("no server with a dashboard runs on this database. Start one with \"callbook serve\"; the link is for %s, and --base-url names another address", defaultServer)
	}
	return urls[0], fmt.Sprintf("no server answers at %s from here. If it has stopped, start it with \"callbook serve\"; --base-url names another address", urls[0])
}
