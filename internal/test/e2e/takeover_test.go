package e2e

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestImportTakenOver kills the server that works a file; another goes on.
func TestImportTakenOver(t *testing.T) {
	if testing.Short() {
		t.Skip("TestServersKilled has it too, where it happens to")
	}
	t.Parallel()
	db, auth := newShared(t)
	one, two := startServer(t, db), startServer(t, db)
	w := newWorkload(t, auth, chaosSeed(t), two)
	client := &importWorker{persistent: w.persistent(0)}
	c := newClient(t, two, auth)
	var before, u upload
	var want uploadStats
	var killed time.Time
	// On a busy machine an import may be over before its server is killed.
	for tries := 0; before.Status != "in-progress"; tries++ {
		if tries == 5 {
			t.Fatalf("the import was over before the server was killed, %d times: %+v", tries, before)
		}
		if tries > 0 {
			one = startServer(t, db)
		}
		var file string
		var numbers map[string]bool
		file, numbers, want = client.file(20_000)
		u = newClient(t, one, auth).uploadCSV(t, fmt.Sprint("Leads ", tries), file)
		client.imports = append(client.imports, imported{u.List, numbers})
		if !waitFor(patience, func() bool { return c.uploadStatus(t, u.ID).Stats.Total > 0 }) {
			t.Fatal("the import does not begin")
		}
		one.kill(t)
		killed = time.Now()
		before = c.uploadStatus(t, u.ID)
	}
	last, err := client.follow(u.ID)
	if err != nil || last.Status != "completed" || last.Stats != want {
		t.Errorf("got %+v, want %+v (%v)", last, want, err)
	}
	t.Logf("%d of %d rows were left; the import ended %.1f s after its server",
		want.Total-before.Stats.Total, want.Total, time.Since(killed).Seconds())
	if !strings.Contains(two.stderr.String(), "going on with uploads") {
		t.Error("the other server does not say that it goes on")
	}
	w.importers = []*importWorker{client}
	w.check()
}

// TestRevokedEverywhere revokes a key on the command line, while three servers
// know it. Requests that begin a second later are refused.
func TestRevokedEverywhere(t *testing.T) {
	t.Parallel()
	db, auth := newShared(t)
	var clients []*client
	for range 3 {
		clients = append(clients, newClient(t, startServer(t, db), auth))
	}
	status := func(c *client) int {
		got, err := c.call(http.MethodGet, "/contacts?limit=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		return got.status
	}
	for _, c := range clients {
		if got := status(c); got != http.StatusOK {
			t.Fatalf("got %d before the key was revoked", got)
		}
	}
	if got := callbook(t, "key", "revoke", auth.APIKey, "--db", db); got.code != 0 {
		t.Fatalf("key revoke: exit code %d, %s", got.code, got.stderr)
	}
	revoked := time.Now()
	late := 0
	every := time.NewTicker(10 * time.Millisecond)
	defer every.Stop()
	for now := revoked; now.Sub(revoked) < 3*time.Second/2; now = <-every.C {
		for i, c := range clients {
			begun := time.Now()
			switch got := status(c); {
			case got == http.StatusOK && begun.Sub(revoked) > time.Second:
				t.Fatalf("server %d takes a key %v after it was revoked", i, begun.Sub(revoked))
			case got == http.StatusOK:
				late++
			case got != http.StatusUnauthorized:
				t.Fatalf("server %d: got %d", i, got)
			}
		}
	}
	t.Logf("%d requests were served after the key was revoked, none a second later", late)
	for _, c := range clients {
		if got := status(c); got != http.StatusUnauthorized {
			t.Errorf("got %d at the end", got)
		}
	}
}

// TestSessionEverywhere signs in by a link that another server shows, and out
// again elsewhere.
func TestSessionEverywhere(t *testing.T) {
	t.Parallel()
	db, auth := newShared(t)
	one, two := startServer(t, db), startServer(t, db)
	made := callbook(t, "login-link", "--account", auth.AccountSID, "--db", db, "--base-url", "http://book.test")
	_, link, found := strings.Cut(made.stdout, "http://book.test")
	link, _, _ = strings.Cut(link, "\n")
	if made.code != 0 || !found {
		t.Fatalf("login-link: exit code %d, %s%s", made.code, made.stdout, made.stderr)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	// To a browser, both are one: cookies do not tell ports apart.
	browser := &http.Client{Jar: jar, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(s *server, method, path string) answer {
		t.Helper()
		req, err := http.NewRequest(method, s.URL+path, strings.NewReader(url.Values{}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "text/html")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		got, err := send(browser, req)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := ask(one, http.MethodGet, link); got.status != http.StatusOK {
		t.Fatalf("the link's page: got %d", got.status)
	}
	if got := ask(two, http.MethodPost, link); got.status != http.StatusSeeOther {
		t.Fatalf("following the link: got %d", got.status)
	}
	if got := ask(one, http.MethodPost, link); got.status == http.StatusSeeOther {
		t.Error("the link is good twice")
	}
	for _, s := range []*server{one, two} {
		if got := ask(s, http.MethodGet, "/sessions"); got.status != http.StatusOK {
			t.Errorf("signed in: got %d", got.status)
		}
	}
	if got := ask(one, http.MethodPost, "/signout"); got.status != http.StatusSeeOther {
		t.Errorf("signing out: got %d", got.status)
	}
	if got := ask(two, http.MethodGet, "/sessions"); got.status == http.StatusOK {
		t.Error("the other server does not know of the end")
	}
}
