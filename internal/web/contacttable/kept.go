package contacttable

import (
	"callbook/internal/trash"
	"callbook/internal/web/words"
)

// Kept returns how long deleted things stay in the trash, such as "for 30 days"; "" means
// not at all.
func Kept(k *trash.Keeper) string {
	if k.Retention() == trash.None {
		return ""
	}
	return words.Kept(k.Retention())
}
