package person

import (
	"encoding/json"
	"strings"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// matcherOf returns the matcher for a number of an account in India.
func matcherOf(t testing.TB, number string) *Matcher {
	t.Helper()
	n, err := phone.ParseE164(number)
	if err != nil {
		t.Fatal(err)
	}
	region, err := phone.RegionByCode("IN")
	if err != nil {
		t.Fatal(err)
	}
	return NewMatcher(n, Mark([]byte("secret"), n), region)
}

func TestHolds(t *testing.T) {
	t.Parallel()
	sid, _ := addressbook.ParseSID("0198f2c4a1b27d3e9f405162738495a6")
	for number, texts := range map[string]map[string]bool{
		"+919812345678": {
			"+919812345678": true, "919812345678": true, "9812345678": true, "09812345678": true, "00919812345678": true,
			"98123 45678": true, "+91-98123-45678": true, "(+91) 98123.45678": true, "tel:+919812345678": true,
			"number,name\n98123 45678,Asha\n": true, `"9812345678";"Asha"`: true, "call 9812345678 or 9812345679": true, "9812345679 9812345678": true,
			"९८१२३४५६७८": true, "\uff0b919812345678": true, "of 0198f2c4a1b27d3e9f405162738495a6": true,
			"": false, "9812345679": false, "98123456789": false, "19812345678": false, "order 559812345678": false, "9812345678901234": false, "5678": false,
			"98123 and 45678": false, "0198f2c4a1b27d3e9f405162738495a7": false,
		},
		"+14155550123": {"+1 (415) 555-0123": true, "14155550123": true, "415 555 0123": false},
	} {
		m := matcherOf(t, number)
		m.Note(sid)
		for text, want := range texts {
			if got := m.Holds(text); got != want {
				t.Errorf("%s in %q: got %t", number, text, got)
			}
		}
	}
}

// FuzzHolds: a spelling that the account's numbers may have is found wherever it stands.
func FuzzHolds(f *testing.F) {
	for _, seed := range []string{"98123 45678", "+919812345678", "0 98123-45678", "٩٨١٢٣٤٥٦٧٨"} {
		f.Add(seed, "before ", " after")
	}
	m := matcherOf(f, "+919812345678")
	f.Fuzz(func(t *testing.T, spelling, before, after string) {
		for _, text := range []string{spelling, before + spelling + after} { // must not panic
			m.Holds(text)
		}
		// Programs put words and letters around numbers that no text would have.
		digits, plain := phone.Digits(spelling)
		if n, err := m.region.Parse(spelling); err != nil || n != m.Number || !plain || len(digits) > maxSpelled || strings.ContainsAny(spelling, "eE") {
			return
		}
		gap := 0
		for _, c := range spelling {
			if _, ok := digitOf(c); ok {
				gap = 0
			} else if gap++; gap > maxBetween {
				return
			}
		}
		if !m.Holds(spelling) || !m.Holds("number: "+spelling+", name") {
			t.Errorf("%q is not found", spelling)
		}
	})
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	m := matcherOf(t, "+919812345678")
	for body, want := range map[string]string{
		`{"request_id":"a","response":[{"data":{"number":"+919812345678","name":"x"}},{"data":{"number":"+919812345679"}}]}`: `{"request_id":"a","response":[{"data":null},{"data":{"number":"+919812345679"}}]}`,
		`{"response":{"data":{"from":["+919812345679","98123 45678"],"stats":{"n":1}}}}`:                                     `{"response":{"data":null}}`,
		`{"a":{"n":9812345678,"b":{"n":"9812345678"}},"c":{"b":{"n":"9812345678"},"d":1}}`:                                   `{"a":null,"c":{"b":null,"d":1}}`,
		`{"number":["98123 45678"],"first_name":["Asha"]}`:                                                                   `null`,
		`["98123 45678",{"a":1}]`:  `null`,
		`"/contacts?q=9812345678"`: `null`,
		`"/contacts/0198f2c4a1b27d3e9f405162738495a6?from=q%3D98123%252045678"`: `null`,
		`"/contacts/0198f2c4a1b27d3e9f405162738495a6"`:                          `"/contacts/0198f2c4a1b27d3e9f405162738495a6"`,
		`{"9812345678":{"a":1}}`:                                                `null`,
		`no JSON with 9812345678`:                                               `null`,
		`no JSON`:                                                               `no JSON`,
		` {"a": "b"} `:                                                          ` {"a": "b"} `,
	} {
		rest, parts := m.Answer([]byte(body))
		if string(rest) != want || (len(parts) > 0) != (body != want) {
			t.Errorf("%s\n got %s (%s)\nwant %s", body, rest, parts, want)
		}
		if again, parts := m.Answer(rest); string(again) != want || len(parts) > 0 {
			t.Errorf("%s, again: %s (%s)", body, again, parts)
		}
	}
	body := `{"from":"+919812345678","number":"+919812345678","digits":"12","mark":"yes","attempt":1,"legs":[{"id":"x"}]}`
	want := `{"from":"erased","number":"erased","digits":"erased","mark":"erased","attempt":1,"legs":[{"id":"x"}]}`
	if rest, told := m.Event([]byte(body)); string(rest) != want || !told {
		t.Errorf("an event: %s", rest)
	}
	if rest, told := m.Event([]byte(want)); string(rest) != want || told {
		t.Errorf("an event, again: %s", rest)
	}
}

// FuzzAnswer: what is left of JSON is JSON, and does not hold the person.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"a":[{"n":"9812345678"}, 9812345678, {"x":[1,"98123 45678"]}]}`, `[[["9812345678"]]]`, `{"":"9812345678"}`, `1`, ``} {
		f.Add([]byte(seed))
	}
	m := matcherOf(f, "+919812345678")
	f.Fuzz(func(t *testing.T, body []byte) {
		rest, parts := m.Answer(body)
		if json.Valid(body) && !json.Valid(rest) {
			t.Errorf("%q became %q", body, rest)
		}
		if _, again := m.Answer(rest); len(parts) > 0 && len(again) > 0 {
			t.Errorf("%q became %q, which has %s", body, rest, again)
		}
		if rest, _ := m.Event(body); json.Valid(body) && !json.Valid(rest) {
			t.Errorf("as an event, %q became %q", body, rest)
		}
	})
}
