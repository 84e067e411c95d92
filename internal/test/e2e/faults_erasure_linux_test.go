package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// erasedRows is of how many contacts an erasure finds its person.
const erasedRows = 5_000

// TestKilledErasure kills the server while it erases a person, at one moment after the
// other. What was acknowledged is erased, in the files of a database too. What was not can
// be asked for again. Nobody else loses anything.
func TestKilledErasure(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, db string) { untilCut(t, db, killedErasure) })
}

func killedErasure(k *killed) {
	t, db := k.t, k.db
	list := k.upload(erasedRows).List
	// So long it takes without a kill.
	p := k.person(0, list)
	begun := time.Now()
	if got := p.erase(); got.status != http.StatusOK {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	lasts := time.Since(begun)
	p.gone()
	p.nowhere()

	const moments = 4
	part := 0
	for i := range moments {
		p := k.person(i+1, list)
		others := maps.Clone(p.others)
		done := make(chan answer, 1)
		go func() { done <- p.erase() }()
		select {
		case <-time.After(lasts * time.Duration(2*i+1) / (2 * moments)):
		case got := <-done:
			done <- got
		}
		k.s.kill(t)
		got := <-done
		k.cut(got.status == 0)
		if got.status == http.StatusOK {
			p.nowhere() // also without what the next start does
		}
		k.start()
		left := p.left()
		switch {
		case got.status == 0 && left == 0:
			part++
		case got.status == http.StatusOK && left > 0:
			t.Errorf("%d things are left of an erasure that was answered", left)
		case got.status != 0 && got.status != http.StatusOK:
			t.Errorf("got %d %s", got.status, got.body)
		}
		if got := p.erase(); got.status != http.StatusOK {
			t.Errorf("asked again: %d %s", got.status, got.body)
		}
		p.gone()
		p.nowhere()
		if now := k.others(); !maps.Equal(now, others) {
			t.Errorf("there are %d other contacts, were %d, or they are others", len(now), len(others))
		}
		if n := k.count("/lists/" + list + "/contacts"); n != erasedRows {
			t.Errorf("the list has %d contacts, want %d", n, erasedRows)
		}
	}
	t.Logf("an erasure takes %v; of %d that were killed, %d were not answered, of which %d had erased all", lasts, moments, k.cuts, part)
	k.s.stop(t)
	checkClean(t, db)
}

// erased is a person who is to be erased.
type erased struct {
	*killed
	number string
	texts  []string
	// others are the sids and numbers of all other contacts.
	others map[string]string
}

// person stores a person in many places.
func (k *killed) person(i int, list string) *erased {
	k.t.Helper()
	p := &erased{killed: k, number: fmt.Sprintf("+919123400%03d", i), others: k.others()}
	name := fmt.Sprintf("Zubeidabegum%03d", i)
	p.texts = []string{p.number[1:], p.number[3:], name}
	made := k.c.mustPost(k.t, contact{Number: p.number, FirstName: name, LastName: name + " of the hill", Email: name + "@nowhere.example"}).Response[0].Data
	for _, company := range []string{"short", strings.Repeat("long ", 40), name} {
		body := fmt.Sprintf(`{"contacts":[{"sid":%q,"company_name":%q}]}`, made.SID, company)
		k.want(http.StatusMultiStatus, http.MethodPut, "/contacts", body)
	}
	k.want(http.StatusMultiStatus, http.MethodPost, "/lists/"+list+"/contacts", fmt.Sprintf(`{"contact_references":[{"contact_sid":%q}]}`, made.SID))
	k.want(http.StatusMultiStatus, http.MethodDelete, "/contacts", fmt.Sprintf(`{"contacts":[{"sid":%q}]}`, made.SID))
	k.c.mustPost(k.t, contact{Number: p.number, FirstName: name})
	k.want(http.StatusMultiStatus, http.MethodPost, "/suppressions", fmt.Sprintf(`{"suppressions":[{"number":%q,"note":%q}]}`, p.number, name+" called"))
	k.want(http.StatusOK, http.MethodPost, "/campaigns", fmt.Sprintf(`{"campaigns":[{"caller_id":"08047000001","from":[%q,"+919800000001"],"read_via_text":"Your rent is due.",
		"name":"Campaign %d","schedule":{"send_at":"2099-01-01T10:00:00+05:30"}}]}`, p.number, i))
	if got, err := k.c.keyed(fmt.Sprint("key-", i), []contact{{Number: p.number, FirstName: name}}); err != nil || got.status != http.StatusMultiStatus {
		k.t.Fatalf("got %d %s (%v)", got.status, got.body, err)
	}
	u := k.c.uploadCSV(k.t, "Errors", "number,first_name\n"+strings.Repeat(p.number+","+name+"\nx"+p.number[3:]+","+name+"\n", 200))
	if !waitFor(patience, func() bool { return k.c.uploadStatus(k.t, u.ID).Status == "completed" }) {
		k.t.Fatal("the import does not end")
	}
	if p.left() < 200 {
		k.t.Fatalf("only %d things are stored of the person", p.left())
	}
	return p
}

// want calls the API, and wants this status.
func (k *killed) want(status int, method, path, body string) {
	k.t.Helper()
	if got, err := k.c.call(method, path, []byte(body)); err != nil || got.status != status {
		k.t.Fatalf("%s %s: %d %s (%v)", method, path, got.status, got.body, err)
	}
}

// others returns the sids and numbers of all contacts.
func (k *killed) others() map[string]string {
	k.t.Helper()
	all := make(map[string]string)
	for _, c := range storedContacts(k.t, k.c) {
		all[c.SID] = c.Number
	}
	return all
}

// erase asks for the erasure. The status 0 means that no answer came.
func (p *erased) erase() answer {
	got, err := p.c.call(http.MethodDelete, "/contacts?number="+url.QueryEscape(p.number), nil)
	if err != nil {
		return answer{}
	}
	return got
}

// left is how many things are stored of the person, besides the mark of a number that is
// never called.
func (p *erased) left() (n int) {
	p.t.Helper()
	got, err := p.c.call(http.MethodGet, "/contacts/export?number="+url.QueryEscape(p.number), nil)
	var document struct {
		Response struct{ Data map[string]json.RawMessage }
	}
	if err == nil {
		err = json.Unmarshal(got.body, &document)
	}
	if err != nil || got.status != http.StatusOK {
		p.t.Fatalf("got %d %s (%v)", got.status, got.body, err)
	}
	for place, value := range document.Response.Data {
		var things []json.RawMessage
		if json.Unmarshal(value, &things) == nil && (place != "suppressions" || strings.Contains(string(value), p.texts[2])) {
			n += len(things)
		}
	}
	return n
}

// gone checks that nothing is stored of the person, and that nobody may call them.
func (p *erased) gone() {
	p.t.Helper()
	if n := p.left(); n > 0 {
		p.t.Errorf("%d things are left of the person", n)
	}
	got, err := p.c.call(http.MethodGet, "/suppressions?number="+url.QueryEscape(p.number), nil)
	if err != nil || !strings.Contains(string(got.body), `"total":1`) {
		p.t.Errorf("the number may be called: %s (%v)", got.body, err)
	}
}

// nowhere checks that the files of a SQLite database have nothing of the person.
func (p *erased) nowhere() {
	p.t.Helper()
	if isPostgres(p.db) {
		return
	}
	n, err := strconv.ParseInt(p.number[1:], 10, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	integer := string(big.NewInt(n).FillBytes(make([]byte, 6))) // as SQLite stores it
	texts := append([]string{integer}, p.texts...)
	for _, name := range []string{p.db, p.db + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			p.t.Fatal(err)
		}
		for _, text := range texts {
			if i := bytes.Index(content, []byte(text)); i >= 0 {
				p.t.Errorf("%s has %q at %d: %q", name, text, i, content[max(0, i-40):min(len(content), i+60)])
			}
		}
	}
}
