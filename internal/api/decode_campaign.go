package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"callbook/internal/campaign"
	"callbook/internal/fault"
)

// Campaigns are read by encoding/json, as Exotel does: a request has only one, and the
// error messages for values of the wrong type are the same.

const (
	// maxCampaignBody bounds the body of a request about a campaign, in bytes. 5,000
	// numbers take 80 KB.
	maxCampaignBody = 1 << 20
	// maxCampaigns bounds the campaigns of a request.
	maxCampaigns = 1

	fieldCampaigns = fault.Field("campaigns")
)

// optional is a field that may be missing or null.
type optional[T any] campaign.Optional[T]

// UnmarshalJSON implements [json.Unmarshaler]. It is also called for null.
func (o *optional[T]) UnmarshalJSON(text []byte) error {
	*o = optional[T]{Given: true}
	if string(text) == "null" {
		return nil
	}
	o.Value = new(T)
	return json.Unmarshal(text, o.Value)
}

// numbers is an array of numbers, or one string of numbers separated by commas.
type numbers []string

// UnmarshalJSON implements [json.Unmarshaler].
func (n *numbers) UnmarshalJSON(text []byte) error {
	*n = nil
	if text[0] != '"' {
		return json.Unmarshal(text, (*[]string)(n))
	}
	var all string
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	for one := range strings.SplitSeq(all, ",") {
		if one = strings.TrimSpace(one); one != "" {
			*n = append(*n, one)
		}
	}
	return nil
}

// flag is a boolean, or "true" or "false" as a string.
type flag bool

// UnmarshalJSON implements [json.Unmarshaler].
func (f *flag) UnmarshalJSON(text []byte) error {
	switch word := string(bytes.ToLower(text)); word {
	case `"true"`, `"false"`:
		*f = word == `"true"`
		return nil
	}
	return json.Unmarshal(text, (*bool)(f))
}

// scheduleFields is a schedule: an object, or an array of one.
type scheduleFields struct {
	SendAt optional[string] `json:"send_at"`
	EndAt  optional[string] `json:"end_at"`
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *scheduleFields) UnmarshalJSON(text []byte) error {
	type Schedule scheduleFields // has no UnmarshalJSON
	return unmarshalOne(text, (*Schedule)(s))
}

// unmarshalOne decodes an object, or an array of one: Exotel's documentation calls a
// schedule an array. An empty array means an empty object, because PHP encodes that so.
func unmarshalOne(text []byte, into any) error {
	if text[0] != '[' {
		return json.Unmarshal(text, into)
	}
	var all []json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil || len(all) == 0 {
		return err
	}
	if len(all) > 1 {
		return &json.UnmarshalTypeError{Value: "array", Type: reflect.TypeOf(into).Elem()}
	}
	return json.Unmarshal(all[0], into)
}

// retriesFields are retries: an object, or an array of one.
type retriesFields struct {
	Number    optional[int]      `json:"number_of_retries"`
	Interval  optional[int]      `json:"interval_mins"`
	Mechanism optional[string]   `json:"mechanism"`
	OnStatus  optional[[]string] `json:"on_status"`
}

// UnmarshalJSON implements [json.Unmarshaler].
func (r *retriesFields) UnmarshalJSON(text []byte) error {
	type Retries retriesFields // has no UnmarshalJSON
	return unmarshalOne(text, (*Retries)(r))
}

// callingHoursFields are a campaign's own calling hours, which only callbook has.
type callingHoursFields struct {
	Hours  optional[string] `json:"hours"`
	Days   optional[string] `json:"days"`
	Reason optional[string] `json:"reason"`
}

// campaignFields is a campaign in a request.
type campaignFields struct {
	CallerID             optional[string]          `json:"caller_id"`
	From                 optional[numbers]         `json:"from"`
	Lists                optional[[]string]        `json:"lists"`
	CampaignType         optional[string]          `json:"campaign_type"`
	URL                  optional[string]          `json:"url"`
	ReadViaText          optional[string]          `json:"read_via_text"`
	FlowType             optional[string]          `json:"flow_type"`
	RepeatMenuAttempts   optional[int]             `json:"repeat_menu_attempts"`
	Name                 optional[string]          `json:"name"`
	Type                 optional[string]          `json:"type"`
	CallDuplicateNumbers optional[flag]            `json:"call_duplicate_numbers"`
	Retries              optional[retriesFields]   `json:"retries"`
	Schedule             optional[scheduleFields]  `json:"schedule"`
	CallStatusCallback   optional[string]          `json:"call_status_callback"`
	CallScheduleCallback optional[string]          `json:"call_schedule_callback"`
	StatusCallback       optional[string]          `json:"status_callback"`
	Mode                 optional[string]          `json:"mode"`
	Throttle             optional[int]             `json:"throttle"`
	CustomField          optional[json.RawMessage] `json:"custom_field"`

	CallingHours optional[callingHoursFields] `json:"calling_hours"`
	Record       optional[flag]               `json:"record"`
	Language     optional[string]             `json:"language"`
	Action       optional[string]             `json:"action"`
}

