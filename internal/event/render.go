package event

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/campaign"
	"callbook/internal/phone"
)

// Renderer makes the events of one account's campaigns. Each body has the form that
// Exotel's Campaigns API documents; dates are in the account's time zone, without
// fractions. A Renderer is immutable and safe for concurrent use.
//
// Each method returns one event with the creation time now, or none if the campaign has
// no URL for it. The methods are pure functions.
type Renderer struct {
	account account.ID
	zone    *time.Location
	region  *phone.Region // nil if the account has none
}

// NewRenderer returns the account's renderer.
func NewRenderer(a account.Account) *Renderer {
	r := &Renderer{account: a.ID, zone: a.TimeZone}
	// Without a region, a caller ID without a country code is sent as it was given.
	r.region, _ = phone.RegionByCode(a.Region)
	return r
}

// callBody is the body of a CallStatus. Its keys are sent in this order.
type callBody struct {
	Campaign     addressbook.SID `json:"campaign_sid"`
	Call         addressbook.SID `json:"call_sid"`
	Status       string          `json:"status"`
	From         string          `json:"from"` // the number that was called
	CallerID     string          `json:"caller_id"`
	Duration     int             `json:"duration"` // seconds
	Legs         [1]legBody      `json:"legs"`
	DateCreated  string          `json:"date_created"`
	DateUpdated  string          `json:"date_updated"`
	Digits       string          `json:"digits,omitempty"`
	Number       string          `json:"number"` // the same as From, for receivers that follow Exotel's newer documents
	Direction    string          `json:"direction"`
	RecordingURL *string         `json:"recording_url"`
	CustomField  json.RawMessage `json:"custom_field"`
	Attempt      int             `json:"attempt"`
	SIPCode      *int            `json:"sip_code"`
	Cause        *int            `json:"cause"`
	Mark         string          `json:"mark,omitempty"`
}

// legBody is the one leg of a call. A call that nobody answered has a leg too, because
// some receivers read legs[0] of every call.
type legBody struct {
	ID             string `json:"id"`
	OnCallDuration int    `json:"on_call_duration"` // seconds
	Status         string `json:"status"`
}

// CallEnded returns the event of a call that has ended. RecordingURL is the absolute URL
// of its recording, or "" if there is none.
func (r *Renderer) CallEnded(c *campaign.Campaign, call *campaign.Call, recordingURL string, now time.Time) []Event {
	if c.CallStatusCallback == "" {
		return nil
	}
	placed := call.Placed
	if placed.IsZero() {
		placed = call.SID.Time() // the carrier never placed it; this is when it was claimed
	}
	number, status := call.Number.String(), call.Outcome.String()
	e := r.event(CallStatus, c, c.CallStatusCallback, now, callBody{
		Campaign:     c.SID,
		Call:         call.SID,
		Status:       status,
		From:         number,
		CallerID:     r.e164(c.CallerID),
		Duration:     call.Duration(),
		Legs:         [1]legBody{{ID: legID(call.SID), OnCallDuration: call.TalkTime(), Status: status}},
		DateCreated:  r.date(placed),
		DateUpdated:  r.date(call.Ended),
		Digits:       call.Digits,
		Number:       number,
		Direction:    "outbound-api",
		RecordingURL: known(recordingURL),
		CustomField:  custom(c),
		Attempt:      call.Attempt,
		SIPCode:      known(call.Code),
		Cause:        known(call.Cause),
		Mark:         call.Mark,
	})
	e.Position, e.Call = call.Position, call.SID
	return []Event{e}
}

// targetBody is the body of a CallSchedule.
type targetBody struct {
	Campaign    addressbook.SID `json:"campaign_sid"`
	From        string          `json:"from"`      // the number that was called
	CallerID    string          `json:"caller_id"` // as the campaign has it, and not in E.164 as in a callBody
	Calls       []attemptBody   `json:"call_sids"`
	Status      string          `json:"status"`
	DateCreated string          `json:"date_created"`
	DateUpdated string          `json:"date_updated"`
	To          string          `json:"to"` // the same as From, for receivers that follow Exotel's newer documents
	CustomField json.RawMessage `json:"custom_field"`
}

type attemptBody struct {
	Call   addressbook.SID `json:"call_sid"`
	Status string          `json:"status"`
}

