package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/addressbook"
	"callbook/internal/test/servertest"
)

// shape is what a client may rely on in a JSON text without looking at values:
// the path and type of each part, in the order of the text.
func shape(t *testing.T, text []byte) []string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	var lines []string
	var walk func(path string)
	walk = func(path string) {
		token, err := dec.Token()
		if err != nil {
			t.Fatalf("%s: %v in %s", path, err, text)
		}
		delim, ok := token.(json.Delim)
		if !ok {
			lines = append(lines, fmt.Sprintf("%s %T", path, token))
			return
		}
		lines = append(lines, path+" "+delim.String())
		for i := 0; dec.More(); i++ {
			step := fmt.Sprintf("[%d]", i)
			if delim == '{' {
				key, err := dec.Token()
				if err != nil {
					t.Fatalf("%s: %v in %s", path, err, text)
				}
				step = "." + key.(string)
			}
			walk(path + step)
		}
		if _, err := dec.Token(); err != nil {
			t.Fatalf("%s: %v in %s", path, err, text)
		}
	}
	walk("$")
	return lines
}

// TestSampleShape holds an answer against the sample of the platform's page:
// same keys, same order, same types.
func TestSampleShape(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("testdata/sample_answer.json")
	if err != nil {
		t.Fatal(err)
	}
	c := servertest.Start(t, servertest.Options{}).Account("exotel8u3")
	got := c.Post(servertest.Contacts(
		`{ "number": "+919101234511", "first_name": "captain", "last_name": "exotel", "company_name": "Exotel", `+
			`"email": "captain@email.com", "tag": "API", "custom_field": { "key": { "key1": "values1" } } }`,
		`{ "number": "+919101234510", "first_name": "captain", "last_name": "exotel", "company_name": "Exotel", `+
			`"email": "captain@email.com", "tag": "Technician", "custom_field": { "key": { "key1": "values1" } } }`))
	if diff := cmp.Diff(shape(t, sample), shape(t, got.Body)); diff != "" {
		t.Errorf("keys, order or types differ (-sample +got):\n%s", diff)
	}
}

func TestEnvelopeShapes(t *testing.T) {
	t.Parallel()
	c := servertest.Start(t, servertest.Options{}).Account("demo")
	created := c.CreateOne(`{"number":"+919876543210"}`)
	contact := func(path string) []string {
		lines := []string{path + " {"}
		for _, key := range []string{"sid", "date_created", "date_updated", "account_sid", "number"} {
			lines = append(lines, path+"."+key+" string")
		}
		for _, key := range append(addressbook.TextKeys(), "custom_field") {
			lines = append(lines, path+"."+key+" <nil>")
		}
		return append(lines, path+".uri string")
	}
	head := []string{"$ {", "$.request_id string", "$.method string", "$.http_code float64"}
	success := func(path string) []string {
		return append([]string{path + " {", path + ".code float64", path + ".error_data <nil>", path + ".status string"},
			contact(path+".data")...)
	}
	failure := func(path string) []string {
		return []string{path + " {", path + ".code float64", path + ".error_data {", path + ".error_data.code float64",
			path + ".error_data.message string", path + ".error_data.description string", path + ".status string"}
	}
	bulk := []string{"$.metadata {", "$.metadata.failed float64", "$.metadata.total float64", "$.metadata.success float64", "$.response ["}
	page := []string{"$.metadata {", "$.metadata.count float64", "$.metadata.offset float64", "$.metadata.limit float64",
		"$.metadata.total float64", "$.metadata.page_size float64", "$.metadata.first_page_uri string",
		"$.metadata.prev_page_uri <nil>", "$.metadata.next_page_uri <nil>", "$.metadata.next_cursor <nil>", "$.response ["}

	for name, tt := range map[string]struct {
		got  servertest.Answer
		want [][]string
	}{
		"single": {c.Get(created.URI), [][]string{head, success("$.response")}},
		"page":   {c.List(""), [][]string{head, page, success("$.response[0]")}},
		"error":  {c.List("limit=0"), [][]string{head, failure("$.response"), {"$.response.data <nil>"}}},
		"failed item": {c.Post(`{"contacts":[{}]}`),
			[][]string{head, bulk, failure("$.response[0]"), {"$.response[0].data <nil>"}}},
		"duplicate": {c.Post(`{"contacts":[{"number":"9876543210"}]}`),
			[][]string{head, bulk, failure("$.response[0]"), contact("$.response[0].data")}},
	} {
		var want []string
		for _, part := range tt.want {
			want = append(want, part...)
		}
		if diff := cmp.Diff(want, shape(t, tt.got.Body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
