package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// AddressBookModel compares a store with a [memory], through long sequences of
// whatever can be done to contacts, lists and memberships of two accounts: each
// answer, and after each step everything that can be read.
//
// Open is called once. Where [Stores] can make commits fail, some do. A sequence is as
// many times as long as rapid's own, of some thirty steps, as rounds says; once when the
// tests are to be short.
func AddressBookModel(t *testing.T, rounds int, open func(t *testing.T) Stores) {
	m := &model{t: t, Stores: open(t)}
	checks := 0
	if testing.Short() {
		rounds = 1
	}
	rapid.Check(t, func(rt *rapid.T) {
		// All checks share one database, each has accounts of its own.
		checks++
		for i := range m.owners {
			m.owners[i] = &owner{
				acct:   addAccount(rt, m.Accounts, fmt.Sprintf("account%d-%d", checks, i)),
				memory: new(memory),
			}
		}
		actions := map[string]func(*rapid.T){
			"insert contacts":    m.insert,
			"insert more":        m.insert,
			"insert a taken sid": m.insertTaken,
			"update contacts":    m.update,
			"delete contacts":    m.delete,
			"delete for good":    m.deleteForGood,
			"restore contacts":   m.restore,
			"restore lists":      m.restoreLists,
			"erase contacts":     m.erase,
			"erase lists":        m.eraseLists,
			"purge":              m.purge,
			"insert lists":       m.insertLists,
			"update lists":       m.updateLists,
			"delete lists":       m.deleteLists,
			"add members":        m.addMembers,
			"add more":           m.addMembers,
			"remove members":     m.removeMembers,
			"restart":            m.restart,
			"":                   m.check,
		}
		for range rounds {
			rt.Repeat(actions)
		}
	})
}

// model is the store under test beside what it must be.
type model struct {
	Stores
	t      *testing.T
	owners [2]*owner
}

// owner is an account, with sids that it has or had.
type owner struct {
	acct            account.Account
	memory          *memory
	contacts, lists []addressbook.SID
}

// errCommit is what commits fail with that are made to.
var errCommit = errors.New("the disk is on fire")

// compare does something to the store and to the memory, and compares their
// answers. When the commit is made to fail, nothing may have happened.
func compare[R any](rt *rapid.T, m *model, o *owner, remember func(*memory) (R, error), do func() (R, error)) bool {
	fails := m.FailCommits != nil && rapid.IntRange(0, 5).Draw(rt, "commit fails") == 5
	if fails {
		m.FailCommits(errCommit)
		defer m.FailCommits(nil)
	}
	next := o.memory.clone()
	want, wantErr := remember(next)
	got, err := do()
	if fails {
		wantErr = errCommit
	}
	if !errors.Is(err, wantErr) {
		rt.Fatalf("the error is %v, want %v", err, wantErr)
	}
	if err != nil {
		return false
	}
	same(rt, "answer", got, want)
	o.memory = next
	return true
}

func (m *model) owner(rt *rapid.T) *owner { return m.owners[rapid.IntRange(0, 1).Draw(rt, "account")] }

// fewNumbers is how many numbers the contacts have to share.
const fewNumbers = 16

func drawNumber(rt *rapid.T) phone.Number {
	return firstNumber + phone.Number(rapid.IntRange(0, fewNumbers-1).Draw(rt, "number"))
}

func drawName(rt *rapid.T) addressbook.Text {
	return rapid.SampledFrom([]addressbook.Text{
		{}, addressbook.Given(""), addressbook.Given("Ada"), addressbook.Given("ADA"), addressbook.Given("Zoë"), addressbook.Given("a_b"), addressbook.Given("борис"),
	}).Draw(rt, "name")
}

func drawChange(rt *rapid.T) addressbook.Change {
	if rapid.Bool().Draw(rt, "stays") {
		return addressbook.Change{}
	}
	return addressbook.Change{Text: drawName(rt), Set: true}
}

func drawCustom(rt *rapid.T) addressbook.Change {
	return rapid.SampledFrom([]addressbook.Change{{}, emptied, set(`{"a":1}`)}).Draw(rt, "custom field")
}

