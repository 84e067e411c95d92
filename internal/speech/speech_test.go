package speech_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"callbook/internal/fault"
	"callbook/internal/speech"
	"callbook/internal/wav"
)

// TestMain is also the voice of the tests: a program that writes a WAV file.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "speak" {
		speak(os.Args[2], os.Args[3:])
		return
	}
	os.Exit(m.Run())
}

// speak does what the tests' voice is told: it reads the text, notes its language and
// text, and writes samples of the text's bytes.
func speak(how string, args []string) {
	text, err := os.ReadFile("/dev/stdin")
	if err != nil {
		os.Exit(1)
	}
	if len(args) > 1 {
		note, err := os.OpenFile(args[1], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = note.WriteString(args[0] + " " + strconv.Quote(string(text)) + "\n")
		}
		if err != nil {
			os.Exit(1)
		}
	}
	switch how {
	case "fail":
		os.Exit(3)
	case "noise":
		os.Stdout.WriteString("this is no WAV file, whatever else it is")
	case "silent":
		os.Stdout.Write(wav.Encode(nil))
	case "endless":
		os.Stdout.Write(wav.Encode(make([]int16, 8000)))
		for zeros := make([]byte, 1<<20); ; {
			if _, err := os.Stdout.Write(zeros); err != nil {
				os.Exit(1)
			}
		}
	case "hang":
		select {}
	case "secret":
		if os.Getenv("CALLBOOK_DB") == "" {
			os.Stdout.Write(wav.Encode([]int16{1000}))
		}
	default:
		samples := make([]int16, 80)
		for i := range samples {
			samples[i] = int16(100 * (i % 3))
		}
		os.Stdout.Write(wav.Encode(samples))
	}
}

// voice returns a voice that speaks by this program.
func voice(t *testing.T, how string, args ...string) *speech.Voice {
	t.Helper()
	command, err := speech.ParseCommand(strings.Join(append([]string{os.Args[0], "speak", how}, args...), " "))
	if err != nil {
		t.Fatal(err)
	}
	return speech.New(command)
}

// TestSay: a text is spoken once, in its language, whatever is in it, and as loud as a
// telephone takes it.
func TestSay(t *testing.T) {
	t.Parallel()
	note := filepath.Join(t.TempDir(), "said")
	v := voice(t, "well", "{lang}", note)
	const text = "--help; $(touch x) `y`\n\"नमस्ते\""
	var together sync.WaitGroup
	for range 5 {
		together.Go(func() {
			samples, err := v.Say(t.Context(), 1, "hi", text)
			if err != nil || len(samples) != 80 || samples[2] < 1500 || samples[2] > 1700 {
				t.Errorf("got %v, %v, want 80 samples, 8 times as loud", samples, err)
			}
		})
	}
	together.Wait()
	if _, err := v.Say(t.Context(), 1, "en-IN", text); err != nil {
		t.Fatal(err)
	}
	said, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	hindi, english := "hi "+strconv.Quote(text), "en-IN "+strconv.Quote(text)
	// Two commands run at once, so two may have begun before one has ended.
	if n := len(lines); n < 2 || n > 3 || lines[0] != hindi || lines[n-1] != english {
		t.Errorf("the command has said %q", lines)
	}
}

// TestTrouble: what goes wrong is told in words, and none of the text is in them.
func TestTrouble(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]string{
		"fail": "has failed", "noise": "no WAV file", "silent": "has said nothing", "endless": "longer than 5 minutes",
	} {
		_, err := voice(t, how).Say(t.Context(), 1, "en", "words")
		if fault.As(err) == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want a fault with %q", how, err, want)
		}
	}
	v := voice(t, "well")
	for _, language := range []string{"", "-v", "--path=x", "en gb", "hi/../x", "1", "é", strings.Repeat("a", 36)} {
		if _, err := v.Say(t.Context(), 1, language, "words"); !fault.Is(err, fault.Invalid) {
			t.Errorf("language %q: got %v", language, err)
		}
	}
	if _, err := v.Say(t.Context(), 1, "en", strings.Repeat("x", speech.MaxText+1)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a long text: got %v", err)
	}
	for _, command := range []string{"", " ", "/there/is/none", "{lang}"} {
		if got, err := speech.ParseCommand(command); err == nil {
			t.Errorf("%q is read as %q", command, got)
		}
	}
	if speech.New(nil) != nil {
		t.Error("no command is a voice")
	}
}

// TestCancelled: who does not wait any more is not held up by a command that hangs.
func TestCancelled(t *testing.T) {
	t.Parallel()
	v := voice(t, "hang", "en", filepath.Join(t.TempDir(), "said"))
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	if _, err := v.Say(ctx, 1, "en", "words"); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

// TestChildren: what a script has started does not outlive it, neither when nobody waits
// for the text any more nor when the script ends first.
func TestChildren(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]string{"waits": "wait", "ends first": "exit 0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			script, alive := filepath.Join(dir, "voice"), filepath.Join(dir, "alive")
			if err := syscall.Mkfifo(alive, 0o600); err != nil {
				t.Fatal(err)
			}
			// The child holds the fifo open as long as it lives.
			err := os.WriteFile(script, []byte("#!/bin/sh\nsleep 600 3>"+alive+" &\n"+last+"\n"), 0o700)
			if err != nil {
				t.Fatal(err)
			}
			command, err := speech.ParseCommand(script)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var said sync.WaitGroup
			said.Go(func() { speech.New(command).Say(ctx, 1, "en", "words") })
			child, err := os.Open(alive) // waits until the child has begun
			if err != nil {
				t.Fatal(err)
			}
			defer child.Close()
			if last == "wait" {
				cancel()
			}
			said.Wait()
			cancel()
			if _, err := io.ReadAll(child); err != nil { // waits until the child has ended
				t.Error(err)
			}
		})
	}
}

// TestEnvironment: the command is not told the server's secrets.
func TestEnvironment(t *testing.T) {
	t.Setenv("CALLBOOK_DB", "postgres://user:secret@host/db")
	if _, err := voice(t, "secret").Say(t.Context(), 1, "en", "words"); err != nil {
		t.Error(err)
	}
}

// TestLanguageOf: the letters tell the language.
func TestLanguageOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "en", "123": "en", "Hello": "en", "नमस्ते Asha": "hi", "வணக்கம்": "ta", "నమస్తే": "te", "Hello नमस्ते, good day": "en", "ನಮಸ್ಕಾರ": "kn",
	} {
		if got := speech.LanguageOf(text); got != want {
			t.Errorf("%q is in %s, want %s", text, got, want)
		}
	}
}
