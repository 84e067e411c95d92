package dbcopy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock/clocktest"
	"callbook/internal/dbcopy"
	"callbook/internal/store/postgres"
	"callbook/internal/store/sqlite"
	"callbook/internal/test/pgtest"
	"callbook/internal/test/servertest"
	"callbook/internal/upload"
)

// engines make an empty database each.
var engines = map[string]func(testing.TB) string{
	"sqlite":   func(t testing.TB) string { return filepath.Join(t.TempDir(), "callbook.db") },
	"postgres": func(t testing.TB) string { return pgtest.Database(t, postgres.Migrate) },
}

// eachPair runs a test from each engine to each.
func eachPair(t *testing.T, test func(t *testing.T, source, target string)) {
	for from, newSource := range engines {
		for to, newTarget := range engines {
			t.Run(from+"-"+to, func(t *testing.T) {
				t.Parallel()
				test(t, newSource(t), newTarget(t))
			})
		}
	}
}

// with lends a database to f, as a copy has it.
func with(ctx context.Context, path string, f func(dbcopy.Database) error) (err error) {
	if postgres.IsURL(path) {
		db, err := postgres.OpenTransfer(ctx, path, postgres.Options{})
		if err != nil {
			return err
		}
		defer db.Close()
		return f(dbcopy.Database{Store: db.Transfer(), Files: db.Files()})
	}
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	store, err := db.OpenTransfer()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return f(dbcopy.Database{Store: store, Files: upload.NewDisk(path + ".uploads")})
}

// copyAll runs a copy once. Before, when it is not nil, changes the target.
func copyAll(ctx context.Context, source, target string, opts dbcopy.Options, before func(dbcopy.Database) dbcopy.Database) error {
	return with(ctx, source, func(from dbcopy.Database) error {
		return with(ctx, target, func(to dbcopy.Database) error {
			if before != nil {
				to = before(to)
			}
			return dbcopy.Copy(ctx, from, to, opts)
		})
	})
}

// held lets so many batches of uploads through, and no more.
type held struct {
	upload.Store
	left atomic.Int64
}

func hold(batches int64) *held {
	h := &held{}
	h.left.Store(batches)
	return h
}

func (h *held) over(s upload.Store) upload.Store {
	h.Store = s
	return h
}

func (h *held) ApplyBatch(ctx context.Context, b *upload.Batch) (upload.State, error) {
	if h.left.Add(-1) < 0 {
		return 0, errors.New("held")
	}
	return h.Store.ApplyBatch(ctx, b)
}

// world is what a source has, as its clients know it.
type world struct {
	acme, other  *servertest.Client
	revoked, old *servertest.Client // with keys that have ended
	link         string             // into the dashboard, not used yet
	cookie       string             // of a browser that is signed in to acme
	draft        string             // the path of a file of acme's that waits to be started
	running      servertest.Upload
	answers      map[string]string // of acme's and other's GETs, by path
	replies      map[string]string // of POSTs with a key, by the key
	campaigns    map[string]campaigns
}

const csvFile = "number,first_name,city\n+919811000001,Asha,Pune\nx,bad,\n+919811000002,\"Vik\nram\",Delhi\n+919811000001,again,\n" +
	"y,bad too,\n+919811000003,Ravi,Agra\n+919811000004,Mira,Goa\n"

