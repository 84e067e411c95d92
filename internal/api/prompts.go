package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"callbook/internal/account"
	"callbook/internal/budget"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/prompt"
	"callbook/internal/slowbody"
	"callbook/internal/wav"
)

// This file has callbook's own routes for the recordings of an account.

func (a *API) handlePrompts(base string) {
	a.handle("GET "+base+"/prompts", a.getPrompts)
	a.serve("POST "+base+"/prompts", slowbody.Upload(answering(a.once(a.uploadPrompt, drainPrompt))))
	a.serve("GET "+base+"/prompts/{name}", a.getPrompt)
	a.serve("PUT "+base+"/prompts/{name}", slowbody.Upload(answering(a.once(a.uploadPrompt, drainPrompt))))
	a.remove(base+"/prompts/{name}", a.deletePrompt)
}

func promptsPath(acct account.Account) string { return "/v2/accounts/" + acct.SID + "/prompts" }

// maxPromptForm bounds the body of an upload, in bytes.
const maxPromptForm = prompt.MaxFileBytes + 1<<20

var errPromptTooLarge = fault.New(fault.TooLarge, fmt.Sprintf("Maximum allowed size of a recording is %d bytes", prompt.MaxFileBytes))

// drainPrompt reads the rest of the body for a while; see API.drain.
func drainPrompt(r *http.Request) {
	if r.Header.Get("Expect") == "" && r.ContentLength <= 2*maxPromptForm {
		io.CopyN(io.Discard, r.Body, 2*maxPromptForm)
	}
}

// uploadPrompt stores a recording. If the path has a name, it replaces that recording.
func (a *API) uploadPrompt(r *http.Request) (_ reply, err error) {
	defer func() {
		if err != nil {
			drainPrompt(r)
		}
	}()
	if r.ContentLength > maxPromptForm {
		return reply{}, errPromptTooLarge
	}
	u := promptUpload{}
	if attemptOf(r) != nil {
		u.sum = sha256.New()
	}
	if err := u.read(r); err != nil {
		return reply{}, err
	}
	store := a.prompts.Create
	if name := r.PathValue("name"); name != "" {
		u.draft.Name, store = name, a.prompts.Replace
	}
	if answer, again, err := replay(r, u.said()); again || err != nil {
		return answer, err
	}
	if u.fault != nil {
		return reply{}, u.fault
	}
	e := newEncoder(accountOf(r))
	answer := pending{r: r}
	_, err = store(r.Context(), accountOf(r), u.draft, func(p *prompt.Prompt) *journal.Receipt {
		return answer.keep(dataReply(r, func(b []byte) []byte { return e.prompt(b, p) }))
	})
	return answer.end(err)
}

// promptUpload is a request with a recording.
type promptUpload struct {
	draft prompt.Draft
	sum   hash.Hash // the hash of the file as it arrives, or nil if not needed
	fault error     // the fault of the file
}

// said returns the content of the request, in the same form for all encodings of the
// body.
func (u *promptUpload) said() []byte {
	if u.sum == nil {
		return nil
	}
	return fmt.Appendf(nil, "%q %q %x", u.draft.Name, u.draft.Title, u.sum.Sum(nil))
}

// read reads the body: a form with a file, or the file itself with the other fields in
// the query.
func (u *promptUpload) read(r *http.Request) error {
	given := r.Header.Get("Content-Type")
	mediaType, params, err := mime.ParseMediaType(given)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		mediaType = given
	}
	body := &bodyFaults{http.MaxBytesReader(nil, r.Body, maxPromptForm)}
	switch {
	case mediaType == "multipart/form-data":
		return u.readForm(r, multipart.NewReader(body, params["boundary"]))
	// wav checks the content, so the exact media type does not matter.
	case strings.HasPrefix(mediaType, "audio/"), mediaType == "application/octet-stream":
		words, err := parseWords(r)
		if err != nil {
			return err
		}
		u.draft.Name, u.draft.Title = words.Get("name"), words.Get("title")
		return u.receive(r, body)
	}
	return fault.New(fault.UnsupportedType, shorten(given))
}

