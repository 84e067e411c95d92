package contacts

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"callbook/internal/web/shell"
)

func TestMergeObjects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		was, now, mine, want string
		conflicts            []string // as "name: theirs, mine"
	}{
		{`{"a":1}`, `{"a":1}`, "{\n  \"a\": 1\n}", `{"a":1}`, nil},
		{`{"a":1}`, `{"a":1}`, `{"a": 2}`, `{"a":2}`, nil},
		{`{"a":1}`, `{"a":1,"b":2}`, `{"a": 2}`, `{"a":2,"b":2}`, nil},
		{`{"a":1,"b":2}`, `{"b":2}`, `{"a":1,"b":3}`, `{"b":3}`, nil},
		{`{"a":1,"b":2}`, `{"a":1,"b":3}`, `{"b":2}`, `{"b":3}`, nil},
		{`{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":3}`, []string{"custom_field.a: 2, 3"}},
		{`{"a":1}`, `{"a":2}`, `{"a":2.0}`, `{"a":2.0}`, []string{"custom_field.a: 2, 2.0"}},
		{`{"a":1}`, `{"a":2}`, ``, ``, []string{"custom_field.a: 2, "}},
		{`{"a":1}`, ``, `{"a":1,"b":2}`, `{"b":2}`, nil},
		{`{"a":1}`, ``, `{"a":2}`, `{"a":2}`, []string{"custom_field.a: , 2"}},
		{``, `{"a":1}`, `{"b":2}`, `{"a":1,"b":2}`, nil},
		{`{"\u00e9":1}`, `{"\u00e9":1,"x y":{"deep":[1, 2]}}`, `{"é": 2}`, `{"\u00e9":2,"x y":{"deep":[1,2]}}`, nil},
		{`{"x\n&":1}`, `{"x\n&":2}`, `{"x\n&":3}`, `{"x\n&":3}`, []string{"custom_field.x%0A%26: 2, 3"}},
		// Nobody can tell which of two equal keys is which.
		{`{"a":1,"a":2}`, `{"a":1,"a":3}`, `{"a":1,"a":2,"b":1}`, `{"a":1,"a":2,"b":1}`,
			[]string{`custom_field: {"a":1,"a":3}, {"a":1,"a":2,"b":1}`}},
	} {
		m := shell.NewMerge(url.Values{})
		got := mergeObjects(m, shell.Version{Name: "custom_field", Type: "textarea", Was: tt.was, Now: tt.now, Mine: tt.mine})
		var conflicts []string
		for _, c := range m.Conflicts {
			conflicts = append(conflicts, c.Name+": "+c.Theirs+", "+c.Mine)
		}
		if got != tt.want || !slices.Equal(conflicts, tt.conflicts) {
			t.Errorf("%s, now %s, typed %s: got %s with conflicts %q, want %s with %q", tt.was, tt.now, tt.mine, got, conflicts, tt.want, tt.conflicts)
		}
	}
}

// TestMergeModel holds merges of random objects against what each key must become.
func TestMergeModel(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	object := func() (map[string]string, string) {
		values := make(map[string]string)
		var parts []string
		for _, key := range []string{"a", "b", "c", "d"} {
			if n := random.IntN(4); n > 0 {
				values[key] = fmt.Sprint(n)
				parts = append(parts, fmt.Sprintf("%q:%d", key, n))
			}
		}
		return values, "{" + strings.Join(parts, ",") + "}"
	}
	for range 5_000 {
		was, wasText := object()
		now, nowText := object()
		mine, mineText := object()
		// What is chosen for a conflict is what it becomes, whatever else is merged.
		choice := []string{"", "theirs", "mine"}[random.IntN(3)]
		m := shell.NewMerge(url.Values{})
		got := mergeObjects(m, shell.Version{Name: "f", Type: "textarea", Was: wasText, Now: nowText, Mine: mineText})
		if choice != "" {
			form := make(url.Values)
			for _, c := range m.Conflicts {
				form.Add("conflict", c.Name)
				form.Set("choose."+c.Name, choice)
			}
			m = shell.NewMerge(form)
			got = mergeObjects(m, shell.Version{Name: "f", Type: "textarea", Was: nowText, Now: nowText, Mine: got})
			if len(m.Conflicts) > 0 {
				t.Fatalf("was %s, now %s, typed %s: decided, there are conflicts still: %+v", wasText, nowText, mineText, m.Conflicts)
			}
		}
		merged, ok := membersOf(got)
		if !ok {
			t.Fatalf("the merge is no object: %s", got)
		}
		for _, key := range []string{"a", "b", "c", "d"} {
			want := mine[key]
			conflict := mine[key] != was[key] && now[key] != was[key] && mine[key] != now[key]
			if mine[key] == was[key] || conflict && choice == "theirs" {
				want = now[key]
			}
			if merged.values[key] != want {
				t.Fatalf("was %s, now %s, typed %s, chosen %q: %s became %q, want %q", wasText, nowText, mineText, choice, key, merged.values[key], want)
			}
			if choice == "" && conflict != slices.ContainsFunc(m.Conflicts, func(c shell.Conflict) bool { return c.Name == "f."+key }) {
				t.Fatalf("was %s, now %s, typed %s: a conflict of %s: %t", wasText, nowText, mineText, key, conflict)
			}
		}
	}
}
