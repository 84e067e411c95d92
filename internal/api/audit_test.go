package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/auditlog"
	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// auditEntry is an entry of the audit log on the wire.
type auditEntry struct {
	SID         string
	DateCreated time.Time `json:"date_created"`
	Action      string
	Actor       struct {
		Kind string
		ID   *string
	}
	Address   *string
	RequestID *string `json:"request_id"`
	Object    *string
	FirstSID  *string `json:"first_sid"`
	LastSID   *string `json:"last_sid"`
	Done      int
	Failed    int
	Fields    []string
}

// auditPage is a page of the audit log on the wire.
type auditPage struct {
	Metadata struct {
		Count, Limit int
		NextPageURI  *string `json:"next_page_uri"`
	}
	Response []struct{ Data auditEntry }
}

// auditOf reads all pages of an account's log.
func auditOf(t *testing.T, c *servertest.Client, query url.Values) (all []auditEntry) {
	t.Helper()
	for path := c.Path("/audit?" + query.Encode()); path != ""; {
		a := c.Get(path)
		var page auditPage
		if err := json.Unmarshal(a.Body, &page); err != nil || a.Status != http.StatusOK {
			t.Fatalf("got %d %s", a.Status, a.Body)
		}
		for _, item := range page.Response {
			all = append(all, item.Data)
		}
		if path = ""; page.Metadata.NextPageURI != nil {
			path = *page.Metadata.NextPageURI
		}
	}
	return all
}

// personal are the texts of what the requests of keyedRequests and furnish store. Fewer digits
// would also be found in sids, by chance.
var personal = []string{"98765432", "+91", "Asha", "asha", "Vikram", "Members", "Former", "Uploaded", "Added", "Leads", "New", "Old", "rent", "hello", "bye", "Another"}

// unchanging are the requests of keyedRequests that succeed and change nothing.
var unchanging = []string{
	`POST /contacts {"contacts":[{"number":"12"},7]}`,
	`POST /contacts?dry_run=true {"contacts":[{"number":"9876543299"}]}`,
	`PUT /contacts {"contacts":[{"sid":7}]}`,
	`DELETE /csv-uploads/{upload} `,
	`POST /campaigns/{campaign}/callbacks/send `,
}

// TestAuditOfWrites sends each request that writes, and looks for its entry: one for each
// request that has changed something, none for others and for replays, and none with
// personal data.
func TestAuditOfWrites(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Clock: clocktest.New(goldenTime)})
	begin := func(account string) (*servertest.Client, *strings.Replacer) {
		c := s.Account(account)
		return c, furnish(c)
	}
	told := make(map[string]bool)        // by route
	untouched, itsNames := begin("demo") // for requests that are refused
	for i, tt := range keyedRequests {
		c, names := untouched, itsNames
		if tt.status < 300 {
			c, names = begin(fmt.Sprint("account-", i))
		}
		keyed := c.Under(fmt.Sprint("key-", i))
		request, body := names.Replace(tt.request), names.Replace(tt.body)
		answer := sendKeyed(keyed, request, body)
		isReplay(t, sendKeyed(keyed, request, body), answer)
		awaitRegister(t, c, request, answer)
		everything(t, c) // waits for the end of other imports
		var entries []auditEntry
		for _, e := range auditOf(t, c, url.Values{"limit": {"7"}}) {
			text, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range personal {
				if strings.Contains(string(text), word) {
					t.Errorf("%s %s: an entry has %q: %s", tt.request, tt.body, word, text)
				}
			}
			if e.RequestID != nil && *e.RequestID == answer.Header.Get("X-Request-Id") {
				entries = append(entries, e)
			}
		}
		changes := answer.Status < 300 && !strings.Contains(tt.request, "dry_run") && !slices.Contains(unchanging, tt.request+" "+tt.body)
		if changes != (len(entries) > 0) {
			t.Errorf("%s %s: got %d, and %d entries", tt.request, tt.body, answer.Status, len(entries))
		}
		for _, e := range entries {
			told[tt.route] = true
			if e.Actor.Kind != "key" || e.Actor.ID == nil || *e.Actor.ID != c.Key || e.Address == nil || *e.Address != "127.0.0.1" ||
				!e.DateCreated.Equal(goldenTime.Truncate(time.Millisecond)) && e.DateCreated.Sub(goldenTime).Abs() > time.Second || e.Done < 1 {
				t.Errorf("%s %s: the entry is %+v", tt.request, tt.body, e)
			}
		}
	}
	for _, tt := range keyedRequests {
		if !told[tt.route] && !slices.Contains(runningRoutes, tt.route) {
			t.Errorf("no entry tells of a %s", tt.route)
		}
	}
}

