package contacttable

import (
	"net/http"
	"slices"
	"strconv"

	"callbook/internal/web/shell"
)

// PageRows is how many rows a page of a table has, unless somebody chose another of
// sizes.
const PageRows = 50

var sizes = []int{25, 50, 100, 200}

// sizeCookie is the name under which a browser remembers the size of its pages.
const sizeCookie = "rows"

// sizeOf is how many rows a page has in the browser that asks.
func sizeOf(r *http.Request) int {
	n, err := strconv.Atoi(shell.Remembered(r, sizeCookie))
	if err != nil || !slices.Contains(sizes, n) {
		return PageRows
	}
	return n
}

// Resized answers an address that asks for pages of another size: the browser remembers
// the size, and goes to the page at path. It returns false for any other address.
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

// Sizes are the sizes that a page may have.
func (t Table) Sizes() []int { return sizes }

// CanResize tells whether another size would show more or fewer rows.
func (t Table) CanResize() bool { return t.Total > sizes[0] }
