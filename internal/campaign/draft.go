package campaign

import (
	"encoding/json"

	"callbook/internal/addressbook"
	"callbook/internal/fault"
)

// Optional is a value that somebody may leave out, or give as null.
type Optional[T any] struct {
	Given bool // with a value, or as null
	Value *T   // nil is null
}

// Some returns a value that was given.
func Some[T any](v T) Optional[T] { return Optional[T]{Given: true, Value: &v} }

// Null returns null.
func Null[T any]() Optional[T] { return Optional[T]{Given: true} }

// Draft is a campaign, or a change of one, as somebody gave it. In a new campaign null
// is as what was left out; in a change it clears the field.
type Draft struct {
	CallerID     Optional[string]
	From         Optional[[]string]
	Lists        Optional[[]string]
	CampaignType Optional[string]
	URL, Text    Optional[string]
	FlowType     Optional[string]
	RepeatMenu   Optional[int]
	Name         Optional[string]
	Type         Optional[string]
	Duplicates   Optional[bool]
	Retries      Optional[RetriesDraft]
	Schedule     Optional[ScheduleDraft]

	CallStatusCallback, CallScheduleCallback, StatusCallback Optional[string]

	Mode        Optional[string]
	Throttle    Optional[int]
	CustomField Optional[json.RawMessage]

	CallingHours Optional[CallingHoursDraft]
	// By says who gives the draft, for those who read later who has set calling hours.
	By string

	// Action, when given, is all that a change does besides the callbacks, and the
	// schedule of one that resumes.
	Action Optional[string]
}

// RetriesDraft are the retries of a [Draft].
type RetriesDraft struct {
	Number    Optional[int]
	Interval  Optional[int] // minutes
	Mechanism Optional[string]
	OnStatus  Optional[[]string]
}

// ScheduleDraft is the schedule of a [Draft]. Its dates are as RFC 3339 has them.
type ScheduleDraft struct {
	SendAt, EndAt Optional[string]
}

// The fields of campaigns that faults are about, as the wire calls them.
const (
	FieldCallerID     = fault.Field("caller_id")
	FieldFrom         = fault.Field("from")
	FieldLists        = fault.Field("lists")
	FieldCampaignType = fault.Field("campaign_type")
	FieldURL          = fault.Field("url")
	FieldText         = fault.Field("read_via_text")
	FieldFlowType     = fault.Field("flow_type")
	FieldRepeatMenu   = fault.Field("repeat_menu_attempts")
	FieldName         = addressbook.FieldName
	FieldType         = fault.Field("type")
	FieldDuplicates   = fault.Field("call_duplicate_numbers")
	FieldRetries      = fault.Field("retries")
	FieldInterval     = fault.Field("interval_mins")
	FieldSchedule     = fault.Field("schedule")
	FieldSendAt       = fault.Field("send_at")
	FieldEndAt        = fault.Field("end_at")
	FieldCallStatus   = fault.Field("call_status_callback")
	FieldCallSchedule = fault.Field("call_schedule_callback")
	FieldStatus       = fault.Field("status_callback")
	FieldMode         = fault.Field("mode")
	FieldThrottle     = fault.Field("throttle")
	FieldCustom       = addressbook.FieldCustomField
	FieldCallingHours = fault.Field("calling_hours")
	FieldReason       = fault.Field("reason")
)

// Fields returns the fields that faults of campaigns may be about.
func Fields() []fault.Field {
	fields := []fault.Field{FieldMode, FieldReason}
	for _, s := range steps {
		fields = append(fields, s.field)
	}
	return fields
}

// The sizes that a campaign may have.
const (
	MaxFrom         = 5000
	MaxStaticLists  = 5
	MaxDynamicLists = 1
	MinText         = 10   // characters
	MaxText         = 3000 // characters
	MinName         = 3    // characters
	MaxName         = 255  // characters
	MaxCallback     = 2048 // bytes of a URL
	MaxCustomField  = 4096 // bytes
	MaxRepeatMenu   = 5
	MaxRetries      = MaxCalls - 1
	MaxInterval     = 1440 // minutes
	DefaultInterval = 15   // minutes
	MaxDays         = 366  // from the beginning to the end
	DefaultDays     = 30   // from the beginning to the end
)

// sentence returns the fault of a field, in the platform's own words or in words like
// them.
func sentence(kind fault.Kind, field fault.Field, words string) error {
	return &fault.Error{Kind: kind, Field: field, Detail: words}
}
