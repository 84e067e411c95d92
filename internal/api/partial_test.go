package api_test

import (
	"fmt"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// numbered returns the i-th of ten million numbers of a series.
func numbered(i int) string { return fmt.Sprintf("+91980%07d", i) }

// people returns n contacts with numbers from the series, from the i-th on.
func people(i, n int) []string {
	items := make([]string, n)
	for k := range items {
		items[k] = fmt.Sprintf(`{"number":%q,"first_name":"Person %d"}`, numbered(i+k), i+k)
	}
	return items
}

// TestPartialSuccess posts as many contacts as there may be, of which seven
// are bad in seven ways.
func TestPartialSuccess(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and one step after the other")
	}
	t.Parallel()
	const total = 5000
	type verdict struct {
		code, error int
		description string
	}
	bad := map[int]struct {
		item string
		want verdict
	}{
		0:    {`{"first_name":"no number"}`, verdict{400, 1001, "Number is mandatory"}},
		17:   {`{"number":"+91910XXXXX10"}`, verdict{400, 1002, "Invalid Number: it has letters"}},
		999:  {`{"number":919876543210}`, verdict{400, 1002, "Invalid Number: it must be a string"}},
		1000: {`"+919876543210"`, verdict{400, 1002, "Invalid Contact: it must be a JSON object"}},
		2500: {`{"number":"+919876543210","first_name":"` + strings.Repeat("é", 256) + `"}`,
			verdict{400, 1002, "Maximum allowed length for FirstName is 255"}},
		3333: {"{\"number\":\"+919876543210\",\"last_name\":\"\xff\"}", verdict{400, 1002, "Invalid LastName: not valid UTF-8"}},
		4999: {people(4000, 1)[0], verdict{409, 1008, "A contact with this Number already exists"}},
	}
	items := people(0, total)
	for i, b := range bad {
		items[i] = b.item
	}
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	got := c.Post(servertest.Contacts(items...)).Bulk(t)

	if m := got.Metadata; m.Total != total || m.Failed != len(bad) || m.Success != total-len(bad) {
		t.Errorf("metadata is %+v", m)
	}
	if len(got.Response) != total {
		t.Fatalf("got %d items", len(got.Response))
	}
	created := make(map[string]string) // number to sid
	for i, item := range got.Response {
		b, ok := bad[i]
		if !ok {
			if item.Code != 200 || item.Data == nil || item.Data.Number != numbered(i) {
				t.Fatalf("item %d is %+v", i, item)
			}
			created[item.Data.Number] = item.Data.SID
			continue
		}
		if item.Error == nil {
			t.Errorf("bad item %d is %+v", i, item)
		} else if is := (verdict{item.Code, item.Error.Code, item.Error.Description}); is != b.want {
			t.Errorf("item %d: got %+v, want %+v", i, is, b.want)
		}
	}
	if again := got.Response[4999].Data; again == nil || again.SID != got.Response[4000].Data.SID {
		t.Errorf("the repeat has %+v, not the first one's contact", again)
	}

	stored := walk(t, c, "limit=1000")
	if len(stored) != len(created) || len(created) != total-len(bad) {
		t.Errorf("%d are stored, %d were answered", len(stored), len(created))
	}
	for _, contact := range stored {
		if created[contact.Number] != contact.SID {
			t.Errorf("%s is stored under %s, answered was %q", contact.Number, contact.SID, created[contact.Number])
		}
	}
}

// walk follows next_page_uri to the end, and checks that the totals of all
// pages agree with what they hold.
func walk(t *testing.T, c *servertest.Client, query string) []servertest.Contact {
	t.Helper()
	var all []servertest.Contact
	seen := make(map[string]bool)
	total := -1
	for next := c.Path("/contacts?" + query); next != ""; {
		page := c.Get(next).Page(t)
		for _, item := range page.Response {
			if seen[item.Data.SID] {
				t.Fatalf("%s comes twice", item.Data.SID)
			}
			seen[item.Data.SID] = true
			all = append(all, *item.Data)
		}
		if total >= 0 && page.Metadata.Total != total {
			t.Fatalf("total was %d, now is %d", total, page.Metadata.Total)
		}
		total = page.Metadata.Total
		next = ""
		if page.Metadata.Next != nil {
			next = *page.Metadata.Next
		}
	}
	if total != len(all) {
		t.Fatalf("total is %d, the pages hold %d", total, len(all))
	}
	return all
}

