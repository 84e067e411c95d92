package addressbook

import (
	"bytes"
	"cmp"
	"errors"
	"strconv"
	"strings"
)

// SortField is the field by which a page is sorted. Contacts with the same value are
// sorted by their sids, in the same direction.
type SortField uint8

// The sort fields. The zero SortField sorts by creation. Lists have only the first three.
const (
	ByCreated SortField = iota
	ByUpdated
	ByName // by first and last name, or the name of a list, without regard to case
	// ByPerson sorts by the name that tables show for a contact: its name, or else its
	// company, or else its number. The contacts of each kind stay together; see
	// [Window.Blank].
	ByPerson
	ByCompany // by [SearchText]
	ByEmail   // by [SearchText]
	ByTag     // by [SearchText]
	ByNumber  // by its digits as a text, so the numbers of a country are together
	// ByJoined sorts the contacts of one list by when they were added to it. A query that
	// names no list or several is sorted by creation instead.
	ByJoined
)

// Dated reports whether the field is a date other than that of creation. The key of a
// position is then the date in Unix nanoseconds.
func (f SortField) Dated() bool { return f == ByUpdated || f == ByJoined }

// Window is the part of a sorted collection that a page shows.
type Window struct {
	Offset int // how many to skip, 0 or more
	Limit  int // how many at most, 1 or more
	Sort   SortField
	Desc   bool
	// BlanksFirst sorts contacts without a text in the sort field before the others, and
	// with Desc after them. Otherwise it is the reverse. ByName ignores it and sorts
	// blank names first.
	BlanksFirst bool
	// After is the position behind which the page begins; nil means the beginning. Offset
	// counts from there. Unlike an Offset alone, it is not affected by additions and
	// deletions, and equally fast for all pages.
	After *Position
}

// Follows reports whether an item with this sid comes after After, in the order of
// creation. It is for stores.
func (w *Window) Follows(sid SID) bool {
	if w.After == nil {
		return true
	}
	if w.Desc {
		return bytes.Compare(sid[:], w.After.SID[:]) < 0
	}
	return bytes.Compare(sid[:], w.After.SID[:]) > 0
}

// Position is a place in a sorted collection, given by a key and a sid. The item that was
// there may be gone.
type Position struct {
	// Key is the sort key; see [Contact.SortKey]. It is "" for the order of creation,
	// which is that of the sids.
	Key string
	SID SID
}

// Cut makes a page of rows that a store has read with one row beyond the limit, if there
// was one. It drops that row and returns the position of the last row that it keeps,
// behind which the next page begins. Next is nil if there is no next page.
func Cut[T, P any](rows []T, limit int, at func(*T) P) (page []T, next *P) {
	if len(rows) <= limit {
		return rows, nil
	}
	last := at(&rows[limit-1])
	return rows[:limit], &last
}

// Blank tells whether a contact has a text in the sort field.
type Blank byte

// The degrees of being blank.
const (
	NotBlank  Blank = iota // the sort field has a text
	HalfBlank              // it has none, but another field that replaces it has
	AllBlank               // neither field has a text
)

// Blank returns the first byte of the sort key of contacts with this degree of being
// blank, for a sort field that may be blank. It keeps them together. It is for stores.
func (w Window) Blank(b Blank) byte {
	if w.BlanksFirst {
		b = AllBlank - b
	}
	return '0' + byte(b)
}

// SortKey returns the key by which a window sorts the contact. Keys are compared byte by
// byte, but those of dates as numbers.
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

// Position returns the contact's position in the order of a window.
func (c *Contact) Position(w Window) Position { return Position{Key: c.SortKey(w), SID: c.SID} }

// Position returns the list's position in the order of a window.
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

// ErrNoAdvance means that the next page would not begin after the current one, because
// the database is damaged. A loop over all pages would never end.
var ErrNoAdvance = errors.New("a page does not advance: the database is damaged")

// Advances returns [ErrNoAdvance] unless next is behind the position at which the window
// begins. A nil position is the beginning or the end.
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
			return nil // somebody made up the cursor
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
