package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/test/servertest"
)

// nested is an object that is so many levels deep, with brackets in a text that
// do not count.
func nested(depth int) string {
	return `{"[{\"":` + strings.Repeat(`[`, depth-2) + `{"{":"}\\"}` + strings.Repeat(`]`, depth-2) + `}`
}

// TestDepth: a custom_field is up to 100 deep, wherever it comes in.
func TestDepth(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	const tooDeep = "Invalid CustomField: Maximum allowed depth is 100"
	items := c.Post(servertest.Contacts(
		fmt.Sprintf(`{"number":%q,"custom_field":%s}`, numbered(0), nested(100)),
		fmt.Sprintf(`{"number":%q,"custom_field":%s}`, numbered(1), nested(101)),
		fmt.Sprintf(`{"number":%q}`, numbered(2)),
	)).Bulk(t).Response
	for i, code := range []int{200, 400, 200} {
		if items[i].Code != code {
			t.Errorf("contact %d: got %+v", i, items[i])
		}
	}
	if e := items[1].Error; e == nil || e.Code != 1002 || e.Description != tooDeep {
		t.Errorf("got %+v", e)
	}
	path := "/contacts/" + items[0].Data.SID
	if fault := c.Send("PUT", path, `{"custom_field":`+nested(101)+`}`).Fault(t, 400); fault.Code != 1002 || fault.Description != tooDeep {
		t.Errorf("got %+v", fault)
	}
	if got := string(c.Get(c.Path(path)).Body); !strings.Contains(got, nested(100)) {
		t.Errorf("the contact is now %s", got)
	}
}

// TestDeepOnesComeOut: what was stored when there was no limit stays readable.
func TestDeepOnesComeOut(t *testing.T) {
	t.Parallel()
	var store addressbook.Store
	s := servertest.Start(t, servertest.Options{Contacts: func(given addressbook.Store) addressbook.Store {
		store = given
		return given
	}})
	c := s.Account("demo")
	acct, err := s.Directory.Account(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	sid, born := addressbook.New(store, addressbook.Options{}).Birth()
	deep := addressbook.Contact{SID: sid, Number: 919876543210, CustomField: nested(4000), Created: born, Updated: born}
	insert := func(ctx context.Context) error {
		return store.InsertContacts(ctx, acct.ID, []addressbook.Contact{deep}, addressbook.CreateOptions{},
			nil)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := insert(ctx); err != nil {
		t.Fatal(err)
	}
	if got := string(c.Get(c.Path("/contacts/" + sid.String())).Body); !strings.Contains(got, nested(4000)) {
		t.Errorf("got %.200s", got)
	}
	// Changed otherwise, it keeps what it has.
	if a := c.Send("PUT", "/contacts/"+sid.String(), `{"tag":"x"}`); a.Status != 200 || !strings.Contains(string(a.Body), nested(4000)) {
		t.Errorf("got %d, %.200s", a.Status, a.Body)
	}
}