// TestOneItem looks at what an item may hold, one request each.
func TestOneItem(t *testing.T) {
	t.Parallel()
	text := func(n int, of string) string { return strings.Repeat(of, n) }
	for name, tt := range map[string]struct {
		fields string // besides the number
		want   string // description; "" for a success
	}{
		"255 characters":       {`,"first_name":"` + text(255, "é") + `"`, ""},
		"256 characters":       {`,"last_name":"` + text(256, "é") + `"`, "Maximum allowed length for LastName is 255"},
		"256 escaped":          {`,"tag":"` + text(256, `\u0041`) + `"`, "Maximum allowed length for Tag is 255"},
		"255 escaped":          {`,"tag":"` + text(255, `\u0041`) + `"`, ""},
		"company too long":     {`,"company_name":"` + text(256, "x") + `"`, "Maximum allowed length for CompanyName is 255"},
		"not a text":           {`,"email":{}`, "Invalid Email: it must be a string"},
		"a boolean":            {`,"tag":true`, "Invalid Tag: it must be a string"},
		"NUL":                  {`,"first_name":"a\u0000b"`, "Invalid FirstName: the NUL character is not allowed"},
		"not UTF-8":            {",\"company_name\":\"\xc3\x28\"", "Invalid CompanyName: not valid UTF-8"},
		"not UTF-8, escapes":   {",\"email\":\"\\n\xff\"", "Invalid Email: not valid UTF-8"},
		"half a surrogate":     {`,"tag":"\ud83d"`, "Invalid Tag: not valid UTF-8"},
		"surrogate in bytes":   {",\"tag\":\"\xed\xa0\x80\"", "Invalid Tag: not valid UTF-8"},
		"replacement":          {`,"tag":"\ufffd"`, ""},
		"custom, a text":       {`,"custom":"x"`, "Invalid CustomField: it must be a JSON object"},
		"custom, a number":     {`,"custom_field":1`, "Invalid CustomField: it must be a JSON object"},
		"custom, not UTF-8":    {",\"custom_field\":{\"a\":\"\xff\"}", "Invalid CustomField: not valid UTF-8"},
		"custom, longest":      {`,"custom_field":{"a":"` + text(16384-8, "x") + `"}`, ""},
		"custom, too long":     {`,"custom_field":{"a":"` + text(16384-7, "x") + `"}`, "Maximum allowed length for CustomField is 16384"},
		"unknown fields":       {`,"sid":"x","nickname":[1,{"number":"12"}],"":null`, ""},
		"last tag counts":      {`,"tag":7,"tag":"good"`, ""},
		"last tag is bad":      {`,"tag":"good","tag":7`, "Invalid Tag: it must be a string"},
		"last number counts":   {`,"number":"12","number":"+919876543210"`, ""},
		"keys in other case":   {`,"FIRST_NAME":7`, "Invalid FirstName: it must be a string"},
		"key written escaped":  {`,"t\u0061g":7`, "Invalid Tag: it must be a string"},
		"unknown is not UTF-8": {",\"other\":\"\xff\"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := servertest.Start(t, servertest.Options{}).Account("demo")
			item := c.Create(`{"number":"+919876543210"` + tt.fields + `}`)[0]
			switch {
			case tt.want == "":
				if item.Code != 200 {
					t.Fatalf("got %d, %+v", item.Code, item.Error)
				}
				if got := c.Get(item.Data.URI).Contact(t); got.SID != item.Data.SID || got.Number != "+919876543210" {
					t.Errorf("created %+v, read %+v", item.Data, got)
				}
			case item.Code != 400 || item.Error.Code != 1002 || item.Error.Description != tt.want:
				t.Errorf("got %d, %+v, want %q", item.Code, item.Error, tt.want)
			case c.Total() != 0:
				t.Error("it was stored")
			}
		})
	}
}

// TestFailedItemTakesNoNumber: a number that came with a bad item is free for
// the next one.
func TestFailedItemTakesNoNumber(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	items := c.Create(`{"number":"+919876543210","tag":1}`, `{"number":"9876543210"}`, `{"number":"+91 98765 43210"}`)
	if items[0].Code != 400 || items[1].Code != 200 || items[2].Code != 409 || items[2].Data.SID != items[1].Data.SID {
		t.Errorf("got %+v", items)
	}
}

// TestKeysAndCase: keys are matched as encoding/json does.
func TestKeysAndCase(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	for _, tt := range []struct{ body, want string }{
		{`{"CONTACTS":[{"NUMBER":"+919876543210","First_Name":"a","TAG":"b"}]}`, "+919876543210"},
		{`{"contacts":[{"number":"12"}],"contacts":[{"number":"+919876543211"}]}`, "+919876543211"},
		{`{"contacts":[{"number":"12"},{}],"Contacts":[{"number":"+919876543212"}]}`, "+919876543212"},
		{`{"contacts":null,"other":{"contacts":[]},"contacts":[{"number":"+919876543213"}]}`, "+919876543213"},
	} {
		got := c.Post(tt.body).Bulk(t)
		if len(got.Response) != 1 || got.Response[0].Code != 200 || got.Response[0].Data.Number != tt.want {
			t.Errorf("%s: got %+v", tt.body, got.Response)
		}
	}
	if fault := c.Post(`{"contacts":[{"number":"+919876543214"}],"CONTACTS":null}`).Fault(t, 400); fault.Code != 1001 {
		t.Errorf("null came last: got %+v", fault)
	}
	if got := c.Total(); got != 4 {
		t.Errorf("total is %d", got)
	}
}
