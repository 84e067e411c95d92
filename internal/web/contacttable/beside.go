package contacttable

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/web/shell"
)

// Place is the row in a table from which the visitor came to a contact's page: the URL of
// the table's page, and the number of the row.
type Place struct {
	Back   string // the URL of the table's page
	At, Of int    // the row, from 1, and the number of rows; 0 means unknown
}

// The query parameters of a Place, besides those of the table's page.
const (
	atWord = "at"
	ofWord = "of_rows"
)

// String returns the place in the form of a query parameter.
func (p Place) String() string {
	if p.At == 0 {
		return p.Back
	}
	return withWords(p.Back, atWord, strconv.Itoa(p.At), ofWord, strconv.Itoa(p.Of))
}

func withWords(address string, words ...string) string {
	mark := "?"
	if strings.Contains(address, "?") {
		mark = "&"
	}
	v := url.Values{}
	for i := 0; i < len(words); i += 2 {
		v.Set(words[i], words[i+1])
	}
	return address + mark + v.Encode()
}

// PlaceIn returns the place in the query parameter from. Without one, it is the table of
// all contacts.
func PlaceIn(query url.Values) Place {
	p := Place{Back: From(query)}
	if u, err := url.Parse(query.Get("from")); err == nil && len(query.Get("from")) <= maxFrom {
		said := u.Query()
		at, err1 := strconv.Atoi(said.Get(atWord))
		of, err2 := strconv.Atoi(said.Get(ofWord))
		if err1 == nil && err2 == nil && 0 < at && at <= of && of <= maxRow {
			p.At, p.Of = at, of
		}
	}
	return p
}

// FromRow returns the place of the i-th row, from 0.
func (t Table) FromRow(i int) string {
	return Place{Back: t.Here, At: t.Part.From + i, Of: t.Total}.String()
}

// Beside returns the contact before or after another one in the table of a place, and its
// place. It returns nil at the end of the table.
func Beside(r *http.Request, book *addressbook.Book, p Place, c addressbook.Contact, behind bool) (*addressbook.Contact, Place, error) {
	ctx, acct := r.Context(), shell.AccountOf(r)
	back, err := url.Parse(p.Back)
	if err != nil {
		return nil, p, err
	}
	filter := FilterOf(back.Query())
	list, ofList := addressbook.ParseSID(strings.TrimPrefix(back.Path, "/lists/"))
	if ofList {
		filter.List = ""
	} else if filter.ByJoined() {
		filter.Sort = ""
	}
	q, wrong, err := filter.query(ctx, book, acct)
	if err != nil || wrong != "" {
		return nil, p, err
	}
	if ofList {
		q.Lists = []addressbook.SID{list}
	}
	q.NoTotal, q.Limit = true, 1
	if filter.ByJoined() {
		self := addressbook.Query{Window: q.Window, Lists: q.Lists, Number: c.Number.String(), NoTotal: true}
		page, err := book.Contacts(ctx, acct, self)
		if err != nil || len(page.Contacts) == 0 {
			return nil, p, err // it is no longer in the list
		}
		c = page.Contacts[0]
	}
	at := c.Position(q.Window)
	q.After = &at
	if !behind {
		q.Desc = !q.Desc
	}
	page, err := book.Contacts(ctx, acct, q)
	if err != nil || len(page.Contacts) == 0 {
		return nil, p, err
	}
	return &page.Contacts[0], p.moved(filter, back, sizeOf(r), behind), nil
}

// moved returns the place of the next or the previous row, with the page that contains
// it.
func (p Place) moved(f Filter, back *url.URL, size int, behind bool) Place {
	if p.At == 0 {
		return p
	}
	if p.At--; behind {
		p.At += 2
	}
	p.At = max(p.At, 1)
	p.Of = max(p.Of, p.At)
	first := rowOf(back.Query())
	if back.Query().Get("page") == "last" {
		first = p.Of - (p.Of-1)%size
	}
	switch {
	case p.At < first && first-size > 1:
		p.Back = f.URL(back.Path, "row", strconv.Itoa(first-size))
	case p.At < first:
		p.Back = f.URL(back.Path)
	case p.At >= first+size:
		p.Back = f.URL(back.Path, "row", strconv.Itoa(first+size))
	}
	return p
}
