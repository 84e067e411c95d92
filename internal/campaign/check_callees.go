package campaign

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
	"callbook/internal/phone"
)

// NotShown is the fault of a caller id that no trunk may show.
const NotShown = "Invalid CallerId: no trunk may show it"

func (k *checker) callerID() error {
	before := k.s.CallerID
	if v := k.draft.CallerID; v.Given {
		k.s.CallerID = strings.TrimSpace(orZero(v))
	}
	switch {
	case k.s.CallerID == "":
		return fault.Mandatory(FieldCallerID)
	case k.s.CallerID == before:
		return nil
	case !plausibleCallerID(k.s.CallerID):
		return sentence(fault.Invalid, FieldCallerID, "Invalid CallerId")
	case k.mayShow == nil:
		return nil
	}
	may, err := k.mayShow(k.ctx, k.s.CallerID)
	if err == nil && !may {
		return sentence(fault.Invalid, FieldCallerID, NotShown)
	}
	return err
}

// plausibleCallerID reports whether a text is a number in any spelling or a short code.
// An X may stand for a digit, as in the examples of Exotel's documentation.
func plausibleCallerID(s string) bool {
	if len(s) > MaxCallerID {
		return false
	}
	digits := 0
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9', r == 'X', r == 'x':
			digits++
		case !strings.ContainsRune("+-() .", r):
			return false
		}
	}
	return 3 <= digits && digits <= 15
}

func (k *checker) from() error {
	v := k.draft.From
	if v.Given {
		k.s.From = nil
		given := orZero(v)
		if len(given) > MaxFrom {
			return fault.TooLong(FieldFrom, MaxFrom)
		}
		for _, raw := range given {
			n, err := k.book.Number(k.acct, raw)
			if err != nil {
				return sentence(fault.Invalid, FieldFrom, "Invalid PhoneNumber "+shorten(raw))
			}
			k.s.From = append(k.s.From, n)
		}
		if d := k.draft.Duplicates; d.Given && !orZero(d) || !d.Given && !k.s.Duplicates {
			k.s.From = distinct(k.s.From)
		}
		if len(k.s.From) > 0 && !k.draft.Lists.Given {
			k.s.Lists = nil
		}
	}
	return nil
}

// distinct returns the numbers, each at its first place only.
func distinct(numbers []phone.Number) (all []phone.Number) {
	seen := make(map[phone.Number]struct{}, len(numbers))
	for _, n := range numbers {
		if _, again := seen[n]; !again {
			seen[n] = struct{}{}
			all = append(all, n)
		}
	}
	return all
}

// shorten shortens a text that an error message quotes.
func shorten(s string) string {
	const longest = 64
	s = strings.ToValidUTF8(s, "?")
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest]) + "…"
	}
	return s
}

func (k *checker) lists() error {
	if v := k.draft.Lists; v.Given {
		k.s.Lists = nil
		for _, text := range orZero(v) {
			if len(k.s.Lists) > MaxStaticLists {
				break // too many already
			}
			sid, _ := addressbook.ParseSID(text) // an invalid sid becomes zero, which no list has
			if !slices.Contains(k.s.Lists, sid) {
				k.s.Lists = append(k.s.Lists, sid)
			}
		}
		if len(k.s.Lists) > 0 && !k.draft.From.Given {
			k.s.From = nil
		}
	}
	switch {
	case len(k.s.From)+len(k.s.Lists) == 0:
		return sentence(fault.Missing, FieldFrom, "From or Lists is mandatory")
	case len(k.s.From) > 0 && len(k.s.Lists) > 0:
		return sentence(fault.Invalid, FieldFrom, "Only one of From and Lists is allowed")
	case len(k.s.Lists) > MaxStaticLists:
		return fault.TooLong(FieldLists, MaxStaticLists)
	}
	return nil
}

func (k *checker) campaignType() error {
	if v := k.draft.CampaignType; v.Given {
		switch orZero(v) {
		case "", "static":
			k.s.Dynamic = false
		case "dynamic":
			k.s.Dynamic = true
		default:
			return fault.InvalidField(FieldCampaignType, "it must be static or dynamic")
		}
	}
	switch {
	case k.s.Dynamic && len(k.s.From) > 0:
		return fault.InvalidField(FieldCampaignType, "a campaign with from is static")
	case k.s.Dynamic && len(k.s.Lists) > MaxDynamicLists:
		return fault.TooLong(FieldLists, MaxDynamicLists)
	case k.started:
		return nil
	}
	return k.listsFit()
}

// listsFit checks that the lists exist, are of the campaign's type, and have contacts.
func (k *checker) listsFit() error {
	contacts := 0
	for _, sid := range k.s.Lists {
		list, err := k.book.List(k.ctx, k.acct, sid)
		if err != nil {
			return err
		}
		if dynamic := list.Type == addressbook.Dynamic; dynamic != k.s.Dynamic {
			kind := "static"
			if dynamic {
				kind = "dynamic"
			}
			return fault.InvalidField(FieldCampaignType, fmt.Sprintf("list %s is %s", sid, kind))
		}
		contacts += list.ContactCount
	}
	if len(k.s.Lists) > 0 && contacts == 0 {
		return sentence(fault.Invalid, FieldLists, "Lists has no contacts")
	}
	return nil
}
