package words

import "callbook/internal/phone"

// Country returns the English name of the region with this ISO 3166-1 code, or "" if
// there is none.
func Country(region string) string {
	switch region {
	case "":
		return ""
	case "001":
		return "No country"
	}
	return phone.RegionName(region)
}
