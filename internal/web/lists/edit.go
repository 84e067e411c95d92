package lists

import (
	"net/http"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

// of makes the form one that edits this list.
func (f listForm) of(l *addressbook.List) listForm {
	f.SID = l.SID.String()
	f.Updated = strconv.FormatInt(l.Updated.UnixNano(), 10)
	return f
}

func (room *Room) editListPage(_ *http.Request, list addressbook.List) (shell.Answer, error) {
	return newListForm(list.Name, list.Tag.Value).of(&list).page(), nil
}

// saveList changes a list, unless it is not any more as the form showed it:
// then it shows both, what is there and what was typed.
func (room *Room) saveList(r *http.Request) (shell.Answer, error) {
	form := typedListForm(r.PostForm)
	list, err := room.Book.List(r.Context(), shell.AccountOf(r), shell.PathSID(r, "sid"))
	if fault.Is(err, fault.NotFound) {
		return form.wasDeleted(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	form = form.of(&list)
	if !shell.UpdatedIn(r.PostForm).Equal(list.Updated) {
		return form.conflict(&list), nil
	}
	results, err := room.Book.UpdateLists(r.Context(), shell.AccountOf(r), []addressbook.ListPatch{form.patch(&list)}, nil)
	if err != nil {
		return shell.Answer{}, err
	}
	result := results[0]
	switch f := fault.As(result.Fault); {
	case result.Fault == nil:
		return shell.GoTo("/lists/" + form.SID).Saying("Saved."), nil
	case f == nil:
		return shell.Answer{}, result.Fault
	case f.Kind == fault.Changed:
		return form.of(result.List).conflict(result.List), nil
	case f.Kind == fault.NotFound:
		return form.wasDeleted(), nil
	default:
		return form.refused(f).page(), nil
	}
}

// patch is what the form changes in the list. A field that shows what the list
// has is left alone.
func (f listForm) patch(l *addressbook.List) addressbook.ListPatch {
	p := addressbook.ListPatch{SID: l.SID, IfUpdated: l.Updated}
	if !listShown(f.Name.Value, l.Name) {
		p.Name = addressbook.Change{Set: true, Text: addressbook.Given(f.Name.Value)}
	}
	if tag := f.Tag.Value; !listShown(tag, l.Tag.Value) {
		p.Tag = addressbook.Change{Set: true, Text: addressbook.Text{Value: tag, Given: tag != ""}}
	}
	return p
}

// listShown tells whether a field that showed the stored value was left as it
// was.
func listShown(value, stored string) bool {
	return shell.SameShown("text", value, strings.TrimSpace(stored))
}

// conflict shows what was typed beside what somebody else saved. Whoever saves
// it then has seen the other's, and only the other's.
func (f listForm) conflict(now *addressbook.List) shell.Answer {
	if !listShown(f.Name.Value, now.Name) {
		f.Conflict = append(f.Conflict, shell.Difference{Label: f.Name.Label, Theirs: now.Name, Mine: f.Name.Value})
	}
	if !listShown(f.Tag.Value, now.Tag.Value) {
		f.Conflict = append(f.Conflict, shell.Difference{Label: f.Tag.Label, Theirs: now.Tag.Value, Mine: f.Tag.Value})
	}
	if len(f.Conflict) == 0 {
		return shell.GoTo("/lists/" + f.SID).Saying("Somebody else saved the very same meanwhile.")
	}
	return f.page().WithStatus(http.StatusConflict)
}

// wasDeleted shows what was typed as the form of a new list.
func (f listForm) wasDeleted() shell.Answer {
	f.SID, f.Updated, f.Deleted = "", "", true
	return f.page().WithStatus(http.StatusConflict)
}
