package contacttable

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"callbook/internal/phone"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// countries are the options of the filter by country, ordered by name.
var countries = sync.OnceValue(func() []shell.Option {
	var all []shell.Option
	for _, code := range phone.CallingCodes() {
		for _, region := range code.Regions() {
			if region != "001" { // it has several codes, and is appended once below
				all = append(all, shell.Option{Value: region, Label: fmt.Sprintf("%s +%d", words.Country(region), code)})
			}
		}
	}
	slices.SortFunc(all, func(a, b shell.Option) int { return cmp.Compare(a.Label, b.Label) })
	all = append(all, shell.Option{Value: "001", Label: words.Country("001")}, shell.Option{Value: phone.UnknownRegion, Label: "Not known"})
	return slices.Insert(all, 0, shell.Option{Label: "Any country"})
})

// Countries returns the options of the filter by country. If an older URL has a calling
// code, that is an option too.
func (t Table) Countries() []shell.Option {
	all := countries()
	if !slices.ContainsFunc(all, func(o shell.Option) bool { return o.Value == t.Filter.Country }) {
		all = append(slices.Clone(all), shell.Option{Value: t.Filter.Country, Label: t.Filter.country()})
	}
	return all
}
