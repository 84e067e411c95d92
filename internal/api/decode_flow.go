package api

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"callbook/internal/callflow"
	"callbook/internal/callflow/library"
	"callbook/internal/fault"
)

// maxFlowBody bounds the body of a request about a flow, in bytes. It exceeds the limit
// of a stored flow, because a flow that a person has written has more blanks.
const maxFlowBody = 4 * library.MaxBytes

const (
	fieldFlow  = fault.Field("flow")
	fieldStart = fault.Field("start")
	fieldSteps = fault.Field("steps")
)

// flowFields is a flow in a request. Other keys of an answer are ignored, so that a
// client can read a flow, change it and send it back.
type flowFields struct {
	Name  string                     `json:"name"`
	Title string                     `json:"title"`
	Start string                     `json:"start"`
	Steps map[string]json.RawMessage `json:"steps"`
}

// decodeFlow decodes the flow in a body.
func decodeFlow(body []byte) (library.Flow, error) {
	var f flowFields
	switch {
	case len(body) > maxFlowBody:
		return library.Flow{}, fault.New(fault.TooLarge, fmt.Sprintf("Maximum allowed size of a request about a flow is %d bytes", maxFlowBody))
	case string(bytes.TrimSpace(body)) == "null":
		return library.Flow{}, fault.New(fault.Unparsable, errWrongShape.Error())
	}
	if err := json.Unmarshal(body, &f); err != nil {
		return library.Flow{}, fault.New(fault.Unparsable, err.Error())
	}
	// encoding/json has replaced invalid UTF-8, and has kept the last of two steps with
	// one name. Check the text itself for both.
	switch text := jsontext.Value(body); {
	case !text.IsValid(jsontext.AllowDuplicateNames(true)):
		return library.Flow{}, fault.NotUTF8(fieldFlow)
	case !text.IsValid():
		return library.Flow{}, fault.New(fault.Invalid, "Invalid Flow: a name stands twice in one object; give each step and each field its own")
	case f.Start == "":
		return library.Flow{}, fault.Mandatory(fieldStart)
	case len(f.Steps) == 0:
		return library.Flow{}, fault.Mandatory(fieldSteps)
	case len(f.Steps) > callflow.MaxSteps:
		return library.Flow{}, fault.TooLong(fieldSteps, callflow.MaxSteps)
	}
	flow := library.Flow{Name: f.Name, Title: f.Title, Flow: callflow.Flow{Start: f.Start, Steps: make(map[string]callflow.Step, len(f.Steps))}}
	for name, text := range f.Steps {
		step, err := callflow.DecodeStep(name, text)
		if err != nil {
			return library.Flow{}, err
		}
		flow.Steps[name] = step
	}
	return flow, nil
}
