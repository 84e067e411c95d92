package shell

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"callbook/internal/account"
	"callbook/internal/budget"
)

// lostFile is the field that replaces the file in a form that somebody sent after being
// signed out.
const lostFile = "lost_file"

// LostFile returns the name of the file in a form that somebody sent after being signed
// out, or "".
func LostFile(typed url.Values) string { return typed.Get(lostFile) }

// readBesideFile reads a form of at most most bytes and returns the values beside its
// file. It discards the file, but reads it: a browser shows an answer only after it has
// sent everything.
func readBesideFile(r *http.Request, most int64) (url.Values, error) {
	share := budget.Of(r.Context())
	if err := share.Admit(account.None); err != nil {
		return nil, err
	}
	r.Body = http.MaxBytesReader(nil, r.Body, most)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	typed := url.Values{}
	for left := int64(maxStrangersForm); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return typed, nil
		}
		if err != nil {
			return nil, err
		}
		name := part.FileName()
		if name != "" || part.Header.Get("Content-Type") != "" {
			if _, err := io.Copy(io.Discard, part); err != nil {
				return nil, err
			}
		} else {
			value, err := io.ReadAll(io.LimitReader(part, left))
			if err != nil {
				return nil, err
			}
			const field = 64 // about what a field takes beside its name and value, in bytes
			if left -= int64(field + len(part.FormName()) + len(value)); left >= 0 {
				typed.Add(part.FormName(), string(value))
			}
		}
		if name != "" && len(name) < 300 {
			typed.Set(lostFile, name)
		}
	}
}
