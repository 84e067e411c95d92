package storetest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/trash"
)

// memory is what one account of a store must hold and answer, told in the
// plainest way: slices that are searched from one end to the other.
type memory struct {
	contacts []addressbook.Contact
	lists    []addressbook.List // without their counts, which are counted
	members  []addressbook.Membership

	trashed        []trash.Contact
	trashedLists   []trash.List
	trashedMembers []addressbook.Membership
}

func (m *memory) clone() *memory {
	return &memory{
		slices.Clone(m.contacts), slices.Clone(m.lists), slices.Clone(m.members),
		slices.Clone(m.trashed), slices.Clone(m.trashedLists), slices.Clone(m.trashedMembers),
	}
}

func (m *memory) contact(sid addressbook.SID) *addressbook.Contact {
	for i := range m.contacts {
		if m.contacts[i].SID == sid {
			return &m.contacts[i]
		}
	}
	return nil
}

// holder is the contact that has the number, or nil.
func (m *memory) holder(n phone.Number) *addressbook.Contact {
	for _, c := range m.contacts {
		if c.Number == n {
			return &c
		}
	}
	return nil
}

// list returns a list with its count, or nil.
func (m *memory) list(sid addressbook.SID) *addressbook.List {
	for _, l := range m.lists {
		if l.SID == sid {
			l.ContactCount = len(m.membersOf(sid))
			return &l
		}
	}
	return nil
}

func (m *memory) named(name string) *addressbook.List {
	for _, l := range m.lists {
		if l.Name == name {
			return &l
		}
	}
	return nil
}

func (m *memory) member(list, contact addressbook.SID) *addressbook.Membership {
	for _, member := range m.members {
		if member.List == list && member.Contact == contact {
			return &member
		}
	}
	return nil
}

func (m *memory) membersOf(list addressbook.SID) (members []addressbook.Membership) {
	for _, member := range m.members {
		if member.List == list {
			members = append(members, member)
		}
	}
	return members
}

// page is what a query must be answered.
func (m *memory) page(q addressbook.Query) (page addressbook.Page) {
	var all []addressbook.Contact
	for _, c := range m.contacts {
		if m.passes(c, q) {
			all = append(all, c)
		}
	}
	if !q.NoTotal {
		page.Total = len(all)
	}
	if q.Sort == addressbook.ByJoined {
		for i := range all {
			all[i].Joined = m.member(q.Lists[0], all[i].SID).Created
		}
	}
	page.Contacts, page.Next = cut(all, q.Window, contactPosition)
	if q.WithLists {
		for _, c := range page.Contacts {
			lists, most := m.listsOf(c.SID), addressbook.ListsShown(len(page.Contacts))
			page.MoreLists = append(page.MoreLists, len(lists) > most)
			page.Lists = append(page.Lists, lists[:min(len(lists), most)])
		}
	}
	return page
}

func (m *memory) passes(c addressbook.Contact, q addressbook.Query) bool {
	fold := addressbook.SearchText
	first, last := c.Texts[addressbook.FirstName], c.Texts[addressbook.LastName]
	name := first.Value + last.Value
	if first.Given && last.Given {
		name = first.Value + " " + last.Value
	}
	has := func(text, part string) bool { return strings.Contains(fold(text), fold(part)) }
	switch {
	case q.Lists != nil && !slices.ContainsFunc(q.Lists, func(l addressbook.SID) bool { return m.member(l, c.SID) != nil }):
		return false
	case q.Number != "" && q.Number != c.Number.String(),
		!q.Origins.Has(c.Number),
		q.Upload != addressbook.SID{}, // it has none
		q.Untagged && c.Texts[addressbook.Tag].Value != "",
		q.ExceptTags != nil && (c.Texts[addressbook.Tag].Value == "" || slices.Contains(q.ExceptTags, c.Texts[addressbook.Tag].Value)),
		q.Tag != "" && q.Tag != c.Texts[addressbook.Tag].Value,
		!q.Created.From.IsZero() && c.Created.Before(q.Created.From),
		!q.Created.Until.IsZero() && !c.Created.Before(q.Created.Until),
		q.Numbers != nil && !slices.ContainsFunc(q.Numbers, func(r phone.Range) bool { return r.Has(c.Number) }),
		!has(c.Texts[addressbook.Tag].Value, q.TagPart),
		fold(q.Email) != "" && fold(q.Email) != fold(c.Texts[addressbook.Email].Value):
		return false
	}
	return hasCustom(c.CustomField, q.Custom) && has(name, q.Name) && finds(q.Terms(), c.Number, fold(name), fold(c.Texts[addressbook.CompanyName].Value), fold(c.Texts[addressbook.Email].Value))
}

// hasCustom tells whether a custom field has a member that the filter wants.
func hasCustom(object string, f addressbook.CustomFilter) bool {
	if f.Key == "" {
		return true
	}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(object), &members) != nil {
		return false
	}
	for name, value := range members {
		text := string(value)
		if strings.HasPrefix(text, `"`) && json.Unmarshal(value, &text) != nil {
			return false
		}
		if string(value) != "null" && addressbook.SearchText(name) == addressbook.SearchText(f.Key) &&
			strings.Contains(addressbook.SearchText(text), addressbook.SearchText(f.Part)) {
			return true
		}
	}
	return false
}

