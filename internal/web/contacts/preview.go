package contacts

import (
	"net/http"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/web/contacttable"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// numberPreview tells how callbook reads a number while somebody types it.
type numberPreview struct {
	Number  string // in groups; "" if it is invalid
	E164    string
	Country string
	Wrong   string            // why it is invalid; "" if nothing is typed
	Taken   *contacttable.Row // the contact that has it already
}

func (room *Room) preview(r *http.Request, typed, self string) (p numberPreview, err error) {
	acct := shell.AccountOf(r)
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return p, nil
	}
	number, err := room.Book.Number(acct, typed)
	if f := fault.As(err); f != nil {
		p.Wrong = words.Reason(f, f.Detail)
		return p, nil
	}
	if err != nil {
		return p, err
	}
	p.Number, p.E164, p.Country = number.International(), number.String(), words.Country(number.Region())
	page, err := room.Book.Contacts(r.Context(), acct, addressbook.Query{Window: addressbook.Window{Limit: 1}, Number: p.E164})
	if err == nil && len(page.Contacts) == 1 && page.Contacts[0].SID.String() != self {
		c := page.Contacts[0]
		p.Taken = &contacttable.Row{Contact: c, Name: words.ContactTitle(c)}
	}
	return p, err
}

// numberPreview shows how callbook reads a number. It is for htmx; others get the form
// with the number.
func (room *Room) numberPreview(r *http.Request) (shell.Answer, error) {
	query := r.URL.Query()
	form := typedForm(query)
	form.SID = query.Get("sid")
	var err error
	if form.Number, err = room.preview(r, query.Get("number"), form.SID); err != nil {
		return shell.Answer{}, err
	}
	if !shell.ByHTMX(r) {
		form.SID = "" // it is the form of a new contact then
	}
	return pages.Show("contact-form", "Add a contact", form).Piece("number-preview"), nil
}
