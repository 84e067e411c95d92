package campaign

import (
	"fmt"
	"strings"
	"time"

	"callbook/internal/fault"
)

func (k *checker) retries() error {
	v := k.draft.Retries
	if !v.Given {
		return nil
	}
	if v.Value == nil {
		k.s.Retries = nil
		return nil
	}
	d := v.Value
	r := Retries{Number: orZero(d.Number), Interval: DefaultInterval * time.Minute, Busy: true, NoAnswer: true, Failed: true}
	if r.Number < 0 || r.Number > MaxRetries {
		return sentence(fault.Invalid, FieldRetries, "number_of_retries should be in-between 0 and 3")
	}
	if minutes := d.Interval.Value; minutes != nil {
		if r.Number > 0 && (*minutes < 1 || *minutes > MaxInterval) {
			return sentence(fault.Invalid, FieldInterval, fmt.Sprintf("interval_mins should be in-between 1 and %d", MaxInterval))
		}
		r.Interval = time.Duration(min(max(0, *minutes), MaxInterval)) * time.Minute
	}
	switch strings.ToLower(orZero(d.Mechanism)) {
	case "", "linear":
	case "exponential":
		r.Exponential = true
	default:
		if r.Number > 0 {
			return sentence(fault.Invalid, FieldRetries, "mechanism should be Linear or Exponential")
		}
	}
	if on := d.OnStatus.Value; on != nil {
		r.Busy, r.NoAnswer, r.Failed = false, false, false
		for _, status := range *on {
			switch status {
			case Busy.String():
				r.Busy = true
			case NoAnswer.String():
				r.NoAnswer = true
			case CallFailed.String():
				r.Failed = true
			default:
				if r.Number > 0 {
					return sentence(fault.Invalid, FieldRetries, "Invalid OnStatus")
				}
			}
		}
	}
	k.s.Retries = &r
	return nil
}

// late is how far in the past the start of a campaign may be, because clients cut off
// seconds and clocks differ.
const late = 5 * time.Minute

// lastYear is the last year that a schedule may have. Stores keep times as 64-bit
// nanoseconds, which end in 2262.
const lastYear = 2200

func (k *checker) schedule() error {
	v := k.draft.Schedule
	if !v.Given && !k.s.SendAt.IsZero() {
		return nil
	}
	var d ScheduleDraft
	if v.Value != nil {
		d = *v.Value
	}
	clears := v.Given && v.Value == nil
	if k.started {
		// There is no null to go back to; see [Draft].
		clears, d.SendAt.Given, d.EndAt.Given = false, orZero(d.SendAt) != "", orZero(d.EndAt) != ""
	}
	send, end := k.s.SendAt, k.s.EndAt
	if d.SendAt.Given || clears || send.IsZero() {
		send = k.now
		if text := orZero(d.SendAt); text != "" {
			var err error
			if send, err = time.Parse(time.RFC3339Nano, text); err != nil {
				return sentence(fault.Invalid, FieldSendAt, "Invalid SendAt")
			}
		}
		switch {
		case send.Unix() == k.s.SendAt.Unix():
			send = k.s.SendAt // it is the same date without its fraction
		case k.now.Sub(send) > late:
			return sentence(fault.Invalid, FieldSendAt, "send_at should be in the future")
		case send.Before(k.now):
			send = k.now
		}
	}
	if text := orZero(d.EndAt); text != "" {
		var err error
		if end, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return sentence(fault.Invalid, FieldEndAt, "Invalid EndAt")
		}
		if end.Unix() == k.s.EndAt.Unix() {
			end = k.s.EndAt
		}
	} else if d.EndAt.Given || end.IsZero() || clears {
		end = send.AddDate(0, 0, DefaultDays)
	}
	switch {
	case send.Year() > lastYear:
		return sentence(fault.Invalid, FieldSendAt, "Invalid SendAt")
	case end.Year() > lastYear:
		return sentence(fault.Invalid, FieldEndAt, "Invalid EndAt")
	case !end.After(send):
		return sentence(fault.Invalid, FieldEndAt, "end_at should be after send_at")
	case end.After(send.AddDate(0, 0, MaxDays)):
		return sentence(fault.Invalid, FieldEndAt, fmt.Sprintf("end_at should be at most %d days after send_at", MaxDays))
	case !end.After(k.now) && !end.Equal(k.s.EndAt):
		return sentence(fault.Invalid, FieldEndAt, "end_at should be in the future")
	}
	k.s.SendAt, k.s.EndAt = send, end
	return nil
}