// furnish fills a database by way of the API, with one upload that is still
// running, and stops the server.
func furnish(t *testing.T, path string) *world {
	t.Helper()
	// Answers are kept for a day, and files wait for an hour to be started.
	clock := clocktest.New(time.Now().Add(-time.Minute).Truncate(time.Second).Add(123456789))
	imports := hold(1 << 40)
	s := servertest.Start(t, servertest.Options{
		Path: path, BatchRows: 3, Imports: imports.over, Dashboard: true,
		Clock: clocktest.Func(func() time.Time { clock.Add(1234567 * time.Nanosecond); return clock.Now() }),
	})
	w := &world{acme: s.AccountIn("acme", "US", "America/New_York"), other: s.Account("Other_2")}
	s.Account("empty")
	w.revoked, w.old = ended(t, s, w.acme)
	// The whole of it twice, so that nothing of one account gets into another.
	for _, c := range []*servertest.Client{w.acme, w.other} {
		furnishAccount(t, c)
	}
	signedIn := s.Browser().Do("POST", s.Link("acme"), nil, "User-Agent", "odd \xff agent")
	w.cookie, _, _ = strings.Cut(signedIn.Header.Get("Set-Cookie"), ";")
	w.link = s.Link("Other_2")
	form, contentType := servertest.NewForm("list_name", "Waiting", "type", "static", "on_duplicate", "reject").
		NamedFile("file", "wartet \".csv", "Phone,Name\n+919811000009,Zoë\n").Body()
	w.draft = s.Browser().Do("POST", "/imports", form, "Content-Type", contentType, "Cookie", w.cookie).Header.Get("Location")

	imports.left.Store(1)
	w.running = w.acme.Upload("Dynamic", csvFile, "type", "dynamic")
	w.acme.AwaitUntil(w.running, func(u servertest.Upload) bool { return u.Stats.Total == 3 })
	w.observe(t)
	s.Stop()
	furnishCampaigns(t, path)
	w.campaigns = readCampaigns(t, path)
	return w
}

// ended makes keys that let nobody in any more, one revoked and one expired.
func ended(t *testing.T, s *servertest.Server, c *servertest.Client) (revoked, old *servertest.Client) {
	t.Helper()
	var clients []*servertest.Client
	for _, lifetime := range []time.Duration{0, time.Nanosecond} {
		k, token, err := s.Directory.CreateKey(t.Context(), c.Account, account.KeyDraft{Name: "schlüssel", Lifetime: lifetime})
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c.As(k.ID, token))
	}
	if _, err := s.Directory.RevokeKey(t.Context(), clients[0].Key); err != nil {
		t.Fatal(err)
	}
	return clients[0], clients[1]
}

func furnishAccount(t *testing.T, c *servertest.Client) {
	t.Helper()
	var sids []string
	for i := range 40 {
		sids = append(sids, c.CreateOne(fmt.Sprintf(`{"number":"+91981234%04d","first_name":%q,"last_name":%q,"company_name":"ACME %d","email":"A%d@X.example","tag":%q,"custom_field":%s}`,
			i, []string{"Ästhetik", "", "  ", "愛", "O'Neil"}[i%5], []string{"Łódź", "\\N\\x00 \t\\.", ""}[i%3], i, i, []string{"", "Tag, \"q\""}[i%2],
			[]string{`{ "b" : 1.0e5 ,"a":"\u00e4\ud83d\ude00", "c":null }`, `{}`}[i%2])).SID)
	}
	c.CreateOne(`{"number":"+919812340100"}`)
	c.Send("PUT", "/contacts/"+sids[3], `{"email":null,"tag":"","number":"+919812349999"}`)
	c.Send("DELETE", "/contacts/"+sids[4], "")
	for i, name := range []string{"Members", "ÄÖ 'list'", "empty", "gone"} {
		l := c.CreateList(name)
		if i < 2 {
			c.Add(l.SID, sids[i*10:i*10+25]...)
		}
		if name == "gone" {
			c.Send("DELETE", "/lists/"+l.SID, "")
		}
	}
	for _, list := range []string{"Uploaded", "Members"} {
		if u := c.Await(c.Upload(list, csvFile)); u.Stats.Failed != 2 {
			t.Fatalf("got %+v", u)
		}
	}
	c.Await(c.Upload("Tried", csvFile, "dry_run", "true"))
}

var requestID = regexp.MustCompile(`"request_id":"[0-9a-f]+"`)

func withoutID(a servertest.Answer) string {
	return fmt.Sprintf("%d %s\n%s", a.Status, a.Header.Get("Content-Type"), requestID.ReplaceAllString(string(a.Body), `"request_id":""`))
}

const post = `{"contacts":[{"number":"+919812340200","first_name":"Once"},{"number":"nonsense"}]}`

