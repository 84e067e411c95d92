// Package library keeps the flows of accounts: those that their campaigns name. What a
// flow is, and what happens in it, is package callflow's.
package library

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"callbook/internal/callflow"
	"callbook/internal/fault"
)

// Flow is a flow of an account.
type Flow struct {
	// Name is how campaigns name the flow: the last part of their URL.
	Name  string
	Title string // for people; may be ""
	callflow.Flow
	// Vars are the names of the variables that its texts have, in lower case.
	Vars []string
	// Updated is later than at any time before.
	Created, Updated time.Time
}

// The sizes that an account's flows may have.
const (
	MaxFlows = 1000 // of an account
	MaxTitle = 255  // characters
	MaxBytes = 64 << 10
)

// The fields of flows that faults are about. A fault of a step has the name of the step
// as its field.
const (
	FieldName  = fault.Field("name")
	FieldTitle = fault.Field("title")
)

// The faults that stores tell.
var (
	// ErrNotFound is the fault of a name that no flow of the account has.
	ErrNotFound = fault.New(fault.NotFound, "There is no flow with this name")
	// ErrNameTaken is the fault of a name that another flow of the account has.
	ErrNameTaken = &fault.Error{Kind: fault.Duplicate, Field: FieldName, Detail: "A flow with this name already exists"}
	// ErrTooMany is the fault of a flow more than [MaxFlows].
	ErrTooMany = fault.New(fault.Invalid, fmt.Sprintf("An account has at most %d flows: delete one first", MaxFlows))
	// ErrMeanwhile is the fault of a change to a flow that somebody else has changed.
	ErrMeanwhile = fault.New(fault.Changed, "The flow was changed meanwhile")
)

// ErrInUse returns the fault of deleting a flow that is named by a campaign which has
// not ended, with this name and id.
func ErrInUse(campaign, id string) error {
	return fault.New(fault.Unfinished, fmt.Sprintf(
		"Campaign %q (%s) has not ended and plays this flow: complete the campaign, or give it another url before it starts", campaign, id))
}

// ErrNoPrompt returns the fault of a flow whose step plays a prompt that the account does
// not have.
func ErrNoPrompt(step, prompt string) error {
	return &fault.Error{Kind: fault.Invalid, Field: fault.Field(step), Detail: fmt.Sprintf("Step %q plays the prompt %q, and there is none with this name", step, prompt)}
}

// Prompts returns the names of the prompts that the flow plays, in order, each once.
func (f *Flow) Prompts() (names []string) {
	for _, step := range f.Steps {
		if step.Prompt != "" {
			names = append(names, step.Prompt)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// MissesPrompt returns the fault of a flow that plays a prompt which is not among these,
// or nil.
func (f *Flow) MissesPrompt(there []string) error {
	for _, name := range slices.Sorted(maps.Keys(f.Steps)) {
		if prompt := f.Steps[name].Prompt; prompt != "" && !slices.Contains(there, prompt) {
			return ErrNoPrompt(name, prompt)
		}
	}
	return nil
}

// flowName is what the name of a flow may be: it stands in URLs.
var flowName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// check checks what somebody gave.
func (f *Flow) check() error {
	f.Title = strings.TrimSpace(f.Title)
	switch {
	case f.Name == "":
		return fault.Mandatory(FieldName)
	case !flowName.MatchString(f.Name):
		return fault.InvalidField(FieldName, "use 1 to 64 letters, digits, - and _")
	case !utf8.ValidString(f.Title):
		return fault.NotUTF8(FieldTitle)
	case strings.ContainsRune(f.Title, 0):
		return fault.HasNUL(FieldTitle)
	case utf8.RuneCountInString(f.Title) > MaxTitle:
		return fault.TooLong(FieldTitle, MaxTitle)
	}
	if err := f.Check(); err != nil {
		return err
	}
	if n := len(f.Encode()); n > MaxBytes {
		return fault.New(fault.Invalid, fmt.Sprintf("The flow takes %d bytes, and may take %d: shorten its texts, or make two flows of it", n, MaxBytes))
	}
	return nil
}

// Replaces is for the flow that takes the place of one that was created and updated at
// these times. It sets its dates, or tells that the one before was changed since
// ifUpdated, unless that is zero.
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

// stored is how engines store what is more than one value. The form is in databases and
// never changes, but for new keys.
type stored struct {
	callflow.Flow
	Vars []string `json:"vars,omitempty"`
}

// Encode returns the steps and the variables as JSON.
func (f *Flow) Encode() string {
	text, err := json.Marshal(stored{f.Flow, f.Vars})
	if err != nil {
		panic("library: a flow is not JSON") // it has texts and numbers only
	}
	return string(text)
}

// Decode sets what Encode has made this text of.
func (f *Flow) Decode(text string) error {
	var s stored
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return fmt.Errorf("read a flow: %w", err)
	}
	f.Flow, f.Vars = s.Flow, s.Vars
	return nil
}

// Weight returns about how many bytes the flow takes in memory and in an answer.
func (f *Flow) Weight() int64 {
	n := 500 + 2*len(f.Title)
	for name, step := range f.Steps {
		n += 500 + 2*(len(name)+len(step.Text)+len(step.URL)) + 100*len(step.Branches)
	}
	return int64(n)
}
