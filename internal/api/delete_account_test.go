package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/account"
	"callbook/internal/app"
	"callbook/internal/test/servertest"
)

// furnishAccount gives an account some of everything, and returns how much by name.
func furnishAccount(t *testing.T, s *servertest.Server, c *servertest.Client) map[string]int64 {
	t.Helper()
	var sids []string
	for _, item := range c.Create(people(0, 30)...) {
		sids = append(sids, item.Data.SID)
	}
	list, gone := c.CreateList("Tenants"), c.CreateList("Gone")
	c.Add(list.SID, sids[:20]...)
	c.Add(gone.SID, sids[10:25]...)
	c.Send("DELETE", "/contacts/"+sids[29], "")
	c.Send("DELETE", "/lists/"+gone.SID, "")
	c.Await(c.Upload("Uploaded", "number\n+919811000001\nx\ny\n"))
	c.Under("some key").Post(servertest.Contacts(people(40, 1)...))
	c.Send("POST", "/suppressions", `{"suppressions":[{"number":"+919800000009"}]}`)
	c.Send("POST", "/flows", `{"name":"rent",`+rentSteps+`}`)
	c.Do("POST", c.Path("/prompts?name=hello"), strings.NewReader(helloWAV), "Content-Type", "audio/wav")
	made := c.NewCampaign(campaignWith("from", "", "lists", `["`+list.SID+`"]`, "url", `"http://my.exotel.com/`+c.Account+`/exoml/start_voice/42"`))
	awaitCampaign(t, c, made.ID, "Completed")
	b := s.SignedIn(c.Account)
	b.Do("POST", "/imports", strings.NewReader("number\n+919811000002\n"), "Content-Type", "text/csv")
	return contentsOf(t, s, c.Account)
}

func contentsOf(t *testing.T, s *servertest.Server, sid string) map[string]int64 {
	t.Helper()
	has, _, err := s.Directory.Contents(t.Context(), accountOf(t, s, sid))
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]int64)
	for _, content := range has {
		names[content.Name] = content.Rows
	}
	return names
}

// interrupted deletes ten rows of an account, and fails once.
type interrupted struct {
	account.Store
	begun, failed bool
}

var errInterrupted = errors.New("interrupted")

func (s *interrupted) DeleteContents(ctx context.Context, id account.ID, limit int) (int, error) {
	switch {
	case !s.begun:
		s.begun = true
		return s.Store.DeleteContents(ctx, id, 10)
	case !s.failed:
		s.failed = true
		return 0, errInterrupted
	}
	return s.Store.DeleteContents(ctx, id, limit)
}

// TestDeleteAccount deletes one of two accounts that are alike, beside a running server,
// and is interrupted in the middle.
func TestDeleteAccount(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Dashboard: true, Simulator: app.Simulator{Speed: 5000}, Accounts: func(real account.Store) account.Store {
		return &interrupted{Store: real}
	}})
	c, other := s.Account("demo"), s.Account("other")
	has := furnishAccount(t, s, c)
	furnishAccount(t, s, other)
	for name, want := range map[string]int64{
		"contacts": 30, "lists": 2, "contacts in the trash": 1, "lists in the trash": 1, "imports": 1, "campaigns": 1,
		"targets of campaigns": 20, "calls": 19, "suppressed numbers": 1, "flows": 1, "recordings": 1, "API keys": 1,
	} {
		if has[name] < want {
			t.Errorf("the account has %d %s, want %d at least", has[name], name, want)
		}
	}
	before := contentsOf(t, s, "other")
	old := accountOf(t, s, "demo").ID

	if err := s.Directory.Delete(t.Context(), "demo", func(int64) {}); !errors.Is(err, errInterrupted) {
		t.Fatalf("a deletion that was interrupted: %v", err)
	}
	if fault := c.Get(c.Path("/contacts")).Fault(t, 403); fault.Description != "The account is being deleted" {
		t.Errorf("in the middle: got %+v", fault)
	}
	for what, err := range map[string]error{
		"enable": second(s.Directory.Enable(t.Context(), "demo")),
		"rename": second(s.Directory.Change(t.Context(), "demo", func(a *account.Account) { a.SID = "new" })),
		"key":    third(s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{})),
	} {
		if err != account.ErrDeleted {
			t.Errorf("%s in the middle: %v", what, err)
		}
	}
	rows := int64(0)
	if err := s.Directory.Delete(t.Context(), "demo", func(n int64) { rows = n }); err != nil {
		t.Fatal(err)
	}
	if rows < 20 {
		t.Errorf("the second time, %d rows were deleted", rows)
	}
	c.Get(c.Path("/contacts")).Fault(t, 401)
	if _, n, err := s.Directory.Contents(t.Context(), account.Account{ID: old}); err != nil || n != 0 {
		t.Errorf("%d rows are left, %v", n, err)
	}
	if diff := cmp.Diff(before, contentsOf(t, s, "other")); diff != "" {
		t.Errorf("what the other account has (-before +after):\n%s", diff)
	}
	if got := other.Total(); int64(got) != before["contacts"] {
		t.Errorf("the other account has %d contacts, want %d", got, before["contacts"])
	}

	again := s.Account("demo")
	if fresh := accountOf(t, s, "demo").ID; fresh <= old {
		t.Errorf("a new account has the id %d, and the deleted one had %d", fresh, old)
	}
	again.Create(people(0, 3)...)
	if got := again.Total(); got != 3 {
		t.Errorf("the new account has %d contacts, want 3", got)
	}
}

func second[T any](_ T, err error) error { return err }

func third[T, U any](_ T, _ U, err error) error { return err }

// numbers returns n numbers as a JSON array.
func numbers(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"+9198765%05d"`, i)
	}
	return "[" + strings.Join(all, ",") + "]"
}
