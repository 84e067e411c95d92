package dialer

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/callflow"
	"callbook/internal/campaign"
	"callbook/internal/fault"
)

// A call to a real telephone is claimed only when everything is ready that its callee will
// hear for certain. Until then its target waits, and holds up nobody else.
//
// A sound that cannot be made is tried again. If it is the target's own, because of the
// values of its variables, the target fails after some tries. If all targets hear it, the
// campaign waits: it goes on when the recording or the voice is there again.

// Sounds makes the sounds of flows.
type Sounds interface {
	// Sound returns a sound as samples, of which there are 8,000 a second. The caller
	// must not modify them. It caches sounds, so that it soon returns a sound that it has
	// returned a moment ago. A [fault.Error] whose kind is neither Unavailable nor TooMany
	// means that the sound itself is wrong.
	Sound(ctx context.Context, acct account.Account, s callflow.Sound) ([]int16, error)
}

const (
	// maxMaking bounds the sounds of an account that are made at the same time.
	maxMaking = 8
	// maxMade bounds the sounds of an account that this server knows about. A sound that
	// was not needed for soundIdle may be forgotten.
	maxMade   = 4096
	soundIdle = 10 * time.Second
	// soundTries is how often a target's own sound is tried.
	soundTries = 3
	// longestRetry bounds the time between two tries. The first one is a sixth of it.
	longestRetry = time.Minute
)

// soundKey identifies a sound of an account.
type soundKey [sha256.Size]byte

func keyOf(s *callflow.Sound) soundKey {
	return sha256.Sum256(fmt.Appendf(nil, "%d:%s%d:%s%s", len(s.Prompt), s.Prompt, len(s.Language), s.Language, s.Text))
}

// made is what is known of a sound.
type made struct {
	making, ready bool
	tries         int       // failed tries in a row
	wrong         bool      // the sound itself is wrong
	since         time.Time // when the first of these tries failed
	again         time.Time // when to try again
	used          time.Time // when it was needed last
}

// maker makes the sounds of an account before its calls are claimed.
type maker struct {
	make    func(context.Context, *callflow.Sound) error
	now     func() time.Time
	warn    func(error) // logs a failure
	working sync.WaitGroup

	mu     sync.Mutex
	of     map[soundKey]*made
	making int
	spoken time.Time // when a text was last spoken
	warned time.Time // when a failure was last logged
}

func newMaker(d *Dialer, acct account.Account) *maker {
	return &maker{
		of: make(map[soundKey]*made), now: d.now,
		make: func(ctx context.Context, s *callflow.Sound) error {
			_, err := d.opts.Sounds.Sound(ctx, acct, *s)
			return err
		},
		warn: func(err error) {
			d.opts.Log.Warn("what callees hear could not be made, and its calls wait; more of these are not told for a minute", "account", acct.SID, "error", err)
		},
	}
}

// hearing tells whether the callee of a call would hear everything.
type hearing struct {
	ready bool
	// reason says which kind of sound has failed; 0 if none has.
	reason campaign.Reason
	// until is when a failed sound is tried again; zero while the sounds are being made.
	until time.Time
	// own means that other targets do not hear the failed sound. Over means that it is not
	// tried again.
	own, over bool
}

// hears reports whether all sounds of a flow are ready, and begins to make those that are
// not. Common is the flow that all targets of the campaign hear, with its variables.
func (m *maker) hears(ctx context.Context, flow, common *callflow.Flow) hearing {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := hearing{ready: true}
	now := m.now()
	for _, s := range flow.Sounds() {
		k := m.known(&s, now)
		if k != nil && k.ready {
			continue
		}
		h.ready = false
		if k != nil && !k.making && k.again.After(now) {
			h.until, h.reason = k.again, reasonOf(&s)
			h.own = !common.Plays(s)
			h.over = h.own && (k.wrong || k.tries >= soundTries && m.spoken.After(k.since))
			return h
		}
		if k != nil && !k.making && m.making < maxMaking {
			k.making = true
			m.making++
			m.working.Go(func() { m.work(ctx, &s, k) })
		}
		if k != nil && k.tries > 0 {
			h.reason = reasonOf(&s)
		}
	}
	return h
}

