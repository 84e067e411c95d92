package storetest

import (
	"slices"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/upload"
)

// uploadAdded works two uploads in turns, which share numbers, with contacts that were
// there before and contacts that come between their batches. Each upload has its own
// marks, and those of nobody else.
func uploadAdded(t *testing.T, f *fixture) {
	before := contacts(firstNumber, 3)
	f.insertAllNew(t, before...)
	// Numbers overlap with those before, and with each other: of 8 to 11 the second
	// upload comes first, and the first one puts them into its list too.
	firstFile, secondFile := csvOf(2, 10), csvOf(8, 8)
	one, other := f.upload(t, "one", firstFile, addressbook.CreateOptions{}), f.upload(t, "two", secondFile, addressbook.CreateOptions{})
	dry := f.upload(t, "one", csvOf(0, 12), addressbook.CreateOptions{DryRun: true})
	f.work(t, dry, csvOf(0, 12), 5)
	running := []*planner{f.planner(t, one, firstFile, 2), f.planner(t, other, secondFile, 2)}
	added := map[addressbook.SID][]addressbook.SID{}
	joined := map[addressbook.SID]int{}
	for i := 0; len(running) > 0; i++ {
		for _, plan := range slices.Clone(running) {
			b := plan.next(t)
			for j := range b.Contacts {
				if f.numberTaken(t, &b.Contacts[j]) {
					joined[b.Upload]++
				} else {
					added[b.Upload] = append(added[b.Upload], b.Contacts[j].SID)
				}
			}
			if state := f.apply(t, b); state == upload.Running {
				plan.Applied(b)
			} else {
				running = slices.DeleteFunc(running, func(p *planner) bool { return p == plan })
			}
		}
		f.insertAllNew(t, contacts(firstNumber+phone.Number(100+i), 1)...)
	}
	for _, u := range []upload.Upload{one, other} {
		u = f.read(t, u)
		if u.State != upload.Completed {
			t.Fatalf("the upload is %v", u.State)
		}
		a := u.Tally.Added
		if a.Contacts != len(added[u.SID]) || a.Members != joined[u.SID] {
			t.Errorf("it says that it added %d and put in %d, want %d and %d", a.Contacts, a.Members, len(added[u.SID]), joined[u.SID])
		}
		for limit := 1; limit < 10; limit++ {
			same(t, "contacts that were added", f.allAdded(t, &u, limit), added[u.SID])
		}
		if n := len(f.allMembers(t, &u, 3)); n != a.Contacts+a.Members {
			t.Errorf("it put %d into the list, want %d", n, a.Contacts+a.Members)
		}
		var used []addressbook.SID
		if u.SID == other.SID {
			used = added[other.SID][:4]
		}
		same(t, "contacts that are used", f.used(t, &u), used)
	}
	if u := f.read(t, dry); !u.Tally.Added.IsZero() || len(f.allAdded(t, &u, 10)) != 0 {
		t.Errorf("a dry run added %+v", u.Tally.Added)
	}

	// Changed, put into another list, deleted, and taken out of the list.
	u := f.read(t, one)
	all := added[one.SID]
	f.update(t, addressbook.Patch{SID: all[0], Texts: addressbook.Changes{addressbook.Tag: set("changed")}})
	l := list("another")
	f.addLists(t, l)
	f.addMembers(t, l, addressbook.Membership{List: l.SID, Contact: all[1], Created: moment()})
	f.delete(t, all[2])
	f.removeMembers(t, addressbook.List{SID: u.List}, all[3])
	same(t, "contacts that are left", f.allAdded(t, &u, 2), append([]addressbook.SID{all[0], all[1]}, all[3:]...))
	same(t, "contacts that are used", f.used(t, &u), []addressbook.SID{all[0], all[1]})
	// Those that are used by the time of the deletion are kept.
	kept, err := f.Uploads.DeleteUnused(t.Context(), &u, NewDeletion(), all[:5])
	if err != nil || kept != 2 {
		t.Errorf("%d are kept, %v", kept, err)
	}
	same(t, "contacts that are left", f.allAdded(t, &u, 2), append([]addressbook.SID{all[0], all[1]}, all[5:]...))
	f.restore(t, all[3], all[4])
	// What comes back from the trash has its mark again, as a contact and in the list.
	back := f.allMembers(t, &u, 100)
	f.delete(t, back...)
	if n := len(f.allMembers(t, &u, 3)); n != 0 {
		t.Errorf("the trash leaves %d in the list", n)
	}
	f.restore(t, back...)
	same(t, "members that came back", f.allMembers(t, &u, 3), back)
	same(t, "contacts that came back", f.allAdded(t, &u, 2), append([]addressbook.SID{all[0], all[1]}, all[3:]...))
	f.deleteLists(t, u.List)
	f.restoreLists(t, u.List)
	same(t, "members of the list that came back", f.allMembers(t, &u, 3), back)
	members := f.allMembers(t, &u, 2)
	for _, gone := range []addressbook.SID{all[2], all[3]} {
		for _, sid := range members {
			if sid == gone {
				t.Errorf("%v is still put in", gone)
			}
		}
	}
	// Put in again by somebody else, it is not the upload's.
	f.addMembers(t, addressbook.List{SID: u.List}, addressbook.Membership{List: u.List, Contact: all[3], Created: moment()})
	same(t, "members", f.allMembers(t, &u, 4), members)
}

