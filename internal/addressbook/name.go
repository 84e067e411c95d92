package addressbook

import (
	"strings"

	"golang.org/x/text/cases"
)

// NameKey is what names are sorted by: both names joined, without regard to
// case in any script. Keys compare by their bytes.
func NameKey(first, last string) string {
	return cases.Fold().String(strings.TrimSpace(first + " " + last))
}
