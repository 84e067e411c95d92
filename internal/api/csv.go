package api

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/slowbody"
	"callbook/internal/upload"
)

// maxFormBytes bounds a form: a file, and 1 MiB for everything else.
const maxFormBytes = upload.MaxFileBytes + 1<<20

// handleCSV adds the routes of CSV uploads.
func (a *API) handleCSV(base string) {
	const uploads = "/contacts/csv-upload"
	a.serve("POST "+base+uploads, slowbody.Upload(answering(a.once(a.uploadCSV, drainUpload))))
	a.serve("PUT "+base+uploads+"/{list_sid}", slowbody.Upload(answering(a.once(a.uploadCSV, drainUpload))))
	a.handle("GET "+base+uploads+"/{list_sid}", a.uploadColumns)
	a.serve("POST "+base+"/suppressions/csv-upload", slowbody.Upload(answering(a.once(a.uploadSuppressions, drainUpload))))
	a.handle("GET "+base+"/csv-status/{upload_id}", a.csvStatus)
	a.serve("GET "+base+"/csv-status/{upload_id}/errors", a.csvErrors)
	a.handle("GET "+base+"/csv-uploads", a.csvUploads)
	a.remove(base+"/csv-uploads/{upload_id}", a.cancelUpload)
	a.write("POST "+base+"/csv-uploads/{upload_id}/undo", bodiless(a.undoUpload))
}

// uploadCSV receives a file of contacts, for the list in the path if there is one. Its
// rows are imported later.
func (a *API) uploadCSV(r *http.Request) (reply, error) {
	return a.receiveCSV(r, a.startContacts)
}

// uploadSuppressions receives a file of numbers that the account must not call.
func (a *API) uploadSuppressions(r *http.Request) (reply, error) {
	return a.receiveCSV(r, func(r *http.Request, form *uploadForm) (reply, error) {
		answer := pending{r: r}
		return answer.end(a.imports.Start(r.Context(), accountOf(r), form.file, upload.Request{Suppresses: true}, func(s upload.Started) *journal.Receipt {
			return answer.keep(dataReply(r, func(b []byte) []byte { return appendStatus(b, &s.Upload) }))
		}))
	})
}

// receiveCSV receives the form of an upload, and starts it unless the request was done
// before.
func (a *API) receiveCSV(r *http.Request, start func(*http.Request, *uploadForm) (reply, error)) (_ reply, err error) {
	defer func() {
		if err != nil {
			drainUpload(r)
		}
	}()
	boundary, err := formBoundary(r)
	if err != nil {
		return reply{}, err
	}
	gzipped, err := isGzipped(r)
	if err != nil {
		return reply{}, err
	}
	form := &uploadForm{words: make(url.Values)}
	if attemptOf(r) != nil {
		form.sum = sha256.New()
	}
	if r.ContentLength > maxFormBytes {
		err = errFormTooLarge
	} else {
		err = a.readForm(r, form, boundary, gzipped)
	}
	defer form.file.Discard()
	if err != nil {
		return reply{}, err
	}
	if answer, again, err := replay(r, form.said()); again || err != nil {
		return answer, err
	}
	return start(r, form)
}

// startContacts starts an upload of contacts as its form and its request say.
func (a *API) startContacts(r *http.Request, form *uploadForm) (_ reply, err error) {
	if form.request.Type, form.request.TypeGiven, err = uploadType(form.wordType); err != nil {
		return reply{}, err
	}
	if r.PathValue("list_sid") != "" {
		list, err := a.book.List(r.Context(), accountOf(r), sidIn(r, "list_sid"))
		if err != nil {
			return reply{}, err
		}
		form.request.List = list.SID
	}
	if form.request.Options, err = form.options(r); err != nil {
		return reply{}, err
	}
	e := newEncoder(accountOf(r))
	answer := pending{r: r}
	return answer.end(a.imports.Start(r.Context(), accountOf(r), form.file, form.request, func(s upload.Started) *journal.Receipt {
		return answer.keep(dataReply(r, func(b []byte) []byte { return e.started(b, &s) }))
	}))
}

