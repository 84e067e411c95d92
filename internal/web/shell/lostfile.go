package shell

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"callbook/internal/account"
	"callbook/internal/budget"
)

// lostFile is the value that a form gets in the place of a file that was sent with it by
// somebody who was signed out.
const lostFile = "lost_file"

// LostFile is the name of the file that was sent with a form by somebody who was signed
// out; "" for none.
func LostFile(typed url.Values) string { return typed.Get(lostFile) }

// readBesideFile reads the values of a form with a file, of at most so many bytes, and
// lets the file go: a browser shows an answer only when it could send everything.
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
			left -= int64(len(value))
			typed.Add(part.FormName(), string(value))
		}
		if name != "" && len(name) < 300 {
			typed.Set(lostFile, name)
		}
	}
}
