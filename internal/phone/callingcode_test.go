package phone_test

import (
	"slices"
	"strconv"
	"testing"

	"callbook/internal/phone"
)

func TestNumberIsWhere(t *testing.T) {
	for _, tt := range []struct {
		number        phone.Number
		code          phone.CallingCode
		region        string
		international string
	}{
		{919876543210, 91, "IN", "+91 98765 43210"},
		{14155550123, 1, "US", "+1 415-555-0123"},
		{12423651234, 1, "BS", "+1 242-365-1234"},
		{442079460123, 44, "GB", "+44 20 7946 0123"},
		{447911123456, 44, "GG", "+44 7911 123456"},
		{77012345678, 7, "KZ", "+7 701 234 5678"},
		{19995550123, 1, "US", "+1 999-555-0123"}, // valid in none of those that share the code
		{80012345678, 800, "001", "+800 1234 5678"},
		{0, 0, "", ""},
	} {
		code, region, international := tt.number.CallingCode(), tt.number.Region(), tt.number.International()
		if code != tt.code || region != tt.region || international != tt.international {
			t.Errorf("%d: got %d, %q, %q, want %d, %q, %q", tt.number, code, region, international, tt.code, tt.region, tt.international)
		}
	}
}

func TestCallingCodes(t *testing.T) {
	codes := phone.CallingCodes()
	if len(codes) < 200 || !slices.IsSorted(codes) {
		t.Fatalf("there are %d calling codes: %v", len(codes), codes)
	}
	if got := phone.CallingCode(1).Regions(); len(got) < 20 || got[0] != "US" {
		t.Errorf("+1 is shared by %q", got)
	}
	if got := phone.CallingCode(2).Regions(); len(got) != 0 {
		t.Errorf("+2 is shared by %q", got)
	}
	if got := phone.CallingCode(0).Numbers(); got != nil {
		t.Errorf("no calling code has the numbers %v", got)
	}
	// Each number is within the ranges of its own code and of no other.
	for _, code := range codes {
		ranges := code.Numbers()
		for _, digits := range []int{4, 9, 15} {
			text := strconv.Itoa(int(code))
			for len(text) < digits {
				text += "7"
			}
			n, err := strconv.ParseUint(text, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			for _, other := range codes {
				in := slices.ContainsFunc(other.Numbers(), func(r phone.Range) bool { return r.Has(phone.Number(n)) })
				if in != (code == other) {
					t.Errorf("%d is of +%d, and in the ranges of +%d: %v", n, code, other, in)
				}
			}
		}
		if last := ranges[len(ranges)-1]; last.To > 999_999_999_999_999 {
			t.Errorf("+%d goes to %d", code, last.To)
		}
	}
}
