package phone

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// patterns draws regular expressions of the kinds that metadata is made of,
// and some that it is not.
func patterns() *rapid.Generator[string] {
	atom := rapid.SampledFrom([]string{"0", "1", "2", `\d`, "[01]", "[13-9]", "(?:0|1)", "(1)", "(0|12)"})
	times := rapid.SampledFrom([]string{"", "", "", "?", "*", "{2}", "{1,3}", "??"})
	term := rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(1, 4).Draw(t, "atoms") {
			b.WriteString(atom.Draw(t, "atom") + times.Draw(t, "times"))
		}
		if rapid.IntRange(0, 4).Draw(t, "group") == 0 {
			return "(" + b.String() + ")?"
		}
		return b.String()
	})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(term, 1, 3).Draw(t, "terms"), "|")
	})
}

func values(s string) []byte {
	b := []byte(s)
	for i := range b {
		b[i] -= '0'
	}
	return b
}

func TestPrefixAgreesWithRegexp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := patterns().Draw(t, "pattern")
		if rapid.Bool().Draw(t, "end") {
			pattern = strings.Replace(pattern, "|", "$|", 1)
		}
		a, err := newPrefix(pattern)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile("^(?:" + pattern + ")")
		for range 10 {
			s := rapid.StringMatching("[0-3]{0,8}").Draw(t, "digits")
			length, group := a.prefix(values(s))
			wantLength, wantGroup := -1, false
			if at := re.FindStringSubmatchIndex(s); at != nil {
				wantLength, wantGroup = at[1], len(at) > 2 && at[len(at)-2] >= 0
			}
			if length != wantLength || group != wantGroup {
				t.Fatalf("%s on %q: got %d %v, want %d %v", pattern, s, length, group, wantLength, wantGroup)
			}
		}
	})
}

func TestSetAgreesWithRegexp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(patterns(), 1, 4).Draw(t, "patterns")
		var n nfa
		for i, p := range all {
			if err := n.add(p, 1<<i); err != nil {
				t.Fatal(err)
			}
		}
		a, err := newSet(&n)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			s := rapid.StringMatching("[0-3]{0,8}").Draw(t, "digits")
			var want uint32
			for i, p := range all {
				if regexp.MustCompile("^(?:" + p + ")$").MatchString(s) {
					want |= 1 << i
				}
			}
			if got := a.read(values(s)); got != want {
				t.Fatalf("%q on %q: got %b, want %b", all, s, got, want)
			}
		}
	})
}

// TestRefusedPatterns sees that a pattern without tables is an error, which
// leaves its numbers to the library, and never a wrong table.
func TestRefusedPatterns(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"(", `\b0`, "^0", "0$", "(?:0|1)*0" + strings.Repeat(`\d`, 14)} {
		var n nfa
		if err := n.add(pattern, 1); err != nil {
			continue
		}
		if _, err := newSet(&n); err == nil {
			t.Errorf("%s: a table was made", pattern)
		}
	}
}
