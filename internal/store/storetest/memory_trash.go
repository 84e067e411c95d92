package storetest

import (
	"slices"
	"strings"

	"callbook/internal/addressbook"
	"callbook/internal/trash"
)

// endMembers moves memberships into the trash.
func (m *memory) endMembers(ended func(addressbook.Membership) bool) {
	for _, member := range m.members {
		if ended(member) {
			m.trashedMembers = append(m.trashedMembers, member)
		}
	}
	m.members = slices.DeleteFunc(m.members, ended)
}

// beginMembers moves memberships out of the trash whose contact and list are there.
func (m *memory) beginMembers() {
	back := func(member addressbook.Membership) bool {
		return m.contact(member.Contact) != nil && m.list(member.List) != nil
	}
	for _, member := range m.trashedMembers {
		if back(member) {
			m.members = append(m.members, member)
		}
	}
	m.trashedMembers = slices.DeleteFunc(m.trashedMembers, back)
}

func (m *memory) inTrash(sid addressbook.SID) int {
	return slices.IndexFunc(m.trashed, func(c trash.Contact) bool { return c.SID == sid })
}

func (m *memory) listInTrash(sid addressbook.SID) int {
	return slices.IndexFunc(m.trashedLists, func(l trash.List) bool { return l.SID == sid })
}

func (m *memory) restore(sids []addressbook.SID) []trash.ContactResult {
	results := make([]trash.ContactResult, len(sids))
	for i, sid := range sids {
		at := m.inTrash(sid)
		if at < 0 {
			results[i].Fault = trash.ErrNoContact
			continue
		}
		c := m.trashed[at].Contact
		if other := m.holder(c.Number); other != nil {
			results[i] = trash.ContactResult{Contact: other, Fault: addressbook.ErrNumberTaken}
			continue
		}
		m.contacts = append(m.contacts, c)
		m.trashed = slices.Delete(m.trashed, at, at+1)
		m.beginMembers()
		results[i].Contact = &c
	}
	return results
}

func (m *memory) restoreLists(sids []addressbook.SID) []trash.ListResult {
	results := make([]trash.ListResult, len(sids))
	for i, sid := range sids {
		at := m.listInTrash(sid)
		if at < 0 {
			results[i].Fault = trash.ErrNoList
			continue
		}
		l := m.trashedLists[at].List
		if other := m.named(l.Name); other != nil {
			results[i] = trash.ListResult{List: m.list(other.SID), Fault: addressbook.ErrNameTaken}
			continue
		}
		m.lists = append(m.lists, l)
		m.trashedLists = slices.Delete(m.trashedLists, at, at+1)
		m.beginMembers()
		results[i].List = m.list(sid)
	}
	return results
}

// erase deletes a contact in the trash for good, and tells what it was.
func (m *memory) erase(sid addressbook.SID) trash.ContactResult {
	at := m.inTrash(sid)
	if at < 0 {
		return trash.ContactResult{Fault: trash.ErrNoContact}
	}
	last := m.trashed[at].Contact
	m.trashed = slices.Delete(m.trashed, at, at+1)
	m.trashedMembers = slices.DeleteFunc(m.trashedMembers, func(member addressbook.Membership) bool { return member.Contact == sid })
	return trash.ContactResult{Contact: &last}
}

func (m *memory) eraseList(sid addressbook.SID) trash.ListResult {
	at := m.listInTrash(sid)
	if at < 0 {
		return trash.ListResult{Fault: trash.ErrNoList}
	}
	last := m.trashedLists[at].List
	m.trashedLists = slices.Delete(m.trashedLists, at, at+1)
	m.trashedMembers = slices.DeleteFunc(m.trashedMembers, func(member addressbook.Membership) bool { return member.List == sid })
	return trash.ListResult{List: &last}
}

func eachOf[R any](sids []addressbook.SID, do func(addressbook.SID) R) []R {
	results := make([]R, len(sids))
	for i, sid := range sids {
		results[i] = do(sid)
	}
	return results
}

// purge deletes all for good that was deleted before a deletion.
func (m *memory) purge(before addressbook.SID) (p trash.Purged) {
	old := func(deletion addressbook.SID) bool { return string(deletion[:]) < string(before[:]) }
	for _, c := range slices.Clone(m.trashed) {
		if old(c.Deletion) {
			m.erase(c.SID)
			p.Contacts++
		}
	}
	for _, l := range slices.Clone(m.trashedLists) {
		if old(l.Deletion) {
			m.eraseList(l.SID)
			p.Lists++
		}
	}
	return p
}

// trashPage is what a query must be answered, of items that pass its search.
func trashPage[T any](all []T, q trash.Query, at func(*T) trash.Position, passes func(T) bool) (page trash.Page[T]) {
	var found []T
	for _, item := range all {
		if (q.Deletion == addressbook.ForGood || at(&item).Deletion == q.Deletion) && passes(item) {
			found = append(found, item)
		}
	}
	page.Total = len(found)
	slices.SortFunc(found, func(a, b T) int {
		if at(&a).Behind(at(&b)) {
			return 1
		}
		return -1
	})
	for _, item := range found {
		if q.After == nil || at(&item).Behind(*q.After) {
			page.Items = append(page.Items, item)
		}
	}
	page.Cut(q.Limit, at)
	return page
}

func contactAt(c *trash.Contact) trash.Position {
	return trash.Position{Deletion: c.Deletion, SID: c.SID}
}
func listAt(l *trash.List) trash.Position { return trash.Position{Deletion: l.Deletion, SID: l.SID} }

func (m *memory) trashedContacts(q trash.Query) trash.Page[trash.Contact] {
	return trashPage(m.trashed, q, contactAt, func(c trash.Contact) bool {
		return m.passes(c.Contact, addressbook.Query{Search: q.Search})
	})
}

func (m *memory) trashedListPage(q trash.Query) trash.Page[trash.List] {
	return trashPage(m.trashedLists, q, listAt, func(l trash.List) bool {
		return strings.Contains(addressbook.Fold(l.Name), addressbook.Fold(q.Search))
	})
}
