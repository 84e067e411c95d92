package shell

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"callbook/internal/negotiate"
)

//go:embed static/*.css static/*.js static/*.svg
var staticFiles embed.FS

// asset is a static file. Its URL contains a hash of its content, so that browsers may
// cache it forever.
type asset struct {
	url         string
	contentType string
	plain       []byte
	packed      []byte // gzip; nil if that saves nothing
}

// contentTypes are the types by extension. Package mime would depend on the machine.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// assets are the static files, by the names that templates use.
var assets = loadAssets()

func loadAssets() map[string]asset {
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		panic(err)
	}
	all := make(map[string]asset)
	for _, entry := range entries {
		name := entry.Name()
		plain, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(plain)
		ext := path.Ext(name)
		a := asset{
			url:         "/static/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:8]) + ext,
			contentType: contentTypes[ext],
			plain:       plain,
		}
		if packed := compress(plain); len(packed) < len(plain) {
			a.packed = packed
		}
		all[name] = a
	}
	return all
}

// assetURL returns the URL of a static file, for templates.
func assetURL(name string) string {
	a, ok := assets[name]
	if !ok {
		panic("dashboard: there is no static file " + name)
	}
	return a.url
}

// files adds a route for each static file.
func (d *Dashboard) files() {
	for _, a := range assets {
		d.HandleOpen("GET "+a.url, func(*http.Request) (Answer, error) {
			return Answer{Raw: a.serve}, nil
		})
	}
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Etag", `"`+path.Base(a.url)+`"`)
	h.Add("Vary", "Accept-Encoding")
	body := a.plain
	if a.packed != nil && negotiate.AcceptsGzip(r.Header) {
		body = a.packed
		h.Set("Content-Encoding", "gzip")
		h.Set("Etag", `"`+path.Base(a.url)+`.gz"`)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
