package campaign

import (
	"reflect"
	"strings"
	"time"

	"callbook/internal/fault"
)

// CallingHours are a campaign's own calling hours, which replace the account's.
type CallingHours struct {
	// Hours and Days are as in [Policy]; nil means the account's.
	Hours *Hours
	Days  *[7]bool
	// Reason is why the campaign has them. By is who has set them, and Since is when.
	Reason, By string
	Since      time.Time
}

// CallingHoursDraft are the calling hours of a [Draft]. Hours is in the format of
// [ParseHours], and Days in that of [ParseDays]. A missing or empty field means the
// account's.
type CallingHoursDraft struct {
	Hours, Days, Reason Optional[string]
}

// MaxReason bounds the reason of calling hours, in characters.
const MaxReason = 255

// Of returns the policy of a campaign: p with the campaign's own hours and days.
func (p Policy) Of(s *Settings) Policy {
	if own := s.CallingHours; own != nil {
		if own.Hours != nil {
			p.Hours = own.Hours
		}
		if own.Days != nil {
			p.Days = own.Days
		}
	}
	return p
}

// Same reports whether h and other allow calls at the same times.
func (h *CallingHours) Same(other *CallingHours) bool {
	if h == nil || other == nil {
		return h == other
	}
	return reflect.DeepEqual(h.Hours, other.Hours) && reflect.DeepEqual(h.Days, other.Days)
}

// callingHours checks a campaign's own calling hours. They may change at any time. If
// they do not change, By and Since stay.
func (k *checker) callingHours() error {
	v := k.draft.CallingHours
	if !v.Given {
		return nil
	}
	was := k.s.CallingHours
	k.s.CallingHours = nil
	if v.Value == nil {
		return nil
	}
	own := &CallingHours{Reason: strings.TrimSpace(orZero(v.Value.Reason))}
	var err error
	if text := orZero(v.Value.Hours); text != "" {
		if own.Hours, err = ParseHours(text); err != nil {
			return fault.InvalidField(FieldCallingHours, "write hours as 09:00-21:00, or always")
		}
	}
	if text := orZero(v.Value.Days); text != "" {
		if own.Days, err = ParseDays(text); err != nil {
			return fault.InvalidField(FieldCallingHours, "write days as mon-sat, or as mon,wed, or always")
		}
	}
	switch {
	case own.Hours == nil && own.Days == nil:
		return fault.InvalidField(FieldCallingHours, "hours or days are needed")
	case own.Reason == "":
		return fault.Mandatory(FieldReason)
	}
	if err := fault.CheckText(FieldReason, own.Reason, MaxReason); err != nil {
		return err
	}
	own.By, own.Since = k.draft.By, k.now
	if was != nil && was.Reason == own.Reason && was.Same(own) {
		own = was
	}
	k.s.CallingHours = own
	return nil
}
