package words

import (
	bcp47 "golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Country is the English name of the region with this ISO 3166-1 code; ""
// for none.
func Country(region string) string {
	switch region {
	case "":
		return ""
	case "001":
		return "No country"
	}
	parsed, err := bcp47.ParseRegion(region)
	if err != nil {
		return region
	}
	return display.English.Regions().Name(parsed)
}
