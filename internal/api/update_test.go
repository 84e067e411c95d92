package api_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// TestPartialUpdates changes the same contact in many ways, alone and in bulk,
// and looks at all of it afterwards.
func TestPartialUpdates(t *testing.T) {
	t.Parallel()
	const full = `"number":"+919876543210","first_name":"Asha","last_name":"Rao","company_name":"Lotus",` +
		`"email":"asha@example.com","tag":"Member","custom_field":{"a": 1}`
	text := func(s string) *string { return &s }
	before := servertest.Contact{
		AccountSID: "demo", Number: "+919876543210", FirstName: text("Asha"), LastName: text("Rao"), CompanyName: text("Lotus"),
		Email: text("asha@example.com"), Tag: text("Member"), CustomField: []byte(`{"a":1}`),
	}
	for name, tt := range map[string]struct {
		fields string
		change func(*servertest.Contact) // nil for nothing
	}{
		"nothing":               {``, nil},
		"unknown keys":          {`"nickname":null,"uri":"x","account_sid":7,"tag":"Member"`, nil},
		"same texts":            {`"first_name":"Asha","last_name":"Rao","custom_field":{ "a" : 1 }`, nil},
		"number":                {`"number":"098765 43219"`, func(c *servertest.Contact) { c.Number = "+919876543219" }},
		"same number":           {`"number":"9876543210"`, nil},
		"first name":            {`"first_name":"Aasha"`, func(c *servertest.Contact) { c.FirstName = text("Aasha") }},
		"first name null":       {`"first_name":null`, func(c *servertest.Contact) { c.FirstName = nil }},
		"last name empty":       {`"last_name":""`, func(c *servertest.Contact) { c.LastName = text("") }},
		"company null":          {`"company_name":null`, func(c *servertest.Contact) { c.CompanyName = nil }},
		"email":                 {`"email":" A@b "`, func(c *servertest.Contact) { c.Email = text(" A@b ") }},
		"tag null":              {`"tag":null`, func(c *servertest.Contact) { c.Tag = nil }},
		"tag, the last counts":  {`"tag":7,"tag":"New"`, func(c *servertest.Contact) { c.Tag = text("New") }},
		"tag, the last is null": {`"tag":"New","tag":null`, func(c *servertest.Contact) { c.Tag = nil }},
		"tag, another case":     {`"TAG":"New"`, func(c *servertest.Contact) { c.Tag = text("New") }},
		"custom field":          {`"custom_field":{"b" :[2.50]}`, func(c *servertest.Contact) { c.CustomField = []byte(`{"b":[2.50]}`) }},
		"custom field of PHP":   {`"custom_field":[ ]`, func(c *servertest.Contact) { c.CustomField = []byte(`{}`) }},
		"custom field empty":    {`"custom_field":{}`, func(c *servertest.Contact) { c.CustomField = []byte(`{}`) }},
		"custom field null":     {`"custom_field":null`, func(c *servertest.Contact) { c.CustomField = []byte(`null`) }},
		"custom":                {`"custom":{"b":2}`, func(c *servertest.Contact) { c.CustomField = []byte(`{"b":2}`) }},
		"custom null":           {`"custom":null`, func(c *servertest.Contact) { c.CustomField = []byte(`null`) }},
		"both customs":          {`"custom_field":{"b":2},"custom":[]`, func(c *servertest.Contact) { c.CustomField = []byte(`{"b":2}`) }},
		"both customs, null":    {`"custom":{"b":2},"custom_field":null`, func(c *servertest.Contact) { c.CustomField = []byte(`null`) }},
		"all of it": {
			`"number":"+14155550123","first_name":null,"last_name":null,"company_name":null,"email":null,"tag":null,"custom_field":null`,
			func(c *servertest.Contact) {
				*c = servertest.Contact{AccountSID: "demo", Number: "+14155550123", CustomField: []byte(`null`)}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := clocktest.New(goldenTime)
			c := servertest.Start(t, servertest.Options{Clock: clock}).Account("demo")
			for _, how := range []string{"alone", "in bulk"} {
				created := c.CreateOne(`{` + full + `}`)
				clock.Set(goldenTime.AddDate(0, 0, 1))
				fields, sid := tt.fields, fmt.Sprintf(`"sid":%q`, created.SID)
				if fields != "" {
					sid += ","
				}
				var got servertest.Contact
				if how == "alone" {
					got = c.Send("PUT", "/contacts/"+created.SID, `{`+fields+`}`).Contact(t)
				} else {
					item := c.Send("PUT", "/contacts", servertest.Contacts(`{`+sid+fields+`}`)).Bulk(t).Response[0]
					if item.Code != 200 {
						t.Fatalf("%s: got %+v", how, item.Error)
					}
					got = *item.Data
				}
				want := before
				if tt.change != nil {
					tt.change(&want)
				}
				want.SID, want.URI, want.DateCreated = created.SID, created.URI, created.DateCreated
				want.DateUpdated = "2026-03-15T09:26:53.58979323+05:30"
				if tt.change == nil {
					want.DateUpdated = created.DateUpdated
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", how, diff)
				}
				if diff := cmp.Diff(want, c.Get(created.URI).Contact(t)); diff != "" {
					t.Errorf("%s, read again (-want +got):\n%s", how, diff)
				}
				c.Do("DELETE", created.URI, nil).Contact(t)
				clock.Set(goldenTime)
			}
		})
	}
}

