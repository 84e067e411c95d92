package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"callbook/internal/campaign"
	"callbook/internal/fault"
)

// Campaigns are read by encoding/json, as Exotel does: a request has only one, and the
// error messages for values of the wrong type are the same.

const (
	// maxCampaignBody is how many bytes a request about a campaign may have. 5,000 numbers
	// take 80 KB.
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

// numbers is an array of numbers, or one string with commas between them.
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

// flag is true or false, or one of these words as a string.
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
	type plain scheduleFields
	if text[0] != '[' {
		return json.Unmarshal(text, (*plain)(s))
	}
	var all []plain
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	switch len(all) {
	case 0: // nothing, as PHP writes an empty object
	case 1:
		*s = scheduleFields(all[0])
	default:
		return &json.UnmarshalTypeError{Value: "array", Type: reflect.TypeFor[campaign.ScheduleDraft]()}
	}
	return nil
}

type retriesFields struct {
	Number    optional[int]      `json:"number_of_retries"`
	Interval  optional[int]      `json:"interval_mins"`
	Mechanism optional[string]   `json:"mechanism"`
	OnStatus  optional[[]string] `json:"on_status"`
}

// callingHoursFields are a campaign's own calling hours, which the platform does not have.
type callingHoursFields struct {
	Hours  optional[string] `json:"hours"`
	Days   optional[string] `json:"days"`
	Reason optional[string] `json:"reason"`
}

// campaignFields is a campaign as a request has it. Its names are in the errors that
// callers see.
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

// decodeCampaign reads the one campaign of a body.
func decodeCampaign(body []byte) (*campaign.Draft, error) {
	var q campaignRequest
	if err := unmarshalCampaign(body, &q); err != nil {
		return nil, err
	}
	return q.only()
}

// decodeCampaignChange reads what is to change of a campaign.
func decodeCampaignChange(body []byte) (*campaign.Draft, error) {
	var q campaignChange
	if err := unmarshalCampaign(body, &q); err != nil {
		return nil, err
	}
	if len(q.Campaigns) > 0 || reflect.ValueOf(q.campaignFields).IsZero() {
		return q.only()
	}
	return q.campaignFields.draft(), nil
}

// decodeCopy reads what a copy of a campaign has otherwise. There may be no body.
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
		return fault.New(fault.Unparsable, err.Error())
	}
	// encoding/json has put a mark in the place of what is not UTF-8.
	if !jsontext.Value(body).IsValid(jsontext.AllowDuplicateNames(true)) {
		return fault.NotUTF8(fieldCampaigns)
	}
	return nil
}

func (q *campaignRequest) only() (*campaign.Draft, error) {
	switch n := len(q.Campaigns); {
	case n == 0:
		return nil, fault.Mandatory(fieldCampaigns)
	case n > maxCampaigns:
		return nil, fault.TooLong(fieldCampaigns, maxCampaigns)
	}
	return q.Campaigns[0].draft(), nil
}

// draft returns the campaign as package campaign takes it.
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
		From:                 campaign.Optional[[]string]{Given: f.From.Given, Value: (*[]string)(f.From.Value)},
		Duplicates:           campaign.Optional[bool]{Given: f.CallDuplicateNumbers.Given, Value: (*bool)(f.CallDuplicateNumbers.Value)},
		Retries:              campaign.Optional[campaign.RetriesDraft]{Given: f.Retries.Given},
		Schedule:             campaign.Optional[campaign.ScheduleDraft]{Given: f.Schedule.Given},
		CallingHours:         campaign.Optional[campaign.CallingHoursDraft]{Given: f.CallingHours.Given},
	}
	if d.Action.Value == nil {
		d.Action.Given = false // null is no action
	}
	if raw := f.CustomField.Value; raw != nil {
		var compact bytes.Buffer
		_ = json.Compact(&compact, *raw) // which was read
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
