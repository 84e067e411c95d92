package callflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// DecodeStep decodes the JSON of the step with this name. The error for an unknown field
// or a value of the wrong type is an Invalid fault whose field is the name. Without this
// check, a misspelled "next" would end the call, and nobody would know why.
func DecodeStep(name string, text []byte) (Step, error) {
	var s Step
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	err := dec.Decode(&s)
	var of *json.UnmarshalTypeError
	switch {
	case errors.As(err, &of) && of.Field == "":
		return s, wrong(name, fmt.Sprintf("Step %s must be an object, as {\"kind\": \"say\", \"text\": \"Hello.\"}", quote(name)))
	case errors.As(err, &of):
		return s, wrong(name, fmt.Sprintf("Step %s: %s must be %s", quote(name), of.Field, kindOf(of.Type)))
	case err != nil && strings.Contains(err.Error(), "unknown field"):
		_, field, _ := strings.Cut(err.Error(), "unknown field ")
		return s, wrong(name, fmt.Sprintf("Step %s: there is no field %s; a step has %s", quote(name), quote(strings.Trim(field, `"`)), strings.Join(stepFields, ", ")))
	case err != nil:
		return s, wrong(name, fmt.Sprintf("Step %s is no JSON object", quote(name)))
	}
	if _, err := dec.Token(); err != io.EOF {
		return s, wrong(name, fmt.Sprintf("Step %s is no JSON object", quote(name)))
	}
	return s, nil
}

// stepFields are the names of a step's JSON fields.
var stepFields = func() (names []string) {
	for field := range reflect.TypeFor[Step]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}()

// kindOf says what the JSON value of this type must be.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Map:
		return `an object, as {"1": "yes"}`
	}
	return "a text"
}