// drawContacts draws contacts with numbers of their own.
func drawContacts(rt *rapid.T) []addressbook.Contact {
	offsets := rapid.SliceOfNDistinct(rapid.IntRange(0, fewNumbers-1), 1, 8, rapid.ID[int]).Draw(rt, "numbers")
	all := make([]addressbook.Contact, len(offsets))
	for i, offset := range offsets {
		all[i] = contact(firstNumber + phone.Number(offset))
		all[i].Texts[addressbook.FirstName], all[i].Texts[addressbook.LastName] = drawName(rt), drawName(rt)
		all[i].Texts[addressbook.CompanyName], all[i].Texts[addressbook.Tag] = drawName(rt), drawName(rt)
	}
	return all
}

// drawSIDs draws some sids that are there or were, the same one twice perhaps,
// and now and then one of the other account, or one that never was.
func drawSIDs(rt *rapid.T, known, theirs []addressbook.SID, atMost int) []addressbook.SID {
	sids := make([]addressbook.SID, rapid.IntRange(0, atMost).Draw(rt, "sids"))
	for i := range sids {
		sids[i] = drawSID(rt, known, theirs)
	}
	return sids
}

func drawSID(rt *rapid.T, known, theirs []addressbook.SID) addressbook.SID {
	// Late ones more often: the early ones are long gone.
	back := rapid.IntRange(0, min(len(known), 12)).Draw(rt, "back")
	if back == 0 {
		if len(theirs) > 0 && rapid.Bool().Draw(rt, "theirs") {
			return theirs[len(theirs)-1]
		}
		return addressbook.SID{1, 2, 3}
	}
	return known[len(known)-back]
}

func (m *model) insert(rt *rapid.T) {
	o := m.owner(rt)
	all := drawContacts(rt)
	// A sid that the other account has is free in this one.
	if theirs := m.other(o).memory.contacts; len(theirs) > 0 && rapid.IntRange(0, 3).Draw(rt, "twin") == 3 {
		twin := rapid.SampledFrom(theirs).Draw(rt, "of")
		if !slices.Contains(o.contacts, twin.SID) {
			all[0].SID, all[0].Created, all[0].Updated = twin.SID, twin.Created, twin.Created
		}
	}
	inserted := compare(rt, m, o, func(next *memory) ([]*addressbook.Contact, error) {
		return next.insert(all), nil
	}, func() ([]*addressbook.Contact, error) {
		return tryInsert(rt.Context(), m.Contacts, o.acct.ID, all)
	})
	if inserted {
		o.contacts = append(o.contacts, sidsOf(all)...)
	}
}

func (m *model) other(o *owner) *owner {
	if o == m.owners[0] {
		return m.owners[1]
	}
	return m.owners[0]
}

// insertTaken ends with a number that is always new and a sid that is not,
// which every store refuses as a whole.
func (m *model) insertTaken(rt *rapid.T) {
	o := m.owner(rt)
	if len(o.memory.contacts) == 0 {
		rt.Skip()
	}
	last := contact(firstNumber + 1000)
	last.SID = rapid.SampledFrom(sidsOf(o.memory.contacts)).Draw(rt, "sid")
	if _, err := tryInsert(rt.Context(), m.Contacts, o.acct.ID, append(drawContacts(rt), last)); err == nil {
		rt.Fatalf("two contacts have the same sid")
	}
}

func (m *model) update(rt *rapid.T) {
	o := m.owner(rt)
	var patches []addressbook.Patch
	for _, sid := range drawSIDs(rt, o.contacts, m.other(o).contacts, 5) {
		p := addressbook.Patch{SID: sid, CustomField: drawCustom(rt)}
		for i := range p.Texts {
			p.Texts[i] = drawChange(rt)
		}
		if rapid.IntRange(0, 2).Draw(rt, "moves") > 0 {
			p.Number = setNumber(drawNumber(rt))
		}
		patches = append(patches, p)
	}
	at := moment()
	compare(rt, m, o, func(next *memory) ([]addressbook.Result, error) {
		return next.update(at, patches), nil
	}, func() ([]addressbook.Result, error) {
		results, err := patching(m.Contacts, at).UpdateContacts(rt.Context(), o.acct, patches, nil)
		return results, err
	})
}

func (m *model) delete(rt *rapid.T) { m.deleteUnder(rt, NewDeletion()) }

func (m *model) deleteForGood(rt *rapid.T) { m.deleteUnder(rt, addressbook.ForGood) }

