package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"callbook/internal/test/openapitest"
	"callbook/internal/test/servertest"
)

// FuzzPage asks for pages of each kind with any query: it is answered with a
// page or 400, and never with trouble of the server's own.
func FuzzPage(f *testing.F) {
	for _, query := range []string{
		"", "offset=1&limit=2", "limit=0", "limit=1001", "offset=-1", "offset=9223372036854775807&limit=9223372036854775807",
		"sort_by=name:desc", "sort_by=DATE_UPDATED:ASC", "sort_by=:", "limit=1&limit=2", "a;b", "%zz", "x=%ff&y=\xff", "limit=%00", "offset=٣",
		"name=asha", "name=%ff", "name=a%00", "name=%25_'", "name=%C3%89&sort_by=name", "list_sids=,x,0198f2c4a1b27d3e9f405162738495a6",
		"filter=show_list", "filter=", "list_sids=x&name=p&sort_by=name:desc&filter=SHOW_LIST&limit=3&offset=2",
	} {
		f.Add(query)
	}
	s := servertest.Start(f, servertest.Options{})
	c := s.Account("demo")
	list := c.CreateList("Members").SID
	for i, item := range c.Create(people(0, 30)...) {
		if i%2 == 0 {
			c.Add(list, item.Data.SID)
		}
	}
	f.Fuzz(func(t *testing.T, query string) {
		client := http.Client{Transport: openapitest.New(t).Transport(direct{s.Handler})}
		for _, path := range []string{"/contacts", "/lists", "/lists/" + list + "/contacts"} {
			fuzzPage(t, &client, c, c.Path(path), query)
		}
	})
}

func fuzzPage(t *testing.T, client *http.Client, c *servertest.Client, path, query string) {
	t.Helper()
	req := &http.Request{
		Method: "GET",
		URL:    &url.URL{Scheme: "http", Host: "test", Path: path, RawQuery: query},
		Header: make(http.Header),
	}
	req.SetBasicAuth(c.Key, c.Token)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := servertest.Answer{Status: resp.StatusCode, Header: resp.Header, Body: text}
	if a.Status == http.StatusBadRequest {
		if fault := a.Fault(t, 400); fault.Code != 1002 {
			t.Fatalf("%s?%q: got %+v", path, query, fault)
		}
		return
	}
	m := a.Page(t).Metadata
	for _, link := range []*string{m.First, m.Prev, m.Next} {
		if link == nil {
			continue
		}
		if u, err := url.ParseRequestURI(*link); err != nil || u.Path != path {
			t.Fatalf("%s?%q: link %q: %v", path, query, *link, err)
		}
	}
}

// direct hands requests to a handler without a network between.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Result(), nil
}
