package upload_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/servertest"
)

// The contacts of TestOnDuplicate: one in the list, one in the address book, one
// that is new, each in a row and again in a later one.
const (
	member, known, fresh = "+919876543210", "+919876543211", "+919876543212"

	optionRows = "number,first_name,email,custom_field.a,custom_field.b\n" +
		member + ",M1,,1,\n" +
		known + ",K1,k1@example.com,,\n" +
		fresh + ",F1,f1@example.com,1,\n" +
		"x,bad,,,\n" +
		"09876543210,,m2@example.com,,2\n" +
		"09876543211,K2,,,\n" +
		"09876543212,F2,,,2\n"
)

// TestOnDuplicate uploads the same file under each option, in batches of every
// kind: first only tried, then done.
func TestOnDuplicate(t *testing.T) {
	t.Parallel()
	before := []string{
		member + `|Asha|-|-|asha@example.com|-|{"old":true}`,
		known + `|Vikram|-|-|vikram@example.com|-|{"old":true}`,
	}
	added := fresh + `|F1|-|-|f1@example.com|-|{"a":1}`
	for on, want := range map[string]struct {
		stats    servertest.Stats
		existing int
		contacts []string
		touched  bool
	}{
		"":       {servertest.Stats{Total: 7, Success: 2, Duplicate: 4, Failed: 1}, 1, append(before[:2:2], added), false},
		"reject": {servertest.Stats{Total: 7, Success: 2, Duplicate: 4, Failed: 1}, 1, append(before[:2:2], added), false},
		"skip":   {servertest.Stats{Total: 7, Success: 6, Failed: 1}, 5, append(before[:2:2], added), false},
		"update": {servertest.Stats{Total: 7, Success: 6, Failed: 1}, 5, []string{
			member + `|M1|-|-|m2@example.com|-|{"b":2}`,
			known + `|K2|-|-|k1@example.com|-|{"old":true}`,
			fresh + `|F2|-|-|f1@example.com|-|{"b":2}`,
		}, true},
	} {
		for _, rows := range []int{1, 3, 100} {
			t.Run(fmt.Sprint(on, " ", rows), func(t *testing.T) {
				t.Parallel()
				c := servertest.Start(t, servertest.Options{BatchRows: rows}).Account("demo")
				old := c.CreateOne(`{"number":"` + member + `","first_name":"Asha","email":"asha@example.com","custom_field":{"old":true}}`)
				c.CreateOne(`{"number":"` + known + `","first_name":"Vikram","email":"vikram@example.com","custom_field":{"old":true}}`)
				list := c.CreateList("Leads")
				c.Add(list.SID, old.SID)
				var parts []string
				if on != "" {
					parts = []string{"on_duplicate", on}
				}

				dry := c.Upload("Leads", optionRows, append(parts, "dry_run", "true")...)
				got := c.Await(dry)
				if got.Stats != want.stats || got.DryRun == nil || *got.DryRun != (servertest.Tried{New: 1, Existing: want.existing}) {
					t.Errorf("the dry run got %+v %+v", got.Stats, got.DryRun)
				}
				if diff := cmp.Diff(before, stored(t, c)); diff != "" || getList(t, c, list.SID).ContactCount != 1 {
					t.Errorf("the dry run changed contacts (-want +got):\n%s", diff)
				}

				real := c.Upload("Leads", optionRows, append(parts, "dry_run", "false")...)
				if got := c.Await(real); got.Stats != want.stats || got.DryRun != nil {
					t.Errorf("got %+v", got)
				}
				if real.List != list.SID || dry.List != list.SID {
					t.Errorf("the lists are %s and %s, want %s", dry.List, real.List, list.SID)
				}
				if diff := cmp.Diff(want.contacts, stored(t, c)); diff != "" || getList(t, c, list.SID).ContactCount != 3 {
					t.Errorf("contacts (-want +got):\n%s", diff)
				}
				if now := c.Get(old.URI).Contact(t); (now.DateUpdated != old.DateUpdated) != want.touched {
					t.Errorf("date_updated was %s and is %s", old.DateUpdated, now.DateUpdated)
				}
				dryErrors, _ := c.Errors(dry)
				if realErrors, _ := c.Errors(real); dryErrors != realErrors || dryErrors == "" {
					t.Errorf("the errors of the dry run are %q, and then %q", dryErrors, realErrors)
				}
			})
		}
	}
}

