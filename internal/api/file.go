package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"callbook/internal/budget"
	"callbook/internal/negotiate"
)

// fileTimeout bounds the time to send a file.
const fileTimeout = time.Hour

// file describes a file that is sent while it is made.
type file struct {
	mediaType       string
	name, extension string
	packed          bool  // whether the format is compressed itself
	bytes           int64 // of memory that it takes beside its pages: buffers and the state of a compressor
}

// writeFile writes a file.
type writeFile func(ctx context.Context, to io.Writer) error

// sendFile sends a file, after open has prepared it. It returns an error only if nothing
// was sent.
func (a *API) sendFile(w http.ResponseWriter, r *http.Request, f file, open func() (writeFile, error)) error {
	if err := budget.Of(r.Context()).Take(r.Context(), f.bytes); err != nil {
		return err
	}
	done, err := a.gate.download(accountOf(r).ID)
	if err != nil {
		return err
	}
	defer done()
	write, err := open()
	if err != nil {
		return err
	}
	headers := http.Header{}
	headers.Set("Content-Type", f.mediaType)
	headers.Set("Content-Disposition", attachment(f.name, f.extension))
	headers.Set("Vary", "Accept-Encoding")
	zipped := !f.packed && negotiate.AcceptsGzip(r.Header)
	if zipped {
		headers.Set("Content-Encoding", "gzip")
	}
	d := newDownload(w, r, headers)
	if r.Method == http.MethodHead {
		d.begin()
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), fileTimeout)
	defer cancel()
	ctx, release := d.whilePermitted(ctx, a.clock.Tick(permitEvery))
	defer release()
	if zipped {
		d.end(writeGzip(d, func(to io.Writer) error { return write(ctx, to) }))
	} else {
		d.end(write(ctx, d))
	}
	return nil
}
