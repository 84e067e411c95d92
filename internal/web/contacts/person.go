package contacts

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/person"
	"callbook/internal/phone"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// personData is the data of the template person.html: what is stored about a number.
type personData struct {
	Typed   string // the number that was asked for
	Error   string // why that is none, or ""
	Number  phone.Number
	Shown   string // the number in groups of digits
	Title   string // the name of the contact, or the number
	Contact string // its sid, or ""
	Places  []personPlace
	Wrong   string // why nothing was erased, or ""
	Confirm string // what was typed to confirm
	// Suppressed means that the number must not be called, which stays so.
	Suppressed bool
}

// personPlace is a row of the table of what is stored.
type personPlace struct {
	Label string
	Count int
}

// placeLabels are the labels of the places in a receipt.
var placeLabels = map[string]string{
	"contacts": "Contact", "trashed_contacts": "Contacts in the trash", "memberships": "Memberships in lists",
	"suppressions": "Entries in the numbers not to call", "campaign_numbers": "Campaigns with the number itself",
	"targets": "Numbers of campaigns", "calls": "Calls", "callbacks": "Callbacks", "trunk_records": "Records of trunks",
	"kept_answers": "Kept answers to requests and forms", "error_rows": "Rows of imports that failed", "waiting_files": "Files that wait to be imported",
}

func placesOf(counts []person.Count) (places []personPlace) {
	for _, c := range counts {
		if c.N > 0 {
			places = append(places, personPlace{cmp.Or(placeLabels[c.Place], c.Place), c.N})
		}
	}
	return places
}

// personPage shows what is stored about a number, and asks for one without it.
func (room *Room) personPage(r *http.Request) (shell.Answer, error) {
	typed, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	return room.showPerson(r, personData{Typed: cmp.Or(r.URL.Query().Get("number"), typed.Get("number")), Confirm: typed.Get("confirm")})
}

func (room *Room) showPerson(r *http.Request, data personData) (shell.Answer, error) {
	const page, title = "person", "A person's data"
	if data.Typed == "" && data.Wrong == "" {
		return pages.Show(page, title, data), nil
	}
	found, err := room.Persons.Find(r.Context(), shell.AccountOf(r), data.Typed)
	if f := fault.As(err); f != nil && f.Field != "" {
		data.Error = words.Sentence(f)
		return pages.Show(page, title, data).Invalid(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	data.Number, data.Shown, data.Title = found.Number, found.Number.International(), found.Number.International()
	data.Places, data.Suppressed = placesOf(found.Counts()), len(found.Suppressions) > 0
	for i := range found.Contacts {
		if c := &found.Contacts[i]; c.Deletion == addressbook.ForGood {
			data.Contact, data.Title = c.SID.String(), words.ContactTitle(c.Contact)
		}
	}
	a := pages.Show(page, title, data)
	if data.Wrong != "" {
		a = a.Invalid()
	}
	return a, nil
}

// exportPerson sends everything that is stored about a number as a file.
func (room *Room) exportPerson(r *http.Request) (shell.Answer, error) {
	return shell.FromAPI("/contacts/export", url.Values{"number": {r.URL.Query().Get("number")}, "format": {"json"}}), nil
}

// erasePerson erases everything that is stored about a number, once it was typed again.
func (room *Room) erasePerson(r *http.Request) (shell.Answer, error) {
	acct, number, confirm := shell.AccountOf(r), r.PostForm.Get("number"), strings.TrimSpace(r.PostForm.Get("confirm"))
	data := personData{Typed: number, Confirm: confirm}
	if !room.sameNumber(acct, number, confirm) {
		data.Wrong = "What was typed is not the number. Nothing was erased."
		return room.showPerson(r, data)
	}
	receipt, err := room.Persons.Erase(r.Context(), acct, number)
	if fault.Is(err, fault.InProgress) {
		data.Wrong = fault.As(err).Detail + "."
		return room.showPerson(r, data)
	}
	if err != nil {
		return shell.Answer{}, err
	}
	page, err := shell.Keep(r, erasedData{
		SID: receipt.SID.String(), Places: placesOf(receipt.Erased), NeverCalled: receipt.NeverCalled, InFlight: len(receipt.InFlight),
	})
	if err != nil { // the person is erased anyway
		return shell.GoTo("/contacts").Saying("Everything about this person was erased."), nil
	}
	return shell.GoTo("/contacts/person/erased?page=" + page), nil
}

// sameNumber reports whether two texts are the same number.
func (room *Room) sameNumber(acct account.Account, a, b string) bool {
	first, err := room.Book.Number(acct, a)
	second, failed := room.Book.Number(acct, b)
	return err == nil && failed == nil && first == second
}

// erasedData is the data of the template person-erased.html, the receipt of an erasure.
type erasedData struct {
	SID         string
	Places      []personPlace
	NeverCalled bool
	InFlight    int
}

func (room *Room) personErasedPage(r *http.Request) (shell.Answer, error) {
	return shell.ShowKept(r, r.URL.Query().Get("page"), "/contacts", func(data erasedData) shell.Answer {
		return pages.Show("person-erased", "Erased", data)
	})
}