// TestAuditOfCampaign: the entry of a changed campaign names the fields as the API does.
func TestAuditOfCampaign(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{Clock: clocktest.New(goldenTime)}).Account("demo")
	path := "/campaigns/" + c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","from":["+919876543210"],"read_via_text":"Your rent is due.",`+later+`}]}`).ID
	for _, body := range []string{`{"read_via_text":"The rent is due.","repeat_menu_attempts":2,"call_duplicate_numbers":true,"call_status_callback":"https://example.com"}`, `{"action":"pause","status_callback":null}`} {
		if a := c.Send("PUT", path, body); a.Status != http.StatusOK {
			t.Fatalf("got %d %s", a.Status, a.Body)
		}
	}
	var got []string
	for _, e := range auditOf(t, c, url.Values{"action": {"campaigns.update"}}) {
		got = append(got, strings.Join(e.Fields, " "))
	}
	slices.Sort(got) // both entries have the same date
	want := []string{"pause", "read_via_text repeat_menu_attempts call_duplicate_numbers call_status_callback"}
	if !slices.Equal(got, want) {
		t.Errorf("the fields are %q, want %q", got, want)
	}
}

// TestAuditHistory finds what became of contacts of a bulk request.
func TestAuditHistory(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	made := c.Create(`{"number":"+919876543210"}`, `{"number":"+919876543211"}`, `{"number":"+919876543212"}`)
	first, last := made[0].Data.SID, made[2].Data.SID
	c.CreateOne(`{"number":"+919876543213"}`)
	c.Send("PUT", "/contacts", `{"contacts":[{"sid":"`+first+`","tag":"New"},{"sid":"`+last+`","first_name":"Asha"}]}`)
	list := c.CreateList("Members")
	c.Add(list.SID, first)
	c.Send("DELETE", "/contacts/"+first, "")
	upload := c.Upload("Uploaded", "number\n9876543296\n")
	c.Await(upload)
	for sid, want := range map[string]string{
		first:            "contacts.delete members.add contacts.update contacts.create",
		made[1].Data.SID: "contacts.create",
		last:             "contacts.update contacts.create",
		list.SID:         "members.add lists.create",
		upload.ID:        "imports.finish imports.start",
		c.List("number=%2B919876543296").Page(t).Response[0].Data.SID: "imports.finish imports.start",
	} {
		var got []string
		for _, e := range auditOf(t, c, url.Values{"sid": {sid}}) {
			got = append(got, e.Action)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("the history of %s is %q, want %q", sid, text, want)
		}
	}
}

// TestAuditRefused has wrong keys: one entry for each, in the log of its account, with
// the key if there is one.
func TestAuditRefused(t *testing.T) {
	t.Parallel()
	// The clock stands still: what was refused is remembered for seconds.
	c := servertest.Start(t, servertest.Options{Clock: clocktest.New(goldenTime)}).Account("demo")
	for range 2 {
		c.As(c.Key, "wrong").Get(c.Path("/contacts"))
		c.As("asha@example.com", "wrong").Get(c.Path("/contacts"))
	}
	entries := auditOf(t, c, url.Values{"action": {"keys.refused"}})
	if len(entries) != 1 || entries[0].Actor.Kind != "stranger" || entries[0].Object == nil || *entries[0].Object != c.Key {
		t.Errorf("got %+v", entries)
	}
}

// TestAuditRevoked: a key that worked before and was revoked since is in the log once,
// however often a program sends it.
func TestAuditRevoked(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(goldenTime) // it stands still: what was refused is remembered for seconds
	s := servertest.Start(t, servertest.Options{Clock: clock})
	c := s.Account("demo")
	key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{})
	if err != nil {
		t.Fatal(err)
	}
	old := c.As(key.ID, token)
	old.Get(c.Path("/contacts")).Page(t)
	if _, err := s.Directory.RevokeKey(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	clock.Add(time.Second)
	for range 5 {
		old.Get(c.Path("/contacts")).Fault(t, 401)
	}
	entries := auditOf(t, c, url.Values{"action": {"keys.refused"}})
	if len(entries) != 1 || entries[0].Object == nil || *entries[0].Object != key.ID || entries[0].Done != 1 {
		t.Errorf("got %+v", entries)
	}
}

