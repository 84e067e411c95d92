package contacttable

import (
	"testing"

	"callbook/internal/addressbook"
)

// FuzzPlace: what is read from an address is what was written there.
func FuzzPlace(f *testing.F) {
	f.Add("")
	f.Add(place(addressbook.Position{Key: "asha rao", SID: addressbook.SID{1, 2, 3}}))
	f.Fuzz(func(t *testing.T, text string) {
		p := placeOf(text)
		if p == nil {
			return
		}
		if again := placeOf(place(*p)); again == nil || *again != *p {
			t.Errorf("%q: %v, and again %v", text, p, again)
		}
	})
}
