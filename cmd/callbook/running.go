package main

import (
	"context"
	"crypto/tls"
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
	client := &http.Client{
		Timeout: probeTimeout,
		// The probe sends nothing, so it need not verify the certificate. The browser
		// will.
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, url := range urls[:min(len(urls), probes)] {
		if healthy(ctx, client, url) {
			return url, ""
		}
	}
	if len(urls) == 0 {
		return defaultServer, fmt.Sprintf("no server with a dashboard runs on this database. Start one with \"callbook serve\"; the link is for %s, and --base-url names another address", defaultServer)
	}
	return urls[0], fmt.Sprintf("no server answers at %s from here. If it has stopped, start it with \"callbook serve\"; --base-url names another address", urls[0])
}

// healthy reports whether a callbook server answers at url.
func healthy(ctx context.Context, client *http.Client, url string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", http.NoBody)
	if err != nil {
		return false
	}
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}
