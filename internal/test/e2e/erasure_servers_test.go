package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"callbook/internal/test/pgtest"
)

// TestEraseBesideServers erases a person by one server again and again, while clients of
// another one write, the same person too. Nobody else loses anything, and when nobody adds
// the person any more, nothing is left.
func TestEraseBesideServers(t *testing.T) {
	t.Parallel()
	db, auth := newShared(t)
	one, two := startServer(t, db), startServer(t, db)
	w := newWorkload(t, auth, chaosSeed(t), two)
	w.begin(2, 0)
	const number = "+919955500001"
	var adding sync.WaitGroup
	var stop atomic.Bool
	added := 0
	adding.Go(func() {
		for c := newClient(t, two, auth); !stop.Load(); added++ {
			if err := addPerson(c, number, w.lists[0]); err != nil {
				t.Error(err)
				return
			}
		}
	})
	c := newClient(t, one, auth)
	found := 0
	for range 5 {
		w.progress(5)
		erased, err := erase(c, number)
		if err != nil {
			t.Error(err)
		}
		found += erased
	}
	stop.Store(true)
	adding.Wait()
	if _, err := erase(c, number); err != nil {
		t.Error(err)
	}
	for _, s := range []*server{one, two} {
		if left, err := erase(newClient(t, s, auth), number); err != nil || left != 0 {
			t.Errorf("%d things are left (%v)", left, err)
		}
	}
	w.end()
	t.Logf("the person was added %d times, and %d things were erased", added, found)
	if found == 0 {
		t.Error("nothing was erased: this test has tested nothing")
	}
	w.check()
	one.stop(t)
	two.stop(t)
	checkClean(t, db)
}

// addPerson stores a person as one client does: by a contact that is changed, and put into
// a list. The person may be erased in between.
func addPerson(c *client, number, list string) error {
	got, err := c.post([]contact{{Number: number, FirstName: "Zubeida"}})
	if err != nil {
		return err
	}
	bulk, err := got.bulk(1)
	if err != nil {
		return err
	}
	if bulk.Response[0].Data == nil { // it was there, and is gone
		return nil
	}
	for _, r := range []struct{ method, path, body string }{
		{http.MethodPut, "/contacts", `{"contacts":[{"sid":%q,"tag":"New"}]}`},
		{http.MethodPost, "/lists/" + list + "/contacts", `{"contact_references":[{"contact_sid":%q}]}`},
	} {
		got, err := c.call(r.method, r.path, fmt.Appendf(nil, r.body, bulk.Response[0].Data.SID))
		if err != nil || got.status != http.StatusMultiStatus {
			return fmt.Errorf("%s %s: %d %s (%v)", r.method, r.path, got.status, got.body, err)
		}
	}
	return nil
}

// erase erases a person, and returns how many things that were.
func erase(c *client, number string) (things int, err error) {
	got, err := c.call(http.MethodDelete, "/contacts?number="+url.QueryEscape(number), nil)
	var receipt struct {
		Response struct {
			Data struct{ Erased map[string]int }
		}
	}
	if err == nil {
		err = json.Unmarshal(got.body, &receipt)
	}
	if err != nil || got.status != http.StatusOK {
		return 0, fmt.Errorf("erase: %d %s (%v)", got.status, got.body, err)
	}
	for _, n := range receipt.Response.Data.Erased {
		things += n
	}
	return things, nil
}

// TestDeleteAccountBesideServers deletes an account by command while clients of two servers
// write into it and into another one, which loses nothing.
func TestDeleteAccountBesideServers(t *testing.T) {
	t.Parallel()
	db, auth := newShared(t)
	gone := newAccount(t, db, "gone")
	servers := []*server{startServer(t, db), startServer(t, db)}
	w := newWorkload(t, auth, chaosSeed(t), servers...)
	w.begin(2, 0)
	var writers sync.WaitGroup
	var answered atomic.Int64
	for i := range 4 {
		c := newClient(t, servers[i%2], gone)
		writers.Go(func() {
			for n := 0; ; n++ {
				done, err := writeUntilGone(c, i, n)
				if err != nil {
					t.Error(err)
				}
				if done || err != nil {
					return
				}
				answered.Add(1)
			}
		})
	}
	if !waitFor(patience, func() bool { return answered.Load() > 100 }) {
		t.Error("the clients do not get on")
	}
	got := run(t, exec.Command(binary(t), "account", "delete", "gone", "--yes", "gone", "--db", db))
	if got.code != 0 {
		t.Errorf("account delete: exit code %d, %s%s", got.code, got.stdout, got.stderr)
	}
	writers.Wait()
	w.progress(20)
	w.end()
	if got := callbook(t, "account", "list", "--db", db); strings.Contains(got.stdout, "gone") {
		t.Errorf("the account is still there: %s", got.stdout)
	}
	for _, table := range pgtest.Texts(t, db, `SELECT table_name::text FROM information_schema.columns WHERE column_name = 'account_id' AND table_schema = 'public'`) {
		if left := pgtest.Texts(t, db, `SELECT '`+table+`' FROM `+table+` WHERE account_id NOT IN (SELECT id FROM accounts UNION SELECT 0) LIMIT 1`); len(left) > 0 {
			t.Errorf("rows are left in %s", table)
		}
	}
	t.Logf("%d requests were answered before the account was gone", answered.Load())
	w.check()
	for _, s := range servers {
		s.stop(t)
		for line := range strings.Lines(s.stderr.String()) {
			if strings.Contains(line, "level=ERROR") {
				t.Errorf("the server's log has %s", line)
			}
		}
	}
	checkClean(t, db)
}

// writeUntilGone sends one more request of a client, and reports whether the account is
// gone. Everything else must be done.
func writeUntilGone(c *client, id, n int) (gone bool, err error) {
	first := contact{Number: fmt.Sprintf("+9197%d%07d", id, n)}
	var got answer
	want := http.StatusMultiStatus
	switch n % 4 {
	case 0:
		got, err = c.keyed(fmt.Sprintf("key-%d-%d", id, n), []contact{first})
	case 1:
		got, err = c.post([]contact{first, {Number: fmt.Sprintf("+9196%d%07d", id, n)}})
	case 2:
		got, err = c.call(http.MethodPost, "/lists", fmt.Appendf(nil, `{"lists":[{"name":"List %d %d"}]}`, id, n))
	default:
		want = http.StatusOK
		var body []byte
		var contentType string
		if body, contentType, err = uploadForm(fmt.Sprint("Leads ", id), "number\n"+first.Number+"\n"); err != nil {
			return false, err
		}
		var req *http.Request
		if req, err = http.NewRequest(http.MethodPost, c.base+"/contacts/csv-upload", strings.NewReader(string(body))); err != nil {
			return false, err
		}
		req.SetBasicAuth(c.auth.APIKey, c.auth.APIToken)
		req.Header.Set("Content-Type", contentType)
		got, err = send(c.http, req)
	}
	switch {
	case err != nil:
		return false, err
	case got.status == http.StatusForbidden || got.status == http.StatusUnauthorized:
		return true, nil
	case got.status != want && got.status != http.StatusTooManyRequests:
		return false, fmt.Errorf("client %d, request %d: got %d %s", id, n, got.status, got.body)
	}
	return false, nil
}
