package clients

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/openapitest"
	"callbook/internal/test/servertest"
)

// postmanItem is a folder or a request of a Postman collection.
type postmanItem struct {
	Item    []postmanItem
	Request *struct {
		Method string
		Header []struct{ Key, Value string }
		URL    struct{ Raw string }
		Body   struct{ Mode, Raw string }
	}
}

// TestPostmanCollection holds the collection of docs against the document: it has
// every operation of an account, with a key that is a new one each time, and bodies
// that the server reads.
func TestPostmanCollection(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/callbook.postman_collection.json")
	if err != nil {
		t.Fatal(err)
	}
	var collection postmanItem
	if err := json.Unmarshal(text, &collection); err != nil {
		t.Fatal(err)
	}
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	contact, list := c.CreateOne(`{"number":"+919876543299"}`), c.CreateList("Members")
	called := c.NewCampaign(`{"campaigns":[{"caller_id":"1234","from":["+919876543299"],"url":"http://my.exotel.com/demo/exoml/start_voice/42","schedule":{"send_at":"2100-01-01T10:00:00+05:30"}}]}`)
	values := strings.NewReplacer("{{base_url}}", "", "{{campaign_id}}", called.ID, "{{account_sid}}", c.Account, "{{contact_sid}}", contact.SID, "{{list_sid}}", list.SID, "{{upload_id}}", list.SID, "{{flow_name}}", "rent")
	var operations []string
	var visit func(postmanItem)
	visit = func(item postmanItem) {
		for _, inner := range item.Item {
			visit(inner)
		}
		r := item.Request
		if r == nil {
			return
		}
		path := wildcards.ReplaceAllString(strings.TrimPrefix(r.URL.Raw, "{{base_url}}"), "{}")
		operations = append(operations, r.Method+" "+path)
		fresh := slices.ContainsFunc(r.Header, func(h struct{ Key, Value string }) bool {
			return h.Key == "Idempotency-Key" && h.Value == "{{$guid}}"
		})
		if fresh != (r.Method != "GET") {
			t.Errorf("%s %s: a new Idempotency-Key is %t", r.Method, path, fresh)
		}
		if r.Body.Mode == "raw" && r.Method != "DELETE" {
			a := c.Do(r.Method, values.Replace(r.URL.Raw), strings.NewReader(values.Replace(r.Body.Raw)), "Content-Type", "application/json")
			if a.Status >= 300 {
				t.Errorf("%s %s was answered %d: %s", r.Method, path, a.Status, a.Body)
			}
		}
	}
	visit(collection)
	var want []string
	for _, operation := range openapitest.New(t).Operations() {
		if strings.Contains(operation, "/v2/") {
			want = append(want, wildcards.ReplaceAllString(operation, "{}"))
		}
	}
	slices.Sort(operations)
	slices.Sort(want)
	if diff := cmp.Diff(want, operations); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

var wildcards = regexp.MustCompile(`\{+[a-z_]+\}+`)
