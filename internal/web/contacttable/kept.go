package contacttable

import (
	"callbook/internal/trash"
	"callbook/internal/web/words"
)

// Kept says how long what is deleted stays in the trash, as "for 30 days"; "" when it
// does not.
func Kept(k *trash.Keeper) string {
	if k.Retention() == trash.None {
		return ""
	}
	return words.Kept(k.Retention())
}
