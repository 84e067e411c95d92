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
	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/slowbody"
	"callbook/internal/upload"
)

const (
	// maxFormBytes is what a form may have, 1 MiB of it besides its file.
	maxFormBytes = upload.MaxFileBytes + 1<<20
	// maxPartBytes is how much is read of a text part: more than any may have.
	maxPartBytes = 4 << 10
	// uploadBytes is what an upload takes while it comes: buffers, a piece of the
	// file on its way to the database, and the rows that are looked at.
	uploadBytes = 1 << 20
)

// handleCSV adds the routes of CSV uploads.
func (a *API) handleCSV(base string) {
	const uploads = "/contacts/csv-upload"
	a.serve("POST "+base+uploads, slowbody.Upload(answering(a.once(a.uploadCSV, drainUpload))))
	a.serve("PUT "+base+uploads+"/{list_sid}", slowbody.Upload(answering(a.once(a.uploadCSV, drainUpload))))
	a.handle("GET "+base+uploads+"/{list_sid}", a.uploadColumns)
	a.handle("GET "+base+"/csv-status/{upload_id}", a.csvStatus)
	a.serve("GET "+base+"/csv-status/{upload_id}/errors", a.csvErrors)
	a.handle("GET "+base+"/csv-uploads", a.csvUploads)
	a.remove(base+"/csv-uploads/{upload_id}", a.cancelUpload)
}

// uploadCSV takes a file of contacts, for the list in the path if there is one; its
// rows are worked later.
func (a *API) uploadCSV(r *http.Request) (_ reply, err error) {
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
	if err := budget.Of(r.Context()).Take(r.Context(), uploadBytes); err != nil {
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
	errSecondFile   = fault.New(fault.Invalid, "Invalid FileName: one file is taken at a time")
)

// formBoundary refuses what is no form with files, and returns what parts the
// form.
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

// drainUpload reads on for a while; see API.drain.
func drainUpload(r *http.Request) {
	const most = 4 * upload.MaxFileBytes
	if r.Header.Get("Expect") == "" && r.ContentLength <= most {
		io.CopyN(io.Discard, r.Body, most)
	}
}

// uploadForm is what the parts of an upload's form say.
type uploadForm struct {
	file     *upload.File // nil when none came
	request  upload.Request
	hasName  bool
	hasType  bool
	wordType string
	words    url.Values // those of createWords that came
	sum      hash.Hash  // of the file; nil when nobody asks
}

// said returns what the form says, which is the same however it is parted.
func (f *uploadForm) said() []byte {
	if f.sum == nil {
		return nil
	}
	return fmt.Appendf(nil, "%q %q %q %t %x", f.request.ListName, f.wordType, f.words.Encode(), f.file != nil, f.sum.Sum(nil))
}

// options reads what may stand in the form or in the query.
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

// readForm reads the parts, in whatever order they come. Of a text part that
// comes twice the first one counts, as for the platform's own FormValue.
func (a *API) readForm(r *http.Request, form *uploadForm, boundary string, gzipped bool) (err error) {
	var body io.Reader = http.MaxBytesReader(nil, r.Body, maxFormBytes)
	if gzipped {
		if body, err = decompress(r, maxFormBytes); err != nil {
			return err
		}
	}
	parts := multipart.NewReader(body, boundary)
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return badForm(err)
		}
		switch name := part.FormName(); {
		case name == "file_name" && part.FileName() != "":
			if form.file != nil {
				return errSecondFile
			}
			body := &errorKeeper{Reader: part}
			if form.sum != nil {
				body.Reader = io.TeeReader(part, form.sum)
			}
			form.file, err = a.imports.Receive(r.Context(), accountOf(r), body)
			if body.err != nil {
				return badForm(body.err)
			}
			if err != nil {
				return err
			}
			form.file.Name(part.FileName())
		case name == "list_name" && !form.hasName:
			form.hasName = true
			form.request.ListName, err = readPart(part)
		case name == "type" && !form.hasType:
			form.hasType = true
			form.wordType, err = readPart(part)
		case slices.Contains(createWords, name) && !form.words.Has(name):
			var word string
			word, err = readPart(part)
			form.words.Set(name, word)
		}
		if err != nil {
			return badForm(err)
		}
	}
	return nil
}

// uploadType reads the type of an upload's list; "" is none.
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

func readPart(part *multipart.Part) (string, error) {
	text, err := io.ReadAll(io.LimitReader(part, maxPartBytes))
	return string(text), err
}

// errorKeeper keeps the error of a reader, to tell it from that of a writer.
type errorKeeper struct {
	io.Reader
	err error
}

func (k *errorKeeper) Read(p []byte) (int, error) {
	n, err := k.Reader.Read(p)
	if err != io.EOF {
		k.err = err
	}
	return n, err
}

// badForm is the fault of a form that could not be read to its end.
func badForm(err error) error {
	if isTooLarge(err) {
		return errFormTooLarge
	}
	return broken(err)
}
