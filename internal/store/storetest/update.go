package storetest

import (
	"strings"
	"testing"
	"time"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// updateFields changes each field alone: to a text, to "" and to nothing. The
// others stay, as does the date of creation.
func updateFields(t *testing.T, f *fixture) {
	c, other := contact(firstNumber), contact(firstNumber+1)
	for i := range c.Texts {
		c.Texts[i] = addressbook.Given(strings.Repeat("x", i+1))
	}
	f.insertAllNew(t, c, other)
	check := func(p addressbook.Patch) {
		t.Helper()
		results, at := f.update(t, p)
		c.Updated = at
		same(t, "result", results, []addressbook.Result{became(c)})
		f.reads(t, c)
		f.holds(t, c, other)
		if t.Failed() {
			t.FailNow()
		}
	}
	for i := range c.Texts {
		for _, change := range []addressbook.Change{set("अ 𝄞 '\""), set(""), emptied, set("again")} {
			p := addressbook.Patch{SID: c.SID}
			p.Texts[i], c.Texts[i] = change, change.Text
			check(p)
		}
	}
	for _, change := range []addressbook.Change{set(`{"b":1.0,"a":[]}`), emptied, set(`{}`)} {
		c.CustomField = change.Value
		check(addressbook.Patch{SID: c.SID, CustomField: change})
	}
	// All at once.
	p := addressbook.Patch{SID: c.SID, Number: setNumber(firstNumber + 7), CustomField: set(`{"all":true}`)}
	for i, name := range addressbook.TextKeys() {
		p.Texts[i], c.Texts[i] = set("all "+name), addressbook.Given("all "+name)
	}
	c.Number, c.CustomField = firstNumber+7, `{"all":true}`
	check(p)
	// What is so already, or is not asked for, leaves the date.
	for _, p := range []addressbook.Patch{p, {SID: c.SID}, {SID: c.SID, Texts: addressbook.Changes{addressbook.Tag: p.Texts[addressbook.Tag]}}} {
		results, _ := f.update(t, p)
		same(t, "result", results, []addressbook.Result{became(c)})
		f.holds(t, c, other)
	}
	// "" is not nothing, though both show no text.
	c.Texts[addressbook.Tag] = addressbook.Text{}
	check(addressbook.Patch{SID: c.SID, Texts: addressbook.Changes{addressbook.Tag: emptied}})
	c.Texts[addressbook.Tag] = addressbook.Given("")
	check(addressbook.Patch{SID: c.SID, Texts: addressbook.Changes{addressbook.Tag: set("")}})
	f.reopen()
	f.holds(t, c, other)
}

// updateInTurn has patches of one call that depend on those before them.
func updateInTurn(t *testing.T, f *fixture) {
	all := contacts(firstNumber, 3)
	f.insertAllNew(t, all...)
	a, b, c := &all[0], &all[1], &all[2]
	na, nb, nc, spare := a.Number, b.Number, c.Number, firstNumber+100
	move := func(c *addressbook.Contact, n phone.Number) addressbook.Patch {
		return addressbook.Patch{SID: c.SID, Number: setNumber(n)}
	}
	check := func(results []addressbook.Result, want ...addressbook.Result) {
		t.Helper()
		same(t, "results", results, want)
		f.holds(t, all...)
		for _, c := range all {
			same(t, "who has the number", f.insert(t, contact(c.Number)), []*addressbook.Contact{&c})
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	at := func(c addressbook.Contact, n phone.Number) addressbook.Contact {
		c.Number = n
		return c
	}

	// Two numbers cannot be swapped directly.
	results, _ := f.update(t, move(a, nb), move(b, na))
	check(results, numberTaken(*b), numberTaken(*a))

	// They can by way of a third, which is free afterwards.
	results, when := f.update(t, move(a, spare), move(b, na), move(a, nb))
	a.Updated, b.Updated = when, when
	*a, *b = at(*a, nb), at(*b, na)
	check(results, became(at(*a, spare)), became(*b), became(*a))

	// Each takes what the one before has left.
	results, when = f.update(t, move(c, spare), move(a, nc), move(b, nb))
	a.Updated, b.Updated, c.Updated = when, when, when
	*a, *b, *c = at(*a, nc), at(*b, nb), at(*c, spare)
	check(results, became(*c), became(*a), became(*b))

	// There and back, and the same contact many times.
	results, when = f.update(t, move(a, na), addressbook.Patch{SID: a.SID, Texts: addressbook.Changes{addressbook.LastName: set("x")}}, move(a, nc), move(b, na), move(b, nb))
	before := *a
	before.Updated, b.Updated = when, when
	after := before
	after.Texts[addressbook.LastName] = addressbook.Given("x")
	*a = after
	check(results, became(at(before, na)), became(at(after, na)), became(after), became(at(*b, na)), became(*b))
	f.insertAllNew(t, contact(na))
}

// updateUnlessChanged has patches that were made on what a contact was. Those of
// a contact that has changed since are not applied, be it in the same call.
func updateUnlessChanged(t *testing.T, f *fixture) {
	c := contact(firstNumber)
	f.insertAllNew(t, c)
	changed := func(now addressbook.Contact) addressbook.Result {
		return addressbook.Result{Contact: &now, Fault: addressbook.ErrChanged}
	}
	first := c.Updated
	patch := func(name string, on time.Time) addressbook.Patch {
		return addressbook.Patch{SID: c.SID, Texts: addressbook.Changes{addressbook.FirstName: set(name)}, IfUpdated: on}
	}

	// The date is compared as a moment, to the nanosecond.
	results, at := f.update(t, patch("one", first.In(time.FixedZone("", 19800))))
	c.Texts[addressbook.FirstName], c.Updated = addressbook.Given("one"), at
	same(t, "results", results, []addressbook.Result{became(c)})
	stale := patch("late", first)
	stale.Number = setNumber(firstNumber + 1)
	results, _ = f.update(t, stale, patch("late", at.Add(1)), patch("late", at.Add(-1)))
	same(t, "results", results, []addressbook.Result{changed(c), changed(c), changed(c)})
	f.holds(t, c)
	f.insertAllNew(t, contact(firstNumber+1)) // was not taken

	// The second of two sees what the first one did, the third asks for nothing.
	results, at = f.update(t, patch("two", at), patch("late", at), addressbook.Patch{SID: c.SID, Texts: addressbook.Changes{addressbook.LastName: set("three")}})
	c.Texts[addressbook.FirstName], c.Updated = addressbook.Given("two"), at
	second := c
	c.Texts[addressbook.LastName] = addressbook.Given("three")
	same(t, "results", results, []addressbook.Result{became(second), changed(second), became(c)})

	// To change nothing is no change.
	results, now := f.update(t, addressbook.Patch{SID: c.SID, IfUpdated: at}, patch("two", at), patch("four", at), patch("late", at))
	before := c
	c.Texts[addressbook.FirstName], c.Updated = addressbook.Given("four"), now
	same(t, "results", results, []addressbook.Result{became(before), became(before), became(c), changed(c)})
	gone := patch("late", now)
	gone.SID = contact(1).SID
	results, _ = f.update(t, gone)
	same(t, "results", results, []addressbook.Result{noContact})
	f.reopen()
	f.reads(t, c)
}

// updateMany is a bulk request in which every contact takes the number of the
// one before.
func updateMany(t *testing.T, f *fixture) {
	const n = 1100
	all := contacts(firstNumber, n)
	f.insertAllNew(t, all...)
	patches := make([]addressbook.Patch, n)
	for i := range all {
		all[i].Number--
		patches[i] = addressbook.Patch{SID: all[i].SID, Number: setNumber(all[i].Number)}
	}
	results, at := f.update(t, patches...)
	for i := range all {
		all[i].Updated = at
		if results[i].Fault != nil || results[i].Contact.Number != all[i].Number {
			t.Fatalf("contact %d: got %+v, %v", i, results[i].Contact, results[i].Fault)
		}
	}
	f.holds(t, all...)
	f.insertAllNew(t, contact(firstNumber+n-1))
	for i, r := range f.delete(t, sidsOf(all)...) {
		if r.Fault != nil || *r.Contact != all[i] && !r.Contact.Updated.Equal(at) {
			t.Fatalf("contact %d: deleted %+v, %v", i, r.Contact, r.Fault)
		}
	}
	f.insertAllNew(t, contacts(firstNumber-1, n)...)
}
