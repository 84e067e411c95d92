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

// Filter is what a table of contacts is narrowed down to, and how it is
// sorted: the query of its page's address.
type Filter struct {
	Search  string
	Tag     string // a part of it, in any case
	TagIs   string // all of it, to the letter
	List    string // a part of its name, in any case; within double quotes all of it
	Country string // as [phone.ParseRegion] reads it, or a calling code
	// TagsExcept is what [TagsExcept] wrote. CountriesExcept are countries that it
	// leaves out, with commas between them.
	TagsExcept, CountriesExcept string
	Untagged                    string // "1": only contacts without a tag
	Kind                        string // of the number, as [phone.ParseLine] reads it
	Import                      string // the sid of the one that added the contact
	// AddedFrom and AddedTo are the first and the last day on which the contact was
	// added, as 2006-01-02 in the account's time zone; "" leaves that end open.
	AddedFrom, AddedTo string
	// Custom is the name of a custom field, and CustomValue a part of its value. The
	// one means nothing without the other.
	Custom, CustomValue string
	Sort                string // one of Sorts
}

// FilterOf reads the filter from an address or a form. What is no order is the
// usual one.
func FilterOf(v url.Values) Filter {
	word := func(name string) string {
		return strings.ToValidUTF8(strings.ReplaceAll(strings.TrimSpace(v.Get(name)), "\x00", ""), "")
	}
	var f Filter
	for _, field := range f.fields() {
		*field.value = word(field.name)
	}
	if tag, whole := unquoted(f.Tag); whole { // which is how to type it
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

// filterField is a field of a filter, under its name in addresses and forms.
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

// Words are the filter's names and values, without those that say nothing.
func (f Filter) Words() (all []shell.Option) {
	for _, field := range f.fields() {
		if *field.value != "" {
			all = append(all, shell.Option{Value: field.name, Label: *field.value})
		}
	}
	return all
}

// Narrows tells whether it leaves any contacts out.
func (f Filter) Narrows() bool {
	f.Sort = ""
	return f != Filter{}
}

// HasMore tells whether it has what the page folds away under "More filters".
func (f Filter) HasMore() bool { return f.AddedFrom+f.AddedTo+f.Custom+f.Kind+f.Untagged != "" }

// Key tells one filter from another; the order is no part of it.
func (f Filter) Key() string {
	f.Sort = ""
	return f.URL("")
}

// Said is the filter in a person's words, as “asha”, tag “Member”; "" for none.
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

// URL is the address of the page at path with this filter, and more words,
// given as names and values in turn.
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

// query is the filter as the address book is asked. When it names a list that
// is not there, or no country, nothing is found, and wrong says why.
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
			// A whole number is looked up, in whatever spelling. Should nobody
			// have it, it may yet be a part of one.
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

// unquoted returns a filter's text, and whether it stands in double quotes: it is the
// whole of what it looks for then, to the letter, and not a part of it in any case.
func unquoted(text string) (inner string, whole bool) {
	if len(text) > 2 && strings.HasPrefix(text, `"`) && strings.HasSuffix(text, `"`) {
		return text[1 : len(text)-1], true
	}
	return text, false
}

// maxLists is how many lists a part of a name may stand for.
const maxLists = 200

// lists returns the lists that the filter names.
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

// added is the time from the beginning of the first day to the end of the last.
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

// ListNamed returns the account's list of this name, or nil. What no list can be called
// is not asked for: PostgreSQL has no such texts.
func ListNamed(ctx context.Context, book *addressbook.Book, acct account.Account, name string) (*addressbook.List, error) {
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return nil, nil
	}
	// Just before the lists of this name in their order. Names that differ in
	// their case alone share a place there.
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
