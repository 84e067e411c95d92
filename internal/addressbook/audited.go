package addressbook

import (
	"slices"
	"time"

	"callbook/internal/audit"
	"callbook/internal/fault"
)

// TellInserted tells the note of a [Store.InsertContacts] which of the contacts it has
// created and which it has updated, unless it is nil. It is for stores.
func TellInserted(note *audit.Note, contacts []Contact, created, updated []*Contact) {
	if note == nil {
		return
	}
	var changes []audit.Change
	failed := note.Refused + len(contacts) - len(created) - len(updated)
	if len(created) > 0 {
		first, last := created[0].SID, created[0].SID
		for _, c := range created { // they may be sorted by number
			if c.SID.Prefix() < first.Prefix() {
				first = c.SID
			}
			if c.SID.Prefix() > last.Prefix() {
				last = c.SID
			}
		}
		changes = append(changes, audit.Change{Action: audit.ContactsCreate, Subjects: audit.Series(first, last), Done: len(created), Failed: failed})
		failed = 0
	}
	if len(updated) > 0 {
		sids := make([]SID, len(updated))
		for i, c := range updated {
			sids[i] = c.SID
		}
		changes = append(changes, audit.Change{Action: audit.ContactsUpdate, Subjects: audit.Some(sids), Done: len(updated), Failed: failed})
	}
	note.Tell(changes...)
}

// changedContacts tells what patches of this time have changed.
func changedContacts(results []Result, at time.Time, fields []string) audit.Change {
	c := audit.Results(audit.ContactsUpdate, results, func(r *Result) (SID, error) {
		switch {
		case r.Fault != nil:
			return SID{}, r.Fault
		case !r.Contact.Updated.Equal(latest(at, r.Contact.Created)):
			return SID{}, audit.ErrUnchanged
		}
		return r.Contact.SID, nil
	})
	c.Fields = fields
	return c
}

// fieldsOf returns the names of the fields that any of the patches sets.
func fieldsOf(patches []Patch) []string {
	set := make(map[fault.Field]bool)
	for i := range patches {
		p := &patches[i]
		set[FieldNumber] = set[FieldNumber] || p.Number.Set
		for field := range p.Texts {
			key := TextFields[field].Key
			set[key] = set[key] || p.Texts[field].Set
		}
		set[FieldCustomField] = set[FieldCustomField] || p.CustomField.Set
	}
	return names(set)
}

// fieldsOfLists is fieldsOf for lists.
func fieldsOfLists(patches []ListPatch) []string {
	set := make(map[fault.Field]bool)
	for i := range patches {
		set[FieldName] = set[FieldName] || patches[i].Name.Set
		set[FieldTag] = set[FieldTag] || patches[i].Tag.Set
	}
	return names(set)
}

// names returns the fields that are set, in order.
func names(set map[fault.Field]bool) (all []string) {
	for field, is := range set {
		if is {
			all = append(all, string(field))
		}
	}
	slices.Sort(all)
	return all
}

func deletedContact(r *Result) (SID, error) {
	if r.Fault != nil {
		return SID{}, r.Fault
	}
	return r.Contact.SID, nil
}

func changedList(r *ListResult) (SID, error) {
	if r.Fault != nil {
		return SID{}, r.Fault
	}
	return r.List.SID, nil
}

// changedMembers tells which contacts were added to a list or removed from it.
func changedMembers(action audit.Action, list SID, results []MembershipResult) audit.Change {
	c := audit.Results(action, results, func(r *MembershipResult) (SID, error) {
		if r.Fault != nil {
			return SID{}, r.Fault
		}
		return r.Membership.Contact, nil
	})
	c.Object = list.String()
	return c
}
