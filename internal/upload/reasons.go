package upload

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// Reason is one reason for which rows failed or are duplicates.
type Reason struct {
	Kind  fault.Kind
	Text  string
	Fault *fault.Error // the fault of which Text is the sentence, if it is about a contact's field
	Rows  int          // how many rows have it
	// Examples are the first of these rows, up to three.
	Examples []ErrorRow
}

// Reasons summarizes why rows of an upload failed or are duplicates.
type Reasons struct {
	// Each is sorted: the reason of most rows comes first.
	Each []Reason
	// Rows is how many error rows were counted: the first ones, up to maxReasonRows.
	// Others is how many of them have a reason that is not in Each, which has a few dozen
	// entries at most.
	Rows, Others int
}

const (
	// maxReasonRows is how many error rows Reasons reads.
	maxReasonRows = 50_000

	maxReasons     = 40
	reasonExamples = 3
	reasonPage     = 2000
)

// Reasons summarizes why rows of an upload failed or are duplicates.
func (i *Importer) Reasons(ctx context.Context, acct account.Account, sid addressbook.SID) (Reasons, error) {
	type key struct {
		kind fault.Kind
		text string
	}
	var all Reasons
	indexes := make(map[key]int) // indexes into all.Each
	after := int64(0)
	for all.Rows < maxReasonRows {
		rows, err := i.ErrorRows(ctx, acct, sid, after, min(reasonPage, maxReasonRows-all.Rows))
		if err != nil {
			return Reasons{}, err
		}
		if len(rows) == 0 {
			break
		}
		after = rows[len(rows)-1].Line
		all.Rows += len(rows)
		for _, row := range rows {
			k := key{row.Kind, row.Reason}
			index, ok := indexes[k]
			switch {
			case !ok && len(all.Each) == maxReasons:
				all.Others++
				continue
			case !ok:
				index = len(all.Each)
				indexes[k] = index
				all.Each = append(all.Each, Reason{Kind: k.kind, Text: k.text, Fault: i.fieldFault(k.text)})
			}
			r := &all.Each[index]
			r.Rows++
			if len(r.Examples) < reasonExamples {
				r.Examples = append(r.Examples, row)
			}
		}
	}
	slices.SortStableFunc(all.Each, func(a, b Reason) int { return cmp.Compare(b.Rows, a.Rows) })
	return all, nil
}

// fieldFault returns the fault of which reason is the sentence, if that is about a number
// or a text that cannot be stored, or else nil.
func (i *Importer) fieldFault(reason string) *fault.Error {
	if f := i.numberFault(reason); f != nil {
		return f
	}
	for _, text := range addressbook.TextFields {
		for _, f := range []*fault.Error{fault.TooLong(text.Key, addressbook.MaxTextLength), fault.HasNUL(text.Key), fault.NotUTF8(text.Key)} {
			if reason == i.opts.Words(f) {
				return f
			}
		}
	}
	const why = "\x00"
	if before, _, _ := strings.Cut(i.opts.Words(fault.InvalidField(addressbook.FieldCustomField, why)), why); before != "" {
		if detail, ok := strings.CutPrefix(reason, before); ok {
			return fault.InvalidField(addressbook.FieldCustomField, detail)
		}
	}
	if f := fault.TooLong(addressbook.FieldCustomField, addressbook.MaxCustomFieldLength); reason == i.opts.Words(f) {
		return f
	}
	return nil
}

// numberFault returns the fault of which reason is the sentence, if that is about a
// missing or invalid number, or else nil.
func (i *Importer) numberFault(reason string) *fault.Error {
	if f := fault.Mandatory(addressbook.FieldNumber); reason == i.opts.Words(f) {
		return f
	}
	for need := fault.Value; need < fault.EndOfNeeds; need++ {
		if !need.OfNumber() {
			continue
		}
		const anywhere = "\x00" // stands for the country
		words := i.opts.Words(fault.NotNumber(addressbook.FieldNumber, need, anywhere))
		before, after, _ := strings.Cut(words, anywhere)
		country, begins := strings.CutPrefix(reason, before)
		country, ends := strings.CutSuffix(country, after)
		if begins && ends && (country == "" || before != words) {
			return fault.NotNumber(addressbook.FieldNumber, need, country)
		}
	}
	return nil
}
