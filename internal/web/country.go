package web

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"sync"

	bcp47 "golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"callbook/internal/phone"
)

// countryName is the English name of the region with this ISO 3166-1 code; ""
// for none.
func countryName(region string) string {
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

// countries are the choices of a filter by country: the calling codes, by the
// names of their countries. Several countries that share a code are one choice,
// under the name of the main one.
var countries = sync.OnceValue(func() []option {
	var all []option
	for _, code := range phone.CallingCodes() {
		regions := code.Regions()
		if len(regions) == 0 {
			continue
		}
		label := fmt.Sprintf("%s +%d", countryName(regions[0]), code)
		if others := len(regions) - 1; others > 0 {
			label = fmt.Sprintf("%s and %d more +%d", countryName(regions[0]), others, code)
		}
		all = append(all, option{Value: strconv.Itoa(int(code)), Label: label})
	}
	slices.SortFunc(all, func(a, b option) int { return cmp.Compare(a.Label, b.Label) })
	return slices.Insert(all, 0, option{Label: "Any country"})
})
