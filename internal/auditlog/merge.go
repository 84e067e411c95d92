package auditlog

import (
	"encoding/binary"
	"encoding/hex"
	"slices"

	"callbook/internal/addressbook"
	"callbook/internal/audit"
)

// Merge returns a page of limit entries from pages of the same Query over different parts
// of the log. An entry that is in several of them is in the result once.
func Merge(limit int, parts ...Page) (all Page) {
	for _, part := range parts {
		all.Entries = append(all.Entries, part.Entries...)
		if compare(part.Next, all.Next) > 0 {
			all.Next = part.Next
		}
	}
	slices.SortFunc(all.Entries, func(a, b audit.Entry) int { return compare(b.SID, a.SID) })
	all.Entries = slices.CompactFunc(all.Entries, func(a, b audit.Entry) bool { return a.SID == b.SID })
	// A part that goes on may have more entries that are older than its end.
	complete := slices.IndexFunc(all.Entries, func(e audit.Entry) bool { return compare(e.SID, all.Next) < 0 })
	if complete >= 0 {
		all.Entries = all.Entries[:complete]
	}
	if len(all.Entries) > limit {
		all.Entries = all.Entries[:limit]
		all.Next = all.Entries[limit-1].SID
	}
	return all
}

func compare(a, b [16]byte) int { return slices.Compare(a[:], b[:]) }

// Bounds returns the sids that entries of the query have: from first, and smaller than
// end. It is for stores.
func (q *Query) Bounds() (first, end [16]byte) {
	end = [16]byte(slices.Repeat([]byte{0xff}, 16))
	if !q.From.IsZero() {
		first = audit.FirstSID(q.From)
	}
	if !q.Until.IsZero() {
		end = audit.FirstSID(q.Until)
	}
	if q.Before != ([16]byte{}) && compare(q.Before, end) < 0 {
		end = q.Before
	}
	return first, end
}

// Filters reports whether the query selects by more than dates. It is for stores.
func (q *Query) Filters() bool { return q.Action != "" || q.Actor != "" }

// Cut returns a page of these entries, which are all that were found, up to limit of them.
// It is for stores.
func Cut(entries []audit.Entry, limit int) Page {
	p := Page{Entries: entries}
	if len(entries) == limit {
		p.Next = entries[limit-1].SID
	}
	return p
}

// SeriesFrom returns the smallest sid with which a series can begin that contains sid. It
// is for stores, which look for series by their first sids.
func SeriesFrom(sid addressbook.SID) (first addressbook.SID) {
	const spare = 1 // the part of a millisecond that is cut off
	if span := uint64(audit.MaxSeriesMillis+spare) << 16; sid.Prefix() > span {
		binary.BigEndian.PutUint64(first[:], sid.Prefix()-span)
	}
	return first
}

// ImportsWith returns the objects that an import with a mark has: from first, and smaller
// than end. It is for stores; see [upload.Mark].
func ImportsWith(mark int64) (first, end string) {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(mark))), hex.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(mark)+1))
}
