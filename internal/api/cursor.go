package api

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// A cursor is a position in a sorted collection, in base64 for URLs: one byte with the
// order, the 16 bytes of a sid, and the sort key. Callers must not interpret it.

const cursorDesc = 1 // the bit of a descending order; the sort field is above it

var errCursor = fault.New(fault.Invalid, "Invalid cursor: it must be the next_cursor of an earlier page")

// cursor returns the cursor of the next page.
func (w window) cursor() string {
	order := byte(w.Sort) << 1
	if w.Desc {
		order |= cursorDesc
	}
	raw := append([]byte{order}, w.next.SID[:]...)
	return base64.RawURLEncoding.EncodeToString(append(raw, w.next.Key...))
}

// parseCursor sets the window to begin at a cursor. A cursor contains the order, so
// sort_by may be missing, but must not differ.
func (w *window) parseCursor(cursor string) error {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	after := new(addressbook.Position)
	if err != nil || len(raw) < 1+len(after.SID) || addressbook.SortField(raw[0]>>1) > addressbook.ByName {
		return errCursor
	}
	copy(after.SID[:], raw[1:])
	after.Key = string(raw[1+len(after.SID):])
	sort, desc := addressbook.SortField(raw[0]>>1), raw[0]&cursorDesc != 0
	switch {
	case !utf8.ValidString(after.Key) || strings.IndexByte(after.Key, 0) >= 0:
		return errCursor
	case w.words.Has("offset"):
		return fault.New(fault.Invalid, "Invalid cursor: it goes without an offset")
	case w.words.Has("sort_by") && (sort != w.Sort || desc != w.Desc):
		return fault.New(fault.Invalid, "Invalid cursor: it is of another sort_by")
	}
	w.Sort, w.Desc, w.After = sort, desc, after
	return nil
}
