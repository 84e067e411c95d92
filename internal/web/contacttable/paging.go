package contacttable

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"callbook/internal/addressbook"
)

// Turn reads the page of a table that an address asks for: the one before or
// after a row, or the first. Previous and next are the addresses of the pages
// beside it; "" for none. Read is asked for a window of rows, and returns the place
// of the next one.
func Turn[T any](query url.Values, w addressbook.Window, read func(addressbook.Window) ([]T, *addressbook.Position, error), position func(T) addressbook.Position, address func(word, place string) string) (rows []T, previous, next string, err error) {
	if before := placeOf(query.Get("before")); before != nil {
		// The page that ends there is the first one of the other direction, turned
		// round.
		back := w
		back.Desc, back.After = !w.Desc, before
		rows, more, err := read(back)
		if err != nil {
			return nil, "", "", err
		}
		if more != nil { // or else it is the first page
			slices.Reverse(rows)
			return rows, address("before", place(position(rows[0]))), address("after", place(position(rows[len(rows)-1]))), nil
		}
	}
	w.After = placeOf(query.Get("after"))
	rows, more, err := read(w)
	if err != nil {
		return nil, "", "", err
	}
	if w.After != nil && len(rows) > 0 {
		previous = address("before", place(position(rows[0])))
	}
	if more != nil {
		next = address("after", place(*more))
	}
	return rows, previous, next, nil
}

// place writes a position for an address.
func place(p addressbook.Position) string {
	return base64.RawURLEncoding.EncodeToString(append(p.SID[:], p.Key...))
}

// placeOf reads what place wrote, for the page to begin there; nil for anything
// else.
func placeOf(text string) *addressbook.Position {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	p := new(addressbook.Position)
	if err != nil || len(raw) < len(p.SID) {
		return nil
	}
	p.Key = string(raw[copy(p.SID[:], raw):])
	if !utf8.ValidString(p.Key) || strings.ContainsRune(p.Key, 0) {
		return nil
	}
	return p
}