// campaignRequest is a request with one campaign in an array.
type campaignRequest struct {
	Campaigns []campaignFields `json:"campaigns"`
}

// campaignChange is such a request, or the campaign's fields alone.
type campaignChange struct {
	campaignRequest
	campaignFields
}

// decodeCampaign decodes the campaign in a body.
func decodeCampaign(body []byte) (*campaign.Draft, error) {
	var q campaignRequest
	if err := unmarshalCampaign(body, &q); err != nil {
		return nil, err
	}
	return q.only()
}

// decodeCampaignChange decodes the change to a campaign.
func decodeCampaignChange(body []byte) (*campaign.Draft, error) {
	var q campaignChange
	if err := unmarshalCampaign(body, &q); err != nil {
		if d := decodeAction(body); d != nil {
			return d, nil
		}
		return nil, err
	}
	if len(q.Campaigns) > 0 || reflect.ValueOf(q.campaignFields).IsZero() {
		return q.only()
	}
	return q.campaignFields.draft(), nil
}

// actionFields are the fields that matter in a change with an action.
type actionFields struct {
	CallStatusCallback   optional[string]          `json:"call_status_callback"`
	CallScheduleCallback optional[string]          `json:"call_schedule_callback"`
	StatusCallback       optional[string]          `json:"status_callback"`
	Schedule             optional[json.RawMessage] `json:"schedule"`
	Action               *string                   `json:"action"`
}

// decodeAction decodes a change with an action. It ignores other fields, even if their
// types are wrong. It returns nil if there is no action.
func decodeAction(body []byte) *campaign.Draft {
	var q struct {
		Campaigns []actionFields `json:"campaigns"`
		actionFields
	}
	if json.Unmarshal(body, &q) != nil || len(q.Campaigns) > maxCampaigns || !utf8.Valid(body) {
		return nil
	}
	f := q.actionFields
	if len(q.Campaigns) > 0 {
		f = q.Campaigns[0]
	}
	if f.Action == nil {
		return nil
	}
	all := campaignFields{
		CallStatusCallback: f.CallStatusCallback, CallScheduleCallback: f.CallScheduleCallback, StatusCallback: f.StatusCallback,
		Action: optional[string]{Given: true, Value: f.Action},
	}
	if campaign.Action(*f.Action) == campaign.Resume && f.Schedule.Given {
		all.Schedule = optional[scheduleFields]{Given: true}
		if raw := f.Schedule.Value; raw != nil && json.Unmarshal(*raw, &all.Schedule) != nil {
			return nil
		}
	}
	return all.draft()
}

// decodeCopy decodes the settings in which a copy of a campaign differs. The body may be
// empty.
func decodeCopy(body []byte) (*campaign.Draft, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return new(campaign.Draft), nil
	}
	var q campaignChange
	if err := unmarshalCampaign(body, &q); err != nil {
		return nil, err
	}
	if len(q.Campaigns) > 0 {
		return q.only()
	}
	return q.campaignFields.draft(), nil
}

func unmarshalCampaign(body []byte, request any) error {
	switch {
	case len(body) > maxCampaignBody:
		return fault.New(fault.TooLarge, fmt.Sprintf("Maximum allowed size of a request about campaigns is %d bytes", maxCampaignBody))
	case string(bytes.TrimSpace(body)) == "null":
		return fault.New(fault.Unparsable, errWrongShape.Error())
	}
	if err := json.Unmarshal(body, request); err != nil {
		return fault.New(fault.Unparsable, typeWords(err))
	}
	// encoding/json has replaced invalid UTF-8.
	if !jsontext.Value(body).IsValid(jsontext.AllowDuplicateNames(true)) {
		return fault.NotUTF8(fieldCampaigns)
	}
	return nil
}

