package campaigns

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

// localTime is the format of inputs of the type datetime-local.
const localTime = "2006-01-02T15:04"

// draftOf returns the draft that the form's values describe.
func (room *Room) draftOf(r *http.Request, v url.Values) (*campaign.Draft, error) {
	acct := shell.AccountOf(r)
	d := &campaign.Draft{CallerID: campaign.Some(strings.TrimSpace(v.Get("caller_id"))), CallingHours: hoursDraft(v), By: shell.Asker(r)}
	d.Record, d.Language = campaign.Some(v.Get("record") != ""), campaign.Some(v.Get("language"))
	if lists := v["list"]; len(lists) > 0 {
		d.Lists = campaign.Some(lists)
		list, err := room.firstList(r, lists)
		if err != nil {
			return nil, err
		}
		if list.Type == addressbook.Dynamic {
			d.CampaignType = campaign.Some("dynamic")
		}
	}
	if numbers := lines(v.Get("number")); len(numbers) > 0 {
		d.From = campaign.Some(numbers)
	}
	switch v.Get("hears") {
	case "flow":
		d.URL = campaign.Some(v.Get("url"))
		if name := v.Get("flow"); name != "" {
			d.URL = campaign.Some(flowURL(acct, name))
		}
	case "menu":
		d.Text, d.FlowType = campaign.Some(v.Get("text")), campaign.Some(campaign.IVR)
		d.RepeatMenu = campaign.Some(number(v.Get("repeat")))
	default:
		d.Text, d.FlowType = campaign.Some(v.Get("text")), campaign.Some(campaign.Greeting)
	}
	if name := strings.TrimSpace(v.Get("name")); name != "" {
		d.Name = campaign.Some(name)
	}
	if n := number(v.Get("retries")); n != 0 {
		retries := campaign.RetriesDraft{Number: campaign.Some(n), Interval: campaign.Some(number(v.Get("interval"))), OnStatus: campaign.Some(v["on"])}
		if v.Get("growing") != "" {
			retries.Mechanism = campaign.Some("Exponential")
		}
		d.Retries = campaign.Some(retries)
	}
	if text := strings.TrimSpace(v.Get("throttle")); text != "" {
		d.Mode, d.Throttle = campaign.Some("custom"), campaign.Some(number(text))
	}
	for name, field := range map[string]*campaign.Optional[string]{
		"call_status_callback": &d.CallStatusCallback, "call_schedule_callback": &d.CallScheduleCallback, "status_callback": &d.StatusCallback,
	} {
		*field = campaign.Some(v.Get(name))
	}
	schedule, err := scheduleOf(acct, v)
	d.Schedule = campaign.Some(schedule)
	return d, err
}

// firstList returns the first of the chosen lists.
func (room *Room) firstList(r *http.Request, lists []string) (addressbook.List, error) {
	sid, ok := addressbook.ParseSID(lists[0])
	if !ok {
		return addressbook.List{}, addressbook.ErrNoList
	}
	return room.Book.List(r.Context(), shell.AccountOf(r), sid)
}

// scheduleOf parses the dates of the form, which are in the account's time zone.
func scheduleOf(acct account.Account, v url.Values) (d campaign.ScheduleDraft, err error) {
	for name, field := range map[string]*campaign.Optional[string]{"send_at": &d.SendAt, "end_at": &d.EndAt} {
		text := strings.TrimSpace(v.Get(name))
		if text == "" {
			continue
		}
		t, err := time.ParseInLocation(localTime, text, acct.TimeZone)
		if err != nil {
			return d, fault.New(fault.Invalid, "Write dates as 2026-06-01T10:00")
		}
		*field = campaign.Some(t.Format(time.RFC3339))
	}
	return d, nil
}

// lines returns the lines of a text that are not blank.
func lines(text string) (found []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, line)
		}
	}
	return found
}

// number parses a whole number. It returns -1 if text is not one.
func number(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return -1
	}
	return n
}

// valuesOf returns the form's values for a campaign with these settings.
func valuesOf(s *campaign.Settings) url.Values {
	v := url.Values{"caller_id": {s.CallerID}, "name": {s.Name}, "text": {s.Text}, "url": {s.URL}, "hears": {"text"}, "on": {}, "retries": {"0"}}
	for _, sid := range s.Lists {
		v.Add("list", sid.String())
	}
	numbers := make([]string, len(s.From))
	for i, n := range s.From {
		numbers[i] = n.String()
	}
	v.Set("number", strings.Join(numbers, "\n"))
	switch {
	case s.URL != "":
		v.Set("hears", "flow")
	case s.FlowType == campaign.IVR:
		v.Set("hears", "menu")
	}
	v.Set("language", s.Language)
	if s.Record {
		v.Set("record", "1")
	}
	v.Set("repeat", strconv.Itoa(s.RepeatMenu))
	if r := s.Retries; r != nil {
		v.Set("retries", strconv.Itoa(r.Number))
		v.Set("interval", strconv.Itoa(int(r.Interval/time.Minute)))
		v["on"] = r.OnStatus()
		if r.Exponential {
			v.Set("growing", "1")
		}
	}
	if s.Throttle > 0 {
		v.Set("throttle", strconv.Itoa(s.Throttle))
	}
	v.Set("call_status_callback", s.CallStatusCallback)
	v.Set("call_schedule_callback", s.CallScheduleCallback)
	v.Set("status_callback", s.StatusCallback)
	return v
}
