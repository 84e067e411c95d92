package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/servertest"
)

// outcome is what a test of the options looks at in an item.
type outcome struct {
	Code       int
	Ref        *string `json:"client_ref"`
	First, Tag *string
}

// createWith posts contacts with query words, and returns what became of each.
func createWith(t *testing.T, c *servertest.Client, words string, contacts ...string) []outcome {
	t.Helper()
	answer := c.Do("POST", c.Path("/contacts?"+words), strings.NewReader(servertest.Contacts(contacts...)))
	var all struct {
		Response []struct {
			outcome
			Data *servertest.Contact
		}
	}
	if answer.Status != 207 {
		t.Fatalf("%s: got %d, %s", words, answer.Status, answer.Body)
	}
	if err := json.Unmarshal(answer.Body, &all); err != nil {
		t.Fatal(err)
	}
	var got []outcome
	for _, item := range all.Response {
		o := item.outcome
		if item.Data != nil {
			o.First, o.Tag = item.Data.FirstName, item.Data.Tag
		}
		got = append(got, o)
	}
	return got
}

const (
	known    = `{"number":"+919876543210","first_name":"Asha","tag":"Member"}`
	again    = `{"number":"09876543210","first_name":"Usha","tag":null,"client_ref":"a"}`
	stranger = `{"number":"+919876543211","first_name":"Ravi","client_ref":""}`
	repeat   = `{"number":"+919876543211","tag":"New","client_ref":"c"}`
	bad      = `{"number":"12","client_ref":"d"}`
)

func TestOnDuplicate(t *testing.T) {
	t.Parallel()
	asha, usha, ravi, member, fresh := "Asha", "Usha", "Ravi", "Member", "New"
	a, empty, cRef, d := "a", "", "c", "d"
	for words, want := range map[string][]outcome{
		"":                    {{409, &a, &asha, &member}, {200, &empty, &ravi, nil}, {409, &cRef, &ravi, nil}, {400, &d, nil, nil}},
		"on_duplicate=reject": {{409, &a, &asha, &member}, {200, &empty, &ravi, nil}, {409, &cRef, &ravi, nil}, {400, &d, nil, nil}},
		"on_duplicate=skip":   {{200, &a, &asha, &member}, {200, &empty, &ravi, nil}, {200, &cRef, &ravi, nil}, {400, &d, nil, nil}},
		"on_duplicate=update": {{200, &a, &usha, &member}, {200, &empty, &ravi, &fresh}, {200, &cRef, &ravi, &fresh}, {400, &d, nil, nil}},
	} {
		for _, dry := range []bool{false, true} {
			c := servertest.Start(t, servertest.Options{}).Account("demo")
			before := c.CreateOne(known)
			words := words
			if dry {
				words += "&dry_run=true"
			}
			if diff := cmp.Diff(want, createWith(t, c, words, again, stranger, repeat, bad)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", words, diff)
			}
			stored := walk(t, c, "")
			if dry {
				if diff := cmp.Diff([]servertest.Contact{before}, stored); diff != "" {
					t.Errorf("%q changed something (-want +got):\n%s", words, diff)
				}
				// The numbers are as free as they were.
				if got := createWith(t, c, "", stranger)[0].Code; got != 200 {
					t.Errorf("%q took a number: got %d", words, got)
				}
				continue
			}
			if len(stored) != 2 || stored[0].SID != before.SID {
				t.Fatalf("%q: stored are %+v", words, stored)
			}
			for i, o := range want[:2] {
				if diff := cmp.Diff(outcome{First: o.First, Tag: o.Tag}, outcome{First: stored[i].FirstName, Tag: stored[i].Tag}); diff != "" {
					t.Errorf("%q: stored is (-want +got):\n%s", words, diff)
				}
			}
		}
	}
}

// TestClientRef: any string comes back, and one that is none fails its item
// alone.
func TestClientRef(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	body := servertest.Contacts(
		`{"number":"+919876543210","client_ref":"<\u0041\n\"आ\u0000>"}`,
		`{"number":"+919876543211","client_ref":null}`,
		`{"number":"+919876543212","client_ref":7}`,
		"{\"number\":\"+919876543213\",\"client_ref\":\"\xff\"}",
		`{"number":"+919876543214","client_ref":"`+strings.Repeat("x", 10_000)+`"}`,
		`7`)
	var all struct {
		Response []struct {
			Code  int
			Ref   *string                       `json:"client_ref"`
			Error *struct{ Description string } `json:"error_data"`
		}
	}
	if err := json.Unmarshal(c.Post(body).Body, &all); err != nil {
		t.Fatal(err)
	}
	want := []string{"<A\n\"आ\x00>", "", "Invalid ClientRef: it must be a string", "Invalid ClientRef: not valid UTF-8",
		strings.Repeat("x", 10_000), "Invalid Contact: it must be a JSON object"}
	for i, item := range all.Response {
		got := ""
		if item.Ref != nil {
			got = *item.Ref
		}
		if item.Error != nil {
			got += item.Error.Description
		}
		if got != want[i] {
			t.Errorf("item %d: got %d, %q, want %q", i, item.Code, got, want[i])
		}
	}
}

func TestBadCreateOptions(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	for words, want := range map[string]string{
		"on_duplicate=":                              "Invalid on_duplicate: it must be reject, skip or update",
		"on_duplicate=Skip":                          "Invalid on_duplicate: it must be reject, skip or update",
		"dry_run=":                                   "Invalid dry_run: it must be true or false",
		"dry_run=1":                                  "Invalid dry_run: it must be true or false",
		"dry_run=false&dry_run=true":                 "Invalid dry_run: it is given twice, and differs",
		"on_duplicate=skip&on_duplicate=update":      "Invalid on_duplicate: it is given twice, and differs",
		"dry_run=true&dry_run=true&on_duplicate=all": "Invalid on_duplicate: it must be reject, skip or update",
	} {
		answer := c.Do("POST", c.Path("/contacts?"+words), strings.NewReader(servertest.Contacts(known)))
		if fault := answer.Fault(t, 400); fault.Code != 1002 || fault.Description != want {
			t.Errorf("%s: got %+v, want %q", words, fault, want)
		}
	}
	if got := c.Total(); got != 0 {
		t.Errorf("%d contacts were stored", got)
	}
	if got := createWith(t, c, "dry_run=false", known)[0].Code; got != 200 || c.Total() != 1 {
		t.Errorf("dry_run=false: got %d, %d contacts", got, c.Total())
	}
}
