package storetest

import (
	"sync"
	"testing"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
	"callbook/internal/upload"
)

// dryBatches says what the real upload then does, under every option and
// however the rows fall into batches, and changes nothing.
func dryBatches(t *testing.T, f *fixture) {
	known := contacts(firstNumber, 2)
	f.insertAllNew(t, known...)
	l := list("Leads")
	f.addLists(t, l)
	f.join(t, l, known[0])
	for _, on := range []addressbook.OnDuplicate{addressbook.RejectDuplicate, addressbook.SkipDuplicate, addressbook.UpdateDuplicate} {
		there, fresh := upload.Stats{Success: 2, Duplicate: 4, Failed: 1}, upload.Stats{Success: 3, Duplicate: 3, Failed: 1}
		if on != addressbook.RejectDuplicate {
			there, fresh = upload.Stats{Success: 6, Failed: 1}, upload.Stats{Success: 6, Failed: 1}
		}
		opts := addressbook.CreateOptions{OnDuplicate: on, DryRun: true}
		for _, rows := range []int{1, 2, 3, 100} {
			u := f.upload(t, "Leads", overRows, opts)
			if state := f.work(t, u, overRows, rows); state != upload.Completed {
				t.Errorf("the state is %v", state)
			}
			f.worked(t, u, there, 1)
			u = f.upload(t, "not there", overRows, opts)
			f.work(t, u, overRows, rows)
			f.worked(t, u, fresh, 1)
			if got, err := f.Uploads.ErrorRows(t.Context(), f.account, u.SID, 0, 100); err != nil || len(got) != fresh.Failed+fresh.Duplicate {
				t.Errorf("the error rows are %v, %v", got, err)
			}
		}
	}
	f.holds(t, known...)
	l.ContactCount = 1
	f.listed(t, l)
	f.hasMembers(t, l, known[0])
	f.insertAllNew(t, contact(firstNumber+2)) // whose number nobody has taken
}

// dryBatchesFill: a dry run sees the list fill up over its batches.
func dryBatchesFill(t *testing.T, f *fixture) {
	known := contacts(firstNumber, 4)
	f.insertAllNew(t, known...)
	l := list("Leads")
	f.addLists(t, l)
	f.join(t, l, known[0])
	file := csv("+919800000001", "+919800000010", "+919800000002", "+919800000011", "+919800000000", "+919800000011", "+919800000010")
	for _, rows := range []int{1, 2, 100} {
		u := f.upload(t, "Leads", file, addressbook.CreateOptions{DryRun: true})
		p := f.planner(t, u, file, rows)
		p.max = 3
		f.workWith(t, p)
		f.worked(t, u, upload.Stats{Success: 2, Duplicate: 2, Failed: 3}, 1)
		u = f.upload(t, "not there", file, addressbook.CreateOptions{DryRun: true})
		p = f.planner(t, u, file, rows)
		p.max = 3
		f.workWith(t, p)
		f.worked(t, u, upload.Stats{Success: 3, Duplicate: 1, Failed: 3}, 1)
	}
	f.holds(t, known...)
	f.hasMembers(t, l, known[0])
}

// dryListGone: a dry run ends with its list, and one for a new list has none.
func dryListGone(t *testing.T, f *fixture) {
	l := list("Leads")
	f.addLists(t, l)
	u := f.upload(t, "Leads", csvOf(0, 4), addressbook.CreateOptions{DryRun: true})
	p := f.planner(t, u, csvOf(0, 4), 2)
	f.apply(t, p.next(t))
	f.deleteLists(t, l.SID)
	if state := f.apply(t, p.next(t)); state != upload.ListGone {
		t.Errorf("the state is %v", state)
	}
	u = f.upload(t, "Leads", csvOf(0, 4), addressbook.CreateOptions{DryRun: true})
	p = f.planner(t, u, csvOf(0, 4), 2)
	f.apply(t, p.next(t))
	f.addLists(t, list("Leads"))
	if state := f.workWith(t, p); state != upload.Completed {
		t.Errorf("the state is %v", state)
	}
	f.worked(t, u, upload.Stats{Success: 4}, 4)
}

// twoUploads of one file, into one list, at once: each number is added once.
func twoUploads(t *testing.T, f *fixture) {
	const n = 300
	file := csvOf(0, n)
	first := f.upload(t, "Leads", file, addressbook.CreateOptions{})
	second := f.upload(t, "Leads", file, addressbook.CreateOptions{})
	var working sync.WaitGroup
	for _, u := range []upload.Upload{first, second} {
		p := f.planner(t, u, file, 20)
		working.Go(func() { f.workAside(t, p) })
	}
	working.Wait()
	a, b := f.read(t, first), f.read(t, second)
	if a.Stats.Success+b.Stats.Success != n || a.Stats.Duplicate+b.Stats.Duplicate != n || a.New+b.New != n || a.State != upload.Completed || b.State != upload.Completed {
		t.Errorf("the uploads are %+v and %+v", a, b)
	}
	page := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 2 * n}})
	f.holds(t, page.Contacts...)
	f.hasMembers(t, f.listOf(t, first), page.Contacts...)
	if len(page.Contacts) != n {
		t.Errorf("there are %d contacts, want %d", len(page.Contacts), n)
	}
}

// workAside is work for another goroutine than the test's own.
func (f *fixture) workAside(t *testing.T, p *planner) {
	for {
		b, err := p.plan()
		if err != nil {
			t.Error(err)
			return
		}
		state, err := f.Uploads.ApplyBatch(t.Context(), b)
		if err != nil {
			t.Error(err)
			return
		}
		p.Applied(b)
		if state != upload.Running {
			return
		}
	}
}

// batchesAndDeletes: contacts are deleted, taken out and created while batches
// bring them, and no counter and no membership is wrong in the end.
func batchesAndDeletes(t *testing.T, f *fixture) {
	const n = 400
	file := csvOf(0, n)
	u := f.upload(t, "Leads", file, addressbook.CreateOptions{OnDuplicate: addressbook.UpdateDuplicate})
	p := f.planner(t, u, file, 10)
	done := make(chan struct{})
	var deleting sync.WaitGroup
	for worker := range 2 {
		deleting.Go(func() {
			for round := 0; ; round++ {
				select {
				case <-done:
					return
				default:
				}
				if err := f.disturb(t, u, phone.Number((round*37+worker*200)%n), worker == 0); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	f.workAside(t, p)
	close(done)
	deleting.Wait()
	if got := f.read(t, u); got.State != upload.Completed || got.Stats != (upload.Stats{Success: n}) {
		t.Errorf("the upload is %+v", got)
	}
	all := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 2 * n}})
	f.holds(t, all.Contacts...)
	members := getPage(t, f.Contacts, f.account, addressbook.Query{Window: addressbook.Window{Limit: 2 * n}, Lists: []addressbook.SID{u.List}})
	f.hasMembers(t, f.listOf(t, u), members.Contacts...)
}

// disturb creates some contacts where they are not, and then deletes them or
// takes them out of the list.
func (f *fixture) disturb(t *testing.T, u upload.Upload, from phone.Number, remove bool) error {
	some := contacts(firstNumber+from, 10)
	existing, err := tryInsert(t.Context(), f.Contacts, f.account, some)
	if err != nil {
		return err
	}
	sids := sidsOf(some)
	for i, c := range existing {
		if c != nil {
			sids[i] = c.SID
		}
	}
	if remove {
		err = f.Contacts.DeleteContacts(t.Context(), f.account, NewDeletion(), sids, nil)
	} else {
		err = f.Contacts.RemoveMembers(t.Context(), f.account, u.List, sids, nil)
	}
	return err
}
