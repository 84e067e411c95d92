package sqlite

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"callbook/internal/addressbook"
)

// place is where a contact stands in the order of a query.
type place struct {
	date int64  // when sorted by one, in Unix nanoseconds
	key  []byte // when sorted by a text
	sid  addressbook.SID
}

// placeOf returns the place of a position.
func placeOf(w addressbook.Window, p *addressbook.Position) *place {
	at := &place{sid: p.SID}
	switch {
	case w.Sort == addressbook.ByCreated:
	case w.Sort.Dated():
		// Whoever makes up a position gets a page from somewhere.
		at.date, _ = strconv.ParseInt(p.Key, 10, 64)
	default:
		at.key = []byte(p.Key)
	}
	return at
}

// position is the place as a query names it.
func (p *place) position(w addressbook.Window) *addressbook.Position {
	at := &addressbook.Position{Key: string(p.key), SID: p.sid}
	if w.Sort.Dated() {
		at.Key = strconv.FormatInt(p.date, 10)
	}
	return at
}

// topK is a bounded top-k selection: it keeps the first places of those that it is given.
type topK struct {
	desc  bool
	skip  int // how many to pass over, when places come in order
	limit int
	after *place // what does not come after it does not count; nil counts all

	kept  []place // up to twice the limit, in no order
	worst *place  // the last of the first, once there are so many
	// passed is how many places were given that do not come after after.
	passed int
}

func newTopK(w addressbook.Window, skip, limit int) *topK {
	b := &topK{desc: w.Desc, skip: skip, limit: limit}
	if w.After != nil {
		b.after = placeOf(w, w.After)
	}
	return b
}

func (b *topK) compare(x, y *place) int {
	order := cmp.Compare(x.date, y.date)
	if order == 0 {
		order = bytes.Compare(x.key, y.key)
	}
	if order == 0 {
		order = bytes.Compare(x.sid[:], y.sid[:])
	}
	if b.desc {
		return -order
	}
	return order
}

// add looks at one more place. It copies what it keeps.
func (b *topK) add(p *place) {
	if b.after != nil && b.compare(p, b.after) <= 0 {
		b.passed++
		return
	}
	if b.worst != nil && b.compare(p, b.worst) >= 0 {
		return
	}
	if b.skip > 0 {
		b.skip--
		return
	}
	b.kept = append(b.kept, place{date: p.date, key: bytes.Clone(p.key), sid: p.sid})
	if len(b.kept) == 2*b.limit {
		b.sort()
	}
}

// sort puts what is kept in order and lets go what is too much.
func (b *topK) sort() {
	slices.SortFunc(b.kept, func(x, y place) int { return b.compare(&x, &y) })
	if len(b.kept) >= b.limit {
		clear(b.kept[b.limit:])
		b.kept = b.kept[:b.limit]
		worst := b.kept[b.limit-1]
		b.worst = &worst
	}
}
