package api

import (
	"maps"
	"net/http"
	"strings"
	"time"
)

// downloadIdle is how long a client may take for what is written at once.
const downloadIdle = time.Minute

// download is a file that is sent while it is made. It may take longer than
// other answers, as long as it is being taken.
type download struct {
	w       http.ResponseWriter
	r       *http.Request
	headers http.Header // sent with the first byte, and not before: until then an error may be answered
	control *http.ResponseController
	begun   bool
	broken  bool // the client went away
}

func newDownload(w http.ResponseWriter, r *http.Request, headers http.Header) *download {
	return &download{w: w, r: r, headers: headers, control: http.NewResponseController(w)}
}

func (d *download) begin() {
	d.begun = true
	h := d.w.Header()
	// Others may have said already what the answer varies with.
	vary := append(h.Values("Vary"), d.headers.Values("Vary")...)
	maps.Copy(h, d.headers)
	if len(vary) > 0 {
		h.Set("Vary", strings.Join(vary, ", "))
	}
}

// Write implements io.Writer.
func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begin()
	}
	_ = d.control.SetWriteDeadline(time.Now().Add(downloadIdle)) // where there is none, none is needed
	n, err := d.w.Write(p)
	if err != nil {
		d.broken = true
	}
	return n, err
}

// end ends the answer with the error of what made the file, if there is one.
// Half a file must not look like a whole one.
func (d *download) end(err error) {
	switch {
	case err == nil || d.broken: // a client that went away needs no answer
	case !d.begun:
		Fail(d.w, d.r, err)
	default:
		recordOf(d.r).Err = err
		panic(http.ErrAbortHandler)
	}
}
