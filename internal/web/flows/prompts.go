package flows

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/fault"
	"callbook/internal/prompt"
	"callbook/internal/wav"
	"callbook/internal/web/shell"
)

// maxPromptForm bounds the form with a recording, in bytes.
const maxPromptForm = prompt.MaxFileBytes + 1<<20

// promptsData is the data of the template prompts.html.
type promptsData struct {
	Tabs        []shell.Tab
	Rows        []prompt.Prompt
	Name, Title shell.Field
	FileError   string
	Replace     bool
	Error       string
}

// Path returns the URL of a recording's pages.
func (promptsData) Path(p prompt.Prompt) string { return "/prompts/" + url.PathEscape(p.Name) }

// Seconds returns the duration of a recording for people.
func (promptsData) Seconds(p prompt.Prompt) string {
	return plural(max(1, int(p.Duration().Round(1e9).Seconds())), "second", "seconds")
}

func (room *Room) promptsPage(r *http.Request) (shell.Answer, error) {
	typed, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	var wrong *fault.Error
	if file := shell.LostFile(typed); file != "" {
		wrong = fault.InvalidField(prompt.FieldFile, "choose the file “"+file+"” again: it could not be kept while you were signed out")
	}
	return room.showPrompts(r, typed, wrong)
}

// showPrompts shows the recordings and the form with its error.
func (room *Room) showPrompts(r *http.Request, v url.Values, wrong *fault.Error) (shell.Answer, error) {
	page, err := room.Prompts.List(r.Context(), shell.AccountOf(r), 0, prompt.MaxPrompts)
	if err != nil {
		return shell.Answer{}, err
	}
	data := promptsData{
		Tabs: shell.CampaignTabs("/prompts"), Rows: page.Prompts, Replace: v.Get("replace") != "",
		Name:  shell.Field{Name: "name", Label: "Name", Value: v.Get("name"), Required: true, MaxLength: 64, Mono: true, Hint: "How flows name it: letters from a to z, digits, - and _."},
		Title: shell.Field{Name: "title", Label: "Title", Value: v.Get("title"), MaxLength: prompt.MaxTitle},
	}
	switch text := sentence(wrong); {
	case wrong == nil:
		return pages.Show("prompts", "Recordings", data), nil
	case wrong.Field == prompt.FieldName:
		data.Name.Error = text
	case wrong.Field == prompt.FieldTitle:
		data.Title.Error = text
	case wrong.Field == prompt.FieldFile:
		data.FileError = text
	default:
		data.Error = text
	}
	return pages.Show("prompts", "Recordings", data).Invalid(), nil
}

// upload stores a recording.
func (room *Room) upload(r *http.Request) (shell.Answer, error) {
	v := url.Values{}
	d, err := receive(r, v)
	if err == nil && d.Recording != nil {
		hash := d.Recording.Hash()
		v.Set("file", hex.EncodeToString(hash[:])) // another file is another form
	}
	r.PostForm = v
	return shell.Once(func(r *http.Request) (shell.Answer, error) { return room.keep(r, d, err) })(r)
}

// keep stores the recording of a form, which is in r.PostForm. Err is the error of
// reading the form.
func (room *Room) keep(r *http.Request, d prompt.Draft, err error) (shell.Answer, error) {
	v := r.PostForm
	if err == nil {
		d.Name, d.Title = strings.TrimSpace(v.Get("name")), v.Get("title")
		store := room.Prompts.Create
		if v.Get("replace") != "" {
			store = room.Prompts.Replace
		}
		_, err = store(r.Context(), shell.AccountOf(r), d, nil)
	}
	if wrong := mine(err); wrong != nil {
		if wrong.Kind == fault.NotFound {
			wrong = fault.InvalidField(prompt.FieldName, "there is no recording of this name whose place it could take")
		}
		return room.showPrompts(r, v, wrong)
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/prompts").Saying("The recording " + d.Name + " is kept as a telephone plays it. Listen to it below."), nil
}

var (
	errBrokenForm = fault.New(fault.Unparsable, "The form did not come to its end. Send it again.")
	errLargeFile  = fault.New(fault.TooLarge, "The file is too large: a recording can have 64 MB.")
)

// receive reads the form. It reports an invalid file only after reading everything,
// because browsers send everything before they show an answer.
func receive(r *http.Request, v url.Values) (d prompt.Draft, wrong error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxPromptForm)
	form, err := r.MultipartReader()
	if err != nil {
		return d, errBrokenForm
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return d, wrong
		}
		if err == nil && part.FormName() == "file" {
			if part.FileName() != "" && (d.Recording != nil || wrong != nil) {
				wrong = fault.InvalidField(prompt.FieldFile, "one file is taken at a time")
			} else if part.FileName() != "" {
				d.Recording, wrong = prompt.Receive(r.Context(), part)
				if f := fault.As(wrong); wrong != nil && f == nil {
					return d, broken(wrong)
				}
			}
			_, err = io.Copy(io.Discard, part)
		} else if err == nil {
			err = readValue(part, v)
		}
		if err != nil {
			return d, broken(err)
		}
	}
}

func readValue(part *multipart.Part, v url.Values) error {
	const most = 4 << 10 // more than any field may have
	switch part.FormName() {
	case "name", "title", "replace", shell.OnceField:
	default:
		return nil // a form can have a million other fields
	}
	value, err := io.ReadAll(io.LimitReader(part, most))
	v.Set(part.FormName(), string(value))
	return err
}

// broken returns the fault of a form that could not be read completely.
func broken(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errLargeFile
	}
	return errBrokenForm
}

// sound sends a recording to the page's player.
func (room *Room) sound(r *http.Request) (shell.Answer, error) {
	p, file, err := room.Prompts.File(r.Context(), shell.AccountOf(r), r.PathValue("name"))
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.Answer{Raw: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", wav.ContentType)
		w.Header().Set("Cache-Control", "private, no-cache")
		http.ServeContent(w, r, "", p.Updated, bytes.NewReader(file))
	}}, nil
}

func (room *Room) deletePrompt(r *http.Request) (shell.Answer, error) {
	name := r.PathValue("name")
	_, err := room.Prompts.Delete(r.Context(), shell.AccountOf(r), name, nil)
	if fault.Is(err, fault.NotFound) {
		return shell.GoTo("/prompts").Noting("The recording is not there any more."), nil
	}
	return said(shell.GoTo("/prompts"), err, "The recording "+name+" is deleted.")
}
