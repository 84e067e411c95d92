package contacttable

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// Filter is the filter and order of a table of contacts. It is the query of the table's
// URL.
type Filter struct {
	Search  string
	Tag     string // a part of the tag, in any case
	TagIs   string // the whole tag, with regard to case
	List    string // a part of the list's name, in any case; in double quotes, the whole name
	Country string // for [phone.ParseRegion], or a calling code
	// TagsExcept is a value of the function [TagsExcept]. CountriesExcept are the
	// countries to exclude, separated by commas.
	TagsExcept, CountriesExcept string
	Untagged                    string // "1" means only contacts without a tag
	Kind                        string // the kind of number, for [phone.ParseLine]
	Import                      string // the sid of the import that has added the contact
	// AddedFrom and AddedTo are the first and the last day on which the contact was
	// added, such as 2006-01-02, in the account's time zone; "" means no limit.
	AddedFrom, AddedTo string
	// Custom is the name of a custom field, and CustomValue a part of its value. Each
	// needs the other.
	Custom, CustomValue string
	Sort                string // one of Sorts
}

// FilterOf reads the filter from a URL's query or a form. An invalid order becomes the
// default.
func FilterOf(v url.Values) Filter {
	word := func(name string) string {
		return strings.ToValidUTF8(strings.ReplaceAll(strings.TrimSpace(v.Get(name)), "\x00", ""), "")
	}
	var f Filter
	for _, field := range f.fields() {
		*field.value = word(field.name)
	}
	if tag, whole := unquoted(f.Tag); whole { // as a person would type it
		f.Tag, f.TagIs = "", tag
	}
	if !f.ByJoined() && !slices.ContainsFunc(Sorts, func(o shell.Option) bool { return o.Value == f.Sort }) {
		f.Sort = ""
	}
	if f.Custom == "" {
		f.CustomValue = ""
	}
	return f
}

// filterField is a field of a filter, with its name in URLs and forms.
type filterField struct {
	name  string
	value *string
}

func (f *Filter) fields() []filterField {
	return []filterField{
		{"q", &f.Search}, {"tag", &f.Tag}, {"tag_is", &f.TagIs}, {"tags_except", &f.TagsExcept}, {"untagged", &f.Untagged},
		{"list", &f.List}, {"country", &f.Country}, {"countries_except", &f.CountriesExcept}, {"kind", &f.Kind}, {"import", &f.Import},
		{"added_from", &f.AddedFrom}, {"added_to", &f.AddedTo}, {"custom", &f.Custom}, {"custom_value", &f.CustomValue}, {"sort", &f.Sort},
	}
}

// Words returns the names and values of the filter's fields that are not empty.
func (f Filter) Words() (all []shell.Option) {
	for _, field := range f.fields() {
		if *field.value != "" {
			all = append(all, shell.Option{Value: field.name, Label: *field.value})
		}
	}
	return all
}

// Narrows reports whether the filter may exclude contacts.
func (f Filter) Narrows() bool {
	f.Sort = ""
	return f != Filter{}
}

// HasMore reports whether the filter uses fields under "More filters".
func (f Filter) HasMore() bool { return f.AddedFrom+f.AddedTo+f.Custom+f.Kind+f.Untagged != "" }

// Key identifies a filter regardless of the order.
func (f Filter) Key() string {
	f.Sort = ""
	return f.URL("")
}

// Said describes the filter for a person, such as “asha”, tag “Member”; "" means that it
// is empty.
func (f Filter) Said() string {
	var said []string
	for _, word := range []struct{ name, value string }{{"", f.Search}, {"tag ", f.Tag}, {"list ", f.List}} {
		if word.value != "" {
			value := word.value
			if word.name != "" {
				value, _ = unquoted(value)
			}
			said = append(said, word.name+"“"+value+"”")
		}
	}
	if f.Country != "" {
		said = append(said, f.country())
	}
	if line, ok := phone.ParseLine(f.Kind); ok {
		said = append(said, "kind of number “"+words.Line(line)+"”")
	}
	if f.Untagged != "" {
		said = append(said, "without a tag")
	}
	for _, set := range f.Set() {
		said = append(said, strings.ToLower(set.Label[:1])+set.Label[1:])
	}
	if f.AddedFrom != "" {
		said = append(said, "added from "+f.AddedFrom)
	}
	if f.AddedTo != "" {
		said = append(said, "added to "+f.AddedTo)
	}
	if f.Custom != "" {
		said = append(said, "custom field “"+f.Custom+"”")
	}
	if f.CustomValue != "" {
		said = append(said, "with “"+f.CustomValue+"”")
	}
	return strings.Join(said, ", ")
}

