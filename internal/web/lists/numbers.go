package lists

import (
	"fmt"
	"net/http"
	"strings"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// maxPasted bounds the numbers that can be pasted at once.
const maxPasted = 5_000

// numbersForm is the data of the template list-add.html.
type numbersForm struct {
	List    addressbook.List
	Numbers shell.Field
	Create  bool // create contacts for unknown numbers
	// Why explains why the server could not do it, or is nil.
	Why *shell.TroublePage
}

// pasted is the result of a pasted line.
type pasted struct {
	Line    int
	Given   string
	Contact *pastedContact // nil if there is none
	Kind    string         // the kind of its badge: good, bad or ""
	Outcome string
}

// pastedContact is the contact with the number of a line.
type pastedContact struct{ SID, Name string }

// numbersDone is the data of the template list-added.html, stored as JSON.
type numbersDone struct {
	List                          addressbook.List `json:"-"`
	Added, Created, Already, Left int
	Lines                         []pasted
}

func newNumbersForm(list addressbook.List, text string, create bool) numbersForm {
	return numbersForm{List: list, Create: create, Numbers: shell.Field{
		Name: "numbers", Label: "Numbers", Type: "textarea", Value: strings.ReplaceAll(text, "\r\n", "\n"), Required: true, Mono: true, Focus: true,
		Hint: "One a line, in any spelling, up to " + words.Count(maxPasted) + ".",
	}}
}

func (room *Room) addNumbersPage(r *http.Request, list addressbook.List) (shell.Answer, error) {
	values, err := shell.Typed(r)
	form := newNumbersForm(list, values.Get("numbers"), values == nil || values.Has("create"))
	return pages.Show("list-add", "Add to "+list.Name, form), err
}

func (room *Room) addNumbers(r *http.Request, list addressbook.List) (shell.Answer, error) {
	form := newNumbersForm(list, r.PostForm.Get("numbers"), r.PostForm.Get("create") != "")
	lines := pastedLines(form.Numbers.Value)
	switch {
	case len(lines) == 0:
		form.Numbers.Error = "Paste at least one number."
	case len(lines) > maxPasted:
		form.Numbers.Error = fmt.Sprintf("These are %s numbers. Paste at most %s at once, or import them as a CSV.", words.Count(len(lines)), words.Count(maxPasted))
	}
	if form.Numbers.Error != "" {
		return pages.Show("list-add", "Add to "+list.Name, form).Invalid(), nil
	}
	done, err := room.addLines(r, shell.AccountOf(r), list, lines, form.Create)
	if err != nil {
		why := shell.Explain(r, err)
		form.Why = &why
		return pages.Show("list-add", "Add to "+list.Name, form).WithStatus(why.Status), nil
	}
	page, err := shell.Keep(r, done)
	if err != nil { // the results do not fit into the store
		return shell.GoTo("/lists/" + list.SID.String()).Saying(fmt.Sprintf("Added %s. %s in the list already, %s not added.",
			words.Plural(done.Added, "contact", "contacts"), words.Plural(done.Already, "was", "were"), words.Plural(done.Left, "was", "were"))), nil
	}
	return shell.GoTo("/lists/" + list.SID.String() + "/added/" + page), nil
}

// numbersAddedPage shows the results of pasted numbers. The page exists for a day.
func (room *Room) numbersAddedPage(r *http.Request, list addressbook.List) (shell.Answer, error) {
	return shell.ShowKept(r, r.PathValue("page"), "/lists/"+list.SID.String(), func(done numbersDone) shell.Answer {
		done.List = list
		return pages.Show("list-added", "Added to "+list.Name, done)
	})
}

// pastedLines returns the lines of a text that are not blank.
func pastedLines(text string) (lines []pasted) {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, pasted{Line: n, Given: line})
		}
	}
	return lines
}

// addLines finds or creates the contacts for the numbers in lines, adds them to the list,
// and returns the results.
func (room *Room) addLines(r *http.Request, acct account.Account, list addressbook.List, lines []pasted, create bool) (numbersDone, error) {
	drafts := make([]addressbook.Draft, len(lines))
	for i, line := range lines {
		drafts[i].Number = addressbook.Given(line.Given)
	}
	// Without create, this is a dry run.
	opts := addressbook.CreateOptions{DryRun: !create}
	found, err := room.Book.CreateContacts(r.Context(), acct, drafts, opts, nil)
	if err != nil {
		return numbersDone{}, err
	}
	var sids []addressbook.SID
	var of []int // sids[i] belongs to lines[of[i]]
	fresh := make(map[addressbook.SID]bool)
	for i, result := range found {
		line := &lines[i]
		if result.Contact == nil {
			line.Kind, line.Outcome = "bad", "No telephone number"
			continue
		}
		if result.Fault == nil {
			fresh[result.Contact.SID] = true
		}
		if fresh[result.Contact.SID] && !create {
			line.Kind, line.Outcome = "bad", "Not in the address book"
			continue
		}
		c := result.Contact
		line.Contact = &pastedContact{SID: c.SID.String(), Name: words.ContactTitle(*c)}
		sids, of = append(sids, c.SID), append(of, i)
	}
	done := numbersDone{List: list, Lines: lines}
	if len(sids) > 0 {
		var members []addressbook.MembershipResult
		members, err = room.Book.AddToList(r.Context(), acct, list.SID, contacttable.Refs(sids), nil)
		for i, result := range members {
			line := &lines[of[i]]
			switch {
			case result.Fault == addressbook.ErrMember:
				done.Already++
				line.Kind, line.Outcome = "", "In the list already"
			case result.Fault != nil: // deleted in the meantime
				line.Kind, line.Outcome = "bad", "Not in the address book"
			case fresh[sids[i]]:
				done.Added++
				done.Created++
				line.Kind, line.Outcome = "good", "New contact, added"
			default:
				done.Added++
				line.Kind, line.Outcome = "good", "Added"
			}
		}
	}
	done.Left = len(lines) - done.Added - done.Already
	return done, err
}
