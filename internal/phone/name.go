package phone

import (
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// RegionName returns the English name of the region with this ISO 3166-1 code, such as
// "India" for "IN". It returns the code itself if it has no name.
func RegionName(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.English.Regions().Name(region); name != "" {
		return name
	}
	return code
}
