package api

import (
	"strconv"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/link"
	"callbook/internal/phone"
)

// campaignEncoder appends campaigns. Their dates have no fraction, unlike those of
// contacts, because clients of Exotel parse them with a format that has none.
type campaignEncoder struct {
	acct   account.Account
	signer link.Signer // signs the links to reports and recordings
	server string      // the server's URL for clients
	// contacts has the sizes of the lists that campaigns have still to read.
	contacts map[addressbook.SID]int
}

// campaign appends a campaign and its summary.
func (e *campaignEncoder) campaign(b []byte, c *campaign.Campaign) []byte {
	b = c.SID.AppendTo(append(b, `{"id":"`...))
	b = appendString(append(b, `","account_sid":`...), e.acct.SID)
	b = appendString(append(b, `,"name":`...), c.Name)
	b = append(b, `,"type":"trans"`...)
	b = appendString(append(b, `,"caller_id":`...), c.CallerID)
	kind := addressbook.Static
	if c.Dynamic {
		kind = addressbook.Dynamic
	}
	b = appendString(append(b, `,"campaign_type":`...), listTypes[kind])
	b = appendQuoted(append(b, `,"from":`...), c.From, func(b []byte, n phone.Number) []byte { return n.AppendTo(b) })
	b = appendQuoted(append(b, `,"lists":`...), c.Lists, func(b []byte, sid addressbook.SID) []byte { return sid.AppendTo(b) })
	b = appendStringOrNull(append(b, `,"flow_type":`...), c.FlowType)
	b = appendStringOrNull(append(b, `,"read_via_text":`...), c.Text)
	b = appendStringOrNull(append(b, `,"url":`...), c.URL)
	b = appendKeyInt(b, `,"repeat_menu_attempts":`, c.RepeatMenu)
	b = strconv.AppendBool(append(b, `,"call_duplicate_numbers":`...), c.Duplicates)
	b = appendRetries(append(b, `,"retries":`...), c.Retries)
	b = e.date(append(b, `,"schedule":{"send_at":`...), c.SendAt)
	b = e.date(append(b, `,"end_at":`...), c.EndAt)
	b = appendStringOrNull(append(b, `},"call_status_callback":`...), c.CallStatusCallback)
	b = appendStringOrNull(append(b, `,"call_schedule_callback":`...), c.CallScheduleCallback)
	b = appendStringOrNull(append(b, `,"status_callback":`...), c.StatusCallback)
	if c.Throttle > 0 {
		b = appendKeyInt(b, `,"mode":"custom","throttle":`, c.Throttle)
	} else {
		b = append(b, `,"mode":"auto","throttle":null`...)
	}
	b = appendJSON(append(b, `,"custom_field":`...), c.CustomField)
	b = appendString(append(b, `,"status":`...), c.State.String())
	b = e.date(append(b, `,"date_created":`...), c.Created)
	b = e.date(append(b, `,"date_updated":`...), c.Updated)
	b = e.date(append(b, `,"date_started":`...), c.Started)
	b = append(b, `,"report_url":`...)
	if reportable(c) {
		b = appendString(b, e.reportURL(c))
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"stats":`...)
	open := byte('{')
	for _, stat := range c.Stats() {
		b = append(append(b, open, '"'), stat.Word...)
		b = appendKeyInt(b, `":`, stat.Count)
		open = ','
	}
	b = appendString(append(b, `},"uri":`...), campaignsPath(e.acct)+"/"+c.SID.String())
	b = e.callingHours(b, c.CallingHours)
	if c.Record {
		b = append(b, `,"record":true`...)
	}
	if c.Language != "" {
		b = appendString(append(b, `,"language":`...), c.Language)
	}
	return e.summary(append(b, `},"summary":`...), c)
}

// callingHours appends a campaign's own calling hours after Exotel's keys. A campaign
// without them has only Exotel's keys.
func (e *campaignEncoder) callingHours(b []byte, h *campaign.CallingHours) []byte {
	if h == nil {
		return b
	}
	b = append(b, `,"calling_hours":{"hours":`...)
	if h.Hours == nil {
		b = append(b, "null"...)
	} else {
		b = appendString(b, h.Hours.String())
	}
	b = append(b, `,"days":`...)
	if h.Days == nil {
		b = append(b, "null"...)
	} else {
		b = appendString(b, campaign.FormatDays(h.Days))
	}
	b = appendString(append(b, `,"reason":`...), h.Reason)
	b = appendString(append(b, `,"set_by":`...), h.By)
	return append(e.date(append(b, `,"date_set":`...), h.Since), '}')
}

// reportable reports whether the campaign has a report: it has ended and is not deleted.
func reportable(c *campaign.Campaign) bool { return c.State.Ended() && c.State != campaign.Deleted }

func (e *campaignEncoder) summary(b []byte, c *campaign.Campaign) []byte {
	n := c.Shown()
	scheduled := n.Targets()
	if !c.Expanded {
		scheduled = e.expected(c)
	}
	b = c.SID.AppendTo(append(b, `{"campaign_sid":"`...))
	b = appendKeyInt(b, `","call_scheduled":`, scheduled)
	b = appendKeyInt(b, `,"call_initialized":`, n.Called)
	b = appendKeyInt(b, `,"call_completed":`, n.Reached)
	b = appendKeyInt(b, `,"call_failed":`, n.Failed+n.Suppressed+n.Invalid+n.NotAttempted)
	b = appendKeyInt(b, `,"call_inprogress":`, n.InFlight())
	b = e.date(append(b, `,"DateCreated":`...), c.Created)
	return append(b, '}')
}