// TargetEnded returns the event of a target that gets no more calls. The store must add
// it after the CallEnded of the target's last call.
func (r *Renderer) TargetEnded(c *campaign.Campaign, t *campaign.Target, now time.Time) []Event {
	if c.CallScheduleCallback == "" {
		return nil
	}
	calls := make([]attemptBody, len(t.History))
	for i, a := range t.History {
		calls[i] = attemptBody{Call: a.Call, Status: a.Outcome.String()}
	}
	made := c.Started
	if made.IsZero() { // the campaign ended before it started
		made = c.Created
	}
	number := t.Number.String()
	e := r.event(CallSchedule, c, c.CallScheduleCallback, now, targetBody{
		Campaign:    c.SID,
		From:        number,
		CallerID:    c.CallerID,
		Calls:       calls,
		Status:      c.Word(t),
		DateCreated: r.date(made),
		DateUpdated: r.date(t.Ended),
		To:          number,
		CustomField: custom(c),
	})
	e.Position = t.Position
	return []Event{e}
}

// statusBody is the body of a Status.
type statusBody struct {
	Campaign    addressbook.SID `json:"campaign_sid"`
	Status      string          `json:"status"`
	DateCreated string          `json:"date_created"`
	DateStarted *string         `json:"date_started"` // null if the campaign ended before it started
	DateUpdated string          `json:"date_updated"`
	// Exotel's table names the first of these, and its newer pages the second.
	Reports   *string `json:"reports"`
	ReportURL *string `json:"report_url"`
}

// Started returns the event of a campaign that has started to call.
func (r *Renderer) Started(c *campaign.Campaign, now time.Time) []Event {
	return r.status(c, campaign.InProgress, nil, now)
}

// Closed returns the last event of a campaign. The store adds it when the campaign and
// its last call have ended. ReportURL is the absolute URL of the campaign's report.
func (r *Renderer) Closed(c *campaign.Campaign, reportURL string, now time.Time) []Event {
	// Somebody may have archived the campaign while its last call still went on.
	events := r.status(c, cmp.Or(c.EndedAs, c.Final()), &reportURL, now)
	for i := range events {
		events[i].Last = true
	}
	return events
}

// status returns the event of a campaign's start or end.
func (r *Renderer) status(c *campaign.Campaign, s campaign.State, report *string, now time.Time) []Event {
	if c.StatusCallback == "" {
		return nil
	}
	b := statusBody{
		Campaign:    c.SID,
		Status:      s.String(),
		DateCreated: r.date(c.Created),
		DateUpdated: r.date(c.Updated),
		Reports:     report,
		ReportURL:   report,
	}
	if !c.Started.IsZero() {
		started := r.date(c.Started)
		b.DateStarted = &started
	}
	e := r.event(Status, c, c.StatusCallback, now, b)
	e.Position = Whole
	return []Event{e}
}

// event returns an event of the campaign. It encodes the body as JSON.
func (r *Renderer) event(k Kind, c *campaign.Campaign, url string, now time.Time, body any) Event {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		// Only an invalid custom field can fail, and campaigns are validated when they
		// are created.
		panic("event: the body of a callback is not JSON")
	}
	return Event{
		Account: r.account, Campaign: c.SID, Kind: k, URL: url,
		Body: bytes.TrimSuffix(b.Bytes(), []byte("\n")), Created: now,
	}
}

// Told is the part of an event's body that lists of events show.
type Told struct {
	Number phone.Number // of a CallStatus or CallSchedule; zero for a Status
	Status string       // the status of the call, target or campaign, as in the API
}

// Told reads the body.
func (e *Event) Told() Told {
	var body struct{ From, Status string }
	if json.Unmarshal(e.Body, &body) != nil {
		return Told{} // a newer version of callbook made it
	}
	n, _ := phone.ParseE164(body.From)
	return Told{n, body.Status}
}

// date formats a time for the body.
func (r *Renderer) date(t time.Time) string { return t.In(r.zone).Format(time.RFC3339) }

// e164 returns a caller ID in E.164 format. It returns a short code unchanged.
func (r *Renderer) e164(callerID string) string {
	if r.region == nil {
		return callerID
	}
	n, err := r.region.Parse(callerID)
	if err != nil {
		return callerID
	}
	return n.String()
}

// legID returns the id of a call's leg. It differs from the call's sid but depends only
// on it, so it is the same each time.
func legID(call addressbook.SID) string {
	sum := sha256.Sum256(call[:])
	return hex.EncodeToString(sum[:len(call)])
}

// custom returns the campaign's custom field, or null.
func custom(c *campaign.Campaign) json.RawMessage {
	if len(c.CustomField) == 0 {
		return nil
	}
	return c.CustomField
}

// known returns a pointer to a value, or nil for the zero value.
func known[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}
