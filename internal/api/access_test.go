package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"callbook/internal/account"
	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

func TestAuthentication(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	c, other := s.Account("demo"), s.Account("other")
	post := func(c *servertest.Client) servertest.Answer { return c.Post(servertest.Contacts(people(0, 1)...)) }
	for name, tt := range map[string]struct {
		client       *servertest.Client
		status, code int
	}{
		"none":                  {c.As("", ""), 401, 1010},
		"no token":              {c.As(c.Key, ""), 401, 1010},
		"no key":                {c.As("", c.Token), 401, 1010},
		"unknown key":           {c.As(strings.Repeat("0", len(c.Key)), c.Token), 401, 1010},
		"key in upper case":     {c.As(strings.ToUpper(c.Key)+"A", c.Token), 401, 1010},
		"wrong token":           {c.As(c.Key, strings.Repeat("0", len(c.Token))), 401, 1010},
		"token cut":             {c.As(c.Key, c.Token[:len(c.Token)-1]), 401, 1010},
		"another key's token":   {c.As(c.Key, other.Token), 401, 1010},
		"account as key":        {c.As("demo", c.Token), 401, 1010},
		"another account":       {c.As(other.Key, other.Token), 403, 1003},
		"odd bytes":             {c.As("\x00\xff", "\xff"), 401, 1010},
		"a colon in the token":  {c.As(c.Key, c.Token+":"), 401, 1010},
		"a blank in the token":  {c.As(c.Key, c.Token+" "), 401, 1010},
		"key and token swapped": {c.As(c.Token, c.Key), 401, 1010},
	} {
		for method, a := range map[string]servertest.Answer{
			"POST":           post(tt.client),
			"GET":            tt.client.Get(c.Path("/contacts")),
			"GET a contact":  tt.client.Get(c.Path("/contacts/" + strings.Repeat("0", 32))),
			"no such route":  tt.client.Get(c.Path("/nothing")),
			"DELETE":         tt.client.Do("DELETE", c.Path("/contacts"), nil),
			"no such method": tt.client.Do("BREW", c.Path("/contacts"), nil),
		} {
			if fault := a.Fault(t, tt.status); fault.Code != tt.code || fault.Message != "Authorization failed" {
				t.Errorf("%s, %s: got %+v", name, method, fault)
			}
			challenge := a.Header.Get("WWW-Authenticate")
			if strings.HasPrefix(challenge, "Basic") != (tt.status == 401) {
				t.Errorf("%s, %s: WWW-Authenticate is %q", name, method, challenge)
			}
		}
	}
	for name, header := range map[string]string{
		"bearer":        "Bearer " + c.Token,
		"not base64":    "Basic ???",
		"without colon": "Basic YWJj",
		"empty":         "Basic ",
	} {
		c.As("", "").Do("GET", c.Path("/contacts"), nil, "Authorization", header).Fault(t, 401)
		_ = name
	}
	if got := c.Total(); got != 0 {
		t.Errorf("%d contacts were stored", got)
	}
	if got := post(c).Bulk(t).Metadata.Success; got != 1 {
		t.Error("the good key was refused")
	}
}

func TestRevokedKey(t *testing.T) {
	t.Parallel()
	clock := clocktest.New(goldenTime)
	s := servertest.Start(t, servertest.Options{Clock: clock})
	c := s.Account("demo")
	second, token, err := s.Directory.CreateKey(t.Context(), "demo", account.KeyDraft{Name: "second"})
	if err != nil {
		t.Fatal(err)
	}
	c.Total()
	if _, err := s.Directory.RevokeKey(t.Context(), c.Key); err != nil {
		t.Fatal(err)
	}
	clock.Add(time.Second)
	if fault := c.List("").Fault(t, 401); fault.Code != 1010 {
		t.Errorf("got %+v", fault)
	}
	if got := c.As(second.ID, token).Total(); got != 0 {
		t.Errorf("total is %d", got)
	}
}

// TestAccountsAreApart: nothing of one account is seen from another.
func TestAccountsAreApart(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	one, two := s.Account("one"), s.Account("two")
	contact := one.CreateOne(`{"number":"+919876543210","first_name":"Asha"}`)
	if fault := two.Get(two.Path("/contacts/"+contact.SID)).Fault(t, 404); fault.Code != 1000 {
		t.Errorf("got %+v", fault)
	}
	two.Get(contact.URI).Fault(t, 403)
	if got := two.Total(); got != 0 {
		t.Errorf("total is %d", got)
	}
	same := two.CreateOne(`{"number":"+919876543210"}`)
	if same.SID == contact.SID || same.AccountSID != "two" || same.FirstName != nil {
		t.Errorf("got %+v", same)
	}
	if got := one.Get(contact.URI).Contact(t); got.SID != contact.SID || *got.FirstName != "Asha" {
		t.Errorf("got %+v", got)
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	body := servertest.Contacts(people(0, 1)...)
	for contentType, accepted := range map[string]bool{
		"":                                  true,
		"application/json":                  true,
		"application/json; charset=utf-8":   true,
		"application/json;charset=UTF-8":    true,
		"Application/JSON":                  true,
		"application/json; x":               true,
		"application/x-www-form-urlencoded": true,
		"application/x-www-form-urlencoded; charset=utf-8": true,
		"text/plain":                          false,
		"text/plain; charset=utf-8":           false,
		"text/json":                           false,
		"application/xml":                     false,
		"application/problem+json":            false,
		"application/jsonp":                   false,
		"multipart/form-data; boundary":       false,
		"multipart/form-data; boundary=----x": false,
		"json":                                false,
		"*/*":                                 false,
		";":                                   false,
	} {
		a := c.Do("POST", c.Path("/contacts"), strings.NewReader(body), "Content-Type", contentType)
		if accepted {
			a.Bulk(t)
			continue
		}
		fault := a.Fault(t, http.StatusUnsupportedMediaType)
		if fault.Code != 1011 || fault.Message != "unsupported content type" || fault.Description != contentType {
			t.Errorf("%s: got %+v", contentType, fault)
		}
	}
	// Nor is a body undone that comes compressed otherwise than by gzip.
	for encoding, accepted := range map[string]bool{"": true, "identity": true, "Identity": true, "deflate": false, "br": false, "identity, gzip": false} {
		a := c.Do("POST", c.Path("/contacts"), strings.NewReader(body), "Content-Encoding", encoding)
		if accepted {
			a.Bulk(t)
		} else if fault := a.Fault(t, 415); fault.Code != 1011 || fault.Description != "Content-Encoding: "+encoding {
			t.Errorf("%s: got %+v", encoding, fault)
		}
	}
	// Without a body there is nothing that could be of a wrong type.
	c.Do("GET", c.Path("/contacts"), nil, "Content-Type", "text/plain").Page(t)
	form := c.Do("POST", c.Path("/contacts"), strings.NewReader("number=1&x=y"), "Content-Type", "application/x-www-form-urlencoded")
	if fault := form.Fault(t, 400); fault.Code != 1007 {
		t.Errorf("a real form: got %+v", fault)
	}
}
