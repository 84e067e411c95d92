package phone

import (
	"strings"
	"testing"

	"callbook/internal/fault"
)

// TestFaults has a spelling for each kind of mistake.
func TestFaults(t *testing.T) {
	t.Parallel()
	const india = "India (+91)"
	for _, tt := range []struct {
		region, raw string
		need        fault.Need
		country     string
	}{
		{"IN", "987654321", fault.MoreDigits, india},
		{"IN", "98765432", fault.MoreDigits, india},
		{"IN", "12", fault.MoreDigits, india},
		{"IN", "0", fault.MoreDigits, india},
		{"IN", "+91", fault.MoreDigits, india},
		{"IN", "0501234567", fault.MoreDigits, india},
		{"IN", "987654321.0", fault.MoreDigits, india},
		{"IN", "9.87654321E8", fault.MoreDigits, india},
		{"IN", "98765432101", fault.FewerDigits, india},
		{"IN", "9.8765432101E10", fault.FewerDigits, india},
		{"IN", "9876543210123", fault.FewerDigits, india},
		{"IN", "081234567890", fault.FewerDigits, india},
		{"IN", "89123456789", fault.FewerDigits, india},
		{"IN", "+9198765432109", fault.FewerDigits, india},
		{"IN", "98765 43210 11", fault.FewerDigits, india},
		{"IN", strings.Repeat("9", 33), fault.FewerDigits, india},
		{"IN", strings.Repeat("9", 10_000), fault.FewerDigits, india},
		{"IN", "0044 20 7946", fault.MoreDigits, "United Kingdom (+44)"},
		{"IN", "+1 415 555 267", fault.MoreDigits, "United States (+1)"},
		{"CA", "(416) 967-111111", fault.FewerDigits, "Canada (+1)"},
		{"IN", "+1 115 555 2671", fault.Existing, "United States (+1)"},
		{"US", "115 555 2671", fault.Existing, "United States (+1)"},
		{"IN", "+800 1234", fault.MoreDigits, "+800"},
		{"IN", "+0123456789", fault.CallingCode, ""},
		{"IN", "+999123456789", fault.CallingCode, ""},
		{"IN", "+9", fault.CallingCode, ""},
		{"IN", "00 999 123456789", fault.CallingCode, ""},
		{"IN", "+91910XXXXX10", fault.NoLetters, ""},
		{"IN", "1-800-FLOWERS", fault.NoLetters, ""},
		{"IN", "98765O3210", fault.NoLetters, ""},
		{"IN", "९८७६५४३२१०अ", fault.NoLetters, ""},
		{"IN", "9876543210 ext", fault.NoLetters, ""},
		{"IN", "n/a", fault.NoLetters, ""},
		{"IN", "98765 43210 ext 5", fault.NoExtension, ""},
		{"IN", "98765 43210 Extn. 51", fault.NoExtension, ""},
		{"IN", "9876543210x5", fault.NoExtension, ""},
		{"IN", "9876543210 #12", fault.NoExtension, ""},
		{"IN", "+919876543210;ext=5", fault.NoExtension, ""},
		{"IN", "022-23456789/90", fault.OneNumber, ""},
		{"IN", "98765 43210 / 11", fault.OneNumber, ""},
		{"IN", "+91 98765 43210 ::: +919876543211", fault.OneNumber, ""},
		{"IN", "9876543210, 9876543211", fault.OneNumber, ""},
		{"IN", "98765\n43210", fault.OneNumber, ""},
		{"IN", "9876543210 9876543211", fault.OneNumber, ""},
		{"IN", "9.19877E+11", fault.AllDigits, ""},
		{"IN", "9,19877E+11", fault.AllDigits, ""},
		{"IN", "9.87654321e9", fault.AllDigits, ""},
		{"IN", "", fault.PhoneNumber, ""},
		{"IN", "+", fault.PhoneNumber, ""},
		{"IN", "()", fault.PhoneNumber, ""},
		{"IN", "9876543210#", fault.PhoneNumber, ""},
		{"IN", "*9876543210", fault.PhoneNumber, ""},
		{"IN", "91+9876543210", fault.PhoneNumber, ""},
		{"IN", "9876543210\x00", fault.PhoneNumber, ""},
	} {
		n, err := mustRegion(t, tt.region).Parse(tt.raw)
		if want := fault.NotNumber(Field, tt.need, tt.country); n != 0 || fault.As(err) == nil || *fault.As(err) != *want {
			t.Errorf("%s %.50q: got %q, %+v, want %+v", tt.region, tt.raw, n, fault.As(err), want)
		}
	}
	for raw, need := range map[string]fault.Need{
		"9876543210": fault.E164, "+91 9876543210": fault.E164, "+91098": fault.MoreDigits, "+9109876543210": fault.E164,
		"+91987654321": fault.MoreDigits, "+9198765432101": fault.FewerDigits, "+999876543210": fault.CallingCode,
	} {
		if n, err := ParseE164(raw); n != 0 || fault.As(err) == nil || fault.As(err).Need != need {
			t.Errorf("%q strictly: got %q, %+v", raw, n, fault.As(err))
		}
	}
}
