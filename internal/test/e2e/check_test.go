package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"callbook/internal/test/pgtest"
)

// checkClean runs "callbook check", which must find nothing wrong.
func checkClean(t *testing.T, db string) {
	t.Helper()
	if got := callbook(t, "check", "--db", db); got.code != 0 || strings.Contains(got.stdout, "WRONG") {
		t.Errorf("check: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// TestCheck checks databases of both engines while servers write, after they were
// killed, and what the exit code says of databases that are not well.
func TestCheck(t *testing.T) {
	t.Parallel()
	t.Run("file", func(t *testing.T) { checkWhileWriting(t, newDB(t)) })
	t.Run("postgres", func(t *testing.T) { checkWhileWriting(t, pgtest.Database(t, nil)) })
	t.Run("codes", func(t *testing.T) {
		db := newDB(t)
		if got := callbook(t, "check", "--db", db); got.code != 3 || !strings.Contains(got.stderr, "there is no database") {
			t.Errorf("of a file that is not there: exit code %d, %s", got.code, got.stderr)
		}
		if err := os.WriteFile(db, []byte(strings.Repeat("x", 5000)), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := callbook(t, "check", "--db", db); got.code != 1 || !strings.Contains(got.stdout, "WRONG") {
			t.Errorf("of a file that is no database: exit code %d, %s%s", got.code, got.stdout, got.stderr)
		}
		if got := callbook(t, "check", "--db", "postgres://nobody@127.0.0.1:1/callbook?connect_timeout=2"); got.code != 3 {
			t.Errorf("of a database that does not answer: exit code %d, %s", got.code, got.stderr)
		}
	})
}

func checkWhileWriting(t *testing.T, db string) {
	if strings.HasPrefix(db, "postgres") {
		if got := callbook(t, "migrate", "--db", db); got.code != 0 {
			t.Fatal(got.stderr)
		}
	}
	auth := newAccount(t, db, "acme")
	s := startServer(t, db)
	c := newClient(t, s, auth)
	list, err := c.newList("people")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			contacts := make([]contact, 50)
			for i := range contacts {
				contacts[i] = contact{Number: fmt.Sprintf("+9198%08d", n*50+i)}
			}
			got, err := c.post(contacts)
			if err != nil || got.status != 207 {
				break
			}
			bulk, err := got.bulk(len(contacts))
			if err != nil {
				break
			}
			body := `{"contacts": [{"contact_sid": "` + bulk.Response[0].Data.SID + `"}]}`
			if _, err := c.call("POST", "/lists/"+list+"/contacts", []byte(body)); err != nil {
				break
			}
		}
		done <- n
	}()
	for range 3 {
		checkClean(t, db)
	}
	s.kill(t)
	if n := <-done; n == 0 {
		t.Error("nothing was written meanwhile")
	}
	checkClean(t, db)
}
