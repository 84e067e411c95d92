package prompt

import (
	"cmp"
	"context"
	"regexp"
	"strings"

	"callbook/internal/account"
	"callbook/internal/audit"
	"callbook/internal/budget"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/journal"
)

// Prompts manages the prompts of accounts. It is safe for concurrent use.
type Prompts struct {
	store Store
	clock clock.Clock
}

// New returns Prompts over store. A nil clock means [clock.System].
func New(store Store, c clock.Clock) *Prompts {
	return &Prompts{store: store, clock: cmp.Or(c, clock.System)}
}

// Draft is a prompt to store, as a client or a person gave it.
type Draft struct {
	Name, Title string
	Recording   *Recording // nil if there was none
}

// promptName matches valid names of prompts. They occur in URLs and flows.
var promptName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// check validates a draft and trims its title.
func (d *Draft) check() error {
	d.Title = strings.TrimSpace(d.Title)
	switch {
	case d.Name == "":
		return fault.Mandatory(FieldName)
	case !promptName.MatchString(d.Name):
		return fault.InvalidField(FieldName, "it has 1 to 64 letters from a to z, digits, - and _")
	case d.Recording == nil:
		return fault.Mandatory(FieldFile)
	}
	return fault.CheckText(FieldTitle, d.Title, MaxTitle)
}

// Create adds a prompt. Ready may be nil.
func (p *Prompts) Create(ctx context.Context, acct account.Account, d Draft, ready journal.Ready[*Prompt]) (*Prompt, error) {
	ctx, ready = audited(ctx, acct, audit.PromptsCreate, ready)
	return p.keep(ctx, acct, d, ready, p.store.InsertPrompt)
}

// Replace replaces the recording of the same name. Flows play the new one from their next
// call on. Ready may be nil.
func (p *Prompts) Replace(ctx context.Context, acct account.Account, d Draft, ready journal.Ready[*Prompt]) (*Prompt, error) {
	ctx, ready = audited(ctx, acct, audit.PromptsReplace, ready)
	return p.keep(ctx, acct, d, ready, p.store.ReplacePrompt)
}

func (p *Prompts) keep(ctx context.Context, acct account.Account, d Draft, ready journal.Ready[*Prompt],
	store func(context.Context, account.ID, *Prompt, []byte, journal.Ready[*Prompt]) error) (*Prompt, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	now := p.clock.Now()
	kept := &Prompt{Name: d.Name, Title: d.Title, Size: len(d.Recording.file), Hash: d.Recording.hash, Created: now, Updated: now}
	if err := store(ctx, acct.ID, kept, d.Recording.file, ready); err != nil {
		return nil, err
	}
	return kept, nil
}

// Delete deletes a prompt and returns it. Ready may be nil.
func (p *Prompts) Delete(ctx context.Context, acct account.Account, name string, ready journal.Ready[*Prompt]) (deleted *Prompt, err error) {
	if !promptName.MatchString(name) {
		return nil, ErrNotThere
	}
	ctx, ready = audited(ctx, acct, audit.PromptsDelete, ready)
	err = p.store.DeletePrompt(ctx, acct.ID, name, func(was *Prompt) *journal.Receipt {
		deleted = was
		return ready.Receipt(was)
	})
	return deleted, err
}

// audited is [journal.Audited] for a prompt. People name prompts, so the log has a
// fingerprint.
func audited(ctx context.Context, acct account.Account, action audit.Action, ready journal.Ready[*Prompt]) (context.Context, journal.Ready[*Prompt]) {
	return journal.Audited(ctx, acct.ID, ready, func(p *Prompt) audit.Change {
		return audit.Change{Action: action, Object: audit.Fingerprint(p.Name), Done: 1}
	})
}

// Get returns a prompt, or [ErrNotThere].
func (p *Prompts) Get(ctx context.Context, acct account.Account, name string) (*Prompt, error) {
	if !promptName.MatchString(name) {
		return nil, ErrNotThere
	}
	page, err := p.store.Prompts(ctx, acct.ID, Query{Name: name, Limit: 1})
	switch {
	case err != nil:
		return nil, err
	case len(page.Prompts) == 0:
		return nil, ErrNotThere
	}
	return &page.Prompts[0], nil
}

// File returns a prompt and its WAV file, or [ErrNotThere]. It claims memory for the file
// from the request's share.
func (p *Prompts) File(ctx context.Context, acct account.Account, name string) (*Prompt, []byte, error) {
	known, err := p.Get(ctx, acct, name)
	if err != nil {
		return nil, nil, err
	}
	// A replacement in the meantime may be longer; its size is bounded too.
	if err := budget.Of(ctx).Take(ctx, 2*int64(known.Size)); err != nil {
		return nil, nil, err
	}
	return p.store.PromptFile(ctx, acct.ID, name)
}

// List returns a page of the account's prompts, ordered by name.
func (p *Prompts) List(ctx context.Context, acct account.Account, offset, limit int) (Page, error) {
	return p.store.Prompts(ctx, acct.ID, Query{Offset: offset, Limit: limit})
}
