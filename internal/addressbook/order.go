package addressbook

import (
	"bytes"
	"cmp"
	"errors"
	"strconv"
	"strings"
)

// SortField is what a page is sorted by. What is equal in it is sorted by its
// sid, in the same direction.
type SortField uint8

// The sort fields. The zero one is the order of creation. Lists have the first
// three only.
const (
	ByCreated SortField = iota
	ByUpdated
	ByName // a contact's first and last name, a list's name, without regard to case
	// ByPerson sorts contacts as tables name them: by name as ByName does, those
	// without one by company, and those without either by number. Each kind is
	// together, as [Window.Blank] says.
	ByPerson
	ByCompany // a contact's company, by its [SearchText]
	ByEmail   // a contact's e-mail, by its [SearchText]
	ByTag     // a contact's tag, by its [SearchText]
	ByNumber  // a contact's number, by its digits from the first on, so that those of a country are together
	// ByJoined sorts the contacts of one list by when they were put into it. A query
	// that names no list, or several, is sorted by creation.
	ByJoined
)

// Dated tells whether it is a date other than that of creation. The key of a position
// is the date in Unix nanoseconds then.
func (f SortField) Dated() bool { return f == ByUpdated || f == ByJoined }

// Window is the part of a collection that a page shows.
type Window struct {
	Offset int // how many to pass over, 0 or more
	Limit  int // how many at most, 1 or more
	Sort   SortField
	Desc   bool
	// BlanksFirst puts contacts that have no text in the sort field before the
	// others in the ascending order, and not behind them. With Desc they come
	// last then. ByName ignores it: there, blank names are the first.
	BlanksFirst bool
	// After begins the page behind a position, before Offset counts; nil begins
	// it at the first. It is stable while others come and go, and as fast on
	// the last page as on the first.
	After *Position
}

// Follows reports whether what has this sid is behind After, in the order of creation. It
// is for stores.
func (w *Window) Follows(sid SID) bool {
	if w.After == nil {
		return true
	}
	if w.Desc {
		return bytes.Compare(sid[:], w.After.SID[:]) < 0
	}
	return bytes.Compare(sid[:], w.After.SID[:]) > 0
}

// Position is a place in a sorted collection: that of what has this key in the
// sort field, and this sid. What was there may be gone by now.
type Position struct {
	// Key is what is sorted by, see [Contact.SortKey]. It is "" when sorted by
	// creation, where the sid tells all.
	Key string
	SID SID
}

// Cut makes a page of rows of which a store has read one more than the limit, if
// there was one more. It drops that one, and returns where the next page begins: at
// the last row that stays. Next is nil when no page follows.
func Cut[T, P any](rows []T, limit int, at func(*T) P) (page []T, next *P) {
	if len(rows) <= limit {
		return rows, nil
	}
	last := at(&rows[limit-1])
	return rows[:limit], &last
}

// Blank tells whether a contact has a text in the field that it is sorted by.
type Blank byte

// The degrees of being blank.
const (
	NotBlank  Blank = iota // the field has a text
	HalfBlank              // it has none, and that of another field stands in for it
	AllBlank               // neither field has a text
)

// Blank returns the first byte of a contact's sort key, when the sort field is a text
// that may be blank. It keeps contacts that are equally blank together. It is for
// stores.
func (w Window) Blank(b Blank) byte {
	if w.BlanksFirst {
		b = AllBlank - b
	}
	return '0' + byte(b)
}

// SortKey returns what the contact is sorted by in a window. Keys compare by their
// bytes, but those of dates by their number.
func (c *Contact) SortKey(w Window) string {
	searched := func(f TextField) string { return strings.Trim(SearchText(c.Texts[f].Value), " ") }
	key := func(b Blank, text string) string { return string(w.Blank(b)) + text }
	text := ""
	switch w.Sort {
	case ByUpdated:
		return strconv.FormatInt(c.Updated.UnixNano(), 10)
	case ByJoined:
		return strconv.FormatInt(c.Joined.UnixNano(), 10)
	case ByName:
		return c.NameKey()
	case ByNumber:
		return strconv.FormatInt(int64(c.Number), 10)
	case ByPerson:
		if text = c.NameKey(); text == "" {
			if company := searched(CompanyName); company != "" {
				return key(HalfBlank, company)
			}
			return key(AllBlank, strconv.FormatInt(int64(c.Number), 10))
		}
	case ByCompany:
		text = searched(CompanyName)
	case ByEmail:
		text = searched(Email)
	case ByTag:
		text = searched(Tag)
	default:
		return ""
	}
	if text == "" {
		return key(AllBlank, "")
	}
	return key(NotBlank, text)
}

// Position returns where the contact stands in the order of a window.
func (c *Contact) Position(w Window) Position { return Position{Key: c.SortKey(w), SID: c.SID} }

// Position returns where the list stands in the order of a window.
func (l *List) Position(w Window) Position { return Position{Key: l.sortKey(w), SID: l.SID} }

func (l *List) sortKey(w Window) string {
	switch w.Sort {
	case ByUpdated:
		return strconv.FormatInt(l.Updated.UnixNano(), 10)
	case ByName:
		return NameKey(l.Name, "")
	default:
		return ""
	}
}

// ErrNoAdvance means that the next page would not begin behind the one before: the
// database is damaged. Whoever goes through all pages would never come to the
// last one.
var ErrNoAdvance = errors.New("a page does not advance: the database is damaged")

// Advances returns [ErrNoAdvance] unless the position that follows a page of the
// window is behind the one that the page began at; nil begins or ends the pages.
func (w Window) Advances(next *Position) error {
	if w.After == nil || next == nil {
		return nil
	}
	order := 0
	switch {
	case w.Sort == ByCreated:
	case w.Sort.Dated():
		after, err := strconv.ParseInt(w.After.Key, 10, 64)
		if err != nil {
			return nil // a cursor that somebody made up; the next one is none
		}
		key, err := strconv.ParseInt(next.Key, 10, 64)
		if err != nil {
			return ErrNoAdvance
		}
		order = cmp.Compare(key, after)
	default:
		order = strings.Compare(next.Key, w.After.Key)
	}
	if order == 0 {
		order = bytes.Compare(next.SID[:], w.After.SID[:])
	}
	if w.Desc {
		order = -order
	}
	if order <= 0 {
		return ErrNoAdvance
	}
	return nil
}
