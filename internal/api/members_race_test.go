package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"callbook/internal/test/servertest"
)

// TestMembershipRaces: contacts are put into lists and taken out while the
// lists and the contacts are deleted and new ones come. What is there in the
// end is no more and no less than what the counts and the pages of each side
// say.
func TestMembershipRaces(t *testing.T) {
	t.Parallel()
	const lists, size = 4, 300
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	for round := range rounds {
		var sids, listSIDs []string
		for _, item := range c.Create(people(round*size, size)...) {
			sids = append(sids, item.Data.SID)
		}
		for i := range lists {
			listSIDs = append(listSIDs, c.CreateList(fmt.Sprintf("List %d of round %d", i, round)).SID)
		}
		gone := sids[:size/3]
		var names []string
		for _, sid := range gone {
			names = append(names, fmt.Sprintf(`{"sid":%q}`, sid))
		}
		send := func(method, path, body string, statuses ...int) {
			a, err := c.Try(method, c.Path(path), strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			for _, status := range statuses {
				if a.Status == status {
					return
				}
			}
			t.Errorf("%s %s: got %d, %.300s", method, path, a.Status, a.Body)
		}
		var wg sync.WaitGroup
		start := make(chan struct{})
		begin := func(work func()) {
			wg.Go(func() {
				<-start
				work()
			})
		}
		for i, list := range listSIDs {
			path := "/lists/" + list + "/contacts"
			begin(func() { send("POST", path, servertest.References(sids...), 207, 404) })
			begin(func() {
				for part := 0; part < size; part += 30 {
					send("POST", path, servertest.References(sids[part:part+30]...), 207, 404)
					send("DELETE", path, servertest.References(sids[part:part+15]...), 207, 404)
				}
			})
			if i%2 == 1 {
				begin(func() { send("DELETE", "/lists/"+list, "", 200) })
			}
		}
		begin(func() { send("DELETE", "/contacts", servertest.Contacts(names...), 207) })
		begin(func() {
			for _, sid := range gone[:20] {
				send("DELETE", "/contacts/"+sid, "", 200, 404)
			}
		})
		close(start)
		wg.Wait()
		checkMemberships(t, c)
	}
	if want := rounds * (size - size/3); c.Total() != want {
		t.Errorf("there are %d contacts, want %d", c.Total(), want)
	}
}

// checkMemberships holds all lists, their counts and their contacts against the
// lists that the contacts say they are in.
func checkMemberships(t *testing.T, c *servertest.Client) {
	t.Helper()
	ofContacts := make(map[string]map[string]bool) // list to contacts
	contacts := make(map[string]bool)
	for next := c.Path("/contacts?limit=1000&filter=show_list"); next != ""; {
		page := c.Get(next).Page(t)
		for _, item := range page.Response {
			contacts[item.Data.SID] = true
			for _, list := range item.Data.Lists {
				if ofContacts[list.SID] == nil {
					ofContacts[list.SID] = make(map[string]bool)
				}
				ofContacts[list.SID][item.Data.SID] = true
			}
		}
		next = ""
		if page.Metadata.Next != nil {
			next = *page.Metadata.Next
		}
	}
	if len(contacts) != c.Total() {
		t.Errorf("%d contacts are on the pages, %d in the total", len(contacts), c.Total())
	}
	for _, item := range c.Get(c.Path("/lists?limit=1000")).ListPage(t).Response {
		members := visit(t, c, item.Data.URI+"/contacts?limit=1000")
		if len(members) != item.Data.ContactCount || len(members) != len(ofContacts[item.Data.SID]) {
			t.Errorf("list %s counts %d, its pages hold %d, of the contacts %d are in it",
				item.Data.Name, item.Data.ContactCount, len(members), len(ofContacts[item.Data.SID]))
		}
		for _, sid := range members {
			if !contacts[sid] || !ofContacts[item.Data.SID][sid] {
				t.Errorf("list %s holds %s, which does not know of it", item.Data.Name, sid)
			}
		}
		delete(ofContacts, item.Data.SID)
	}
	for list := range ofContacts {
		t.Errorf("contacts are in list %s, which is not there", list)
	}
}
