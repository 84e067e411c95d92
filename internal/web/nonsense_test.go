package web_test

import (
	"strings"
	"testing"
)

// later is the schedule of a campaign that does not begin.
const later = `"schedule":{"send_at":"2099-01-01T10:00:00+05:30"}`

// TestNonsense gives the filters of pages what they cannot mean. The pages say so: without
// the filter, they would show what nobody has asked for.
func TestNonsense(t *testing.T) {
	t.Parallel()
	c, b := calling(t)
	list := c.CreateList("Diwali").SID
	campaign := c.NewCampaign(`{"campaigns":[{"caller_id":"08047000001","from":["+919800000001"],"read_via_text":"Your rent is due.",` + later + `}]}`).ID
	contacts := []string{
		"country=nonsense", "countries_except=IN,nonsense", "kind=nonsense", "tags_except=nonsense", "import=nonsense", "added_from=nonsense", "added_to=29.11.2026",
	}
	for path, words := range map[string][]string{
		"/contacts":                             contacts,
		"/lists/" + list:                        contacts,
		"/campaigns":                            {"state=nonsense"},
		"/campaigns/" + campaign + "/calls":     {"state=nonsense"},
		"/campaigns/" + campaign + "/numbers":   {"state=nonsense"},
		"/campaigns/" + campaign + "/callbacks": {"state=nonsense"},
		"/history":                              {"what=nonsense", "who=nonsense", "of=nonsense", "from=nonsense", "till=29.11.2026"},
		"/imports":                              {"show=nonsense"},
		"/requests":                             {"day=nonsense"},
		"/trash":                                {"until=nonsense", "deletion=nonsense"},
		"/trash/lists":                          {"until=nonsense", "deletion=nonsense"},
	} {
		b.Open(path).PageText(t, 200)
		for _, word := range words {
			name, _, _ := strings.Cut(word, "=")
			page := visible(b.Open(path+"?"+word).PageText(t, 400))
			if !strings.Contains(page, "“"+name+"” that cannot be read") && !strings.Contains(page, "There is no ") && !strings.Contains(page, "are no tags") && !strings.Contains(page, "is no day") {
				t.Errorf("%s?%s says %s", path, word, page)
			}
		}
	}
}
