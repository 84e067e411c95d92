package flows

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"callbook/internal/callflow"
	"callbook/internal/callflow/library"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

// errNoStep is the fault of a step that is not in the flow.
var errNoStep = fault.New(fault.NotFound, "There is no such step in the flow. Somebody may have deleted it.")

// saveTries is how often a change is retried while others keep changing the flow.
const saveTries = 5

// change applies do to the stored flow in the path, and stores the result.
func (room *Room) change(r *http.Request, do func(*library.Flow) (stop bool, err error)) (f *library.Flow, err error) {
	for range saveTries {
		if f, err = room.flow(r); err != nil {
			return nil, err
		}
		before := f.Updated
		f.Steps = maps.Clone(f.Steps)
		if stop, err := do(f); stop || err != nil {
			return f, err
		}
		if _, err = room.Flows.Replace(r.Context(), shell.AccountOf(r), *f, before, nil); !fault.Is(err, fault.Changed) {
			return f, err
		}
	}
	return f, err
}

func (room *Room) stepPage(r *http.Request) (shell.Answer, error) {
	f, err := room.flow(r)
	if err != nil {
		return shell.Answer{}, err
	}
	name := r.PathValue("step")
	stored, ok := f.Steps[name]
	if !ok {
		return shell.Answer{}, errNoStep
	}
	step, was := stored, written(stored)
	typed, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	if typed != nil {
		step, was = read(stored.Kind, typed), typed.Get("was")
	}
	return room.showStep(r, f, name, &step, was, nil)
}

// showStep shows the form of a step. Change, if not nil, adds errors to the form.
func (room *Room) showStep(r *http.Request, f *library.Flow, name string, s *callflow.Step, was string, change func(*stepForm)) (shell.Answer, error) {
	d, err := room.form(r, f, name, s)
	if err != nil {
		return shell.Answer{}, err
	}
	d.Action, d.Was = d.Path+"/steps/"+url.PathEscape(name), was
	if _, ok := f.Steps[name]; ok {
		without := without(f.Flow, name)
		for other := range f.Steps {
			if _, stays := without.Steps[other]; !stays && other != name {
				d.Lost = append(d.Lost, other)
			}
		}
		slices.Sort(d.Lost)
	}
	a := pages.Show("step", d.Label, d)
	if change != nil {
		change(d)
		a = a.Invalid()
	}
	return a, nil
}

// saveStep stores a step. It keeps what others have changed in other steps. If somebody
// has changed this step since the form was loaded, the visitor decides.
func (room *Room) saveStep(r *http.Request) (shell.Answer, error) {
	name, was := r.PathValue("step"), r.PostForm.Get("was")
	var step callflow.Step
	var theirs string
	var orphans []string
	f, err := room.change(r, func(f *library.Flow) (bool, error) {
		stored, ok := f.Steps[name]
		if !ok {
			return true, errNoStep
		}
		step = read(stored.Kind, r.PostForm)
		if now := written(stored); now != was && now != written(step) {
			theirs = now
			return true, nil
		}
		f.Steps[name] = step
		orphans = drop(f, r.PostForm)
		return len(orphans) > 0, nil
	})
	if f == nil {
		return shell.Answer{}, err
	}
	wrong := mine(err)
	switch {
	case wrong != nil && wrong.Kind != fault.NotFound:
		return room.showStep(r, f, name, &step, was, func(d *stepForm) { d.refused(name, err) })
	case err != nil:
		return shell.Answer{}, err
	case theirs != "":
		return room.showStep(r, f, name, &step, theirs, func(d *stepForm) {
			d.Theirs = theirs
			d.Error = "Somebody else has changed this step meanwhile. Below is yours; save it again to put it in the place of theirs."
		})
	case orphans != nil:
		return room.showStep(r, f, name, &step, was, func(d *stepForm) { d.Orphan = orphans })
	}
	return shell.GoTo(flowPath(f.Name) + "#step-" + name).Saying("The step is saved."), nil
}

// drop returns the steps to which nothing leads any more. If the form says so, it deletes
// them instead.
func drop(f *library.Flow, v url.Values) []string {
	orphans := f.Unreached()
	if v.Get("drop") == "" {
		return orphans
	}
	for _, name := range orphans {
		delete(f.Steps, name)
	}
	return nil
}

