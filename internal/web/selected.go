package web

import (
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// selectedData is what the template selected.html shows: what to do with a
// selection.
type selectedData struct {
	selection
	Do     string // list, tag or delete
	Count  int
	Field  field // the list's name or the tag
	Lists  []addressbook.List
	Undo   bool // a deletion can be undone
	Before int  // how many a deletion was confirmed for, when they are others now; 0 else
}

// selectedPage asks how to do what a table's button says.
func (room *contactsRoom) selectedPage(r *http.Request) (answer, error) {
	if err := readForm(r); err != nil {
		return answer{}, err
	}
	return room.askSelected(r, selectedData{selection: selectionIn(r.PostForm), Do: r.PostForm.Get("do")})
}

func (room *contactsRoom) askSelected(r *http.Request, data selectedData) (answer, error) {
	n, err := data.size(r.Context(), room.Book, accountOf(r))
	if err != nil {
		return data.refused(err)
	}
	data.Count = n
	var name string
	switch data.Do {
	case "list":
		name = "Add to a list"
		data.Field.Name, data.Field.Label, data.Field.Required, data.Field.MaxLength = "name", "List", true, addressbook.MaxTextLength
		data.Field.Hint = "The name of a list that is there, or of one to make."
		if data.Lists, err = room.listChoices(r); err != nil {
			return answer{}, err
		}
	case "tag":
		name = "Set the tag"
		data.Field.Name, data.Field.Label, data.Field.MaxLength = "value", "Tag", addressbook.MaxTextLength
		data.Field.Hint = "It takes the place of the tags that they have. Leave it empty to take their tags away."
	case "delete":
		name = "Delete " + plural(n, "contact", "contacts")
		data.Undo = !data.All && n <= maxUndo
	default:
		return answer{}, fault.New(fault.Invalid, "There is no such thing to do with contacts.")
	}
	a := pages.show("selected", name, data)
	if data.Field.Error != "" || data.Before > 0 {
		a = a.invalid()
	}
	return a, nil
}