// expected returns how many targets a campaign may have before its lists were read.
func (e *campaignEncoder) expected(c *campaign.Campaign) int {
	total := len(c.From)
	for _, list := range c.Lists {
		total += e.contacts[list]
	}
	return total
}

// call appends a call of a campaign.
func (e *campaignEncoder) call(b []byte, c *campaign.Campaign, t *campaign.Target, call *campaign.Call) []byte {
	dialled := call.Placed
	if dialled.IsZero() {
		dialled = call.SID.Time()
	}
	b = appendStringOrNull(append(b, `{"name":`...), t.Name)
	b = call.Number.AppendTo(append(b, `,"number":"`...))
	b = appendKeyInt(b, `","duration":`, call.Duration())
	b = e.date(append(b, `,"date_created":`...), dialled)
	b = appendString(append(b, `,"status":`...), call.Status())
	b = appendString(append(b, `,"digits":`...), call.Digits)
	b = append(b, `,"recording_url":`...)
	if call.Recording > 0 {
		b = appendString(b, e.recordingURL(c.SID, call))
	} else {
		b = append(b, "null"...)
	}
	b = e.date(append(b, `,"start_time":`...), call.Rang)
	b = e.date(append(b, `,"end_time":`...), call.Ended)
	b = appendString(append(b, `,"caller_id":`...), c.CallerID)
	b = call.SID.AppendTo(append(b, `,"direction":"outbound-api","call_sid":"`...))
	b = appendKeyInt(b, `","on_call_duration":`, call.TalkTime())
	b = appendJSON(append(b, `,"custom_field":`...), c.CustomField)
	b = appendKeyInt(b, `,"attempt":`, call.Attempt)
	b = appendKnownInt(append(b, `,"sip_code":`...), call.Code)
	b = appendKnownInt(append(b, `,"cause":`...), call.Cause)
	b = appendStringOrNull(append(b, `,"cause_text":`...), call.CauseText)
	b = appendStringOrNull(append(b, `,"mark":`...), call.Mark)
	return append(b, '}')
}

// target appends a target, with its result.
func (e *campaignEncoder) target(b []byte, c *campaign.Campaign, t *campaign.Target) []byte {
	b = appendKeyInt(b, `{"position":`, t.Position)
	b = t.Number.AppendTo(append(b, `,"number":"`...))
	b = appendStringOrNull(append(b, `","name":`...), t.Name)
	b = append(b, `,"contact_sid":`...)
	if t.Contact == (addressbook.SID{}) {
		b = append(b, "null"...)
	} else {
		b = append(t.Contact.AppendTo(append(b, '"')), '"')
	}
	b = appendString(append(b, `,"status":`...), c.Word(t))
	ended, why := c.EndOf(t)
	b = appendStringOrNull(append(b, `,"reason":`...), why.String())
	due := t.Due
	if !ended.IsZero() {
		due = time.Time{}
	}
	b = e.date(append(b, `,"date_due":`...), due)
	b = e.date(append(b, `,"date_ended":`...), ended)
	b = append(b, `,"calls":[`...)
	for i, attempt := range t.History {
		if i > 0 {
			b = append(b, ',')
		}
		b = attempt.Call.AppendTo(append(b, `{"call_sid":"`...))
		b = append(b, `","status":`...)
		if attempt.Outcome == 0 {
			b = append(b, "null}"...)
		} else {
			b = append(appendString(b, attempt.Outcome.String()), '}')
		}
	}
	return append(b, `]}`...)
}

// date appends a time, or null for the zero time.
func (e *campaignEncoder) date(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = t.In(e.acct.TimeZone).AppendFormat(append(b, '"'), time.RFC3339)
	return append(b, '"')
}

func appendRetries(b []byte, r *campaign.Retries) []byte {
	if r == nil {
		return append(b, "null"...)
	}
	b = appendKeyInt(b, `{"number_of_retries":`, r.Number)
	b = appendKeyInt(b, `,"interval_mins":`, int(r.Interval/time.Minute))
	b = appendString(append(b, `,"mechanism":`...), r.Mechanism())
	b = append(b, `,"on_status":[`...)
	for i, word := range r.OnStatus() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, word)
	}
	return append(b, `]}`...)
}

// appendQuoted appends an array of strings that need no escapes, or null if there are
// none.
func appendQuoted[T any](b []byte, items []T, item func([]byte, T) []byte) []byte {
	if len(items) == 0 {
		return append(b, "null"...)
	}
	for i := range items {
		if i == 0 {
			b = append(b, `["`...)
		} else {
			b = append(b, `,"`...)
		}
		b = append(item(b, items[i]), '"')
	}
	return append(b, ']')
}

// appendJSON appends value, which is JSON, or null if it is empty.
func appendJSON(b, value []byte) []byte {
	if len(value) == 0 {
		return append(b, "null"...)
	}
	return append(b, value...)
}

// appendKeyInt appends key, which includes the quotes and the colon, and a number.
func appendKeyInt(b []byte, key string, n int) []byte {
	return strconv.AppendInt(append(b, key...), int64(n), 10)
}

// appendKnownInt appends a number, or null for zero.
func appendKnownInt(b []byte, n int) []byte {
	if n == 0 {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, int64(n), 10)
}