// URL returns the URL of the page at path with this filter and more parameters, given as
// alternating names and values.
func (f Filter) URL(path string, more ...string) string {
	v := url.Values{}
	for _, word := range f.Words() {
		v.Set(word.Value, word.Label)
	}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// query returns the filter as a query. If it names an unknown list or country, wrong
// explains that, and the table is empty.
func (f Filter) query(ctx context.Context, book *addressbook.Book, acct account.Account) (q addressbook.Query, wrong string, err error) {
	q = addressbook.Query{Window: f.Order(), Search: f.Search, TagPart: f.Tag, Custom: addressbook.CustomFilter{Key: f.Custom, Part: f.CustomValue}}
	if wrong := f.kinds(&q); wrong != "" {
		return q, wrong, nil
	}
	if f.List != "" {
		if q.Lists, wrong, err = f.lists(ctx, book, acct); err != nil || wrong != "" {
			return q, wrong, err
		}
	}
	if q.Created, wrong = f.added(acct.TimeZone); wrong != "" {
		return q, wrong, nil
	}
	if q.Search != "" {
		if n, err := book.Number(acct, f.Search); err == nil {
			// If the search is a complete number in any spelling that a contact has, look
			// that up. Otherwise it may be a part of a number.
			whole := addressbook.Query{Window: addressbook.Window{Limit: 1}, Number: n.String()}
			page, err := book.Contacts(ctx, acct, whole)
			if err != nil {
				return q, "", err
			}
			if page.Total > 0 {
				q.Search, q.Number = "", n.String()
			}
		}
	}
	return q, "", nil
}

// unreadable reports whether the filter has a text that no such filter can have.
func (f Filter) unreadable(acct account.Account) bool {
	_, wrong := f.added(acct.TimeZone)
	return wrong != "" || f.kinds(new(addressbook.Query)) != ""
}

// unquoted returns a filter's text without double quotes. Whole reports whether it had
// them: then the filter matches the whole text with regard to case, and otherwise a part
// in any case.
func unquoted(text string) (inner string, whole bool) {
	if len(text) > 2 && strings.HasPrefix(text, `"`) && strings.HasSuffix(text, `"`) {
		return text[1 : len(text)-1], true
	}
	return text, false
}

// maxLists bounds the lists whose names contain the filter's text.
const maxLists = 200

// lists returns the lists that match the filter.
func (f Filter) lists(ctx context.Context, book *addressbook.Book, acct account.Account) (sids []addressbook.SID, wrong string, err error) {
	name, whole := unquoted(f.List)
	if whole {
		list, err := ListNamed(ctx, book, acct, name)
		if err != nil {
			return nil, "", err
		}
		if list == nil {
			return nil, "There is no list called “" + name + "”.", nil
		}
		return []addressbook.SID{list.SID}, "", nil
	}
	page, err := book.Lists(ctx, acct, addressbook.ListQuery{Window: addressbook.Window{Limit: maxLists}, Name: name})
	switch {
	case err != nil:
		return nil, "", err
	case page.Total == 0:
		return nil, "No list has “" + name + "” in its name.", nil
	case page.Total > maxLists:
		return nil, words.Count(page.Total) + " lists have “" + name + "” in their names. Write more of the name.", nil
	}
	for _, list := range page.Lists {
		sids = append(sids, list.SID)
	}
	return sids, "", nil
}

// added returns the time from the beginning of the first day to the end of the last.
func (f Filter) added(zone *time.Location) (p addressbook.Period, wrong string) {
	for _, end := range []struct {
		text string
		into *time.Time
		days int
	}{{f.AddedFrom, &p.From, 0}, {f.AddedTo, &p.Until, 1}} {
		if end.text == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, end.text, zone)
		if err != nil {
			return p, "“" + end.text + "” is no day. Days are written as 2026-11-29."
		}
		*end.into = day.AddDate(0, 0, end.days)
	}
	return p, ""
}

// ListNamed returns the account's list with this name, or nil. It does not ask the store
// for names that no list can have, since PostgreSQL would report an error.
func ListNamed(ctx context.Context, book *addressbook.Book, acct account.Account, name string) (*addressbook.List, error) {
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return nil, nil
	}
	// Begin just before the lists of this name. Names that differ only in case sort
	// together.
	w := addressbook.Window{Sort: addressbook.ByName, Limit: 50, After: &addressbook.Position{Key: addressbook.NameKey(name, "")}}
	page, err := book.Lists(ctx, acct, addressbook.ListQuery{Window: w, Name: name})
	if err != nil {
		return nil, err
	}
	for i := range page.Lists {
		if page.Lists[i].Name == name {
			return &page.Lists[i], nil
		}
	}
	return nil, nil
}