// TestOptionWords: the options come in the form, in the query, or in both.
func TestOptionWords(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c := s.Account("demo")
	send := func(query string, parts ...string) servertest.Answer {
		body, contentType := servertest.NewForm(append(parts, "list_name", "Leads")...).File(numbers(0, 1)).Body()
		return c.Do("POST", c.Path("/contacts/csv-upload?"+query), body, "Content-Type", contentType)
	}
	for _, tt := range []struct {
		query string
		parts []string
	}{
		{"dry_run=true", nil},
		{"", []string{"dry_run", "true"}},
		{"dry_run=true&on_duplicate=skip", []string{"dry_run", "true", "on_duplicate", "skip"}},
		{"on_duplicate=update", []string{"dry_run", "true", "dry_run", "false"}}, // the first one counts
	} {
		if got := c.Await(send(tt.query, tt.parts...).Summary(t)); got.DryRun == nil {
			t.Errorf("%q %q: got %+v", tt.query, tt.parts, got)
		}
	}
	const (
		badDry = "Invalid dry_run: it must be true or false"
		badOn  = "Invalid on_duplicate: it must be reject, skip or update"
	)
	for _, tt := range []struct {
		query string
		parts []string
		want  string
	}{
		{"dry_run=yes", nil, badDry},
		{"dry_run=", nil, badDry},
		{"", []string{"dry_run", "TRUE"}, badDry},
		{"", []string{"dry_run", ""}, badDry},
		{"on_duplicate=Skip", nil, badOn},
		{"", []string{"on_duplicate", "merge"}, badOn},
		{"dry_run=false", []string{"dry_run", "true"}, "Invalid dry_run: the form and the query differ"},
		{"on_duplicate=skip", []string{"on_duplicate", "update"}, "Invalid on_duplicate: the form and the query differ"},
		{"a=%zz", nil, "Invalid query: "},
	} {
		got := send(tt.query, tt.parts...).Fault(t, 400)
		if got.Code != 1002 || !strings.HasPrefix(got.Description, tt.want) {
			t.Errorf("%q %q: got %+v, want %q", tt.query, tt.parts, got, tt.want)
		}
	}
	nothingLeft(t, s, c, 4)
	if total := c.Total(); total != 0 {
		t.Errorf("there are %d contacts", total)
	}
}

// TestDryRunsAtOnce: dry runs and a true upload of the same file, batch by
// batch in turns, see nothing of the others' but what is stored.
func TestDryRunsAtOnce(t *testing.T) {
	t.Parallel()
	f := newFile(11, 400)
	s := servertest.Start(t, servertest.Options{BatchRows: 10})
	c, other := s.Account("demo"), s.Account("other")
	one := c.Upload("Leads", f.text, "dry_run", "true")
	two := c.Upload("Leads", f.text, "dry_run", "true")
	theirs := other.Upload("Leads", f.text)
	f.checkDryRun(t, c, one)
	f.checkDryRun(t, c, two)
	f.check(t, other, theirs)
	if one.List == two.List {
		t.Errorf("both lists are %s", one.List)
	}
	all, _ := c.Get(c.Path("/csv-uploads")).Uploads(t)
	for _, u := range all {
		if u.DryRun == nil || u.DryRun.New != f.stats.Success {
			t.Errorf("got %+v", u)
		}
	}
}

// TestDryRunListDeleted: a dry run fails like any upload when its list goes, and
// one for a new list has none that could, whatever comes under its name.
func TestDryRunListDeleted(t *testing.T) {
	t.Parallel()
	held, release := make(chan struct{}), make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free)
	g := &gate{before: func(n int) error {
		if n == 2 {
			close(held)
		}
		if n >= 2 {
			<-release
		}
		return nil
	}}
	s := servertest.Start(t, servertest.Options{BatchRows: 10, Imports: g.over})
	c := s.Account("demo")
	list := c.CreateList("there").SID
	there := c.Upload("there", numbers(0, 50), "dry_run", "true")
	notThere := c.Upload("not there", numbers(0, 50), "dry_run", "true")
	<-held
	if a := c.Do(http.MethodDelete, c.Path("/lists/"+list), nil); a.Status != 200 {
		t.Fatalf("got %d", a.Status)
	}
	came := c.CreateList("not there").SID
	free()
	if got := c.Await(there); got.Status != "failed" || got.List != list {
		t.Errorf("got %+v", got)
	}
	if got := c.Await(notThere); got.Status != "completed" || got.Stats.Success != 50 || got.List == came {
		t.Errorf("got %+v", got)
	}
	if got := getList(t, c, came); got.ContactCount != 0 || c.Total() != 0 {
		t.Errorf("got %+v, and %d contacts", got, c.Total())
	}
}