// numberTaken reports whether the address book has a contact's number.
func (f *fixture) numberTaken(t *testing.T, c *addressbook.Contact) bool {
	t.Helper()
	found, err := addressbook.New(f.Contacts, addressbook.Options{}).Contacts(t.Context(), f.acct,
		addressbook.Query{Window: addressbook.Window{Limit: 1}, Number: c.Number.String()})
	if err != nil {
		t.Fatalf("find a number: %v", err)
	}
	return len(found.Contacts) > 0
}

func (f *fixture) allAdded(t *testing.T, u *upload.Upload, limit int) (sids []addressbook.SID) {
	t.Helper()
	for after := (addressbook.SID{}); ; {
		found, err := f.Uploads.AddedContacts(t.Context(), u, after, limit, false)
		if err != nil || len(found) > limit {
			t.Fatalf("got %d of %d: %v", len(found), limit, err)
		}
		if len(found) == 0 {
			f.filtersByUpload(t, u, sids)
			return sids
		}
		for _, c := range found {
			f.reads(t, c.Contact)
			sids = append(sids, c.SID)
		}
		after = sids[len(sids)-1]
	}
}

// filtersByUpload checks that a query by upload finds what it added, alone and in the
// upload's list.
func (f *fixture) filtersByUpload(t *testing.T, u *upload.Upload, want []addressbook.SID) {
	t.Helper()
	for _, noTotal := range []bool{false, true} {
		for _, lists := range [][]addressbook.SID{nil, {u.List}} {
			page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 100}, Upload: u.SID, Lists: lists, NoTotal: noTotal})
			var got []addressbook.SID
			for _, c := range page.Contacts {
				got = append(got, c.SID)
			}
			if lists != nil { // some may have left it
				if len(got) > len(want) {
					t.Errorf("%d contacts of the list were added by the upload, of %d", len(got), len(want))
				}
				continue
			}
			same(t, "contacts by upload", got, want)
			if !noTotal && page.Total != len(want) {
				t.Errorf("the total by upload is %d, want %d", page.Total, len(want))
			}
		}
	}
}

func (f *fixture) used(t *testing.T, u *upload.Upload) (sids []addressbook.SID) {
	t.Helper()
	found, err := f.Uploads.AddedContacts(t.Context(), u, addressbook.SID{}, 100, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range found {
		if !c.Used {
			t.Errorf("%v is not used", c.SID)
		}
		sids = append(sids, c.SID)
	}
	return sids
}

func (f *fixture) allMembers(t *testing.T, u *upload.Upload, limit int) (sids []addressbook.SID) {
	t.Helper()
	for after := (addressbook.SID{}); ; {
		found, err := f.Uploads.AddedMembers(t.Context(), u, after, limit)
		if err != nil || len(found) > limit {
			t.Fatalf("got %d of %d: %v", len(found), limit, err)
		}
		if len(found) == 0 {
			return sids
		}
		sids = append(sids, found...)
		after = sids[len(sids)-1]
	}
}

// undoings are stored as they are, if nobody was quicker.
func undoings(t *testing.T, f *fixture) {
	u := f.upload(t, "Leads", csvOf(0, 2), addressbook.CreateOptions{})
	f.work(t, u, csvOf(0, 2), 10)
	other := addAccount(t, f.Accounts, "other").ID
	begun := upload.Undo{Running: true, All: true, Began: moment().UTC()}
	further := begun
	further.Kept, further.After = 7, u.SID
	done := further
	done.Running, done.Members, done.Ended = false, true, moment().UTC()
	for _, tt := range []struct {
		was, now upload.Undo
		want     bool
	}{
		{further, done, false}, {upload.Undo{}, begun, true}, {upload.Undo{}, begun, false},
		{begun, further, true}, {begun, further, false}, {further, done, true},
	} {
		if got, err := f.Uploads.ChangeUndo(t.Context(), other, u.SID, tt.was, tt.now); err != nil || got {
			t.Errorf("the other account has changed it: %t, %v", got, err)
		}
		got, err := f.Uploads.ChangeUndo(t.Context(), f.account, u.SID, tt.was, tt.now)
		if err != nil || got != tt.want {
			t.Errorf("from %+v to %+v: %t, %v", tt.was, tt.now, got, err)
		}
		if now := f.read(t, u).Undo; got && now != tt.now {
			t.Errorf("it is %+v, want %+v", now, tt.now)
		}
		running, err := f.Uploads.Undoing(t.Context())
		if err != nil || (len(running) == 1) != f.read(t, u).Undo.Running {
			t.Errorf("%d are undone: %v", len(running), err)
		}
		// One that is being undone stays, however old it is.
		if f.read(t, u).Undo.Running {
			if _, err := f.Uploads.DeleteUploads(t.Context(), moment().Add(time.Hour), 100); err != nil {
				t.Fatal(err)
			}
			f.read(t, u)
		}
	}
}
