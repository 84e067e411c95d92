// Package prompt keeps the recordings of accounts, which flows play by their names.
package prompt

import (
	"context"
	"crypto/sha256"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/journal"
	"callbook/internal/wav"
)

// Prompt is what is known of a recording.
type Prompt struct {
	// Name is unique in the account.
	Name  string
	Title string // for people; may be ""
	// Size is how many bytes the WAV file has that is kept: 16 bits, mono, [wav.Rate]
	// samples a second.
	Size             int
	Hash             [sha256.Size]byte // of that file
	Created, Updated time.Time
}

// Duration returns how long the recording is heard.
func (p *Prompt) Duration() time.Duration { return wav.Duration((p.Size - wav.HeaderBytes) / 2) }

// Weight returns about how many bytes the prompt takes in memory, without its sound.
func (p *Prompt) Weight() int64 {
	const fixed = 400
	return int64(fixed + len(p.Name) + len(p.Title))
}

// The limits of prompts.
const (
	// MaxPrompts is how many an account may have.
	MaxPrompts = 200
	// MaxDuration is how long one may be heard.
	MaxDuration = 5 * time.Minute
	// MaxFileBytes is the size of a file that is taken: of five minutes in stereo, 44,100
	// samples a second of 16 bits, with room to spare.
	MaxFileBytes = 64 << 20
	// MaxTitle is how many characters a title may have.
	MaxTitle = 255
)

// The fields that faults are about.
const (
	FieldName  = fault.Field("prompt_name")
	FieldTitle = fault.Field("title")
	FieldFile  = wav.FieldFile
)

// Faults that stores tell, too.
var (
	// ErrNotThere is the fault of a name that no prompt of the account has.
	ErrNotThere = fault.New(fault.NotFound, "There is no prompt with this name")
	// ErrNameTaken is the fault of a name that another prompt of the account has.
	ErrNameTaken = &fault.Error{Kind: fault.Duplicate, Field: FieldName, Need: fault.Unique}
	// ErrTooMany is the fault of a prompt more than [MaxPrompts].
	ErrTooMany = fault.New(fault.Invalid, "An account has at most 200 prompts")
)

// Store is what [Prompts] needs of a database. All of it is safe for concurrent use. The
// account is always the account's own id. Each write calls its [journal.Ready] with its
// result before it returns.
type Store interface {
	// InsertPrompt adds a prompt with its WAV file. The error is [ErrNameTaken] or
	// [ErrTooMany].
	InsertPrompt(ctx context.Context, account account.ID, p *Prompt, file []byte, ready journal.Ready[*Prompt]) error

	// ReplacePrompt stores a prompt in the place of the one with its name, whose Created
	// it gets, or returns [ErrNotThere].
	ReplacePrompt(ctx context.Context, account account.ID, p *Prompt, file []byte, ready journal.Ready[*Prompt]) error

	// DeletePrompt deletes a prompt and gives ready what it was, or returns [ErrNotThere].
	DeletePrompt(ctx context.Context, account account.ID, name string, ready journal.Ready[*Prompt]) error

	// Prompts returns one page by name, and the total at that same moment.
	Prompts(ctx context.Context, account account.ID, q Query) (Page, error)

	// PromptFile returns a prompt and its WAV file, or [ErrNotThere].
	PromptFile(ctx context.Context, account account.ID, name string) (*Prompt, []byte, error)
}

// Query asks for one page of the account's prompts.
type Query struct {
	Name          string // "" is any
	Offset, Limit int
}

// Page is a page of prompts.
type Page struct {
	Prompts []Prompt
	Total   int
}
