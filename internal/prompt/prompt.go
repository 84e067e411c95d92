// Package prompt stores the recordings of accounts, which flows play by name.
package prompt

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/wav"
)

// Prompt describes a recording.
type Prompt struct {
	// Name is unique within the account.
	Name  string
	Title string // a title for people; may be ""
	// Size is the size of the stored WAV file in bytes: 16 bits, mono, [wav.Rate] samples
	// a second.
	Size             int
	Hash             [sha256.Size]byte // SHA-256 of that file
	Created, Updated time.Time
}

// Duration returns the duration of the recording.
func (p *Prompt) Duration() time.Duration { return wav.Duration((p.Size - wav.HeaderBytes) / 2) }

// Weight estimates the memory of the prompt without its sound, in bytes.
func (p *Prompt) Weight() int64 {
	const fixed = 400
	return int64(fixed + len(p.Name) + len(p.Title))
}

// The limits of prompts.
const (
	// MaxPrompts bounds the prompts of an account.
	MaxPrompts = 200
	// MaxDuration bounds the duration of a prompt.
	MaxDuration = 5 * time.Minute
	// MaxFileBytes bounds the size of a received file: more than five minutes in stereo
	// with 44,100 samples of 16 bits a second need.
	MaxFileBytes = 64 << 20
	// MaxTitle bounds a title, in characters.
	MaxTitle = 255
)

// The fields, for faults.
const (
	FieldName  = fault.Field("prompt_name")
	FieldTitle = fault.Field("title")
	FieldFile  = wav.FieldFile
)

// These are faults of stores too.
var (
	// ErrNotThere is the fault of an unknown name.
	ErrNotThere = fault.New(fault.NotFound, "There is no prompt with this name")
	// ErrNameTaken is the fault of a name that another prompt of the account has.
	ErrNameTaken = &fault.Error{Kind: fault.Duplicate, Field: FieldName, Need: fault.Unique}
	// ErrTooMany is the fault of a new prompt beyond [MaxPrompts].
	ErrTooMany = fault.New(fault.Invalid, "An account has at most 200 prompts")
)

// ErrInUse returns the fault of deleting a prompt that the flow with this name plays.
func ErrInUse(flow string) error {
	return fault.New(fault.Unfinished, fmt.Sprintf("The flow %q plays this prompt: change the flow first", flow))
}

// Store is what [Prompts] needs of a database. Its methods are safe for concurrent use.
// They touch only the rows of the account in their arguments. Each write calls its
// [journal.Ready] with the result before it returns.
type Store interface {
	// InsertPrompt adds a prompt with its WAV file. The error is [ErrNameTaken] or
	// [ErrTooMany].
	InsertPrompt(ctx context.Context, account account.ID, p *Prompt, file []byte, ready journal.Ready[*Prompt]) error

	// ReplacePrompt replaces the prompt of the same name, and keeps its Created. The
	// error is [ErrNotThere] if there is none.
	ReplacePrompt(ctx context.Context, account account.ID, p *Prompt, file []byte, ready journal.Ready[*Prompt]) error

	// DeletePrompt deletes a prompt, and calls ready with it. The error is [ErrNotThere]
	// if there is none. A prompt that a flow plays stays, and the error is
	// that of [ErrInUse].
	DeletePrompt(ctx context.Context, account account.ID, name string, ready journal.Ready[*Prompt]) error

	// Prompts returns one page, ordered by name, and the total of the same moment.
	Prompts(ctx context.Context, account account.ID, q Query) (Page, error)

	// PromptFile returns a prompt and its WAV file, or [ErrNotThere].
	PromptFile(ctx context.Context, account account.ID, name string) (*Prompt, []byte, error)
}

// Query selects a page of the account's prompts.
type Query struct {
	Name          string // "" means any
	Offset, Limit int
}

// Page is a page of prompts.
type Page struct {
	Prompts []Prompt
	Total   int
}
