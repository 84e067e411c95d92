package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

// check compares the address book with what the clients know, and its counters
// with what there is. The clients must have ended.
func (w *workload) check() {
	t := w.t
	t.Helper()
	c := w.client(0)
	names := make(map[string]string)      // of the contacts that must be there, by number
	sids := make(map[string]string)       // of those whose sid was told, by number
	members := make(map[string]stringSet) // numbers, by list
	for _, list := range w.lists {
		members[list] = stringSet{}
	}
	for _, worker := range w.workers {
		for _, h := range worker.held {
			names[h.number], sids[h.number] = h.firstName, h.sid
			for i, in := range h.lists {
				if in {
					members[w.lists[i]][h.number] = true
				}
			}
		}
	}
	files := 0
	for _, worker := range w.importers {
		for _, file := range worker.imports {
			files++
			members[file.list] = file.contacts
			for number := range file.contacts {
				names[number] = "imported"
			}
		}
	}
	stored := c.all(t, "/contacts")
	t.Logf("%d contacts and %d imports are there", len(stored), files)
	seen := stringSet{}
	for _, got := range stored {
		name, ok := names[got.Number]
		switch {
		case seen[got.Number]:
			t.Errorf("contact %s is there twice", got.Number)
		case !ok:
			t.Errorf("contact %s is there, and should not be", got.Number)
		case got.FirstName != name:
			t.Errorf("contact %s is called %q, want %q", got.Number, got.FirstName, name)
		case sids[got.Number] != "" && sids[got.Number] != got.SID:
			t.Errorf("contact %s has sid %s, and %s was answered", got.Number, got.SID, sids[got.Number])
		}
		seen[got.Number] = true
	}
	for number := range names {
		if !seen[number] {
			t.Errorf("contact %s is lost", number)
		}
	}
	for list, want := range members {
		in := c.all(t, "/lists/"+list+"/contacts")
		if count, err := c.contactCount(list); err != nil || count != len(in) {
			t.Errorf("list %s counts %d contacts and has %d (%v)", list, count, len(in), err)
		}
		if len(in) != len(want) {
			t.Errorf("list %s has %d contacts, want %d", list, len(in), len(want))
		}
		for _, got := range in {
			if !want[got.Number] {
				t.Errorf("%s is in list %s, and should not be", got.Number, list)
			}
		}
	}
}

type stringSet map[string]bool

// all reads all contacts of a path, whose total must be right.
func (c *client) all(t *testing.T, path string) []contact {
	t.Helper()
	var all []contact
	for cursor := "?limit=1000"; cursor != ""; {
		got, err := c.call(http.MethodGet, path+cursor, nil)
		if err != nil {
			t.Fatal(err)
		}
		page, err := got.page()
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Response {
			all = append(all, *item.Data)
		}
		var next struct {
			Metadata struct {
				Cursor string `json:"next_cursor"`
			}
		}
		if err := json.Unmarshal(got.body, &next); err != nil {
			t.Fatal(err)
		}
		if cursor = next.Metadata.Cursor; cursor != "" {
			cursor = "?limit=1000&cursor=" + url.QueryEscape(cursor)
		} else if page.Metadata.Total != len(all) {
			t.Errorf("%s: the total is %d, and there are %d", path, page.Metadata.Total, len(all))
		}
	}
	return all
}

// newList makes a list and returns its sid.
func (c *client) newList(name string) (sid string, err error) {
	body, err := json.Marshal(map[string][]map[string]string{"lists": {{"name": name}}})
	if err != nil {
		return "", err
	}
	got, err := c.call(http.MethodPost, "/lists", body)
	if err != nil {
		return "", err
	}
	bulk, err := got.bulk(1)
	if err != nil {
		return "", err
	}
	if bulk.Response[0].Data == nil {
		return "", fmt.Errorf("list %s was answered with %s", name, got.body)
	}
	return bulk.Response[0].Data.SID, nil
}

// contactCount is the counter of a list.
func (c *client) contactCount(list string) (int, error) {
	got, err := c.call(http.MethodGet, "/lists/"+list, nil)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Response struct {
			Data struct {
				Count int `json:"contact_count"`
			}
		}
	}
	if err := json.Unmarshal(got.body, &answer); err != nil || got.status != http.StatusOK {
		return 0, fmt.Errorf("got %d %s (%v)", got.status, got.body, err)
	}
	return answer.Response.Data.Count, nil
}
