package web

import (
	"net/http"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// of makes the form one that edits this list.
func (f listForm) of(l *addressbook.List) listForm {
	f.SID = l.SID.String()
	f.Updated = strconv.FormatInt(l.Updated.UnixNano(), 10)
	return f
}

func (room *listsRoom) editListPage(r *http.Request) (answer, error) {
	list, err := room.Book.List(r.Context(), accountOf(r), sidIn(r, "sid"))
	if err != nil {
		return answer{}, err
	}
	return newListForm(list.Name, list.Tag.Value).of(&list).page(), nil
}

// saveList changes a list, unless it is not any more as the form showed it:
// then it shows both, what is there and what was typed.
func (room *listsRoom) saveList(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	form := typedListForm(r.PostForm)
	list, err := room.Book.List(r.Context(), accountOf(r), sidIn(r, "sid"))
	if fault.Is(err, fault.NotFound) {
		return form.wasDeleted(), nil
	}
	if err != nil {
		return answer{}, err
	}
	form = form.of(&list)
	if !updatedIn(r.PostForm).Equal(list.Updated) {
		return form.conflict(&list), nil
	}
	results, err := room.Book.UpdateLists(r.Context(), accountOf(r), []addressbook.ListPatch{form.patch(&list)}, nil)
	if err != nil {
		return answer{}, err
	}
	result := results[0]
	switch f := fault.As(result.Fault); {
	case result.Fault == nil:
		return goTo("/lists/" + form.SID).saying("Saved."), nil
	case f == nil:
		return answer{}, result.Fault
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
	return sameShown("text", value, strings.TrimSpace(stored))
}

// conflict shows what was typed beside what somebody else saved. Whoever saves
// it then has seen the other's, and only the other's.
func (f listForm) conflict(now *addressbook.List) answer {
	if !listShown(f.Name.Value, now.Name) {
		f.Conflict = append(f.Conflict, difference{f.Name.Label, now.Name, f.Name.Value})
	}
	if !listShown(f.Tag.Value, now.Tag.Value) {
		f.Conflict = append(f.Conflict, difference{f.Tag.Label, now.Tag.Value, f.Tag.Value})
	}
	if len(f.Conflict) == 0 {
		return goTo("/lists/" + f.SID).saying("Somebody else saved the very same meanwhile.")
	}
	a := f.page()
	a.status = http.StatusConflict
	return a
}

// wasDeleted shows what was typed as the form of a new list.
func (f listForm) wasDeleted() answer {
	f.SID, f.Updated, f.Deleted = "", "", true
	a := f.page()
	a.status = http.StatusConflict
	return a
}
