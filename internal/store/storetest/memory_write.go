package storetest

import (
	"slices"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/trash"
)

// insert returns the contacts that had the numbers already, nil for those that
// are new.
func (m *memory) insert(all []addressbook.Contact) []*addressbook.Contact {
	existing := make([]*addressbook.Contact, len(all))
	for i, c := range all {
		if existing[i] = m.holder(c.Number); existing[i] == nil {
			m.contacts = append(m.contacts, c)
		}
	}
	return existing
}

// update applies patches whose numbers, if they have any, are in E.164.
func (m *memory) update(at time.Time, patches []addressbook.Patch) []addressbook.Result {
	results := make([]addressbook.Result, len(patches))
	for i, p := range patches {
		c := m.contact(p.SID)
		if c == nil {
			results[i].Fault = addressbook.ErrNoContact
			continue
		}
		before := *c
		if p.Number.Set {
			n, err := phone.ParseE164(p.Number.Value)
			if err != nil {
				panic(err)
			}
			if other := m.holder(n); other != nil && other.SID != p.SID {
				results[i] = addressbook.Result{Contact: other, Fault: addressbook.ErrNumberTaken}
				continue
			}
			c.Number = n
		}
		set := func(field *addressbook.Text, change addressbook.Change) {
			if change.Set {
				*field = change.Text
			}
		}
		for i := range c.Texts {
			set(&c.Texts[i], p.Texts[i])
		}
		custom := addressbook.Text{Value: c.CustomField}
		set(&custom, p.CustomField)
		c.CustomField = custom.Value
		if *c != before {
			c.Updated = at
		}
		now := *c
		results[i].Contact = &now
	}
	return results
}

func (m *memory) delete(deletion addressbook.SID, sids []addressbook.SID) []addressbook.Result {
	results := make([]addressbook.Result, len(sids))
	for i, sid := range sids {
		c := m.contact(sid)
		if c == nil {
			results[i].Fault = addressbook.ErrNoContact
			continue
		}
		last := *c
		results[i].Contact = &last
		m.contacts = slices.DeleteFunc(m.contacts, func(c addressbook.Contact) bool { return c.SID == sid })
		m.trashed = append(m.trashed, trash.Contact{Contact: last, Deletion: deletion})
		m.endMembers(func(member addressbook.Membership) bool { return member.Contact == sid })
		if deletion == addressbook.ForGood {
			m.erase(sid)
		}
	}
	return results
}

func (m *memory) insertLists(lists []addressbook.List) []addressbook.ListResult {
	results := make([]addressbook.ListResult, len(lists))
	for i, l := range lists {
		if m.named(l.Name) != nil {
			results[i].Fault = addressbook.ErrNameTaken
			continue
		}
		m.lists = append(m.lists, l)
		results[i].List = &l
	}
	return results
}

func (m *memory) updateLists(at time.Time, patches []addressbook.ListPatch) []addressbook.ListResult {
	results := make([]addressbook.ListResult, len(patches))
	for i, p := range patches {
		index := slices.IndexFunc(m.lists, func(l addressbook.List) bool { return l.SID == p.SID })
		if index < 0 {
			results[i].Fault = addressbook.ErrNoList
			continue
		}
		before := m.lists[index]
		if p.Name.Set {
			if other := m.named(p.Name.Value); other != nil && other.SID != p.SID {
				results[i].Fault = addressbook.ErrNameTaken
				continue
			}
			m.lists[index].Name = p.Name.Value
		}
		if p.Tag.Set {
			m.lists[index].Tag = p.Tag.Text
		}
		if m.lists[index] != before {
			m.lists[index].Updated = at
		}
		results[i].List = m.list(p.SID)
	}
	return results
}

func (m *memory) deleteLists(deletion addressbook.SID, sids []addressbook.SID) []addressbook.ListResult {
	results := make([]addressbook.ListResult, len(sids))
	for i, sid := range sids {
		last := m.list(sid)
		if last == nil {
			results[i].Fault = addressbook.ErrNoList
			continue
		}
		results[i].List = last
		m.lists = slices.DeleteFunc(m.lists, func(l addressbook.List) bool { return l.SID == sid })
		m.trashedLists = append(m.trashedLists, trash.List{List: *last, Deletion: deletion})
		m.endMembers(func(member addressbook.Membership) bool { return member.List == sid })
		if deletion == addressbook.ForGood {
			m.eraseList(sid)
		}
	}
	return results
}

func (m *memory) addMembers(list addressbook.SID, members []addressbook.Membership) ([]addressbook.MembershipResult, error) {
	if m.list(list) == nil {
		return nil, addressbook.ErrNoList
	}
	results := make([]addressbook.MembershipResult, len(members))
	for i, member := range members {
		switch there := m.member(list, member.Contact); {
		case m.contact(member.Contact) == nil:
			results[i].Fault = addressbook.ErrNoContact
		case there != nil:
			results[i] = addressbook.MembershipResult{Membership: there, Fault: addressbook.ErrMember}
		default:
			m.members = append(m.members, member)
			results[i].Membership = &member
		}
	}
	return results, nil
}

func (m *memory) removeMembers(list addressbook.SID, contacts []addressbook.SID) ([]addressbook.MembershipResult, error) {
	if m.list(list) == nil {
		return nil, addressbook.ErrNoList
	}
	results := make([]addressbook.MembershipResult, len(contacts))
	for i, contact := range contacts {
		last := m.member(list, contact)
		if last == nil {
			results[i].Fault = addressbook.ErrNoMember
			continue
		}
		results[i].Membership = last
		m.members = slices.DeleteFunc(m.members, func(member addressbook.Membership) bool { return member == *last })
	}
	return results, nil
}
