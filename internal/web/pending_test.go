package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"callbook/internal/test/servertest"
)

// TestOldAddressOfPending: links to the address that pending files once had lead on.
func TestOldAddressOfPending(t *testing.T) {
	t.Parallel()
	_, b := book(t)
	path := pending(t, b, "number\n9876543210\n")
	b.Open(strings.Replace(path, "/pending", "/draft", 1)).Redirect(t, path)
}

// TestMapping: what a file's columns are for can be guessed, and changed.
func TestMapping(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file string
		form func(url.Values)
		uses []string // nil takes the guess
		want string   // the first contact
	}{
		"guess by names": {"Name,Mobile No.,Company\nAsha,9876543210,Exotel\n", nil, nil,
			`{"number":"+919876543210","first":"Asha","company":"Exotel","custom":null}`},
		"guess by cells": {"who,how\nAsha,98765 43210\n", nil, nil,
			`{"number":"+919876543210","first":"","company":"","custom":null}`},
		"guess without a header": {"Asha,98765 43210\n", nil, nil,
			`{"number":"+919876543210","first":"","company":"","custom":null}`},
		"custom fields": {"a,b,c\n9876543210,1,\"x\"\"\"\n", nil, []string{"number", "custom:plan", "custom:"},
			`{"number":"+919876543210","first":"","company":"","custom":{"plan":1,"c":"x\""}}`},
		"no header": {"Asha,9876543210\n", func(f url.Values) { f.Set("no_header", "yes") }, []string{"first_name", "number"},
			`{"number":"+919876543210","first":"Asha","company":"","custom":null}`},
		"leave out": {"number,first_name\n9876543210,Asha\n", nil, []string{"number", ""},
			`{"number":"+919876543210","first":"","company":"","custom":null}`},
		"variables": {"phone,plan\n9876543210,gold\n", func(f url.Values) { f.Set("type", "dynamic") }, []string{"number", "variable:"},
			`{"number":"+919876543210","first":"","company":"","custom":{"plan":"gold"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := serve(t)
			c := s.Account("demo")
			b := s.SignedIn("demo")
			path := pending(t, b, tt.file)
			form := columns(tt.uses...)
			if tt.uses == nil { // as the page has it
				form = pageForm(b.Open(path).PageText(t, 200))
			}
			if tt.form != nil {
				tt.form(form)
			}
			b.Submit(path, form).Redirect(t, path)
			form.Set("then", "start")
			upload := strings.TrimSuffix(path, "/pending")
			b.Submit(path, form).Redirect(t, upload)
			reads(t, await(t, b, upload), "Imported 1")
			got := c.List("limit=1").Page(t).Response[0].Data
			text := func(s *string) string {
				if s == nil {
					return ""
				}
				return *s
			}
			if s := fmt.Sprintf(`{"number":%q,"first":%q,"company":%q,"custom":%s}`, got.Number, text(got.FirstName), text(got.CompanyName), got.CustomField); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
		})
	}
}

var (
	useSelect = regexp.MustCompile(`(?s)<select name="(use\.\d+)".*?</select>`)
	selected  = regexp.MustCompile(`<option value="([^"]*)" selected>`)
)

// pageForm is a pending file's form as a browser without script would send it.
func pageForm(page string) url.Values {
	form := columns()
	for _, found := range useSelect.FindAllStringSubmatch(page, -1) {
		form.Set(found[1], "")
		if chosen := selected.FindStringSubmatch(found[0]); chosen != nil {
			form.Set(found[1], chosen[1])
		}
	}
	if strings.Contains(page, `name="no_header" value="yes" checked`) {
		form.Set("no_header", "yes")
	}
	return form
}

// TestMappingFaults: a form that cannot be imported so is shown again.
func TestMappingFaults(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	path := pending(t, b, "a,b\nx,y\n")
	reads(t, b.Open(path).PageText(t, 200), "No column has the numbers yet", "Look again")
	for want, form := range map[string]url.Values{
		"No column has the numbers yet":     columns("", ""),
		"Two columns are for “Number”":      columns("number", "number"),
		"Say which list the contacts go in": {"type": {"static"}, "on_duplicate": {"skip"}},
	} {
		form.Set("then", "start")
		reads(t, b.Submit(path, form).PageText(t, 422), want)
	}
	b.Submit(path+"/discard", nil).Redirect(t, "/imports")
	b.Open(path).PageText(t, 404)
}

// TestMappedErrors: the rows that failed can be uploaded again as they are.
func TestMappedErrors(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	path := pending(t, b, "Who,Mobile,Since,company_name\nAsha,x,2020,Exotel\n")
	form := columns("first_name", "number", "", "")
	form.Set("then", "start")
	upload := strings.TrimSuffix(path, "/pending")
	b.Submit(path, form).Redirect(t, upload)
	await(t, b, upload)
	want := "\ufeffcallbook_line,callbook_code,callbook_reason,first_name,number,Since,\n2,1002,Invalid Number: it has letters,Asha,x,2020,Exotel\n"
	if got := string(b.Open(upload + "/errors.csv").Body); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPendingAtOnce: of files that come in at the same moment no more are kept than may
// wait, and each that is kept was taken.
func TestPendingAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	s.Account("demo")
	b := s.SignedIn("demo")
	var kept atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			body, contentType := servertest.NewForm("list_name", "Leads", "type", "static", "on_duplicate", "reject").NamedFile("file", "a.csv", "number\n9876543210\n").Body()
			if b.Do("POST", "/imports", body, "Content-Type", contentType).Header.Get("Location") != "" {
				kept.Add(1)
			}
		})
	}
	all.Wait()
	waiting := strings.Count(b.Open("/imports").PageText(t, 200), "waits for you to import it")
	if waiting > 4 || int64(waiting) != kept.Load() {
		t.Errorf("%d files wait, and %d were taken", waiting, kept.Load())
	}
}
