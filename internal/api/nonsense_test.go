package api_test

import (
	"strings"
	"testing"

	"callbook/internal/clock/clocktest"
	"callbook/internal/test/servertest"
)

// sharedNonsense are the words that pages of contacts and exports take alike.
var sharedNonsense = []string{
	"name=%00", "name=%ff", "number=nonsense", "tag=%00", "tag_part=%ff", "email=%00", "q=%00", "calling_code=nonsense", "calling_code=999999", "regions=nonsense",
	"except_regions=nonsense", "line_types=nonsense", "untagged=nonsense", "except_tags=%00", "upload_sid=nonsense", "upload_sid=00000000000000000000000000000000",
	"custom_key=%00", "custom_value=x", "created_from=nonsense", "created_before=2026-11-29", "sort_by=nonsense", "sort_by=name:sideways",
}

// pagingNonsense are the words of pages.
var pagingNonsense = []string{"limit=nonsense", "limit=0", "offset=nonsense", "offset=-1"}

// nonsense has for each route that reads, and that takes words, each of its words with
// what it cannot mean.
var nonsense = map[string][]string{
	"GET /contacts":                       {"cursor=nonsense", "filter=nonsense", "list_sids=nonsense", "list_sids=11111111111111111111111111111111,x"},
	"GET /contacts/export":                {"format=nonsense", "list_sids=nonsense", "nonsense=1", "limit=1"},
	"GET /lists":                          {"cursor=nonsense", "name=%00", "sort_by=nonsense"},
	"GET /lists/{sid}/contacts":           {"cursor=nonsense", "filter=nonsense"},
	"GET /lists/{sid}/export":             {"format=nonsense", "list_sids=x"},
	"GET /contacts/csv-upload/{list_sid}": {"type=nonsense"},
	"GET /csv-uploads":                    {"cursor=nonsense"},
	"GET /trash/contacts":                 {"q=%00", "deletion_sid=nonsense", "cursor=nonsense", "offset=1"},
	"GET /trash/lists":                    {"name=%00", "deletion_sid=nonsense", "cursor=nonsense", "offset=1"},
	"GET /campaigns":                      {"name=%00", "type=nonsense", "status=nonsense", "status=paused,nonsense", "sort_by=nonsense", "page=nonsense", "page_size=0"},
	"GET /campaigns/{sid}/targets":        {"status=nonsense", "cursor=!", "page=0"},
	"GET /campaigns/{sid}/call-details":   {"status=nonsense", "sort_by=name", "page=0"},
	"GET /campaign/{sid}/call-details":    {"status=nonsense", "sort_by=name", "page=0"},
	"GET /campaigns/{sid}/callbacks":      {"status=nonsense", "sort_by=name", "position=nonsense", "page=0"},
	"GET /campaigns/{sid}/report":         {"partial=nonsense"},
	"GET /suppressions":                   {"number=nonsense", "number=%00", "page=0"},
	"GET /suppressions/export":            {"number=9876543210"},
	"GET /flows":                          nil,
	"GET /prompts":                        nil,
	"GET /audit":                          {"action=nonsense", "action=contacts", "actor=nonsense", "actor=server:1", "actor=key:", "object=%00", "sid=nonsense", "sid=00000000000000000000000000000000", "from=nonsense", "before=2026-11-29", "cursor=nonsense", "offset=1"},
}

// wordless are the routes that read and take no words.
var wordless = []string{
	"GET /contacts/{sid}", "GET /lists/{sid}", "GET /csv-status/{upload_id}", "GET /csv-status/{upload_id}/errors", "GET /campaigns/{sid}",
	"GET /campaigns/{sid}/call-details/{call_sid}/recording", "GET /flows/{name}", "GET /prompts/{name}",
}

// TestNonsense gives each word of each route that reads what it cannot mean, and is told
// so: a filter that filters nothing would show what nobody has asked for.
func TestNonsense(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Clock: clocktest.New(goldenTime)})
	c := s.Account("demo")
	names := furnish(c)
	for _, pattern := range s.Handler.Patterns() {
		route := strings.Replace(pattern, " /v2/accounts/{account_sid}", " ", 1)
		words, reads := nonsense[route]
		takesNone := strings.Contains(strings.Join(wordless, "\n")+"\n", route+"\n")
		if route == pattern || !strings.HasPrefix(route, "GET ") {
			continue
		}
		if reads == takesNone {
			t.Errorf("%s must be either in nonsense or in wordless", route)
		}
		if takesNone {
			continue
		}
		if strings.HasSuffix(route, "/contacts") && !strings.Contains(route, "trash") || strings.HasSuffix(route, "/export") && !strings.Contains(route, "suppressions") {
			words = append(words, sharedNonsense...)
		}
		if !strings.HasSuffix(route, "/export") && !strings.HasSuffix(route, "/report") && !strings.Contains(route, "csv-upload/") {
			words = append(words, pagingNonsense...)
		}
		path := strings.TrimPrefix(names.Replace(strings.NewReplacer("{list_sid}", "{members}", "lists/{sid}", "lists/{members}", "{sid}", "{campaign}").Replace(route)), "GET ")
		for _, word := range words {
			name, _, _ := strings.Cut(word, "=")
			got := c.Get(c.Path(path+"?"+word)).Fault(t, 400)
			if got.Code != 1002 || !strings.HasPrefix(got.Description, "Invalid ") || !strings.Contains(strings.ToLower(got.Description), strings.ToLower(name)) {
				t.Errorf("%s?%s: got %+v", route, word, got)
			}
		}
	}
}
