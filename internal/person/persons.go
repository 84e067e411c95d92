package person

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"callbook/internal/account"
	"callbook/internal/addressbook"
	"callbook/internal/audit"
	"callbook/internal/campaign"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/phone"
	"callbook/internal/upload"
)

// Options are what [Persons] needs.
type Options struct {
	Store    Store
	Uploads  upload.Store
	Files    upload.Files
	Book     *addressbook.Book
	Accounts *account.Directory
	Clock    clock.Clock // nil means [clock.System]
	Log      *slog.Logger
	// Forget forgets what the process has of a number in its memory; nil means nothing.
	Forget func(phone.Number)
}

// Persons gives out and erases what is stored about persons. It is safe for concurrent
// use.
type Persons struct {
	opts Options
	sids *addressbook.SIDs // of receipts
	scrubs
}

// New returns Persons.
func New(opts Options) *Persons {
	opts.Clock = cmp.Or(opts.Clock, clock.System)
	return &Persons{opts: opts, sids: addressbook.NewSIDs(opts.Clock), scrubs: newScrubs()}
}

// Mark returns the mark of a number that was erased, made with a secret of its account.
// The engines make the same in SQL.
func Mark(secret []byte, n phone.Number) phone.Number {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(bytes.Clone(secret), uint64(n)))
	return phone.Erased | phone.Number(binary.BigEndian.Uint64(sum[:8]))
}

const (
	// rounds is how often an erasure looks again for what others have added meanwhile.
	rounds = 8
	// settles is how long to wait for calls that are about to leave, and settleEvery how
	// often to look.
	settles, settleEvery = 2 * time.Second, 20 * time.Millisecond
	// runningAgain is when to erase again if an import holds the person.
	runningAgain = 5 * time.Second
)

// errRunning is the fault of an erasure while an import adds the person.
var errRunning = &fault.Error{
	Kind:       fault.InProgress,
	Detail:     "An import that is under way has this number in its file. Erase it again when the import has ended",
	RetryAfter: runningAgain,
}

// matcher returns the matcher for a number in any spelling.
func (p *Persons) matcher(ctx context.Context, acct account.Account, number string) (*Matcher, error) {
	if number == "" {
		return nil, fault.Mandatory(addressbook.FieldNumber)
	}
	n, err := p.opts.Book.Number(acct, number)
	if err != nil {
		return nil, err
	}
	region, err := phone.RegionByCode(acct.Region)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", acct.SID, err)
	}
	secret, err := p.opts.Accounts.Secret(ctx, acct, account.ErasedNumbers)
	if err != nil {
		return nil, err
	}
	return NewMatcher(n, Mark(secret, n), region), nil
}

// Find returns everything that is stored about a number in any spelling. Finding nothing
// is no fault.
func (p *Persons) Find(ctx context.Context, acct account.Account, number string) (*Found, error) {
	m, err := p.matcher(ctx, acct, number)
	if err != nil {
		return nil, err
	}
	return p.find(ctx, acct, m)
}

func (p *Persons) find(ctx context.Context, acct account.Account, m *Matcher) (*Found, error) {
	f, err := p.opts.Store.FindPerson(ctx, acct.ID, m)
	if err != nil {
		return nil, err
	}
	f.Number = m.Number
	f.Files, err = p.filesOf(ctx, acct, m)
	return f, err
}

// Erase erases everything that is stored about a number in any spelling, durably. When it
// returns, no campaign can call the number any more; calls that had left are in the
// receipt. Erasing nothing is no fault. After an error, some of it may be erased, and the
// next call erases the rest. The fault is [fault.InProgress] if an import has the number
// in its file and has not ended.
func (p *Persons) Erase(ctx context.Context, acct account.Account, number string) (*Receipt, error) {
	m, err := p.matcher(ctx, acct, number)
	if err != nil {
		return nil, err
	}
	r := &Receipt{}
	r.SID, r.Date = p.sids.Next()
	defer p.begin(r.SID)()
	var erased []addressbook.SID // r.SID, once something is
	var texts [][]byte
	for round := range rounds {
		f, err := p.find(ctx, acct, m)
		if err != nil {
			return nil, err
		}
		if round == 0 {
			r.Erased = f.Counts()
			r.NeverCalled = len(f.Suppressions) > 0
		} else {
			r.add(f.Counts())
		}
		texts = append(texts, f.texts()...)
		if f.total() == 0 {
			break
		}
		if slices.ContainsFunc(f.Files, func(file File) bool { return file.Running }) {
			return nil, errRunning
		}
		for _, file := range f.Files {
			if err := p.removeFile(ctx, acct, file.SID); err != nil {
				return nil, err
			}
		}
		noted, _ := audit.Begin(ctx, acct.ID, audit.Change{Action: audit.PersonsErase, Object: r.SID.String(), Done: f.total()})
		if err := p.opts.Store.ErasePerson(noted, acct.ID, r.SID, m, f); err != nil {
			return nil, err
		}
		erased = []addressbook.SID{r.SID}
	}
	if err := p.settle(ctx, acct, m, r); err != nil {
		return nil, err
	}
	if p.opts.Forget != nil {
		p.opts.Forget(m.Number)
	}
	if err := p.opts.Store.Scrub(ctx, erased, append(texts, m.texts()...)); err != nil {
		return nil, err
	}
	if err := p.finish(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// add adds what a further round has found.
func (r *Receipt) add(more []Count) {
	for i := range more {
		r.Erased[i].N += more[i].N
	}
}

// settle waits until no call to the person is about to leave, and notes those in flight.
func (p *Persons) settle(ctx context.Context, acct account.Account, m *Matcher, r *Receipt) error {
	late := p.opts.Clock.Tick(settles)
	for {
		calls, err := p.opts.Store.PersonCalls(ctx, acct.ID, m.Mark)
		if err != nil {
			return err
		}
		r.InFlight = r.InFlight[:0]
		for i := range calls {
			r.InFlight = append(r.InFlight, calls[i].SID)
		}
		if !slices.ContainsFunc(calls, func(c campaign.Call) bool { return c.State == campaign.Placing }) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-late:
			return nil // another server, which cannot place it any more, will take it back
		case <-p.opts.Clock.Tick(settleEvery):
		}
	}
}

// minText is how long a text must be for Scrub to look for it.
const minText = 4

// texts returns the texts that may be left in free space of the database's files.
func (f *Found) texts() (all [][]byte) {
	add := func(text string) {
		if len(text) >= minText {
			all = append(all, []byte(text))
		}
	}
	for i := range f.Contacts {
		c := &f.Contacts[i]
		for t, text := range c.Texts {
			if addressbook.TextField(t) != addressbook.Tag {
				add(text.Value)
			}
		}
		add(c.CustomField)
	}
	for i := range f.Targets {
		add(f.Targets[i].Name)
		for _, value := range f.Targets[i].Vars {
			add(value)
		}
	}
	for i := range f.ErrorRows {
		add(string(f.ErrorRows[i].Record))
	}
	return all
}

// texts returns the spellings of the number that stores have: its digits, and its integer
// as SQLite stores it, in six or eight bytes.
func (m *Matcher) texts() [][]byte {
	integer := binary.BigEndian.AppendUint64(nil, uint64(m.Number))
	short := integer[2:]
	if m.Number>>32 == 0 {
		short = integer[3:] // it takes four or six bytes; the digits find the rest
	}
	return [][]byte{[]byte(m.digits), integer, short}
}
