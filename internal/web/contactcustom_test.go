package web_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestFilterByCustomField finds contacts by a custom field, selects and exports them.
func TestFilterByCustomField(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	c.Create(
		`{"number": "+919876543210", "first_name": "Asha", "custom_field": {"plan": "Gold", "city": {"name": "Pune"}}}`,
		`{"number": "+919876543211", "first_name": "Bob", "custom_field": {"Plan": "gold member", "city": "S\u00e3o Paulo"}}`,
		`{"number": "+919876543212", "first_name": "Carol", "custom_field": {"plan": "silver", "score": 4.50}}`,
		`{"number": "+919876543213", "first_name": "Dev", "custom_field": {"plan": null, "note": "plan gold"}}`,
		`{"number": "+919876543214", "first_name": "Eve"}`,
	)
	for _, tt := range []struct {
		key, value string
		want       []string
	}{
		{"plan", "", []string{"Asha", "Bob", "Carol"}}, {"PLAN", "GOLD", []string{"Asha", "Bob"}}, {"plan", "gold m", []string{"Bob"}},
		{"city", "sao paulo", []string{"Bob"}}, {"city", "pune", []string{"Asha"}}, {"score", "4.5", []string{"Carol"}}, {"pla", "", nil},
		{"plan", "nothing", nil}, {"", "gold", []string{"Asha", "Bob", "Carol", "Dev", "Eve"}},
	} {
		query := url.Values{"custom": {tt.key}, "custom_value": {tt.value}, "sort": {"created"}}
		if got := rows(b.Open("/contacts?"+query.Encode()).PageText(t, 200)); !slices.Equal(got, tt.want) {
			t.Errorf("%q with %q: got %q, want %q", tt.key, tt.value, got, tt.want)
		}
		file := string(b.Open("/contacts/export?format=csv&" + query.Encode()).Body)
		if got := strings.Count(file, "+9198765432"); got != len(tt.want) {
			t.Errorf("%q with %q: the file has %d contacts, want %d: %s", tt.key, tt.value, got, len(tt.want), file)
		}
		if tt.key == "" {
			continue // the API refuses a value without its key
		}
		if got := c.List("custom_key=" + url.QueryEscape(tt.key) + "&custom_value=" + url.QueryEscape(tt.value)).Page(t).Metadata.Total; got != len(tt.want) {
			t.Errorf("%q with %q: the API has %d, want %d", tt.key, tt.value, got, len(tt.want))
		}
	}
	// What all that match are is the filter's.
	b.Submit("/contacts/selected/tag", url.Values{"all": {"1"}, "custom": {"plan"}, "custom_value": {"gold"}, "value": {"VIP"}})
	if got := rows(b.Open("/contacts?tag=VIP&sort=created").PageText(t, 200)); !slices.Equal(got, []string{"Asha", "Bob"}) {
		t.Errorf("%q were tagged", got)
	}
}

// TestCustomFieldsOffered: the filter offers those that contacts have, the most frequent
// first.
func TestCustomFieldsOffered(t *testing.T) {
	t.Parallel()
	c, b := book(t)
	var contacts []string
	for i := range 1500 {
		contacts = append(contacts, fmt.Sprintf(`{"number": "+9198%08d", "custom_field": {"plan": "x", "<b>%d": 1}}`, 10_000_000+i, i/600))
	}
	c.Create(contacts...)
	b.Open("/contacts/fields").Redirect(t, "/contacts")
	piece := b.Do("GET", "/contacts/fields", nil, "HX-Request", "true").PageText(t, 200)
	if want := `<option value="plan">`; !strings.HasPrefix(piece, want) {
		t.Errorf("got %s, want %s first", piece, want)
	}
	has(t, piece, "&lt;b&gt;0", "&lt;b&gt;2")
}