func (u *promptUpload) readForm(r *http.Request, form *multipart.Reader) error {
	const maxText = 4 << 10 // more than any field may have
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return promptFault(err)
		}
		switch name := part.FormName(); {
		case name == string(prompt.FieldFile) && (u.draft.Recording != nil || u.fault != nil):
			return fault.InvalidField(prompt.FieldFile, "one file is taken at a time")
		case name == string(prompt.FieldFile):
			err = u.receive(r, part)
		case name == "name" || name == "title":
			var text []byte
			text, err = io.ReadAll(io.LimitReader(part, maxText))
			if name == "name" {
				u.draft.Name = string(text)
			} else {
				u.draft.Title = string(text)
			}
		}
		if err != nil {
			return promptFault(err)
		}
	}
}

// receive reads the whole file.
func (u *promptUpload) receive(r *http.Request, file io.Reader) (err error) {
	if u.sum != nil {
		file = io.TeeReader(file, u.sum)
	}
	u.draft.Recording, err = prompt.Receive(r.Context(), file)
	if f := fault.As(err); err == nil || f != nil && f.Field == prompt.FieldFile {
		u.fault = err
		_, err = io.Copy(io.Discard, file)
	}
	return promptFault(err)
}

// bodyFaults is a body whose errors are faults.
type bodyFaults struct{ io.Reader }

func (b *bodyFaults) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = promptFault(err)
	}
	return n, err
}

// promptFault returns the fault of a body that could not be read completely.
func promptFault(err error) error {
	switch {
	case err == nil || fault.As(err) != nil:
		return err
	case isTooLarge(err):
		return errPromptTooLarge
	}
	return broken(err)
}

func (e *encoder) prompt(b []byte, p *prompt.Prompt) []byte {
	b = appendString(append(b, `{"name":`...), p.Name)
	b = appendStringOrNull(append(b, `,"title":`...), p.Title)
	b = strconv.AppendFloat(append(b, `,"duration":`...), p.Duration().Seconds(), 'f', 3, 64)
	b = strconv.AppendInt(append(b, `,"size":`...), int64(p.Size), 10)
	b = hex.AppendEncode(append(b, `,"sha256":"`...), p.Hash[:])
	b = e.dates.append(append(b, `","date_created":"`...), p.Created)
	b = e.dates.append(append(b, `","date_updated":"`...), p.Updated)
	b = append(append(b, `","uri":"`...), e.prompts...)
	return append(append(b, p.Name...), `"}`...)
}

func (a *API) getPrompts(r *http.Request) (reply, error) {
	w, err := parsePages(r, promptsPath(accountOf(r)), maxLimit)
	if err != nil {
		return reply{}, err
	}
	w.paths.byOffset = true
	if err := budget.Of(r.Context()).Reserve(r.Context(), int64(w.Limit)*usualWeight); err != nil {
		return reply{}, err
	}
	page, err := a.prompts.List(r.Context(), accountOf(r), w.Offset, w.Limit)
	if err != nil {
		return reply{}, err
	}
	e := newEncoder(accountOf(r))
	return pageReply(r, w, len(page.Prompts), page.Total, func(b []byte, i int) []byte {
		return e.prompt(b, &page.Prompts[i])
	}), nil
}

// getPrompt sends a recording as a WAV file.
func (a *API) getPrompt(w http.ResponseWriter, r *http.Request) {
	if err := a.sendPrompt(w, r); err != nil {
		Fail(w, r, err)
	}
}

func (a *API) sendPrompt(w http.ResponseWriter, r *http.Request) error {
	p, file, err := a.prompts.File(r.Context(), accountOf(r), r.PathValue("name"))
	if err != nil {
		return err
	}
	done, err := a.gate.download(accountOf(r).ID)
	if err != nil {
		return err
	}
	defer done()
	h := w.Header()
	h.Set("Content-Type", wav.ContentType)
	h.Set("Content-Length", strconv.Itoa(len(file)))
	h.Set("ETag", fmt.Sprintf(`"%x"`, p.Hash))
	if r.Method == http.MethodHead {
		return nil
	}
	io.Copy(slowbody.NewAnswer(w, budget.Of(r.Context()).Scarce), bytes.NewReader(file))
	return nil
}

func (a *API) deletePrompt(r *http.Request) (reply, error) {
	e := newEncoder(accountOf(r))
	answer := pending{r: r}
	_, err := a.prompts.Delete(r.Context(), accountOf(r), r.PathValue("name"), func(p *prompt.Prompt) *journal.Receipt {
		return answer.keep(dataReply(r, func(b []byte) []byte { return e.prompt(b, p) }))
	})
	return answer.end(err)
}
