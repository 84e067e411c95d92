package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestNumbers posts the spellings of the wire contract's table, and a few of
// other regions, and reads back what is stored. "" is for a spelling that is
// refused.
func TestNumbers(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	for region, table := range map[string][][2]string{
		"IN": {
			{"+919876543210", "+919876543210"},
			{"919876543210", "+919876543210"},
			{"9876543210", "+919876543210"},
			{"09876543210", "+919876543210"},
			{"08012345678", "+918012345678"},
			{"00919876543210", "+919876543210"},
			{" +91 98765-43210 ", "+919876543210"},
			{"९८७६५४३२१०", "+919876543210"},
			{"+14155550123", "+14155550123"},
			{"+442079460123", "+442079460123"},
			{"+91910XXXXX10", ""},
			{"1-800-FLOWERS", ""},
			{"98765 43210 ext 5", ""},
			{"9876543210.0", ""},
			{"9876543210\n", "+919876543210"},
			{"12", ""},
			{"+0123456789", ""},
			{"", ""},
			{"+", ""},
			{" ", ""},
			{"+91987654321\u00e9", ""},
			{"+919876543210\x00", ""},
			{"98765\n43210", ""},
			{strings.Repeat("9", 10_000), ""},
		},
		"US": {
			{"(415) 555-2671", "+14155552671"},
			{"1 415 555 2671", "+14155552671"},
			{"+919876543210", "+919876543210"},
			{"011 44 20 7946 0123", "+442079460123"},
			{"555-2671", ""},
		},
		"GB": {
			{"020 7946 0123", "+442079460123"},
			{"+44 (0)20 7946 0123", "+442079460123"},
			{"00 91 98765 43210", "+919876543210"},
			{"020 7946 0123 x5", ""},
		},
	} {
		for i, row := range table {
			c := s.AccountIn(region+"-"+numbered(i)[1:], region, "UTC")
			checkNumber(t, c, row[0], row[1])
		}
	}
}

// TestStrictNumbers: only E.164 is taken, and it is the same number that a
// loose server stored.
func TestStrictNumbers(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{StrictNumbers: true})
	for i, row := range [][2]string{
		{"+919876543210", "+919876543210"},
		{"+14155550123", "+14155550123"},
		{"919876543210", ""},
		{"9876543210", ""},
		{"00919876543210", ""},
		{" +919876543210", ""},
		{"+91 9876543210", ""},
		{"+९१९८७६५४३२१०", ""},
		{"+4402079460123", ""},
		{"", ""},
	} {
		checkNumber(t, s.Account("a"+numbered(i)[1:]), row[0], row[1])
	}
}

// checkNumber creates one contact and reads it back from an account that has no
// other.
func checkNumber(t *testing.T, c *servertest.Client, given, want string) {
	t.Helper()
	quoted, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	item := c.Create(`{"number":` + string(quoted) + `}`)[0]
	if want == "" {
		code, description := 1002, "Invalid Number"
		if given == "" {
			code, description = 1001, "Number is mandatory"
		}
		if item.Code != 400 || item.Error.Code != code || item.Error.Description != description {
			t.Errorf("%.50q: got %+v, %+v", given, item, item.Error)
		}
		if got := c.Total(); got != 0 {
			t.Errorf("%.50q was stored", given)
		}
		return
	}
	if item.Code != 200 {
		t.Errorf("%q: got %+v", given, item.Error)
		return
	}
	if got := c.Get(item.Data.URI).Contact(t).Number; got != want || item.Data.Number != want {
		t.Errorf("%q: created %q, read %q, want %q", given, item.Data.Number, got, want)
	}
	// What was stored is the same number again.
	if again := c.Create(`{"number":"` + want + `"}`)[0]; again.Code != 409 || again.Data.SID != item.Data.SID {
		t.Errorf("%q: %q afterwards got %+v", given, want, again)
	}
}
