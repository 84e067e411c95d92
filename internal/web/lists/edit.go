package lists

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

// of returns the form for editing a list, loaded from what is stored now.
func (f listForm) of(l *addressbook.List) listForm {
	f.SID, f.Updated, f.Loaded = l.SID.String(), updatedOf(l), loadedWith(l)
	return f
}

func updatedOf(l *addressbook.List) string { return strconv.FormatInt(l.Updated.UnixNano(), 10) }

// loadedWith returns the values with which the form of a list is loaded.
func loadedWith(l *addressbook.List) []shell.Option {
	return []shell.Option{{Value: "name", Label: l.Name}, {Value: "tag", Label: l.Tag.Value}}
}

func (room *Room) editListPage(r *http.Request) (shell.Answer, error) {
	values, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	list, err := room.Book.List(r.Context(), shell.AccountOf(r), shell.PathSID(r, "sid"))
	switch {
	case fault.Is(err, fault.NotFound) && values != nil:
		return typedListForm(values).wasDeleted(), nil
	case err != nil:
		return shell.Answer{}, err
	case values != nil:
		return typedListForm(values).sent(list.SID, values).page(), nil
	}
	return newListForm(list.Name, list.Tag.Value).of(&list).page(), nil
}

// sent returns the form for editing a list, with the loaded values that the sent form
// has.
func (f listForm) sent(sid addressbook.SID, form url.Values) listForm {
	f.SID, f.Updated, f.Loaded = sid.String(), form.Get("updated"), shell.LoadedIn(form)
	return f
}

// saveList changes a list; see [shell.Save].
func (room *Room) saveList(r *http.Request) (shell.Answer, error) {
	sid := shell.PathSID(r, "sid")
	form := typedListForm(r.PostForm).sent(sid, r.PostForm)
	list, err := room.Book.List(r.Context(), shell.AccountOf(r), sid)
	if fault.Is(err, fault.NotFound) {
		return form.wasDeleted(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	var name, tag string
	var patch addressbook.ListPatch
	return shell.Save{
		Path:  "/lists/" + form.SID,
		Stale: func() bool { return form.Updated != updatedOf(&list) },
		Merge: func(m *shell.Merge) (changes bool) {
			name, tag = form.merge(m, &list)
			patch = patchOf(&list, name, tag)
			return patch.Name.Set || patch.Tag.Set
		},
		Conflict: func(m *shell.Merge) shell.Answer { return form.conflict(m, name, tag, &list) },
		Store: func() (refused, err error) {
			results, err := room.Book.UpdateLists(r.Context(), shell.AccountOf(r), []addressbook.ListPatch{patch}, nil)
			if err != nil {
				return nil, err
			}
			if refused = results[0].Fault; fault.Is(refused, fault.Changed) {
				list = *results[0].List
			}
			return refused, nil
		},
		Deleted: func() (shell.Answer, error) { return form.wasDeleted(), nil },
		Refused: func(f *fault.Error) (shell.Answer, error) { return form.refused(f).page(), nil },
	}.Do(r)
}

// merge merges the form with what others have saved since it was loaded.
func (f listForm) merge(m *shell.Merge, now *addressbook.List) (name, tag string) {
	value := func(field shell.Field, stored string) string {
		// The form trims blanks, so ignore them in the stored value too.
		stored = strings.TrimSpace(stored)
		was := strings.TrimSpace(m.Was(field.Name, stored, f.Updated == updatedOf(now)))
		return m.Value(shell.Version{Name: field.Name, Label: field.Label, Was: was, Now: stored, Mine: field.Value})
	}
	return value(f.Name, now.Name), value(f.Tag, now.Tag.Value)
}

// patchOf returns the patch that gives a list this name and tag. It omits a field that
// still shows the stored value.
func patchOf(l *addressbook.List, name, tag string) addressbook.ListPatch {
	p := addressbook.ListPatch{SID: l.SID, IfUpdated: l.Updated}
	if !listShown(name, l.Name) {
		p.Name = addressbook.Change{Set: true, Text: addressbook.Given(name)}
	}
	if !listShown(tag, l.Tag.Value) {
		p.Tag = addressbook.Change{Set: true, Text: addressbook.Text{Value: tag, Given: tag != ""}}
	}
	return p
}

// listShown reports whether a field still shows the stored value.
func listShown(value, stored string) bool {
	return shell.SameShown("text", value, strings.TrimSpace(stored))
}

// conflict returns the page that asks about the conflicts.
func (f listForm) conflict(m *shell.Merge, name, tag string, now *addressbook.List) shell.Answer {
	return shell.AskConflict(shell.ConflictPage{
		Merge: m, What: "list", Action: "/lists/" + f.SID, Back: "/lists/" + f.SID,
		Loaded: loadedWith(now), Updated: updatedOf(now),
		Typed: []shell.Option{{Value: "name", Label: name}, {Value: "tag", Label: tag}},
	})
}

// wasDeleted shows what was typed as the form of a new list.
func (f listForm) wasDeleted() shell.Answer {
	f.SID, f.Updated, f.Loaded, f.Deleted = "", "", nil, true
	return f.page().WithStatus(http.StatusConflict)
}