// typeWords returns encoding/json's message about a body, with the wire's names instead
// of our types.
func typeWords(err error) string {
	e, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return err.Error()
	}
	field := e.Field
	for _, part := range []string{"campaignRequest.", "campaignFields.", "campaigns."} {
		field = strings.TrimPrefix(field, part)
	}
	at := "value"
	if field != "" {
		at = "struct field Campaign." + field
	}
	return fmt.Sprintf("json: cannot unmarshal %s into Go %s of type %s", e.Value, at, typeNames.Replace(e.Type.String()))
}

// typeNames replaces the names of our types by words for clients.
var typeNames = strings.NewReplacer(
	"api.campaignRequest", "Request", "api.campaignChange", "Request", "api.campaignFields", "Campaign",
	"api.callingHoursFields", "CallingHours", "api.numbers", "[]string", "api.flag", "bool", "api.", "",
)

func (q *campaignRequest) only() (*campaign.Draft, error) {
	switch n := len(q.Campaigns); {
	case n == 0:
		return nil, fault.Mandatory(fieldCampaigns)
	case n > maxCampaigns:
		return nil, fault.TooLong(fieldCampaigns, maxCampaigns)
	}
	return q.Campaigns[0].draft(), nil
}

// draft returns the campaign as a draft.
func (f *campaignFields) draft() *campaign.Draft {
	d := &campaign.Draft{
		CallerID:             campaign.Optional[string](f.CallerID),
		Lists:                campaign.Optional[[]string](f.Lists),
		CampaignType:         campaign.Optional[string](f.CampaignType),
		URL:                  campaign.Optional[string](f.URL),
		Text:                 campaign.Optional[string](f.ReadViaText),
		FlowType:             campaign.Optional[string](f.FlowType),
		RepeatMenu:           campaign.Optional[int](f.RepeatMenuAttempts),
		Name:                 campaign.Optional[string](f.Name),
		Type:                 campaign.Optional[string](f.Type),
		CallStatusCallback:   campaign.Optional[string](f.CallStatusCallback),
		CallScheduleCallback: campaign.Optional[string](f.CallScheduleCallback),
		StatusCallback:       campaign.Optional[string](f.StatusCallback),
		Mode:                 campaign.Optional[string](f.Mode),
		Throttle:             campaign.Optional[int](f.Throttle),
		CustomField:          campaign.Optional[json.RawMessage](f.CustomField),
		Action:               campaign.Optional[string](f.Action),
		Language:             campaign.Optional[string](f.Language),
		From:                 campaign.Optional[[]string]{Given: f.From.Given, Value: (*[]string)(f.From.Value)},
		Duplicates:           campaign.Optional[bool]{Given: f.CallDuplicateNumbers.Given, Value: (*bool)(f.CallDuplicateNumbers.Value)},
		Record:               campaign.Optional[bool]{Given: f.Record.Given, Value: (*bool)(f.Record.Value)},
		Retries:              campaign.Optional[campaign.RetriesDraft]{Given: f.Retries.Given},
		Schedule:             campaign.Optional[campaign.ScheduleDraft]{Given: f.Schedule.Given},
		CallingHours:         campaign.Optional[campaign.CallingHoursDraft]{Given: f.CallingHours.Given},
	}
	if d.Action.Value == nil {
		d.Action.Given = false // null means no action
	}
	if raw := f.CustomField.Value; raw != nil {
		var compact bytes.Buffer
		_ = json.Compact(&compact, *raw) // it is valid JSON
		d.CustomField = campaign.Some(json.RawMessage(compact.Bytes()))
	}
	if r := f.Retries.Value; r != nil {
		d.Retries.Value = &campaign.RetriesDraft{
			Number:    campaign.Optional[int](r.Number),
			Interval:  campaign.Optional[int](r.Interval),
			Mechanism: campaign.Optional[string](r.Mechanism),
			OnStatus:  campaign.Optional[[]string](r.OnStatus),
		}
	}
	if h := f.CallingHours.Value; h != nil {
		d.CallingHours.Value = &campaign.CallingHoursDraft{
			Hours:  campaign.Optional[string](h.Hours),
			Days:   campaign.Optional[string](h.Days),
			Reason: campaign.Optional[string](h.Reason),
		}
	}
	if s := f.Schedule.Value; s != nil {
		d.Schedule.Value = &campaign.ScheduleDraft{
			SendAt: campaign.Optional[string](s.SendAt),
			EndAt:  campaign.Optional[string](s.EndAt),
		}
	}
	return d
}
