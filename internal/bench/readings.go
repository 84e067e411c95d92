package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// reading is one kind of request that reads.
type reading struct {
	name   string
	target bool // whether it is a target that it does not grow
	whole  bool // whether it goes through the whole account: it is measured less often
	url    func(s *sizeTimes, gen *generator) string
}

// readings are what is read at both sizes.
var readings = [...]reading{
	{"first page", true, false, func(s *sizeTimes, _ *generator) string { return s.client.url + "?limit=20" }},
	{"last page by cursor", true, false, func(s *sizeTimes, _ *generator) string {
		return s.client.url + "?limit=20&cursor=" + s.known.cursor
	}},
	{"by sid", false, false, func(s *sizeTimes, gen *generator) string {
		return s.client.url + "/" + pick(gen.rand, s.known.contacts).SID
	}},
	{"by number", true, false, func(s *sizeTimes, gen *generator) string {
		return s.client.url + "?number=%2B" + strings.TrimPrefix(pick(gen.rand, s.known.contacts).Number, "+")
	}},
	{"contacts of a list", false, false, func(s *sizeTimes, _ *generator) string {
		return s.client.url + "?limit=20&list_sids=" + s.known.list
	}},
	{"contact_count of a list", true, false, func(s *sizeTimes, _ *generator) string {
		return s.client.lists() + "/" + s.known.list
	}},
	{"search by a part of a name", false, true, func(s *sizeTimes, _ *generator) string {
		return s.client.url + "?limit=20&name=nobody%20at%20all"
	}},
	{"search in everything", false, true, func(s *sizeTimes, _ *generator) string {
		return s.client.url + "?limit=20&q=nobody%20at%20all"
	}},
}

// landmarks are what a reading needs to know of an account.
type landmarks struct {
	contacts []known // some, from all over the account
	list     string  // the sid of a list with all of those in it
	cursor   string  // of the last page
}

// known is a contact that is there.
type known struct{ SID, Number string }

// landmarks looks up contacts and a cursor in an account of this many contacts,
// and makes a list.
func (c *client) landmarks(ctx context.Context, contacts int) (l landmarks, err error) {
	const pages, limit, lastPage = 10, 100, 20
	for page := range pages {
		some, _, err := c.page(ctx, limit, page*(contacts-limit)/(pages-1))
		if err != nil {
			return l, err
		}
		l.contacts = append(l.contacts, some...)
	}
	if _, l.cursor, err = c.page(ctx, lastPage, contacts-2*lastPage); err != nil {
		return l, err
	}
	if len(l.contacts) < pages*limit || l.cursor == "" {
		return l, fmt.Errorf("pages have %d contacts, and the cursor %q, of an account of %d", len(l.contacts), l.cursor, contacts)
	}
	l.list, err = c.newList(ctx, l.contacts)
	return l, err
}

// page reads one page, and the cursor of the next.
func (c *client) page(ctx context.Context, limit, offset int) (contacts []known, cursor string, err error) {
	answer, err := c.get(ctx, fmt.Sprintf("%s?limit=%d&offset=%d", c.url, limit, offset), nil)
	if err != nil {
		return nil, "", err
	}
	var page struct {
		Metadata struct {
			Cursor string `json:"next_cursor"`
		}
		Response []struct{ Data known }
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return nil, "", fmt.Errorf("read a page: %w", err)
	}
	for _, item := range page.Response {
		contacts = append(contacts, item.Data)
	}
	return contacts, page.Metadata.Cursor, nil
}

// newList makes a list of contacts and returns its sid.
func (c *client) newList(ctx context.Context, contacts []known) (sid string, err error) {
	answer, err := c.do(ctx, http.MethodPost, c.lists(), []byte(`{"lists":[{"name":"some"}]}`), nil, http.StatusMultiStatus)
	if err != nil {
		return "", fmt.Errorf("create a list: %w", err)
	}
	var created struct{ Response []struct{ Data known } }
	if err := json.Unmarshal(answer, &created); err != nil || len(created.Response) != 1 {
		return "", fmt.Errorf("create a list: %s (%w)", beginning(answer), err)
	}
	sid = created.Response[0].Data.SID
	type reference struct {
		Contact string `json:"contact_sid"`
	}
	var request struct {
		References []reference `json:"contact_references"`
	}
	for _, k := range contacts {
		request.References = append(request.References, reference{k.SID})
	}
	body, err := json.Marshal(request)
	if err != nil {
		return "", err
	}
	if _, err = c.do(ctx, http.MethodPost, c.lists()+"/"+sid+"/contacts", body, nil, http.StatusMultiStatus); err != nil {
		return "", fmt.Errorf("fill a list: %w", err)
	}
	return sid, nil
}
