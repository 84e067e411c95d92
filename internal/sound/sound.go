// Package sound makes what callees hear: texts by a voice, recordings of the account, and
// the audio files at URLs.
package sound

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"callbook/internal/account"
	"callbook/internal/callflow"
	"callbook/internal/clock"
	"callbook/internal/fault"
	"callbook/internal/prompt"
	"callbook/internal/speech"
	"callbook/internal/wav"
)

const (
	// cacheBytes bounds the cached recordings: 35 minutes.
	cacheBytes = 32 << 20
	// recheck is how long a recording that was replaced may still be heard.
	recheck = time.Second
	// maxKnown bounds the names whose recordings were read a moment ago.
	maxKnown = 1000
)

// Files gets the audio files at URLs.
type Files interface {
	// Audio returns the samples of a WAV file, [wav.Rate] a second.
	Audio(ctx context.Context, account account.ID, url string) ([]int16, error)
}

// Options configure a [Maker].
type Options struct {
	Clock   clock.Clock
	Voice   *speech.Voice // nil means that no text can be spoken
	Prompts *prompt.Prompts
	Files   Files
}

// Maker makes the sounds of flows. It is safe for concurrent use.
type Maker struct {
	opts  Options
	cache *wav.Cache

	mu    sync.Mutex
	known map[name]known
}

// name is the name of an account's recording.
type name struct {
	account account.ID
	prompt  string
}

// known tells which recording a name had at a time.
type known struct {
	hash [sha256.Size]byte
	at   time.Time
}

// New returns a Maker.
func New(opts Options) *Maker {
	return &Maker{opts: opts, cache: wav.NewCache(cacheBytes), known: make(map[name]known)}
}

// ErrNoVoice is the fault of a text on a server without a voice.
var ErrNoVoice = fault.New(fault.Unavailable, "This server has no voice: install espeak-ng, or start it with --voice-command")

// Sound returns a sound as samples, [wav.Rate] a second. The caller must not modify them.
// A text without a language is spoken in that of its script. Sound caches texts and recordings. The
// error is a fault with a text for a person if the voice fails or there is no such
// recording.
func (m *Maker) Sound(ctx context.Context, acct account.Account, s callflow.Sound) ([]int16, error) {
	switch {
	case len(s.URLs) > 0:
		return m.files(ctx, acct.ID, s.URLs)
	case s.Prompt != "":
		return m.recording(ctx, acct, s.Prompt)
	case m.opts.Voice == nil:
		return nil, ErrNoVoice
	}
	return m.opts.Voice.Say(ctx, acct.ID, cmp.Or(s.Language, speech.LanguageOf(s.Text)), s.Text)
}

// files returns the audio files at URLs, one after the other.
func (m *Maker) files(ctx context.Context, id account.ID, urls []string) (all []int16, err error) {
	for _, url := range urls {
		samples, err := m.opts.Files.Audio(ctx, id, url)
		if err != nil {
			return nil, err
		}
		if all = append(all, samples...); len(all) > maxSamples {
			return nil, fmt.Errorf("the audio files at URLs are longer than %d minutes", int(prompt.MaxDuration/time.Minute))
		}
	}
	return all, nil
}

const maxSamples = int(prompt.MaxDuration/time.Second) * wav.Rate

// recording returns a recording of the account.
func (m *Maker) recording(ctx context.Context, acct account.Account, prompt string) ([]int16, error) {
	key, now := name{acct.ID, prompt}, m.opts.Clock.Now()
	m.mu.Lock()
	seen, ok := m.known[key]
	m.mu.Unlock()
	if !ok || now.Sub(seen.at) >= recheck {
		p, err := m.opts.Prompts.Get(ctx, acct, prompt)
		if err != nil {
			return nil, err
		}
		seen = known{p.Hash, now}
		m.remember(key, seen)
	}
	if samples := m.cache.Get(seen.hash); samples != nil {
		return samples, nil
	}
	p, file, err := m.opts.Prompts.File(ctx, acct, prompt)
	if err != nil {
		return nil, err
	}
	samples, err := decode(file)
	if err != nil {
		return nil, fmt.Errorf("read a recording: %w", err)
	}
	m.remember(key, known{p.Hash, now})
	m.cache.Put(p.Hash, samples)
	return samples, nil
}

func (m *Maker) remember(key name, k known) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxKnown {
		clear(m.known)
	}
	m.known[key] = k
}

// decode returns the samples of a stored recording.
func decode(file []byte) ([]int16, error) {
	r, err := wav.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	samples := make([]int16, 0, len(file)/2)
	for err == nil {
		samples, err = r.Append(samples)
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return slices.Clip(samples), nil
}
