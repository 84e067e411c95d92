package contacttable

import (
	"net/http"
	"slices"
	"strconv"

	"callbook/internal/web/shell"
)

// PageRows is the default number of rows on a page of a table.
const PageRows = 50

var sizes = []int{25, 50, 100, 200}

// sizeCookie is the name of the cookie with the number of rows on a page.
const sizeCookie = "rows"

// sizeOf returns the number of rows on a page for this browser.
func sizeOf(r *http.Request) int {
	n, err := strconv.Atoi(shell.Remembered(r, sizeCookie))
	if err != nil || !slices.Contains(sizes, n) {
		return PageRows
	}
	return n
}

// Resized handles a URL that asks for another size of pages: it stores the size in the
// browser and redirects to path. It returns false for any other URL.
func Resized(r *http.Request, path string) (shell.Answer, bool) {
	query := r.URL.Query()
	if !query.Has("rows") {
		return shell.Answer{}, false
	}
	chosen := query.Get("rows")
	query.Del("rows")
	a := shell.GoTo(here(path, query))
	if n, err := strconv.Atoi(chosen); err == nil && slices.Contains(sizes, n) {
		a = a.Remembering(sizeCookie, strconv.Itoa(n))
	}
	return a, true
}

// Sizes returns the sizes to choose from.
func (t Table) Sizes() []int { return sizes }

// CanResize reports whether another size would show more or fewer rows.
func (t Table) CanResize() bool { return t.Total > sizes[0] }
