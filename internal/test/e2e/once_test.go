package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// keyed sends contacts in one request with an Idempotency-Key.
func (c *client) keyed(key string, contacts []contact) (answer, error) {
	req, err := http.NewRequest(http.MethodPost, c.base+"/contacts", bytes.NewReader(contactsBody(contacts)))
	if err != nil {
		return answer{}, err
	}
	req.SetBasicAuth(c.auth.APIKey, c.auth.APIToken)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	return send(c.http, req)
}

// TestKilledServerKeepsItsAnswers kills the server at the moment when an answer
// is there: a retry gets it again. Requests that got none are sent again until
// they do, and have then been done once.
func TestKilledServerKeepsItsAnswers(t *testing.T) {
	t.Parallel()
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	db := newDB(t)
	auth := newAccount(t, db, "durable")
	s := startServer(t, db)
	sent := 0
	for round := range rounds {
		c := newClient(t, s, auth)
		key := fmt.Sprint("answered-", round)
		var some []contact
		for range []int{1, 700}[round%2] {
			some = append(some, contact{Number: fmt.Sprintf("+919%09d", sent)})
			sent++
		}
		// Another request is under way when the server is killed.
		cut := []contact{{Number: fmt.Sprintf("+919%09d", sent)}}
		sent++
		begun := make(chan struct{})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			close(begun)
			_, _ = c.keyed("cut-"+key, cut) // answered or not, as it happens
		}()
		<-begun
		first, err := c.keyed(key, some)
		s.kill(t)
		<-ended
		if err != nil {
			t.Fatal(err)
		}
		if _, err := first.bulk(len(some)); err != nil {
			t.Fatal(err)
		}

		s = startServer(t, db)
		c = newClient(t, s, auth)
		again, err := c.keyed(key, some)
		if err != nil {
			t.Fatal(err)
		}
		if again.header.Get("Idempotency-Replayed") != "true" || !bytes.Equal(again.body, first.body) || again.status != first.status {
			t.Errorf("round %d: the answer was\n%.500s\nand is now\n%.500s", round, first.body, again.body)
		}
		retried, err := c.keyed("cut-"+key, cut)
		if err != nil {
			t.Fatal(err)
		}
		if bulk, err := retried.bulk(1); err != nil || bulk.Response[0].Code != http.StatusOK {
			t.Errorf("round %d: got %s, %v", round, retried.body, err)
		}
	}
	stored := storedContacts(t, newClient(t, s, auth))
	if len(stored) != sent {
		t.Errorf("%d contacts are stored, %d were sent", len(stored), sent)
	}
	if log := s.stderr.String(); !strings.Contains(log, "replayed=") {
		t.Errorf("the log does not tell of a replay:\n%s", log)
	}
}
