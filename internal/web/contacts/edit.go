package contacts

import (
	"cmp"
	"net/http"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

func (room *Room) newContactPage(r *http.Request) (shell.Answer, error) {
	values, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	form := typedForm(values)
	form.Number, err = room.preview(r, form.Fields[0].Value, "")
	return pages.Show("contact-form", form.Title(), form), err
}

func (room *Room) createContact(r *http.Request) (shell.Answer, error) {
	if r.PostForm.Has(linesMore) {
		return shell.Reopen(r, shell.AccountOf(r), "/contacts/new", r.PostForm)
	}
	form := typedForm(r.PostForm)
	room.check(shell.AccountOf(r), form)
	if form.wrong() {
		return room.formAgain(r, form)
	}
	results, err := room.Book.CreateContacts(r.Context(), shell.AccountOf(r), []addressbook.Draft{form.draft()}, addressbook.CreateOptions{}, nil)
	if err != nil {
		return shell.Answer{}, err
	}
	result := results[0]
	if result.Fault != nil {
		f := fault.As(result.Fault)
		if f == nil {
			return shell.Answer{}, result.Fault
		}
		form.refused(f, result.Contact)
		return room.formAgain(r, form)
	}
	return shell.GoTo("/contacts/" + result.Contact.SID.String()).Saying("Added " + words.ContactTitle(*result.Contact) + "."), nil
}

// formAgain shows a form again with its errors.
func (room *Room) formAgain(r *http.Request, form *contactForm) (shell.Answer, error) {
	var err error
	if form.Number, err = room.preview(r, form.Fields[0].Value, form.SID); err != nil {
		return shell.Answer{}, err
	}
	form.Number.Taken = nil // an error beside the field says so already
	return pages.Show("contact-form", form.Title(), form).Invalid(), nil
}

func (room *Room) editContactPage(r *http.Request) (shell.Answer, error) {
	c, err := room.Book.Contact(r.Context(), shell.AccountOf(r), shell.PathSID(r, "sid"))
	if err != nil {
		return room.editDeleted(r, err)
	}
	form := newContactForm(func(f contactField) string { return f.value(&c) }).of(&c)
	values, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	if values != nil {
		form = typedForm(values).sent(c.SID, values)
	}
	form.From = cameFrom(r)
	if form.Number, err = room.preview(r, form.Fields[0].Value, form.SID); err != nil {
		return shell.Answer{}, err
	}
	return pages.Show("contact-form", "Edit "+words.ContactTitle(c), form), nil
}

// editDeleted shows the form of a contact that was deleted while the visitor was signed
// out.
func (room *Room) editDeleted(r *http.Request, notFound error) (shell.Answer, error) {
	values, err := shell.Typed(r)
	if err != nil || values == nil || !fault.Is(notFound, fault.NotFound) {
		return shell.Answer{}, cmp.Or(err, notFound)
	}
	return room.wasDeleted(r, typedForm(values))
}

// saveContact changes a contact; see [shell.Save].
func (room *Room) saveContact(r *http.Request) (shell.Answer, error) {
	acct, sid := shell.AccountOf(r), shell.PathSID(r, "sid")
	if r.PostForm.Has(linesMore) {
		return shell.Reopen(r, acct, contactPath(sid.String()+"/edit", cameFrom(r)), r.PostForm)
	}
	form := typedForm(r.PostForm).sent(sid, r.PostForm)
	form.From = cameFrom(r)
	c, err := room.Book.Contact(r.Context(), acct, sid)
	if fault.Is(err, fault.NotFound) {
		return room.wasDeleted(r, form)
	}
	if err != nil {
		return shell.Answer{}, err
	}
	room.check(acct, form)
	if form.wrong() {
		return room.formAgain(r, form)
	}
	// Another spelling of the stored number is not a change.
	if number, err := room.Book.Number(acct, form.Fields[0].Value); err == nil {
		form.Fields[0].Value = number.String()
	}
	var values []string
	var patch addressbook.Patch
	var inTheWay *addressbook.Contact // the contact that has the number, or the changed contact
	return shell.Save{
		Path:  form.Action(),
		Stale: func() bool { return form.Updated != updatedOf(&c) },
		Merge: func(m *shell.Merge) (changes bool) {
			values = form.merge(m, &c)
			patch, changes = patchOf(&c, values)
			return changes
		},
		Conflict: func(m *shell.Merge) shell.Answer { return form.conflict(m, values, &c) },
		Store: func() (refused, err error) {
			results, err := room.Book.UpdateContacts(r.Context(), acct, []addressbook.Patch{patch}, nil)
			if err != nil {
				return nil, err
			}
			refused, inTheWay = results[0].Fault, results[0].Contact
			if fault.Is(refused, fault.Changed) {
				c = *inTheWay
			}
			return refused, nil
		},
		Deleted: func() (shell.Answer, error) { return room.wasDeleted(r, form) },
		Refused: func(f *fault.Error) (shell.Answer, error) {
			form.refused(f, inTheWay)
			return room.formAgain(r, form)
		},
	}.Do(r)
}

// wasDeleted shows what was typed as the form of a new contact.
func (room *Room) wasDeleted(r *http.Request, form *contactForm) (shell.Answer, error) {
	form.SID, form.Updated, form.Loaded, form.Deleted = "", "", nil, true
	a, err := room.formAgain(r, form)
	return a.WithStatus(http.StatusConflict), err
}
