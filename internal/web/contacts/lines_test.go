package contacts

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"callbook/internal/addressbook"
)

// sentBack is the form of these lines as a browser sends it back untouched.
func sentBack(c customLines) url.Values {
	form := url.Values{linesThere: {"1"}, linesShown: {c.Shown}, string(addressbook.FieldCustomField): {strings.ReplaceAll(c.JSON, "\n", "\r\n")}}
	for _, l := range c.Lines {
		field := fmt.Sprint(linePrefix, l.Index)
		form.Set(field+".was", l.Was)
		form.Set(field+".name", l.Name)
		form.Set(field+".value", strings.ReplaceAll(l.Value, "\n", "\r\n"))
	}
	for _, l := range c.Spare {
		field := fmt.Sprint(linePrefix, l.Index)
		form.Set(field+".name", "")
		form.Set(field+".value", "")
	}
	return form
}

func TestLines(t *testing.T) {
	t.Parallel()
	const stored = `{"plan":"gold","since":2019.0,"news":true,"none":null,"city":{"b":1,"a":[]},"note":"a\nb"}`
	change := func(words ...string) func(url.Values) {
		return func(form url.Values) {
			for i := 0; i < len(words); i += 2 {
				form.Set(words[i], words[i+1])
			}
		}
	}
	for _, tt := range []struct {
		stored string
		change func(url.Values)
		want   string // the field, or what is wrong
	}{
		{stored, change(), stored},
		{`{"a":1,"a":"x","\u00e9":"\/","":""}`, change(), `{"a":1,"a":"x","\u00e9":"\/","":""}`},
		{`{"a":"\u0000\r","\r\n\u0000":"\\"}`, change(), `{"a":"\u0000\r","\r\n\u0000":"\\"}`},
		{`{"big":123456789012345678901234567890.10,"e":1E+2}`, change(), `{"big":123456789012345678901234567890.10,"e":1E+2}`},
		{stored, change("line.0.value", "silver"), strings.Replace(stored, `"gold"`, `"silver"`, 1)},
		{stored, change("line.0.name", " Plan "), strings.Replace(stored, "plan", "Plan", 1)},
		{stored, change("line.1.value", " 2020 "), strings.Replace(stored, "2019.0", "2020", 1)},
		{stored, change("line.1.name", "from"), strings.Replace(stored, "since", "from", 1)},
		{stored, change("line.2.value", "false"), strings.Replace(stored, "true", "false", 1)},
		{stored, change("line.3.value", "now"), strings.Replace(stored, "null", `"now"`, 1)},
		{stored, change("line.4.value", `{"b": 2}`), strings.Replace(stored, `{"b":1,"a":[]}`, `{"b":2}`, 1)},
		{stored, change("line.5.value", "a\r\n\r\nb"), strings.Replace(stored, `a\nb`, `a\n\nb`, 1)},
		{stored, change("line.0.name", "", "line.0.value", ""), strings.Replace(stored, `"plan":"gold",`, "", 1)},
		{stored, change("line.0.remove", "1"), strings.Replace(stored, `"plan":"gold",`, "", 1)},
		{stored, change("line.8.name", "seats", "line.8.value", "12"), strings.Replace(stored, "}", "}", 1)[:len(stored)-1] + `,"seats":"12"}`},
		{``, change("line.0.name", "seats"), `{"seats":""}`},
		{``, change(), ``},
		{`{}`, change(), `{}`},
		{`{"a":1}`, change("line.0.remove", "1"), ``},
		{`{"a":1}`, change("custom_field", `{"a": 2}`), `{"a": 2}`},
		{`{"a":1}`, change("custom_field", ``), ``},
		{`{"a":1}`, change("custom_field", `{"a": 2}`, "line.0.value", "2"), `{"a": 2}`},
		{`{"a":1}`, change("custom_field", `{"a": 2}`, "line.0.value", "3"), "Both the lines and the JSON were changed."},
		{`{"a":1}`, change("custom_field", `{"a": x}`), "This is no JSON from line 1, column 7 on"},
		{`{"a":1}`, change("line.0.value", "gold"), "0: This is a number."},
		{`{"a":1}`, change("line.0.value", ""), "0: This is a number."},
		{`{"a":[1]}`, change("line.0.value", "[1"), "0: This is no JSON."},
		{`{"a":"x","b":"y"}`, change("line.1.name", "a"), "1: There is a line with this name already."},
		{`{"a":"x","a":"y"}`, change("line.1.value", "z"), `{"a":"x","a":"z"}`},
		{`{"a":"x"}`, change("line.1.name", "a"), "1: There is a line with this name already."},
		{`{"a":"x"}`, change("line.1.value", "b"), "1: Give this line a name, or remove it."},
		{`{"a":"x"}`, change("line.0.name", ""), "0: Give this line a name, or remove it."},
		{`{"a":"x"}`, change("line.0.value", "\xff"), "0: This cannot be kept: not valid UTF-8."},
	} {
		form := sentBack(linesOf(tt.stored))
		tt.change(form)
		c := linesIn(form)
		got := c.value
		if wrong, ok := c.check(); !ok {
			got = wrong
			for i, l := range c.Lines {
				if l.Error != "" {
					got = fmt.Sprint(i, ": ", l.Error)
				}
			}
		}
		if got != tt.want && !(strings.HasPrefix(got, tt.want) && strings.Contains(tt.want, " ") && !strings.HasPrefix(tt.want, "{")) {
			t.Errorf("%s: got %s, want %s (%q)", tt.stored, got, tt.want, form)
		}
	}
}