// without returns the flow without a step and the steps to which only it leads. Branches
// to the step then lead to the next one.
func without(f callflow.Flow, name string) callflow.Flow {
	after := ""
	if s := f.Steps[name]; s.Kind != callflow.Gather && s.Kind != callflow.HangUp && s.Next != name {
		after = s.Next
	}
	f.Steps = maps.Clone(f.Steps)
	delete(f.Steps, name)
	if f.Start == name {
		f.Start = after
	}
	for _, other := range slices.Collect(maps.Keys(f.Steps)) {
		s := f.Steps[other]
		for _, b := range append(branchesOf(&s), branch{field: "next"}, branch{field: "wrong"}) {
			if target(&f, other, b.field) == name {
				lead(&f, other, b.field, after)
			}
		}
	}
	for _, lost := range f.Unreached() {
		delete(f.Steps, lost)
	}
	return f
}

func (room *Room) deleteStep(r *http.Request) (shell.Answer, error) {
	name, changed := r.PathValue("step"), false
	f, err := room.change(r, func(f *library.Flow) (bool, error) {
		stored, ok := f.Steps[name]
		if !ok {
			return true, errNoStep
		}
		if changed = written(stored) != r.PostForm.Get("was"); changed {
			return true, nil
		}
		f.Flow = without(f.Flow, name)
		return false, nil
	})
	if f == nil {
		return shell.Answer{}, err
	}
	if changed {
		return shell.GoTo(flowPath(f.Name) + "/steps/" + url.PathEscape(name)).Warning("Somebody else has changed this step meanwhile. It is still there."), nil
	}
	return said(shell.GoTo(flowPath(f.Name)), err, "The step is deleted.")
}

// addPage asks for the kind of a new step, and then shows its form.
func (room *Room) addPage(r *http.Request) (shell.Answer, error) {
	f, err := room.flow(r)
	if err != nil {
		return shell.Answer{}, err
	}
	v := r.URL.Query()
	typed, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	if typed != nil {
		v = typed
	}
	kind := callflow.Kind(v.Get("kind"))
	if _, ok := f.Steps[v.Get("at")]; !ok && v.Get("branch") != branchStart {
		return shell.Answer{}, errNoStep
	}
	if labelOf(kind) == "" {
		d := stepForm{Flow: f, Path: flowPath(f.Name), At: v.Get("at"), Branch: v.Get("branch"), Targets: kindLabels}
		return pages.Show("add", "Add a step", d), nil
	}
	step := callflow.Step{Kind: kind, Next: target(&f.Flow, v.Get("at"), v.Get("branch"))}
	if kind == callflow.HangUp || kind == callflow.Gather {
		step.Next = ""
	}
	if typed != nil {
		step = read(kind, typed)
	}
	return room.showAdd(r, f, &step, v, nil)
}

func (room *Room) showAdd(r *http.Request, f *library.Flow, s *callflow.Step, v url.Values, change func(*stepForm)) (shell.Answer, error) {
	d, err := room.form(r, f, "", s)
	if err != nil {
		return shell.Answer{}, err
	}
	d.Action, d.At, d.Branch = d.Path+"/add", v.Get("at"), v.Get("branch")
	a := pages.Show("step", d.Label, d)
	if change != nil {
		change(d)
		a = a.Invalid()
	}
	return a, nil
}

// addStep adds a step at a branch of another one. The new step leads to where the branch
// led.
func (room *Room) addStep(r *http.Request) (shell.Answer, error) {
	v := r.PostForm
	kind, at, way := callflow.Kind(v.Get("kind")), v.Get("at"), v.Get("branch")
	var step callflow.Step
	var name string
	var orphans []string
	f, err := room.change(r, func(f *library.Flow) (bool, error) {
		if _, ok := f.Steps[at]; !ok && way != branchStart {
			return true, errNoStep
		}
		step, name = read(kind, v), newName(f, kind)
		f.Steps[name] = step
		lead(&f.Flow, at, way, name)
		orphans = drop(f, v)
		return len(orphans) > 0, nil
	})
	if f == nil {
		return shell.Answer{}, err
	}
	if wrong := mine(err); wrong != nil && wrong.Kind != fault.NotFound {
		return room.showAdd(r, f, &step, v, func(d *stepForm) { d.refused(name, err) })
	}
	if err != nil {
		return shell.Answer{}, err
	}
	if orphans != nil {
		return room.showAdd(r, f, &step, v, func(d *stepForm) { d.Orphan = orphans })
	}
	return shell.GoTo(flowPath(f.Name) + "#step-" + name).Saying("The step is added."), nil
}

// newName returns an unused name for a step of a kind.
func newName(f *library.Flow, kind callflow.Kind) string {
	base := cmp.Or(strings.ToLower(string(kind)), "step")
	for n := 1; ; n++ {
		name := base
		if n > 1 {
			name = fmt.Sprint(base, n)
		}
		if _, taken := f.Steps[name]; !taken {
			return name
		}
	}
}
