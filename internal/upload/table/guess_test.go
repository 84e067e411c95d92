package table

import (
	"errors"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// prepareIn prepares drafts as an account of this region does, as far as their
// numbers go.
func prepareIn(t *testing.T, code string) Prepare {
	region, err := phone.RegionByCode(code)
	if err != nil {
		t.Fatal(err)
	}
	return func(drafts []addressbook.Draft) (prepared addressbook.Prepared, err error) {
		if len(drafts) != 1 || !drafts[0].FirstNumber {
			return prepared, errors.New("a guess asks for one cell")
		}
		if n, _, err := region.ParseFirst(drafts[0].Number.Value); err == nil {
			prepared.Contacts = []addressbook.Contact{{Number: n}}
		}
		return prepared, nil
	}
}

// TestCellsOfNumbers tells cells that have numbers of telephones from those that have
// others.
func TestCellsOfNumbers(t *testing.T) {
	t.Parallel()
	for region, cells := range map[string]map[string]bool{
		"IN": {
			"9876543210": true, "98765 43210": true, "+91 98765-43210": true, "p:+919876543210": true, "'9876543210": true,
			"9876543210.0": true, "9.876543211E9": true, "022-23456789": true, "1800 123 4567": true, "+1 415 555 2671": true,
			// several in a cell
			"9876543210, 9876543211": true, "+91 98765 43210 ::: 9876543211": true, "9876543210\n9876543211": true,
			"022-23456789/90": true, "9876543210 / 11": true, "12345; 9876543210": true,
			// dates
			"12/10/2023": false, "2023-10-12": false, "12.10.2023": false, "12-10-23": false, "12/10/2023 14:05": false,
			"2023-10-12T10:00:00+05:30": false, "12-10-2023, 14:05": false, "10-12-2023 ::: 11-12-2023": false,
			"12/10/2023 - 13/10/2023": false, "20231012": false, "12102023": false, "12 10 2023": false, "45292": false,
			// amounts
			"150000.50": false, "98765432.10": false, "1,23,45,678": false, "98,76,54,321.00": false, "987,654,321": false, "₹ 98765 43210": false,
			// ids
			"10000001": false, "1001234567": false, "123456789012": false, "100200300": false, "POL/12345678/2023": false,
		},
		"DK": {"20 12 31 45": true, "32123456": true, "20231012": false, "31122020": false, "20-99-20": false},
		"SG": {"8123 4567": true, "62345678": true, "12/10/2023": false, "19991231": false},
	} {
		prepare := prepareIn(t, region)
		for cell, want := range cells {
			if got := prepare.isDialled(cell); got != want {
				t.Errorf("%s: %q counts as a number: %t, want %t", region, cell, got, want)
			}
		}
	}
}

// TestNeverNumbers tells headers of columns that are never taken for telephones.
func TestNeverNumbers(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"Policy No": true, "Date": true, "Loan Account": true, "order_id": true, "Premium (Rs.)": true, "Fax": true, "Application No.": true,
		"Mobile": false, "Account Phone": false, "Order - Mobile No": false, "Who": false, "": false, "Contact Number": false,
	} {
		if got := neverNumbers(header); got != want {
			t.Errorf("%q never has numbers of telephones: %t, want %t", header, got, want)
		}
	}
}