// TestLinesTooMany: an object with more members than there are lines is edited as JSON.
func TestLinesTooMany(t *testing.T) {
	t.Parallel()
	var members []string
	for i := range maxLines + 1 {
		members = append(members, fmt.Sprintf(`"k%d":%d`, i, i))
	}
	object := "{" + strings.Join(members, ",") + "}"
	c := linesOf(object)
	if !c.TooMany || len(c.Lines) > 0 {
		t.Errorf("it has %d lines", len(c.Lines))
	}
	form := url.Values{linesShown: {c.Shown}, string(addressbook.FieldCustomField): {c.JSON}}
	if got := compactJSON(linesIn(form).value); got != object {
		t.Errorf("untouched, it became %s", got)
	}
	form.Set(string(addressbook.FieldCustomField), `{"a":1}`)
	if got := linesIn(form).value; got != `{"a":1}` {
		t.Errorf("changed, it became %s", got)
	}
}

// TestLinesModel: whatever was typed into lines, what is shown again is the same.
func TestLinesModel(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	texts := []string{"", "a", "b", "12", "true", "null", `{"x": 1}`, "[", "\n", " ", "é"}
	pick := func() string { return texts[random.IntN(len(texts))] }
	for range 5_000 {
		form := url.Values{linesThere: {"1"}, linesShown: {""}, string(addressbook.FieldCustomField): {""}}
		for i := range random.IntN(4) {
			form.Set(fmt.Sprintf("line.%d.name", i), pick())
			form.Set(fmt.Sprintf("line.%d.value", i), pick())
		}
		c := linesIn(form)
		if _, ok := c.check(); !ok {
			continue
		}
		if wrong := jsonObjectFault(c.value); c.value != "" && wrong != "" {
			t.Fatalf("%q became %s: %s", form, c.value, wrong)
		}
		if again := linesIn(sentBack(c)); again.value != c.value {
			t.Fatalf("%q became %s, and then %s", form, c.value, again.value)
		}
	}
}

// FuzzLines: what was stored comes back untouched, to the byte.
func FuzzLines(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"a":{"b":[]},"a":"\u00e9"}`, `{"":"\ud800\u0000"}`, `[1]`, `{`, ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, object string) {
		if jsonObjectFault(object) != "" {
			return
		}
		c := linesOf(object)
		if got := compactJSON(linesIn(sentBack(c)).value); got != c.Shown {
			t.Errorf("%s became %s", c.Shown, got)
		}
	})
}
