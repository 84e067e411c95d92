package browsertest

import "testing"

// TestBesideByKey goes from one contact of a filtered table to the next and back with a
// key each, and not while somebody types.
func TestBesideByKey(t *testing.T) {
	t.Parallel()
	_, b := newBook(t, asha, rohan)
	b.open("/contacts?sort=name")
	b.follow("tbody tr:nth-child(1) .main a")
	b.says("h1", "Asha Rao")
	b.says(".back", "1 of 2")
	b.leave(func() { b.key("j", "j", 0) })
	b.says("h1", "Rohan")
	b.says(".back", "2 of 2")
	b.leave(func() { b.key("k", "k", 0) })
	b.says("h1", "Asha Rao")
	b.fill("#name", "j")
	b.says("h1", "Asha Rao")
	b.answerQuestions() // of what was typed
	b.follow(".back a:first-child")
	b.says("tbody tr:nth-child(1)", "Asha Rao")
}
