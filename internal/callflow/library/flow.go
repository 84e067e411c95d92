// Package library stores the flows of accounts, which campaigns refer to by name. Package
// callflow defines what a flow is and does.
package library

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/fault"
)

// Flow is a stored flow of an account.
type Flow struct {
	// Name identifies the flow: it is the last part of the URL in a campaign.
	Name  string
	Title string // a title for people; may be ""
	callflow.Flow
	// Vars are the names of the variables in its texts, in lower case.
	Vars []string
	// Each change increases Updated.
	Created, Updated time.Time
}

// The limits of flows.
const (
	MaxFlows = 1000     // per account
	MaxTitle = 255      // characters
	MaxBytes = 64 << 10 // of the flow's JSON
)

// The fields, for faults. The field of a fault of a step is the name of the step.
const (
	FieldName  = fault.Field("name")
	FieldTitle = fault.Field("title")
)

// The faults of [Library] and [Store].
var (
	// ErrNotFound is the fault of an unknown name.
	ErrNotFound = fault.New(fault.NotFound, "There is no flow with this name")
	// ErrNameTaken is the fault of a name that another flow of the account has.
	ErrNameTaken = &fault.Error{Kind: fault.Duplicate, Field: FieldName, Detail: "A flow with this name already exists"}
	// ErrTooMany is the fault of a new flow beyond [MaxFlows].
	ErrTooMany = fault.New(fault.Invalid, fmt.Sprintf("An account has at most %d flows: delete one first", MaxFlows))
	// ErrMeanwhile is the fault of a change to a flow that somebody else has changed in
	// the meantime.
	ErrMeanwhile = fault.New(fault.Changed, "The flow was changed meanwhile")
)

// ErrInUse returns the fault of deleting a flow that is used by a campaign which has not
// ended. Campaign is its name, and id its sid.
func ErrInUse(campaign, id string) error {
	return fault.New(fault.Unfinished, fmt.Sprintf(
		"Campaign %q (%s) has not ended and plays this flow: complete the campaign, or give it another url before it starts", campaign, id))
}

// errNoPrompt returns the fault of a flow whose step plays an unknown prompt.
func errNoPrompt(step, prompt string) error {
	missing := &fault.Error{Kind: fault.Invalid, Field: fault.Field(step), Detail: fmt.Sprintf("Step %q plays the prompt %q, and there is none with this name", step, prompt)}
	return &callflow.FieldError{Fault: missing, Name: "prompt"}
}

// Prompts returns the distinct names of the prompts that the flow plays, sorted.
func (f *Flow) Prompts() (names []string) {
	for _, step := range f.Steps {
		if step.Prompt != "" {
			names = append(names, step.Prompt)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// MissesPrompt returns the fault of a flow that plays a prompt whose name is not among
// names, or nil.
func (f *Flow) MissesPrompt(names []string) error {
	for _, name := range slices.Sorted(maps.Keys(f.Steps)) {
		if prompt := f.Steps[name].Prompt; prompt != "" && !slices.Contains(names, prompt) {
			return errNoPrompt(name, prompt)
		}
	}
	return nil
}

// flowName matches valid names of flows, which occur in URLs.
var flowName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// check validates a flow that a client or a person gave, and trims its title.
func (f *Flow) check() error {
	f.Title = strings.TrimSpace(f.Title)
	switch {
	case f.Name == "":
		return fault.Mandatory(FieldName)
	case !flowName.MatchString(f.Name):
		return fault.InvalidField(FieldName, "use 1 to 64 letters, digits, - and _")
	}
	if err := fault.CheckText(FieldTitle, f.Title, MaxTitle); err != nil {
		return err
	}
	if err := f.Check(); err != nil {
		return err
	}
	if n := len(f.Encode()); n > MaxBytes {
		return fault.New(fault.Invalid, fmt.Sprintf("The flow takes %d bytes, and may take %d: shorten its texts, or make two flows of it", n, MaxBytes))
	}
	return nil
}

// Replaces prepares f to replace a flow with these dates. It sets the dates of f. If
// ifUpdated is not zero and differs from updated, it returns [ErrMeanwhile].
func (f *Flow) Replaces(created, updated, ifUpdated time.Time) error {
	if !ifUpdated.IsZero() && !updated.Equal(ifUpdated) {
		return ErrMeanwhile
	}
	f.Created = created
	if !f.Updated.After(updated) {
		f.Updated = updated.Add(1)
	}
	return nil
}

// stored is the JSON of a flow in databases. Its form never changes, except for new keys.
type stored struct {
	callflow.Flow
	Vars []string `json:"vars,omitempty"`
}

// Encode returns the steps and the variables as JSON, for stores.
func (f *Flow) Encode() string {
	text, err := json.Marshal(stored{f.Flow, f.Vars})
	if err != nil {
		panic("library: a flow is not JSON") // it has only texts and numbers
	}
	return string(text)
}

// Decode sets the steps and the variables from a result of Encode.
func (f *Flow) Decode(text string) error {
	var s stored
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return fmt.Errorf("read a flow: %w", err)
	}
	f.Flow, f.Vars = s.Flow, s.Vars
	return nil
}

// Weight estimates the memory of the flow and of its answer, in bytes.
func (f *Flow) Weight() int64 {
	n := 500 + 2*len(f.Title)
	for name, step := range f.Steps {
		n += 500 + 2*(len(name)+len(step.Text)+len(step.URL)) + 100*len(step.Branches)
	}
	return int64(n)
}
