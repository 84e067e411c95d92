package campaign

import (
	"encoding/json"
	"time"
)

// Again returns the draft of a copy of a campaign. The copy has the same settings, begins
// now and lasts as long. Again omits the calling hours, because their reason may not hold
// for the copy.
func (s *Settings) Again(now time.Time) *Draft {
	d := &Draft{
		CallerID: Some(s.CallerID), Name: Some(s.Name), RepeatMenu: Some(s.RepeatMenu), Duplicates: Some(s.Duplicates),
		CallStatusCallback: Some(s.CallStatusCallback), CallScheduleCallback: Some(s.CallScheduleCallback), StatusCallback: Some(s.StatusCallback),
		Record: Some(s.Record), Language: Some(s.Language),
		Schedule: Some(ScheduleDraft{EndAt: Some(now.Add(s.EndAt.Sub(s.SendAt)).Format(time.RFC3339Nano))}),
	}
	if len(s.From) > 0 {
		numbers := make([]string, 0, len(s.From))
		for _, n := range s.From {
			if !n.Erased() {
				numbers = append(numbers, n.String())
			}
		}
		d.From = Some(numbers)
	}
	if len(s.Lists) > 0 {
		sids := make([]string, len(s.Lists))
		for i, sid := range s.Lists {
			sids[i] = sid.String()
		}
		d.Lists = Some(sids)
	}
	if s.Dynamic {
		d.CampaignType = Some("dynamic")
	}
	if s.URL != "" {
		d.URL = Some(s.URL)
	}
	if s.Text != "" {
		d.Text = Some(s.Text)
	}
	if s.FlowType != "" {
		d.FlowType = Some(s.FlowType)
	}
	if r := s.Retries; r != nil {
		d.Retries = Some(RetriesDraft{
			Number: Some(r.Number), Interval: Some(int(r.Interval / time.Minute)), Mechanism: Some(r.Mechanism()), OnStatus: Some(r.OnStatus()),
		})
	}
	if s.Throttle > 0 {
		d.Mode, d.Throttle = Some("custom"), Some(s.Throttle)
	}
	if len(s.CustomField) > 0 {
		d.CustomField = Some(json.RawMessage(s.CustomField))
	}
	return d
}

// Mechanism returns the API's name for how the intervals grow.
func (r *Retries) Mechanism() string {
	if r.Exponential {
		return "Exponential"
	}
	return "Linear"
}

// OnStatus returns the API's names of the outcomes that are retried.
func (r *Retries) OnStatus() []string {
	words := []string{}
	for _, o := range []Outcome{Busy, NoAnswer, CallFailed} {
		if r.After(o) {
			words = append(words, o.String())
		}
	}
	return words
}

// Merge replaces the fields of the draft that over gives.
func (d *Draft) Merge(over *Draft) {
	mergeOne(&d.CallerID, over.CallerID)
	if over.From.Given || over.Lists.Given {
		d.From, d.Lists = over.From, over.Lists
	}
	mergeOne(&d.CampaignType, over.CampaignType)
	if over.URL.Given || over.Text.Given {
		d.URL, d.Text = over.URL, over.Text
	}
	mergeOne(&d.FlowType, over.FlowType)
	mergeOne(&d.RepeatMenu, over.RepeatMenu)
	mergeOne(&d.Name, over.Name)
	mergeOne(&d.Type, over.Type)
	mergeOne(&d.Duplicates, over.Duplicates)
	mergeOne(&d.Retries, over.Retries)
	mergeOne(&d.Schedule, over.Schedule)
	mergeOne(&d.CallStatusCallback, over.CallStatusCallback)
	mergeOne(&d.CallScheduleCallback, over.CallScheduleCallback)
	mergeOne(&d.StatusCallback, over.StatusCallback)
	mergeOne(&d.Mode, over.Mode)
	mergeOne(&d.Throttle, over.Throttle)
	mergeOne(&d.CustomField, over.CustomField)
	mergeOne(&d.CallingHours, over.CallingHours)
	mergeOne(&d.Record, over.Record)
	mergeOne(&d.Language, over.Language)
	d.By = over.By
}

func mergeOne[T any](into *Optional[T], over Optional[T]) {
	if over.Given {
		*into = over
	}
}
