package shell

import (
	"bytes"
	"context"

	"callbook/internal/budget"
)

const (
	// errorPageBytes is up to where a page takes no memory of its visitor's
	// account: one that says that there is none must be possible.
	errorPageBytes = 32 << 10
	// pageBytes is what a byte of a page takes, with room to grow and the
	// compressed page beside it.
	pageBytes = 3
)

// pageBuffer is a page that is being made, whose memory the request's share takes
// as it grows.
type pageBuffer struct {
	ctx    context.Context
	share  *budget.Share
	before int64 // what the share used before

	text  bytes.Buffer
	taken int // bytes of text that the share has
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
