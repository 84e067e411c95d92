package shell

import (
	"bytes"
	"context"

	"callbook/internal/budget"
)

const (
	// errorPageBytes is the size up to which a page claims no memory, so that the server
	// can always render the error page about missing memory.
	errorPageBytes = 32 << 10
	// pageBytes is the memory for each byte of a page, including spare capacity and the
	// compressed page.
	pageBytes = 3
)

// pageBuffer collects a page, and claims memory from the request's share as the page
// grows.
type pageBuffer struct {
	ctx    context.Context
	share  *budget.Share
	before int64 // what the share used before

	text  bytes.Buffer
	taken int // bytes of text that were claimed
}

// Write implements io.Writer.
func (p *pageBuffer) Write(b []byte) (int, error) {
	if need := p.text.Len() + len(b); need > max(errorPageBytes, p.taken) {
		next := max(need, 2*p.taken)
		if err := p.share.Take(p.ctx, int64(pageBytes*(next-p.taken))); err != nil {
			return 0, err
		}
		p.taken = next
	}
	return p.text.Write(b)
}
