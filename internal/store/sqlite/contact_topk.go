package sqlite

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"callbook/internal/addressbook"
)

// place is the position of a contact in the order of a query.
type place struct {
	date int64  // in Unix nanoseconds, if sorted by a date
	key  []byte // if sorted by a text
	sid  addressbook.SID
}

// placeOf returns the place of a position.
func placeOf(w addressbook.Window, p *addressbook.Position) *place {
	at := &place{sid: p.SID}
	switch {
	case w.Sort == addressbook.ByCreated:
	case w.Sort.Dated():
		// An invalid key, which only a made-up position has, counts as 0.
		at.date, _ = strconv.ParseInt(p.Key, 10, 64)
	default:
		at.key = []byte(p.Key)
	}
	return at
}

// position returns the place in the form of a query.
func (p *place) position(w addressbook.Window) *addressbook.Position {
	at := &addressbook.Position{Key: string(p.key), SID: p.sid}
	if w.Sort.Dated() {
		at.Key = strconv.FormatInt(p.date, 10)
	}
	return at
}

// topK keeps the first k of the places that are added to it.
type topK struct {
	desc  bool
	skip  int // how many of the first places to omit, if they are added in order
	limit int
	after *place // only later places count; nil means all

	kept  []place // up to twice the limit, in no order
	worst *place  // the last of the first limit places, once there are so many
	// passed counts the added places that are not later than after.
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

// add adds a place. It copies what it keeps.
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

// sort sorts the kept places and drops those beyond the limit.
func (b *topK) sort() {
	slices.SortFunc(b.kept, func(x, y place) int { return b.compare(&x, &y) })
	if len(b.kept) >= b.limit {
		clear(b.kept[b.limit:])
		b.kept = b.kept[:b.limit]
		worst := b.kept[b.limit-1]
		b.worst = &worst
	}
}
