package trash

import (
	"net/http"
	"strconv"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/trash"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// eraseData is the data of the template trash-erase.html.
type eraseData struct {
	Path  string // the form's URL, and the page to go back to
	What  string // such as "3 contacts"
	Count int
	SIDs  []addressbook.SID // none if the whole trash is emptied
	Large bool              // whether the visitor must type the number
	Wrong bool              // whether the visitor has typed another number
}

// selected returns the sids in a form. There are at most as many as a page of the table
// has rows.
func selected(r *http.Request) (sids []addressbook.SID) {
	for _, text := range r.PostForm["sid"] {
		if sid, ok := addressbook.ParseSID(text); ok && len(sids) < trash.MaxItems {
			sids = append(sids, sid)
		}
	}
	return sids
}

func (room *Room) workContacts(r *http.Request) (shell.Answer, error) {
	sids := selected(r)
	if len(sids) == 0 {
		return shell.GoTo("/trash").Noting("No contact is selected."), nil
	}
	if r.PostForm.Get("do") == "erase" {
		if r.PostForm.Get("sure") == "" {
			return pages.Show("trash-erase", "Delete for good", eraseData{Path: "/trash", What: words.Plural(len(sids), "contact", "contacts"), Count: len(sids), SIDs: sids}), nil
		}
		results, err := room.Trash.EraseContacts(r.Context(), shell.AccountOf(r), contacttable.Refs(sids), nil)
		if err != nil {
			return shell.Answer{}, err
		}
		var done trash.Restored
		for _, result := range results {
			done.AddContact(result)
		}
		return shell.GoTo("/trash").Saying("Deleted " + restoredWords(done) + " for good."), nil
	}
	results, err := room.Trash.RestoreContacts(r.Context(), shell.AccountOf(r), contacttable.Refs(sids), nil)
	if err != nil {
		return shell.Answer{}, err
	}
	var done trash.Restored
	full := ""
	for _, result := range results {
		if done.AddContact(result); result.Full != nil {
			full = result.Full.Name
		}
	}
	if done.Contacts == 1 && len(sids) == 1 {
		return shell.GoTo("/contacts/" + done.Last.String()).Saying("Restored, with the lists that are still there."), nil
	}
	if done.Full > 0 && done.Contacts == 0 && done.Taken == 0 {
		return shell.GoTo("/trash").Noting("Nothing was restored: the list " + full + " is full."), nil
	}
	return told("/trash", done), nil
}

// told redirects to path with a notice about what was restored.
func told(path string, done trash.Restored) shell.Answer {
	text := "Restored " + restoredWords(done) + "."
	if done.Taken > 0 {
		text += " Still in the trash: " + words.Plural(done.Taken, "contact", "contacts") + ", since others have the numbers by now."
	}
	if done.Full > 0 {
		text += " Still in the trash: " + words.Plural(done.Full, "contact", "contacts") + ", since a list that they were in is full."
	}
	if done.Named > 0 {
		text += " Still in the trash: " + words.Plural(done.Named, "list", "lists") + ", since others have the names by now."
	}
	if done.Taken+done.Full+done.Named > 0 {
		return shell.GoTo(path).Noting(text)
	}
	return shell.GoTo(path).Saying(text)
}

func restoredWords(done trash.Restored) string {
	switch {
	case done.Lists == 0 && done.Contacts == 0:
		return "nothing"
	case done.Lists == 0:
		return words.Plural(done.Contacts, "contact", "contacts")
	case done.Contacts == 0:
		return words.Plural(done.Lists, "list", "lists")
	default:
		return words.Plural(done.Contacts, "contact", "contacts") + " and " + words.Plural(done.Lists, "list", "lists")
	}
}

func (room *Room) workLists(r *http.Request) (shell.Answer, error) {
	sids := selected(r)
	if len(sids) == 0 {
		return shell.GoTo("/trash/lists").Noting("No list is selected."), nil
	}
	var done trash.Restored
	if r.PostForm.Get("do") == "erase" {
		if r.PostForm.Get("sure") == "" {
			return pages.Show("trash-erase", "Delete for good", eraseData{Path: "/trash/lists", What: words.Plural(len(sids), "list", "lists"), Count: len(sids), SIDs: sids}), nil
		}
		results, err := room.Trash.EraseLists(r.Context(), shell.AccountOf(r), contacttable.Refs(sids), nil)
		if err != nil {
			return shell.Answer{}, err
		}
		for _, result := range results {
			done.AddList(result)
		}
		return shell.GoTo("/trash/lists").Saying("Deleted " + words.Plural(done.Lists, "list", "lists") + " for good."), nil
	}
	results, err := room.Trash.RestoreLists(r.Context(), shell.AccountOf(r), contacttable.Refs(sids), nil)
	if err != nil {
		return shell.Answer{}, err
	}
	for _, result := range results {
		done.AddList(result)
	}
	to := "/trash/lists"
	if len(sids) == 1 && done.Lists == 1 {
		to = "/lists/" + sids[0].String()
	}
	return told(to, done), nil
}

// restoreDeletion restores everything that a deletion has deleted.
func (room *Room) restoreDeletion(r *http.Request) (shell.Answer, error) {
	deletion, ok := addressbook.ParseSID(r.PostForm.Get("deletion"))
	if !ok {
		return shell.Answer{}, fault.New(fault.Invalid, "This form does not say what to restore.")
	}
	done, err := room.Trash.RestoreDeletion(r.Context(), shell.AccountOf(r), deletion)
	if err != nil {
		return shell.Answer{}, err
	}
	to := contacttable.From(r.PostForm)
	if done.Contacts == 0 && done.Lists > 0 {
		to = "/lists"
	}
	if done.Contacts == 1 && done.Lists == 0 {
		to = "/contacts/" + done.Last.String()
	}
	if done.Taken+done.Full > 0 {
		to = "/trash?deletion=" + deletion.String()
	}
	if done == (trash.Restored{}) {
		return shell.GoTo(to).Noting("Nothing was restored: it is no longer in the trash."), nil
	}
	return told(to, done), nil
}

// all counts the contacts and lists in the trash.
func (room *Room) all(r *http.Request) (contacts, lists int, err error) {
	c, err := room.Trash.Contacts(r.Context(), shell.AccountOf(r), trash.Query{Limit: 1})
	if err != nil {
		return 0, 0, err
	}
	l, err := room.Trash.Lists(r.Context(), shell.AccountOf(r), trash.Query{Limit: 1})
	return c.Total, l.Total, err
}

func (room *Room) emptyPage(r *http.Request) (shell.Answer, error) {
	data, err := room.emptying(r)
	if err != nil || data.Count == 0 {
		return shell.GoTo("/trash"), err
	}
	return pages.Show("trash-erase", "Empty the trash", data), nil
}

func (room *Room) emptying(r *http.Request) (eraseData, error) {
	contacts, lists, err := room.all(r)
	n := contacts + lists
	return eraseData{Path: "/trash/empty", What: restoredWords(trash.Restored{Contacts: contacts, Lists: lists}), Count: n, Large: shell.LargeDeletion(n)}, err
}

func (room *Room) empty(r *http.Request) (shell.Answer, error) {
	data, err := room.emptying(r)
	if err != nil {
		return shell.Answer{}, err
	}
	// Ask again if the trash has changed since the visitor has confirmed.
	if confirmed, err := strconv.Atoi(r.PostForm.Get("count")); err != nil || confirmed != data.Count || !shell.TypedNumber(r.PostForm, data.Count) {
		data.Wrong = true
		return pages.Show("trash-erase", "Empty the trash", data).Invalid(), nil
	}
	gone, err := room.Trash.Empty(r.Context(), shell.AccountOf(r))
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/trash").Saying("Deleted " + restoredWords(trash.Restored{Contacts: gone.Contacts, Lists: gone.Lists}) + " for good."), nil
}