// read asks for all that can be read of the accounts.
func (w *world) read(t *testing.T, at *servertest.Server) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for _, c := range []*servertest.Client{w.acme, w.other} {
		if at != nil {
			c = c.At(at)
		}
		ask := func(path string) servertest.Answer {
			a := c.Get(c.Path(path))
			got[c.Path(path)] = withoutID(a)
			return a
		}
		ask("/contacts?limit=1000&filter=show_list&sort_by=name")
		ask("/contacts?limit=7&offset=30&sort_by=date_updated:desc")
		ask("/contacts?q=%C3%84STH")
		ask("/contacts?number=09812349999")
		ask("/contacts/export?format=ndjson")
		for _, item := range ask("/lists?limit=100").ListPage(t).Response {
			ask("/lists/" + item.Data.SID)
			ask("/lists/" + item.Data.SID + "/contacts?limit=100")
		}
		uploads, _ := ask("/csv-uploads?limit=100").Uploads(t)
		for _, u := range uploads {
			ask("/csv-status/" + u.ID)
			ask("/csv-status/" + u.ID + "/errors")
		}
	}
	return got
}

// observe keeps what clients see.
func (w *world) observe(t *testing.T) {
	t.Helper()
	w.replies = make(map[string]string)
	for _, c := range []*servertest.Client{w.acme, w.other} {
		for key, body := range map[string]string{"a-key_1": post, `odd'"\key`: `{"contacts":[]}`} {
			a := c.Under(key).Post(body)
			w.replies[c.Account+" "+key+" "+body] = string(a.Body)
		}
	}
	w.answers = w.read(t, nil)
}

// check serves a copy, and looks whether its clients see what they saw.
func (w *world) check(t *testing.T, path string) {
	t.Helper()
	sameCampaigns(t, readCampaigns(t, path), w.campaigns)
	nothing := hold(0)
	s := servertest.Start(t, servertest.Options{Path: path, BatchRows: 3, Imports: nothing.over, Dashboard: true})
	got := w.read(t, s)
	for path, want := range w.answers {
		if got[path] != want {
			t.Errorf("GET %s: got\n%s\nwant\n%s", path, got[path], want)
		}
	}
	if len(got) != len(w.answers) || len(got) < 40 {
		t.Errorf("got %d answers, want %d", len(got), len(w.answers))
	}
	for _, c := range []*servertest.Client{w.acme, w.other} {
		for key, body := range map[string]string{"a-key_1": post, `odd'"\key`: `{"contacts":[]}`} {
			if a := c.At(s).Under(key).Post(body); string(a.Body) != w.replies[c.Account+" "+key+" "+body] {
				t.Errorf("the answer under %s: got %s", key, a.Body)
			}
		}
		before := c.At(s).Total()
		c.At(s).Create(`{"number":"+919812340200"}`, `{"number":"+12025550123"}`)
		if after := c.At(s).Total(); after != before+1 {
			t.Errorf("of a number that is there and one that is not, %d were added", after-before)
		}
	}
	for _, c := range []*servertest.Client{w.revoked, w.old} {
		if a := c.At(s).Get(c.Path("/contacts")); a.Status != http.StatusUnauthorized {
			t.Errorf("a key that has ended: got %d", a.Status)
		}
	}
	s.Browser().Submit(w.link, nil).Redirect(t, "/")
	draft := s.Browser().Do("GET", w.draft, nil, "Cookie", w.cookie).PageText(t, 200)
	for _, word := range []string{"wartet", "Zoë", "Waiting"} {
		if !strings.Contains(draft, word) {
			t.Errorf("the page of the file that waits has no %s: %s", word, draft)
		}
	}
	s.Stop()
	w.checkServed(t, path)
}

// checkServed looks whether a server has gone on with the upload that ran.
func (w *world) checkServed(t *testing.T, path string) {
	t.Helper()
	s := servertest.Start(t, servertest.Options{Path: path})
	u := w.acme.At(s).Await(w.running)
	if want := (servertest.Stats{Total: 7, Success: 4, Duplicate: 1, Failed: 2}); u.Status != "completed" || u.Stats != want {
		t.Errorf("the upload that was running has come to %+v, want %+v", u, want)
	}
	if _, rows := w.acme.At(s).Errors(w.running); !strings.Contains(fmt.Sprint(rows), "bad too") {
		t.Errorf("its error rows are %q", rows)
	}
	s.Stop()
}