// TestAuditPagesAreFull: what filters leave out, and bulk writes of others, leave no gaps
// in pages.
func TestAuditPagesAreFull(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(goldenTime)
	s := servertest.Start(t, servertest.Options{Clock: clock})
	c := s.Account("demo")
	asha, others := c.CreateOne(`{"number":"+919876543210"}`).SID, c.Create(people(1, 2)...)
	for _, tag := range []string{"New", "Old"} {
		clock.Add(time.Second)
		c.Send("PUT", "/contacts", `{"contacts":[{"sid":"`+asha+`","tag":"`+tag+`"},{"sid":"`+others[0].Data.SID+`","tag":"`+tag+`"}]}`)
	}
	acct, err := s.Directory.Account(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	var sids []addressbook.SID
	for _, item := range others {
		sid, _ := addressbook.ParseSID(item.Data.SID)
		sids = append(sids, sid)
	}
	change := audit.Change{Action: audit.ContactsUpdate, Subjects: audit.Some(sids), Done: len(sids)}
	for range auditlog.MaxScanMany + 1 {
		ctx, note := audit.Begin(t.Context(), acct.ID, change)
		if err := s.Audit.AddAuditEntries(ctx, note); err != nil {
			t.Fatal(err)
		}
	}
	page := func(path string) (page auditPage) {
		t.Helper()
		if err := json.Unmarshal(c.Get(path).Body, &page); err != nil {
			t.Fatal(err)
		}
		return page
	}
	first := page(c.Path("/audit?limit=2&sid=" + asha))
	if len(first.Response) != 2 || first.Response[0].Data.Action != "contacts.update" || first.Metadata.NextPageURI == nil {
		t.Fatalf("the first page is %+v", first)
	}
	if last := page(*first.Metadata.NextPageURI); len(last.Response) != 1 || last.Response[0].Data.Action != "contacts.create" || last.Metadata.NextPageURI != nil {
		t.Errorf("the last page is %+v", last)
	}
}

// TestAuditElsewhere: a key that is used from outside of its networks is in the log once,
// with the address.
func TestAuditElsewhere(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Clock: clocktest.New(goldenTime)})
	c := s.Account("demo")
	access, err := account.ParseAccess(nil, []string{"192.0.2.0/24"})
	if err != nil {
		t.Fatal(err)
	}
	key, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{Access: access})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.As(key.ID, token).Get(c.Path("/contacts")).Fault(t, 403)
	}
	entries := auditOf(t, c, url.Values{"action": {"keys.refused"}})
	if len(entries) != 1 || entries[0].Actor.Kind != "stranger" || entries[0].Object == nil || *entries[0].Object != key.ID {
		t.Errorf("got %+v", entries)
	}
}

func TestGoldenAudit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, query string }{
		{"audit", "?actor=key"},
		{"audit_page", "?actor=key&limit=1"},
		{"audit_filtered", "?action=contacts.&actor=key&from=2026-03-14T00:00:00Z&before=2026-03-15T00:00:00%2B05:30"},
		{"audit_none", "?sid=0198f2c4a1b27d3e9f405162738495a6"},
		{"error_audit_sid", "?sid=x"},
		{"error_audit_actor", "?actor=nonsense"},
		{"error_audit_action", "?action=contacts"},
		{"error_audit_from", "?from=yesterday"},
		{"error_audit_cursor", "?cursor=x"},
		{"error_audit_offset", "?offset=1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := clocktest.New(goldenTime)
			c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
			asha := c.CreateOne(`{"number":"+919876543210"}`)
			clock.Add(time.Minute)
			c.Send("PUT", "/contacts/"+asha.SID, `{"tag":"New","first_name":"Asha"}`)
			clock.Add(time.Minute)
			c.CreateList("Members")
			golden(t, tt.name, c.Get(c.Path("/audit"+tt.query)))
		})
	}
}
