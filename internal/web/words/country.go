package words

import "callbook/internal/phone"

// Country is the English name of the region with this ISO 3166-1 code; ""
// for none.
func Country(region string) string {
	switch region {
	case "":
		return ""
	case "001":
		return "No country"
	}
	return phone.RegionName(region)
}
