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

// Part is the rows of a table that a page has, and the addresses of the other pages.
type Part struct {
	From, To, Total int // rows, counted from 1
	// First, Previous, Next and Last are "" where the page is that one, or there is
	// none.
	First, Previous, Next, Last string
}

// More tells whether there are rows beside those of the page.
func (p Part) More() bool { return p.To-p.From+1 < p.Total }

// turner reads the pages of a table.
type turner[T any] struct {
	window   addressbook.Window
	read     func(addressbook.Window) (rows []T, next *addressbook.Position, total int, err error)
	position func(T) addressbook.Position
}

// Turn reads the page of a table that an address asks for: the one behind or before a
// row, the one from a row's number on, the last, or the first. Read is asked for a
// window of rows, and returns the place of the next one and how many there are in all.
// Address makes an address of words, names and values in turn.
//
// A page behind or before a row holds still while others come and go. The numbers of
// its rows are those of when its address was made, as far as they still fit.
func Turn[T any](query url.Values, w addressbook.Window, read func(addressbook.Window) ([]T, *addressbook.Position, int, error), position func(T) addressbook.Position, address func(words ...string) string) (rows []T, p Part, err error) {
	t := turner[T]{w, read, position}
	var before, after bool // whether there are rows there
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

// find reads the rows, and tells what there is before and behind them.
func (t turner[T]) find(query url.Values) (rows []T, total int, before, after bool, err error) {
	w := t.window
	if query.Get("page") == "last" {
		return t.last()
	}
	if w.After = placeOf(query.Get("before")); w.After != nil {
		// The page that ends there is the first one of the other direction, turned
		// round.
		w.Desc = !w.Desc
		rows, more, total, err := t.read(w)
		if err != nil || more != nil { // or else it is the first page
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

// last reads the last page: as many rows as are left when the others are full.
func (t turner[T]) last() (rows []T, total int, before, after bool, err error) {
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

// maxRow is the largest number of a row that an address may name.
const maxRow = 1_000_000_000

// rowOf is the number of a row as an address has it, or as somebody typed it with
// separators, as 12,000. What is none is the first.
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
