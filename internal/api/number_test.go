package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"callbook/internal/test/servertest"
)

// TestNumbers posts the spellings of the wire contract's tables, and a few of
// other regions, and reads back what is stored.
func TestNumbers(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	const (
		letters   = "it has letters"
		several   = "it has several numbers"
		extension = "it has an extension"
		rounded   = "a spreadsheet has rounded its last digits away"
		unwritten = "not written as a telephone number"
		short     = "too short for India (+91)"
		long      = "too long for India (+91)"
	)
	for region, table := range map[string][]spelled{
		"IN": {
			{"+919876543210", "+919876543210", ""},
			{"919876543210", "+919876543210", ""},
			{"9876543210", "+919876543210", ""},
			{"09876543210", "+919876543210", ""},
			{"08012345678", "+918012345678", ""},
			{"00919876543210", "+919876543210", ""},
			{" +91 98765-43210 ", "+919876543210", ""},
			{"९८७६५४३२१०", "+919876543210", ""},
			{"+14155550123", "+14155550123", ""},
			{"+442079460123", "+442079460123", ""},
			{"9876543210\n", "+919876543210", ""},
			{"+91910XXXXX10", "", letters},
			{"1-800-FLOWERS", "", letters},
			{"+91987654321\u00e9", "", letters},
			{"98765 43210 ext 5", "", extension},
			{"12", "", short},
			{"+0123456789", "", "no country has its calling code"},
			{"+1 155 555 0123", "", "not a number that exists in United States (+1)"},
			{"", "", ""},
			{"+", "", unwritten},
			{" ", "", unwritten},
			{"+919876543210\x00", "", unwritten},
			{"98765\n43210", "", several},
			{strings.Repeat("9", 10_000), "", long},

			// The calling code stands twice.
			{"91919876543210", "+919876543210", ""},
			{"+91 91 98765 43210", "+919876543210", ""},
			{"(091) 9876543210", "+919876543210", ""},
			{"+65 65 9123 4567", "+6591234567", ""},

			// Too many or too few digits, and what is dialled so elsewhere.
			{"98765432101", "", long},
			{"9876543210123", "", long},
			{"98765432", "", short},
			{"987654321", "", short},
			{"23456789", "", short},
			{"0501234567", "", short},
			{"0771234567", "", short},
			{"0712345678", "", short},
			{"081234567890", "", long},
			{"89123456789", "", long},
			{"22507080910", "", long},
			{"551191234567", "", long},
			{"5215512345678", "", long},

			// Several numbers.
			{"022-23456789/90", "", several},
			{"022-23456789-12", "", long},
			{"98765 43210 / 11", "", several},
			{"9876543210 / 9876543211", "", several},
			{"+91 98765 43210 ::: +919876543211", "", several},
			{"9876543210; 9876543211", "", several},

			// What programs make of numbers.
			{"p:+919876543210", "+919876543210", ""},
			{"tel:+91-98765-43210", "+919876543210", ""},
			{"whatsapp:+919876543210", "+919876543210", ""},
			{"'9876543210", "+919876543210", ""},
			{`="9876543210"`, "+919876543210", ""},
			{"9876543210.", "+919876543210", ""},
			{"9876543210.0", "+919876543210", ""},
			{"9.876543211E9", "+919876543211", ""},
			{"9.19877E+11", "", rounded},
			{"+91\ufe0f98765 43210", "+919876543210", ""},
			{"9876543210\u3164", "+919876543210", ""},
			{"98765\u206543210", "+919876543210", ""},
			{"98765\u206a43210", "+919876543210", ""},
		},
		"US": {
			{"(415) 555-2671", "+14155552671", ""},
			{"1 415 555 2671", "+14155552671", ""},
			{"+919876543210", "+919876543210", ""},
			{"011 44 20 7946 0123", "+442079460123", ""},
			{"555-2671", "", "too short for United States (+1)"},
		},
		"GB": {
			{"020 7946 0123", "+442079460123", ""},
			{"+44 (0)20 7946 0123", "+442079460123", ""},
			{"00 91 98765 43210", "+919876543210", ""},
			{"020 7946 0123 x5", "", extension},
		},
		"DE": {
			{"0221/1234567", "+492211234567", ""},
		},
	} {
		for i, row := range table {
			c := s.AccountIn(region+"-"+numbered(i)[1:], region, "UTC")
			checkNumber(t, c, row)
		}
	}
}

// spelled is a number as it is given, and what is stored, or why it is refused.
// The empty number has no reason, since none is given.
type spelled struct{ given, stored, why string }

// TestStrictNumbers: only E.164 is taken, and it is the same number that a
// loose server stored.
func TestStrictNumbers(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{StrictNumbers: true})
	const notE164 = "not in E.164 format, as +919876543210"
	for i, row := range []spelled{
		{"+919876543210", "+919876543210", ""},
		{"+14155550123", "+14155550123", ""},
		{"919876543210", "", notE164},
		{"9876543210", "", notE164},
		{"00919876543210", "", notE164},
		{" +919876543210", "", notE164},
		{"+91 9876543210", "", notE164},
		{"+९१९८७६५४३२१०", "", notE164},
		{"+4402079460123", "", notE164},
		{"+91919876543210", "", notE164},
		{"+91987654321", "", "too short for India (+91)"},
		{"", "", ""},
	} {
		checkNumber(t, s.Account("a"+numbered(i)[1:]), row)
	}
}

// checkNumber creates one contact and reads it back from an account that has no
// other.
func checkNumber(t *testing.T, c *servertest.Client, row spelled) {
	t.Helper()
	given, want := row.given, row.stored
	quoted, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	item := c.Create(`{"number":` + string(quoted) + `}`)[0]
	if want == "" {
		code, description := 1002, "Invalid Number: "+row.why
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
