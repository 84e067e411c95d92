package contacttable

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"callbook/internal/addressbook"
)

// Part describes the rows on a page and the links to other pages.
type Part struct {
	From, To, Total int // rows, from 1
	// The URLs of other pages. Each is "" if that page is the current one or does not
	// exist.
	First, Previous, Next, Last string
}

// More reports whether there are rows on other pages.
func (p Part) More() bool { return p.To-p.From+1 < p.Total }

// pager reads the pages of a table.
type pager[T any] struct {
	window   addressbook.Window
	read     func(addressbook.Window) (rows []T, next *addressbook.Position, total int, err error)
	position func(T) addressbook.Position
}

// Turn reads the page of a table that a URL's query selects: the page after or before a
// row, the page from the n-th row on, the last, or the first. Read returns the rows of a
// window, the position of the next one, and the total. Address makes a URL from
// alternating names and values.
//
// A page after or before a row stays the same while rows are added and removed elsewhere.
// The numbers of its rows are those from when its URL was made, if they are still
// possible.
func Turn[T any](query url.Values, w addressbook.Window, read func(addressbook.Window) ([]T, *addressbook.Position, int, error), position func(T) addressbook.Position, address func(words ...string) string) (rows []T, p Part, err error) {
	t := pager[T]{w, read, position}
	var before, after bool // whether there are rows before and after
	if rows, p.Total, before, after, err = t.find(query); err != nil || len(rows) == 0 {
		return nil, p, err
	}
	switch n := len(rows); {
	case !before:
		p.From = 1
	case !after:
		p.From = p.Total - n + 1
	default:
		p.From = min(max(rowOf(query), 2), max(p.Total-n, 2))
	}
	p.To = p.From + len(rows) - 1
	p.Total = max(p.Total, p.To)
	if before {
		p.First = address()
		p.Previous = address("before", place(position(rows[0])), "row", strconv.Itoa(max(p.From-w.Limit, 1)))
	}
	if after {
		p.Next = address("after", place(position(rows[len(rows)-1])), "row", strconv.Itoa(p.To+1))
		p.Last = address("page", "last")
	}
	return rows, p, nil
}

// find reads the rows, and reports whether there are others before and after them.
func (t pager[T]) find(query url.Values) (rows []T, total int, before, after bool, err error) {
	w := t.window
	if query.Get("page") == "last" {
		return t.last()
	}
	if w.After = placeOf(query.Get("before")); w.After != nil {
		// Read the page after the row in reverse order, and reverse it.
		w.Desc = !w.Desc
		rows, more, total, err := t.read(w)
		if err != nil || more != nil { // otherwise it is the first page, which may be short
			slices.Reverse(rows)
			return rows, total, true, true, err
		}
		w = t.window
	} else if w.After = placeOf(query.Get("after")); w.After == nil {
		w.Offset = rowOf(query) - 1
	}
	rows, next, total, err := t.read(w)
	if err == nil && len(rows) == 0 && total > 0 {
		return t.last()
	}
	return rows, total, w.After != nil || w.Offset > 0, next != nil, err
}

// last reads the last page. It has the rows that remain if all other pages are full.
func (t pager[T]) last() (rows []T, total int, before, after bool, err error) {
	w := t.window
	w.Desc = !w.Desc
	rows, _, total, err = t.read(w)
	if err != nil || total == 0 {
		return nil, total, false, false, err
	}
	rows = rows[:min(len(rows), (total-1)%w.Limit+1)]
	slices.Reverse(rows)
	return rows, total, total > len(rows), false, nil
}

// maxRow bounds the number of a row in a URL.
const maxRow = 1_000_000_000

// rowOf returns the number of a row in a URL, which somebody may have typed with
// separators, such as 12,000. It returns 1 if it is invalid.
func rowOf(query url.Values) int {
	digits := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune(",.'_", r) {
			return -1
		}
		return r
	}, query.Get("row"))
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 {
		return 1
	}
	return min(n, maxRow)
}

// place encodes a position for a URL.
func place(p addressbook.Position) string {
	return base64.RawURLEncoding.EncodeToString(append(p.SID[:], p.Key...))
}

// placeOf decodes what place has encoded. It returns nil for anything else.
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
