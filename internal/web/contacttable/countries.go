package contacttable

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"callbook/internal/phone"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// countries are the choices of a filter by country: the calling codes, by the
// names of their countries. Several countries that share a code are one choice,
// under the name of the main one.
var countries = sync.OnceValue(func() []shell.Option {
	var all []shell.Option
	for _, code := range phone.CallingCodes() {
		regions := code.Regions()
		if len(regions) == 0 {
			continue
		}
		label := fmt.Sprintf("%s +%d", words.Country(regions[0]), code)
		if others := len(regions) - 1; others > 0 {
			label = fmt.Sprintf("%s and %d more +%d", words.Country(regions[0]), others, code)
		}
		all = append(all, shell.Option{Value: strconv.Itoa(int(code)), Label: label})
	}
	slices.SortFunc(all, func(a, b shell.Option) int { return cmp.Compare(a.Label, b.Label) })
	return slices.Insert(all, 0, shell.Option{Label: "Any country"})
})