func (m *model) deleteUnder(rt *rapid.T, deletion addressbook.SID) {
	o := m.owner(rt)
	sids := drawSIDs(rt, o.contacts, m.other(o).contacts, 3)
	compare(rt, m, o, func(next *memory) ([]addressbook.Result, error) {
		return next.delete(deletion, sids), nil
	}, func() ([]addressbook.Result, error) {
		var results []addressbook.Result
		err := m.Contacts.DeleteContacts(rt.Context(), o.acct.ID, deletion, sids, Told(&results))
		return results, err
	})
}

func (m *model) insertLists(rt *rapid.T) {
	o := m.owner(rt)
	var lists []addressbook.List
	for range rapid.IntRange(1, 3).Draw(rt, "lists") {
		l := list(drawListName(rt))
		l.Tag, l.Type = drawName(rt), rapid.SampledFrom([]addressbook.ListType{addressbook.Static, addressbook.Dynamic}).Draw(rt, "type")
		lists = append(lists, l)
	}
	inserted := compare(rt, m, o, func(next *memory) ([]addressbook.ListResult, error) {
		return next.insertLists(lists), nil
	}, func() ([]addressbook.ListResult, error) {
		var results []addressbook.ListResult
		err := m.Contacts.InsertLists(rt.Context(), o.acct.ID, lists, Told(&results))
		return results, err
	})
	if inserted {
		o.lists = append(o.lists, sidsOfLists(lists)...)
	}
}

func drawListName(rt *rapid.T) string {
	return rapid.SampledFrom([]string{"vip", "VIP", "Zoë", "зима", "100%", "b"}).Draw(rt, "list name")
}

func (m *model) updateLists(rt *rapid.T) {
	o := m.owner(rt)
	var patches []addressbook.ListPatch
	for _, sid := range drawSIDs(rt, o.lists, m.other(o).lists, 3) {
		p := addressbook.ListPatch{SID: sid, Tag: drawChange(rt)}
		if rapid.Bool().Draw(rt, "renames") {
			p.Name = set(drawListName(rt))
		}
		patches = append(patches, p)
	}
	at := moment()
	compare(rt, m, o, func(next *memory) ([]addressbook.ListResult, error) {
		return next.updateLists(at, patches), nil
	}, func() ([]addressbook.ListResult, error) {
		results, err := patching(m.Contacts, at).UpdateLists(rt.Context(), o.acct, patches, nil)
		return results, err
	})
}

func (m *model) deleteLists(rt *rapid.T) {
	o := m.owner(rt)
	sids := drawSIDs(rt, o.lists, m.other(o).lists, 2)
	deletion := NewDeletion()
	if rapid.IntRange(0, 3).Draw(rt, "for good") == 3 {
		deletion = addressbook.ForGood
	}
	compare(rt, m, o, func(next *memory) ([]addressbook.ListResult, error) {
		return next.deleteLists(deletion, sids), nil
	}, func() ([]addressbook.ListResult, error) {
		var results []addressbook.ListResult
		err := m.Contacts.DeleteLists(rt.Context(), o.acct.ID, deletion, sids, Told(&results))
		return results, err
	})
}

func (m *model) addMembers(rt *rapid.T) {
	o := m.owner(rt)
	l := addressbook.List{SID: drawSID(rt, o.lists, m.other(o).lists)}
	members := joining(l, drawSIDs(rt, o.contacts, m.other(o).contacts, 8)...)
	compare(rt, m, o, func(next *memory) ([]addressbook.MembershipResult, error) {
		return next.addMembers(l.SID, members)
	}, func() ([]addressbook.MembershipResult, error) {
		var results []addressbook.MembershipResult
		err := m.Contacts.AddMembers(rt.Context(), o.acct.ID, l.SID, members, Told(&results))
		return results, err
	})
}

func (m *model) removeMembers(rt *rapid.T) {
	o := m.owner(rt)
	l, contacts := drawSID(rt, o.lists, m.other(o).lists), drawSIDs(rt, o.contacts, m.other(o).contacts, 4)
	compare(rt, m, o, func(next *memory) ([]addressbook.MembershipResult, error) {
		return next.removeMembers(l, contacts)
	}, func() ([]addressbook.MembershipResult, error) {
		var results []addressbook.MembershipResult
		err := m.Contacts.RemoveMembers(rt.Context(), o.acct.ID, l, contacts, Told(&results))
		return results, err
	})
}

// restart is a slow one, and the others are to come more often.
func (m *model) restart(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "restart") != 9 {
		rt.Skip()
	}
	m.Stores = m.Reopen()
}
