// Package flows has the pages of flows and recordings. It draws the flows of an account
// as trees, and has forms that change their steps.
package flows

import (
	"cmp"
	"embed"
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/callflow"
	"callbook/internal/callflow/library"
	"callbook/internal/fault"
	"callbook/internal/prompt"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

//go:embed *.html
var files embed.FS

var pages = shell.NewPages(files)

// Room has the pages of flows and recordings.
type Room struct {
	Flows   *library.Library
	Prompts *prompt.Prompts
	// Voice means that texts can be played.
	Voice bool
}

// Routes implements shell.Room.
func (room *Room) Routes(d *shell.Dashboard) {
	pages.Parse()
	d.AddEntries(func() []shell.Entry {
		return []shell.Entry{
			{Path: "/flows", Label: "Flows", More: "menu keys ivr steps what callees hear"},
			{Path: "/prompts", Label: "Recordings", More: "prompt wav audio sound upload"},
		}
	})
	d.Handle("GET /flows", room.listPage)
	d.HandleTyped("POST /flows", "/flows", room.create)
	d.Handle("GET /flows/{name}", room.flowPage)
	d.HandleForm("POST /flows/{name}/title", room.rename)
	d.HandleForm("POST /flows/{name}/copy", room.copy)
	d.HandleForm("POST /flows/{name}/delete", room.remove)
	d.Handle("GET /flows/{name}/json", room.codePage)
	d.HandleTyped("POST /flows/{name}/json", "/flows/{name}/json", room.saveCode)
	d.Handle("GET /flows/{name}/steps/{step}", room.stepPage)
	d.HandleTyped("POST /flows/{name}/steps/{step}", "/flows/{name}/steps/{step}", room.saveStep)
	d.HandleForm("POST /flows/{name}/steps/{step}/delete", room.deleteStep)
	d.Handle("GET /flows/{name}/add", room.addPage)
	d.HandleTyped("POST /flows/{name}/add", "/flows/{name}/add", room.addStep)
	d.Handle("GET /prompts", room.promptsPage)
	d.HandleUpload("POST /prompts", "/prompts", maxPromptForm, room.upload)
	d.Handle("GET /prompts/{name}/sound", room.sound)
	d.HandleForm("POST /prompts/{name}/delete", room.deletePrompt)
}

// flow returns the flow in the path.
func (room *Room) flow(r *http.Request) (*library.Flow, error) {
	return room.Flows.Get(r.Context(), shell.AccountOf(r), r.PathValue("name"))
}

func flowPath(name string) string { return "/flows/" + url.PathEscape(name) }

// maxListed bounds the flows in the list. It is the limit of an account.
const maxListed = library.MaxFlows

// listData is the data of the template flows.html.
type listData struct {
	Tabs        []shell.Tab
	Rows        []library.Flow
	Total       int
	Title, Name shell.Field
	Starts      []start
	Code        shell.Field
	Error       string
}

func (room *Room) listPage(r *http.Request) (shell.Answer, error) {
	typed, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	return room.showList(r, typed, nil)
}

// showList shows the flows and the form with these values and its error.
func (room *Room) showList(r *http.Request, v url.Values, wrong *fault.Error) (shell.Answer, error) {
	page, err := room.Flows.List(r.Context(), shell.AccountOf(r), library.Query{Limit: maxListed, Brief: true})
	if err != nil {
		return shell.Answer{}, err
	}
	chosen := cmp.Or(v.Get("start"), starts[0].Value)
	data := listData{
		Tabs: shell.CampaignTabs("/flows"), Rows: page.Flows, Total: page.Total,
		Title: shell.Field{Name: "title", Label: "Title", Value: v.Get("title"), MaxLength: library.MaxTitle, Hint: "What people call it, as “Rent reminder”."},
		Name:  shell.Field{Name: "name", Label: "Name", Value: v.Get("name"), MaxLength: 64, Mono: true, Hint: "How campaigns name it: letters from a to z, digits, - and _. It never changes. Empty: made of the title."},
		Code:  shell.Field{Name: "code", Label: "The flow as JSON", Type: "textarea", Value: v.Get("code"), Mono: true},
	}
	for _, s := range starts {
		s.Chosen = s.Value == chosen
		data.Starts = append(data.Starts, s)
	}
	switch text := sentence(wrong); {
	case wrong == nil:
	case wrong.Field == library.FieldName:
		data.Name.Error = text
	case wrong.Field == library.FieldTitle:
		data.Title.Error = text
	case chosen == pasted:
		data.Code.Error = text
	default:
		data.Error = text
	}
	a := pages.Show("flows", "Flows", data)
	if wrong != nil {
		a = a.Invalid()
	}
	return a, nil
}

// sentence returns the sentence of a page about a fault; "" for nil.
func sentence(f *fault.Error) string {
	if f == nil {
		return ""
	}
	if f.Need == 0 && !strings.HasSuffix(f.Detail, ".") {
		return f.Detail + "."
	}
	return words.Sentence(f)
}

// mine returns the fault that a person has caused by filling in a form, or nil.
func mine(err error) *fault.Error {
	f := fault.As(err)
	if f == nil || f.Kind == fault.Unavailable || f.Kind == fault.TooMany {
		return nil
	}
	return f
}

// create creates a flow from a starting point or from JSON.
func (room *Room) create(r *http.Request) (shell.Answer, error) {
	f := library.Flow{Title: strings.TrimSpace(r.PostForm.Get("title")), Name: strings.TrimSpace(r.PostForm.Get("name"))}
	f.Name = cmp.Or(f.Name, nameOf(f.Title))
	var err error
	if r.PostForm.Get("start") == pasted {
		f.Flow, err = decode(r.PostForm.Get("code"))
	} else {
		f.Flow = startOf(r.PostForm.Get("start"))
	}
	if err == nil {
		_, err = room.Flows.Create(r.Context(), shell.AccountOf(r), f, nil)
	}
	if wrong := mine(err); wrong != nil {
		return room.showList(r, r.PostForm, wrong)
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo(flowPath(f.Name)).Saying("The flow is there. Open a step to write what is said."), nil
}

// nameOf makes a name from a title.
func nameOf(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case b.Len() >= 40:
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return cmp.Or(strings.Trim(b.String(), "-"), "flow")
}

// flowData is the data of the template flow.html.
type flowData struct {
	*library.Flow
	Path  string
	Tree  sequence
	Title shell.Field
	Copy  shell.Field
}

func (room *Room) flowPage(r *http.Request) (shell.Answer, error) {
	f, err := room.flow(r)
	if err != nil {
		return shell.Answer{}, err
	}
	return pages.Show("flow", cmp.Or(f.Title, f.Name), flowData{
		Flow: f, Path: flowPath(f.Name), Tree: treeOf(f),
		Title: shell.Field{Name: "title", Label: "Title", Value: f.Title, MaxLength: library.MaxTitle},
		Copy:  shell.Field{Name: "copy", Label: "Name of the copy", Value: copyName(f.Name), MaxLength: 64, Required: true, Mono: true},
	}), nil
}

// copyName returns the proposed name of a copy.
func copyName(name string) string { return name[:min(len(name), 59)] + "-copy" }

// rename changes the title of a flow.
func (room *Room) rename(r *http.Request) (shell.Answer, error) {
	f, err := room.flow(r)
	if err != nil {
		return shell.Answer{}, err
	}
	title, a := strings.TrimSpace(r.PostForm.Get("title")), shell.GoTo(flowPath(f.Name))
	if f.Title != r.PostForm.Get("was") && f.Title != title {
		return a.Warning("Somebody else called it “" + f.Title + "” meanwhile. It stays so."), nil
	}
	changed := *f
	changed.Title = title
	_, err = room.Flows.Replace(r.Context(), shell.AccountOf(r), changed, f.Updated, nil)
	return said(a, err, "It has another title.")
}

// said returns the answer a with a notice that something was done, or with err's fault.
func said(a shell.Answer, err error, done string) (shell.Answer, error) {
	if wrong := mine(err); wrong != nil {
		return a.Warning(sentence(wrong)), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return a.Saying(done), nil
}

// copy creates a copy of a flow.
func (room *Room) copy(r *http.Request) (shell.Answer, error) {
	f, err := room.flow(r)
	if err != nil {
		return shell.Answer{}, err
	}
	made := library.Flow{Name: strings.TrimSpace(r.PostForm.Get("copy")), Title: f.Title, Flow: f.Flow}
	if _, err := room.Flows.Create(r.Context(), shell.AccountOf(r), made, nil); err != nil {
		return said(shell.GoTo(flowPath(f.Name)), err, "")
	}
	return shell.GoTo(flowPath(made.Name)).Saying("This is the copy."), nil
}

func (room *Room) remove(r *http.Request) (shell.Answer, error) {
	name := r.PathValue("name")
	if _, err := room.Flows.Delete(r.Context(), shell.AccountOf(r), name, nil); err != nil {
		if fault.Is(err, fault.NotFound) {
			return shell.GoTo("/flows").Noting("The flow is not there any more."), nil
		}
		return said(shell.GoTo(flowPath(name)), err, "")
	}
	return shell.GoTo("/flows").Saying("The flow " + name + " is deleted."), nil
}

// kindLabels are the names of the kinds of steps, in the order of the page.
var kindLabels = []shell.Option{
	{Value: string(callflow.Say), Label: "Say a text or play a recording"},
	{Value: string(callflow.Gather), Label: "Ask for keys, and branch by them"},
	{Value: string(callflow.Fetch), Label: "Play what a URL answers"},
	{Value: string(callflow.Ask), Label: "Ask a URL where to go"},
	{Value: string(callflow.Mark), Label: "Mark the call for the report"},
	{Value: string(callflow.Suppress), Label: "Never call the number again"},
	{Value: string(callflow.HangUp), Label: "Hang up"},
}

// labelOf returns the name of a kind of step, or "".
func labelOf(kind callflow.Kind) string {
	for _, k := range kindLabels {
		if k.Value == string(kind) {
			return k.Label
		}
	}
	return ""
}
