// Package speech converts texts to sound for telephones with an external program.
//
// It caches the sound in memory by a hash of the command, the language and the text.
package speech

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/limit"
	"callbook/internal/wav"
)

const (
	// MaxText bounds a text, in bytes.
	MaxText = 16 << 10
	// MaxLength bounds the duration of speech.
	MaxLength = 5 * time.Minute
	// timeout bounds the run time of a command.
	timeout = 20 * time.Second
	// atOnce is how many commands run at once. maxWaiting bounds the waiting texts of one
	// account.
	atOnce     = 2
	maxWaiting = 16
	// cacheBytes bounds the cache: 35 minutes of speech.
	cacheBytes = 32 << 20
)

// Voice speaks texts. It is safe for concurrent use.
type Voice struct {
	command []string
	places  *limit.Pool
	kept    *wav.Cache
}

// New returns a Voice that runs a command: a program and its arguments, as [ParseCommand]
// returns them. If command is empty, New returns nil.
func New(command []string) *Voice {
	if len(command) == 0 {
		return nil
	}
	return &Voice{
		command: command,
		places:  limit.New(atOnce, limit.Options{MaxWaiting: maxWaiting, Busy: errBusy}),
		kept:    wav.NewCache(cacheBytes),
	}
}

// The faults of texts that cannot be spoken.
var (
	errBusy = &fault.Error{Kind: fault.TooMany, Detail: "Too many texts wait to be spoken", RetryAfter: time.Second}
	errText = fault.New(fault.TooLarge, fmt.Sprintf("A text that is spoken has at most %d bytes", MaxText))
	errLang = fault.New(fault.Invalid, "A language is a code like hi or en-IN")
	errSlow = fault.New(fault.Unavailable, fmt.Sprintf("The voice has not spoken the text within %d seconds", timeout/time.Second))
	errLong = fault.New(fault.TooLarge, fmt.Sprintf("What the voice says takes longer than %d minutes", MaxLength/time.Minute))
	errGone = fault.New(fault.Unavailable, "The program of the voice could not be run")
	errEnd  = fault.New(fault.Unavailable, "The program of the voice has failed")
	errWAV  = fault.New(fault.Unavailable, "The program of the voice has written no WAV file that can be read")
	errMute = fault.New(fault.Unavailable, "The program of the voice has said nothing")
)

// Say returns the samples of a text spoken in a language, [wav.Rate] a second. The caller
// must not modify them. The language is a BCP 47 code such as "hi" or "en-IN"; see
// [LanguageOf]. Dates such as 2026-06-01 and long numbers are read as people do. If the
// voice fails, the error is a fault with a text for a person.
func (v *Voice) Say(ctx context.Context, account account.ID, language, text string) ([]int16, error) {
	switch {
	case len(text) > MaxText:
		return nil, errText
	case !IsLanguage(language):
		return nil, errLang
	case wordless(text):
		return make([]int16, wav.Rate/10), nil // voices write no sound
	}
	text = readable(language, text)
	key := v.key(language, text)
	if samples := v.kept.Get(key); samples != nil {
		return samples, nil
	}
	if err := v.places.Acquire(ctx, account, 1); err != nil {
		return nil, err
	}
	defer v.places.Release(account, 1)
	if samples := v.kept.Get(key); samples != nil { // another call has spoken it in the meantime
		return samples, nil
	}
	samples, err := v.speak(ctx, language, text)
	if err != nil {
		return nil, err
	}
	normalize(samples)
	v.kept.Put(key, samples)
	return samples, nil
}

func (v *Voice) key(language, text string) (key [sha256.Size]byte) {
	h := sha256.New()
	for _, part := range append(v.command[:len(v.command):len(v.command)], language, text) {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	h.Sum(key[:0])
	return key
}

// languagePlace is the placeholder for the language in the arguments of a command.
const languagePlace = "{lang}"

// speak runs the command. It passes the text through the standard input, so neither
// arguments nor a shell can misinterpret it.
func (v *Voice) speak(ctx context.Context, language, text string) ([]int16, error) {
	limited, cancel := context.WithTimeoutCause(ctx, timeout, errSlow)
	defer cancel()
	args := make([]string, len(v.command))
	for i, arg := range v.command {
		args[i] = strings.ReplaceAll(arg, languagePlace, language)
	}
	cmd := exec.CommandContext(limited, args[0], args[1:]...)
	cmd.Stdin = strings.NewReader(text)
	cmd.Env = environment()
	const afterKill = time.Second // if a child of the command keeps its output open
	cmd.WaitDelay = afterKill
	out := &output{most: maxOutput, full: cancel}
	cmd.Stdout = out
	group(cmd)
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // the command has left a child behind
		killGroup(cmd)
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case out.over:
		return nil, errLong
	case limited.Err() != nil:
		return nil, errSlow
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission):
		return nil, errGone
	case err != nil: // its standard error may quote the text, so it is not logged
		return nil, errEnd
	}
	return read(&out.file)
}

// maxOutput bounds the output of a command, in bytes: [MaxLength] in the quality of a CD.
const maxOutput = 2*44_100*int64(MaxLength/time.Second) + 4096

// output collects the output of a command, up to a limit.
type output struct {
	file bytes.Buffer // not embedded, because its ReadFrom has no limit
	most int64
	over bool
	full func()
}

// Write implements [io.Writer].
func (o *output) Write(p []byte) (int, error) {
	if o.over = int64(o.file.Len()+len(p)) > o.most; o.over {
		o.full()
		return 0, errLong
	}
	return o.file.Write(p)
}

// read reads the WAV file that a command has written.
func read(file io.Reader) (samples []int16, err error) {
	r, err := wav.NewReader(file)
	if err != nil {
		return nil, errWAV
	}
	for err == nil {
		if samples, err = r.Append(samples); wav.Duration(len(samples)) > MaxLength {
			return nil, errLong
		}
	}
	switch {
	case !errors.Is(err, io.EOF):
		return nil, errWAV
	case len(samples) == 0:
		return nil, errMute
	}
	return samples, nil
}

// normalize scales speech to 70 % of the full range, the loudest that a telephone plays
// without distortion. It amplifies at most eightfold, so that near silence stays quiet.
func normalize(samples []int16) {
	const want, most = 0.7 * 32767, 8.0
	peak := 0.0
	for _, s := range samples {
		peak = max(peak, float64(s), -float64(s))
	}
	if peak == 0 {
		return
	}
	gain := min(want/peak, most)
	for i, s := range samples {
		samples[i] = int16(float64(s) * gain)
	}
}

// environment returns the variables that the command gets. The rest of the server's
// environment may contain secrets.
func environment() (some []string) {
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL"} {
		if value, there := os.LookupEnv(name); there {
			some = append(some, name+"="+value)
		}
	}
	return some
}
