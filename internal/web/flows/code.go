package flows

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/callflow/library"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

// codeData is the data of the template code.html, which shows a flow as JSON.
type codeData struct {
	*library.Flow
	Path      string
	Code      shell.Field
	Loaded    int64 // when the flow was last changed before the form was loaded
	Meanwhile bool
}

// encode returns a flow as indented JSON.
func encode(f *callflow.Flow) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		panic("flows: a flow is not JSON") // it has only texts and numbers
	}
	return b.String()
}

// decode parses a flow that somebody has pasted.
func decode(text string) (f callflow.Flow, err error) {
	var outer struct {
		Start string                     `json:"start"`
		Steps map[string]json.RawMessage `json:"steps"`
	}
	if err := json.Unmarshal([]byte(text), &outer); err != nil {
		why := "it is no JSON object with start and steps"
		if at, ok := errors.AsType[*json.SyntaxError](err); ok {
			why = "it is no JSON: line " + strconv.Itoa(1+strings.Count(text[:min(int(at.Offset), len(text))], "\n")) + " cannot be read"
		}
		return f, fault.New(fault.Invalid, "The flow cannot be read: "+why)
	}
	f = callflow.Flow{Start: outer.Start, Steps: make(map[string]callflow.Step)}
	for name, raw := range outer.Steps {
		if f.Steps[name], err = callflow.DecodeStep(name, raw); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (room *Room) codePage(r *http.Request) (shell.Answer, error) {
	f, err := room.flow(r)
	if err != nil {
		return shell.Answer{}, err
	}
	typed, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	d := newCode(f, encode(&f.Flow))
	if typed != nil {
		d.Code.Value = typed.Get("code")
		d.Loaded, _ = strconv.ParseInt(typed.Get("loaded"), 10, 64)
	}
	return d.page(), nil
}

func newCode(f *library.Flow, text string) *codeData {
	return &codeData{
		Flow: f, Path: flowPath(f.Name), Loaded: f.Updated.UnixNano(),
		Code: shell.Field{Name: "code", Label: "The flow", Type: "textarea", Value: text, Mono: true, Required: true, Hint: "Copy it to keep it or to give it to somebody; paste another one to put it in the place of this one."},
	}
}

func (d *codeData) page() shell.Answer { return pages.Show("code", "The flow as JSON", d) }

// saveCode replaces the flow by the pasted JSON.
func (room *Room) saveCode(r *http.Request) (shell.Answer, error) {
	f, err := room.flow(r)
	if err != nil {
		return shell.Answer{}, err
	}
	loaded, _ := strconv.ParseInt(r.PostForm.Get("loaded"), 10, 64)
	d := newCode(f, r.PostForm.Get("code"))
	changed := *f
	if changed.Flow, err = decode(d.Code.Value); err == nil {
		_, err = room.Flows.Replace(r.Context(), shell.AccountOf(r), changed, time.Unix(0, loaded), nil)
	}
	switch wrong := mine(err); {
	case err == nil:
		return shell.GoTo(d.Path).Saying("The flow is saved."), nil
	case wrong == nil:
		return shell.Answer{}, err
	case wrong.Kind == fault.Changed:
		d.Meanwhile = true // saving it once more replaces the other person's version
	default:
		d.Loaded = loaded
		d.Code.Error = sentence(wrong)
	}
	return d.page().Invalid(), nil
}
