package contacts

import (
	"cmp"
	"net/http"
	"net/url"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// selectedData is the data of the template selected.html, which asks what to do with a
// selection.
type selectedData struct {
	contacttable.Selection
	Do       string // list, tag or delete
	Count    int
	Field    shell.Field // the list's name or the tag
	Kept     string      // how long deleted contacts stay in the trash; "" if they are deleted for good
	Large    bool        // whether the visitor must type the number of contacts
	Mistyped bool        // whether the visitor has typed another number
	// Deletion is the deletion of the contacts. Done is how many of them an interrupted
	// request has already deleted.
	Deletion addressbook.SID
	Done     int
	ForGood  bool // whether to skip the trash
	Before   int  // the number that the visitor has confirmed, if it has changed since; otherwise 0
}

// keepSelected stores a selection and what to do with it, and redirects to the page that
// asks for the details.
func (room *Room) keepSelected(r *http.Request) (shell.Answer, error) {
	s := contacttable.SelectionIn(r.PostForm)
	if _, err := s.Size(r.Context(), room.Book, shell.AccountOf(r)); err != nil {
		return s.Refused(err)
	}
	if r.PostForm.Get("do") == "delete" {
		r.PostForm.Set("deletion", room.deletionIn(r.PostForm).String())
	}
	page, err := shell.Keep(r, r.PostForm)
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/contacts/selected?page=" + page), nil
}

// selectedPage asks for the details of what to do with a selection.
func (room *Room) selectedPage(r *http.Request) (shell.Answer, error) {
	query := r.URL.Query()
	var form url.Values
	there, err := shell.Kept(r, cmp.Or(query.Get("page"), query.Get("typed")), &form)
	if err != nil {
		return shell.Answer{}, err
	}
	if !there {
		return shell.GoTo("/contacts").Noting("The selection is not kept any more. Select the contacts again."), nil
	}
	data := selectedData{Selection: contacttable.SelectionIn(form), Do: form.Get("do"), Deletion: room.deletionIn(form), ForGood: form.Get("for_good") != ""}
	data.Field.Value = cmp.Or(form.Get("name"), form.Get("value"))
	return room.askSelected(r, data)
}

func (room *Room) askSelected(r *http.Request, data selectedData) (shell.Answer, error) {
	n, err := data.Size(r.Context(), room.Book, shell.AccountOf(r))
	if err != nil {
		return data.Refused(err)
	}
	data.Count = n
	var name string
	switch data.Do {
	case "list":
		name = "Add to a list"
		data.Field.Name, data.Field.Label, data.Field.Required, data.Field.MaxLength = "name", "List", true, addressbook.MaxTextLength
		data.Field.Hint = "The name of an existing list, or of a new one."
	case "tag":
		name = "Set the tag"
		data.Field.Name, data.Field.Label, data.Field.MaxLength = "value", "Tag", addressbook.MaxTextLength
		data.Field.Hint = "It replaces the tags they have now. Leave it empty to remove their tags."
	case "delete":
		name = "Delete " + words.Plural(n, "contact", "contacts")
		data.Kept, data.Large = contacttable.Kept(room.Trash), shell.LargeDeletion(n)
		if data.Done, err = room.deletedUnder(r, data.Deletion); err != nil {
			return shell.Answer{}, err
		}
	default:
		return shell.Answer{}, fault.New(fault.Invalid, "Contacts have no such action.")
	}
	a := pages.Show("selected", name, data)
	if data.Field.Error != "" || data.Before > 0 || data.Mistyped {
		a = a.Invalid()
	}
	return a, nil
}