// known returns what is known of a sound, or nil if there is no room to know more. The
// caller must hold mu.
func (m *maker) known(s *callflow.Sound, now time.Time) *made {
	key := keyOf(s)
	k := m.of[key]
	if k == nil {
		if len(m.of) >= maxMade {
			for key, k := range m.of {
				if !k.making && now.Sub(k.used) > soundIdle {
					delete(m.of, key)
				}
			}
			if len(m.of) >= maxMade {
				return nil
			}
		}
		k = &made{}
		m.of[key] = k
	}
	k.used = now
	return k
}

// work makes a sound and notes the result. When it has tried a text often enough, it finds
// out whether the voice speaks any other text.
func (m *maker) work(ctx context.Context, s *callflow.Sound, k *made) {
	err := m.make(ctx, s)
	m.mu.Lock()
	probe := err != nil && s.Prompt == "" && k.tries >= soundTries-1
	m.mu.Unlock()
	speaks := probe && m.make(ctx, &callflow.Sound{Text: m.now().Format("15 04 05.000000")}) == nil
	m.mu.Lock()
	defer m.mu.Unlock()
	k.making = false
	m.making--
	m.note(ctx, s, k, err)
	if speaks {
		m.spoken = m.now()
	}
}

// note notes the result of making a sound. The caller must hold mu.
func (m *maker) note(ctx context.Context, s *callflow.Sound, k *made, err error) {
	now := m.now()
	switch {
	case err == nil:
		k.ready, k.tries = true, 0
		if s.Prompt == "" {
			m.spoken = now
		}
		return
	case ctx.Err() != nil:
		return
	}
	if now.Sub(m.warned) >= time.Minute {
		m.warn(err)
		m.warned = now
	}
	f := fault.As(err)
	k.ready, k.wrong = false, f != nil && f.Kind != fault.Unavailable && f.Kind != fault.TooMany
	if k.tries++; k.tries == 1 {
		k.since = now
	}
	k.again = now.Add(min(longestRetry, longestRetry/6*time.Duration(k.tries)))
}

// missing notes that the carrier did not get a sound.
func (m *maker) missing(ctx context.Context, s *callflow.Sound, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.known(s, m.now()); k != nil && !k.making {
		m.note(ctx, s, k, err)
	}
}

func reasonOf(s *callflow.Sound) campaign.Reason {
	if s.Prompt != "" {
		return campaign.NoRecording
	}
	return campaign.NotSpoken
}

// maxKept bounds the samples that soundOf keeps for a call; a sample has two bytes.
const maxKept = 4 << 20

// soundOf returns the function from which the carrier gets the sounds of a call. It keeps
// those of the flow's steps, so that what was ready when the call left is ready when the
// callee answers.
func (a *dialing) soundOf() func(context.Context, callflow.Sound) ([]int16, error) {
	var mu sync.Mutex
	kept, size := make(map[soundKey][]int16), 0
	return func(ctx context.Context, s callflow.Sound) ([]int16, error) {
		if len(s.URLs) > 0 {
			return a.d.opts.Sounds.Sound(ctx, a.acct(), s)
		}
		key := keyOf(&s)
		mu.Lock()
		samples, ok := kept[key]
		mu.Unlock()
		if ok {
			return samples, nil
		}
		samples, err := a.d.opts.Sounds.Sound(ctx, a.acct(), s)
		if err != nil {
			a.maker.missing(ctx, &s, err)
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		if size+len(samples) <= maxKept {
			kept[key] = samples
			size += len(samples)
		}
		return samples, nil
	}
}

// hears tells whether a target that is due would hear everything. It makes no sounds for a
// carrier that reaches no telephones.
func (a *dialing) hears(ctx context.Context, c *campaign.Campaign, t *campaign.Target) hearing {
	if a.d.opts.Sounds == nil || !a.d.Real() {
		return hearing{ready: true}
	}
	return a.maker.hears(ctx, a.filled(c, t.Vars), a.flowOf(c))
}
