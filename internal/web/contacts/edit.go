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

// formAgain shows a form that could not be taken.
func (room *Room) formAgain(r *http.Request, form *contactForm) (shell.Answer, error) {
	var err error
	if form.Number, err = room.preview(r, form.Fields[0].Value, form.SID); err != nil {
		return shell.Answer{}, err
	}
	form.Number.Taken = nil // an error tells it already
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

// editDeleted shows what somebody typed into the form of a contact that was deleted
// while they were signed out.
func (room *Room) editDeleted(r *http.Request, notFound error) (shell.Answer, error) {
	values, err := shell.Typed(r)
	if err != nil || values == nil || !fault.Is(notFound, fault.NotFound) {
		return shell.Answer{}, cmp.Or(err, notFound)
	}
	return room.wasDeleted(r, typedForm(values))
}

// mergeTries is how often a contact is merged again that others keep changing.
const mergeTries = 5

// saveContact changes a contact. What others changed since the form was loaded stays,
// where the visitor left it alone; where both changed the same, it asks.
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
	// However it is spelt, the number that is stored is no change.
	if number, err := room.Book.Number(acct, form.Fields[0].Value); err == nil {
		form.Fields[0].Value = number.String()
	}
	for range mergeTries {
		m := shell.NewMerge(r.PostForm)
		values := form.merge(m, &c)
		if len(m.Conflicts) > 0 {
			return form.conflict(m, values, &c), nil
		}
		patch, changes := patchOf(&c, values)
		if !changes && len(m.Theirs) == 0 && form.Updated != updatedOf(&c) {
			return shell.GoTo(form.Action()).Saying("Somebody else saved the very same meanwhile."), nil
		}
		results, err := room.Book.UpdateContacts(r.Context(), acct, []addressbook.Patch{patch}, nil)
		if err != nil {
			return shell.Answer{}, err
		}
		result := results[0]
		switch f := fault.As(result.Fault); {
		case result.Fault == nil:
			return shell.GoTo(form.Action()).Saying(m.Saved()), nil
		case f == nil:
			return shell.Answer{}, result.Fault
		case f.Kind == fault.Changed:
			c = *result.Contact
		case f.Kind == fault.NotFound:
			return room.wasDeleted(r, form)
		default:
			form.refused(f, result.Contact)
			return room.formAgain(r, form)
		}
	}
	return shell.Answer{}, shell.ErrChangedAgain
}

// wasDeleted shows what was typed as the form of a new contact.
func (room *Room) wasDeleted(r *http.Request, form *contactForm) (shell.Answer, error) {
	form.SID, form.Updated, form.Loaded, form.Deleted = "", "", nil, true
	a, err := room.formAgain(r, form)
	return a.WithStatus(http.StatusConflict), err
}