// TestFailedUpdates: what is refused changes nothing, and neither does what
// came with it.
func TestFailedUpdates(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	contact := c.CreateOne(`{"number":"+919876543210","first_name":"Asha"}`)
	c.CreateOne(`{"number":"+919876543211"}`)
	list := c.CreateList("Members")
	c.CreateList("Guests")
	for _, tt := range []struct {
		uri, fields  string
		status, code int
		description  string
	}{
		{contact.URI, `"number":null`, 400, 1001, "Number is mandatory"},
		{contact.URI, `"number":""`, 400, 1001, "Number is mandatory"},
		{contact.URI, `"number":"12"`, 400, 1002, "Invalid Number: too short for India (+91)"},
		{contact.URI, `"number":9876543210`, 400, 1002, "Invalid Number: it must be a string"},
		{contact.URI, `"number":"9876543211"`, 409, 1008, "A contact with this Number already exists"},
		{contact.URI, `"email":[]`, 400, 1002, "Invalid Email: it must be a string"},
		{contact.URI, "\"tag\":\"\xff\"", 400, 1002, "Invalid Tag: not valid UTF-8"},
		{contact.URI, `"custom":""`, 400, 1002, "Invalid CustomField: it must be a JSON object"},
		{list.URI, `"name":null`, 400, 1001, "Name is mandatory"},
		{list.URI, `"name":""`, 400, 1001, "Name is mandatory"},
		{list.URI, `"name":{}`, 400, 1002, "Invalid Name: it must be a string"},
		{list.URI, `"name":"Guests"`, 409, 1008, "A list with this Name already exists"},
		{list.URI, `"name":"\ud800"`, 400, 1002, "Invalid Name: not valid UTF-8"},
		{list.URI, `"name":"a\u0000"`, 400, 1002, "Invalid Name: the NUL character is not allowed"},
		{list.URI, `"tag":false`, 400, 1002, "Invalid Tag: it must be a string"},
	} {
		path, before := tt.uri[len(c.Path("")):], c.Get(tt.uri).Body
		fault := c.Send("PUT", path, `{`+tt.fields+`,"first_name":"New"}`).Fault(t, tt.status)
		if fault.Code != tt.code || fault.Description != tt.description {
			t.Errorf("%s %s: got %+v", path, tt.fields, fault)
		}
		if diff := cmp.Diff(normalise(before), normalise(c.Get(tt.uri).Body)); diff != "" {
			t.Errorf("%s %s changed (-before +after):\n%s", path, tt.fields, diff)
		}
	}
}

// TestNumbersMove: in one request, and after a delete, a number that was given
// up is free for another contact.
func TestNumbersMove(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	a, b := c.CreateOne(`{"number":"+919876543210"}`), c.CreateOne(`{"number":"+919876543211"}`)
	change := func(sid, number string) string { return fmt.Sprintf(`{"sid":%q,"number":%q}`, sid, number) }
	var codes []int
	for _, item := range c.Send("PUT", "/contacts", servertest.Contacts(
		change(a.SID, "+919876543211"), change(a.SID, "+919876543212"), change(b.SID, "+919876543210"), change(a.SID, "+919876543211"),
	)).Bulk(t).Response {
		codes = append(codes, item.Code)
	}
	if diff := cmp.Diff([]int{409, 200, 200, 200}, codes); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	items := c.Create(`{"number":"+919876543210"}`, `{"number":"+919876543211"}`, `{"number":"+919876543212"}`)
	if items[0].Code != 409 || items[0].Data.SID != b.SID || items[1].Code != 409 || items[1].Data.SID != a.SID || items[2].Code != 200 {
		t.Errorf("got %+v", items)
	}
	c.Do("DELETE", b.URI, nil).Contact(t)
	c.Get(b.URI).Fault(t, 404)
	again := c.CreateOne(`{"number":"+919876543210"}`)
	if again.SID == b.SID || c.Total() != 3 {
		t.Errorf("got %+v, total %d", again, c.Total())
	}
}