var (
	errFormTooLarge = fault.New(fault.TooLarge, fmt.Sprintf("Maximum allowed size of a file is %d bytes", upload.MaxFileBytes))
	errUploadType   = fault.New(fault.Invalid, "Invalid type: it must be static or dynamic")
)

// formBoundary returns the boundary of a multipart form. Any other content type is a
// fault.
func formBoundary(r *http.Request) (string, error) {
	given := r.Header.Get("Content-Type")
	mediaType, params, err := mime.ParseMediaType(given)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		mediaType = given
	}
	switch mediaType {
	case "multipart/form-data":
		if params["boundary"] != "" {
			return params["boundary"], nil
		}
		return "", fault.New(fault.Unparsable, http.ErrMissingBoundary.Error())
	case "", "application/json", "application/x-www-form-urlencoded":
		return "", fault.New(fault.Unparsable, http.ErrNotMultipart.Error())
	}
	return "", fault.New(fault.UnsupportedType, given)
}

// drainUpload reads the rest of the body for a while; see API.drain.
func drainUpload(r *http.Request) {
	const most = 4 * upload.MaxFileBytes
	if r.Header.Get("Expect") == "" && r.ContentLength <= most {
		io.CopyN(io.Discard, r.Body, most)
	}
}

// uploadForm has the parts of an upload's form.
type uploadForm struct {
	file     *upload.File // nil if there is none
	request  upload.Request
	hasName  bool
	hasType  bool
	wordType string
	words    url.Values // the parts that are named in createWords
	sum      hash.Hash  // of the file; nil if the request has no key
}

// said returns the content of the form, for the hash of the request. It does not depend
// on the boundary.
func (f *uploadForm) said() []byte {
	if f.sum == nil {
		return nil
	}
	return fmt.Appendf(nil, "%q %q %q %t %x", f.request.ListName, f.wordType, f.words.Encode(), f.file != nil, f.sum.Sum(nil))
}

// options reads the options, which may be in the form or in the query.
func (f *uploadForm) options(r *http.Request) (addressbook.CreateOptions, error) {
	words, err := parseWords(r)
	if err != nil {
		return addressbook.CreateOptions{}, err
	}
	for name := range f.words {
		given := f.words.Get(name)
		if words.Has(name) && words.Get(name) != given {
			return addressbook.CreateOptions{}, fault.New(fault.Invalid, "Invalid "+name+": the form and the query differ")
		}
		words.Set(name, given)
	}
	return createOptions(words)
}

// readForm reads the parts of a form in any order. If a text part comes twice, the first
// counts, as in FormValue, which Exotel uses.
func (a *API) readForm(r *http.Request, form *uploadForm, boundary string, gzipped bool) (err error) {
	var body io.Reader = http.MaxBytesReader(nil, r.Body, maxFormBytes)
	if gzipped {
		if body, err = decompress(r, maxFormBytes); err != nil {
			return err
		}
	}
	var sum io.Writer
	if form.sum != nil {
		sum = form.sum
	}
	form.file, err = a.imports.ReceiveForm(r.Context(), accountOf(r), multipart.NewReader(body, boundary), "file_name", sum, form.set)
	if broken, ok := errors.AsType[upload.FormError](err); ok {
		return badForm(broken.Err)
	}
	return err
}

// set stores a text of the form.
func (f *uploadForm) set(name, value string) {
	switch {
	case name == "list_name" && !f.hasName:
		f.request.ListName, f.hasName = value, true
	case name == "type" && !f.hasType:
		f.wordType, f.hasType = value, true
	case slices.Contains(createWords, name) && !f.words.Has(name):
		f.words.Set(name, value)
	}
}

// uploadType reads the type of an upload's list. Given is false for "".
func uploadType(word string) (t addressbook.ListType, given bool, err error) {
	switch strings.ToLower(word) {
	case "":
		return addressbook.Static, false, nil
	case "static":
		return addressbook.Static, true, nil
	case "dynamic":
		return addressbook.Dynamic, true, nil
	}
	return addressbook.Static, false, errUploadType
}

// badForm returns the fault of a form that could not be read completely.
func badForm(err error) error {
	if isTooLarge(err) {
		return errFormTooLarge
	}
	return broken(err)
}