// finds tells whether a search finds a contact with this number and these folded texts.
func finds(search addressbook.SearchTerms, n phone.Number, texts ...string) bool {
	number := n.String()
	if n == search.Number || search.Digits != "" && strings.Contains(number, search.Digits) {
		return true
	}
	texts = append(texts, number)
	return !slices.ContainsFunc(search.Words, func(w addressbook.SearchWord) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, w.Text) }) &&
			(w.Digits == "" || !strings.Contains(number, w.Digits))
	})
}

func (m *memory) listsOf(contact addressbook.SID) (refs []addressbook.ListRef) {
	for _, l := range m.lists {
		if member := m.member(l.SID, contact); member != nil {
			refs = append(refs, addressbook.ListRef{SID: l.SID, Name: l.Name, Joined: member.Created})
		}
	}
	slices.SortFunc(refs, func(a, b addressbook.ListRef) int { return cmp.Compare(a.Name, b.Name) })
	return refs
}

func (m *memory) listPage(q addressbook.ListQuery) (page addressbook.ListPage) {
	var all []addressbook.List
	for _, l := range m.lists {
		if strings.Contains(addressbook.Fold(l.Name), addressbook.Fold(q.Name)) {
			all = append(all, *m.list(l.SID))
		}
	}
	page.Total = len(all)
	page.Lists, page.Next = cut(all, q.Window, listPosition)
	return page
}

// position is where something stands in a sorted collection.
type position struct {
	sid              addressbook.SID
	created, updated time.Time
	texts            map[addressbook.SortField]sortText
	of               interface {
		Position(w addressbook.Window) addressbook.Position
	}
}

// sortText is a text that something is sorted by. Those that have none come
// together, behind those that have it or before them: blank tells how little they have.
type sortText struct {
	blank int
	text  string
}

func contactPosition(c addressbook.Contact) position {
	searched := func(f addressbook.TextField) sortText {
		if text := strings.TrimSpace(addressbook.SearchText(c.Texts[f].Value)); text != "" {
			return sortText{text: text}
		}
		return sortText{blank: 2}
	}
	digits := strings.TrimPrefix(c.Number.String(), "+")
	person, company := sortText{text: c.NameKey()}, searched(addressbook.CompanyName)
	switch {
	case person.text != "":
	case company.text != "":
		person = sortText{1, company.text}
	default:
		person = sortText{2, digits}
	}
	return position{c.SID, c.Created, c.Updated, map[addressbook.SortField]sortText{
		addressbook.ByName: {text: c.NameKey()}, addressbook.ByPerson: person, addressbook.ByCompany: company,
		addressbook.ByEmail: searched(addressbook.Email), addressbook.ByTag: searched(addressbook.Tag), addressbook.ByNumber: {text: digits},
	}, &c}
}

func listPosition(l addressbook.List) position {
	name := sortText{text: addressbook.NameKey(l.Name, "")}
	return position{l.SID, l.Created, l.Updated, map[addressbook.SortField]sortText{addressbook.ByName: name}, &l}
}

// compare compares in the ascending order of a window.
func (p position) compare(other position, w addressbook.Window) int {
	byField := 0
	switch w.Sort {
	case addressbook.ByCreated:
		byField = p.created.Compare(other.created)
	case addressbook.ByUpdated:
		byField = p.updated.Compare(other.updated)
	case addressbook.ByJoined:
		byField = p.of.(*addressbook.Contact).Joined.Compare(other.of.(*addressbook.Contact).Joined)
	default:
		a, b := p.texts[w.Sort], other.texts[w.Sort]
		if byField = cmp.Compare(a.blank, b.blank); w.BlanksFirst {
			byField = -byField
		}
		byField = cmp.Or(byField, cmp.Compare(a.text, b.text))
	}
	return cmp.Or(byField, bytes.Compare(p.sid[:], other.sid[:]))
}

// cut sorts a collection and returns the part of it that a page shows.
func cut[E any](all []E, w addressbook.Window, at func(E) position) (part []E, next *addressbook.Position) {
	all = sortedBy(all, w, at)
	if w.After != nil {
		// The keys of positions compare as a store compares them, so what is
		// before the page is found by what is at the position.
		all = slices.DeleteFunc(all, func(e E) bool { return !beyond(at(e), w) })
	}
	all = all[min(w.Offset, len(all)):]
	if len(all) > w.Limit {
		all = all[:w.Limit]
		last := at(all[w.Limit-1]).of.Position(w)
		next = &last
	}
	return all, next
}

// beyond tells whether a place comes after the position of the window.
func beyond(p position, w addressbook.Window) bool {
	key, after := p.of.Position(w).Key, w.After.Key
	byKey := cmp.Compare(key, after)
	if w.Sort.Dated() && len(key) != len(after) {
		byKey = cmp.Compare(len(key), len(after)) // digits, of dates after 1970
	}
	order := cmp.Or(byKey, bytes.Compare(p.sid[:], w.After.SID[:]))
	return order > 0 != w.Desc && order != 0
}

// sortedBy is how a store should sort.
func sortedBy[E any](all []E, w addressbook.Window, at func(E) position) []E {
	type placed struct {
		position
		element E
	}
	places := make([]placed, len(all))
	for i, e := range all {
		places[i] = placed{at(e), e}
	}
	slices.SortFunc(places, func(a, b placed) int { return a.compare(b.position, w) })
	if w.Desc {
		slices.Reverse(places)
	}
	order := make([]E, len(all))
	for i, p := range places {
		order[i] = p.element
	}
	return order
}
