package media

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"callbook/internal/callflow"
	"callbook/internal/carrier"
)

// call is a call in which a flow is performed.
type call struct {
	t *testing.T
	*Session
	callee *callee
	cancel context.CancelFunc
	done   chan *callflow.Run

	mu   sync.Mutex
	told []string
}

// perform begins to perform a flow. Each of its texts is as many packets of sound as it has
// bytes, but for that of the text "broken".
func perform(t *testing.T, flow *callflow.Flow, ask func(context.Context, callflow.URL, string) callflow.Input) *call {
	t.Helper()
	s := newSession(t, newEngine(t), Settings{})
	c := &call{t: t, Session: s, callee: newCallee(t), done: make(chan *callflow.Run, 1)}
	if err := s.Answer(c.callee.answer(s.Offer())); err != nil {
		t.Fatal(err)
	}
	order := &carrier.Order{Flow: flow, Ask: ask, Sound: func(ctx context.Context, s callflow.Sound) ([]int16, error) {
		if s.Text == "broken" {
			return nil, errors.New("no voice")
		}
		return tone(len(s.Text)), nil
	}}
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(t.Context())
	go func() {
		c.done <- Perform(ctx, s, order, func(keys string) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.told = append(c.told, keys)
		})
	}()
	return c
}

// heard waits until the callee has heard so much of the flow's sound.
func (c *call) heard(frames int) {
	c.t.Helper()
	c.callee.until("sound", func(got []received) bool { return loudFrames(got) >= frames })
}

// silence waits until the callee hears nothing any more, for so many packets.
func (c *call) silence(frames int) {
	c.t.Helper()
	c.callee.until("silence", func(got []received) bool {
		return len(got) > frames && loudFrames(got[len(got)-frames:]) == 0
	})
}

// finish waits for the end of the flow, and compares what came of it.
func (c *call) finish(digits, mark string, told ...string) {
	c.t.Helper()
	select {
	case run := <-c.done:
		c.mu.Lock()
		defer c.mu.Unlock()
		if run.Digits != digits || run.Mark != mark || !slices.Equal(c.told, told) {
			c.t.Errorf("the keys are %q and the mark %q, told as %q; want %q, %q and %q", run.Digits, run.Mark, c.told, digits, mark, told)
		}
	case <-time.After(patience):
		c.t.Fatal("the flow does not end")
	}
}

func flowOf(start string, steps map[string]callflow.Step) *callflow.Flow {
	return &callflow.Flow{Start: start, Steps: steps}
}

// menu reads one key, and marks with what it was.
func menu(text string, digits int, finish string) *callflow.Flow {
	return flowOf("menu", map[string]callflow.Step{
		"menu":   {Kind: callflow.Gather, Text: text, Digits: digits, Timeout: 1, Tries: 2, Finish: finish, Branches: map[string]string{"1": "yes", "12": "both"}, Silent: "silent", Wrong: "wrong"},
		"yes":    {Kind: callflow.Mark, Word: "yes"},
		"both":   {Kind: callflow.Mark, Word: "both"},
		"wrong":  {Kind: callflow.Mark, Word: "wrong"},
		"silent": {Kind: callflow.Mark, Word: "silent"},
	})
}

// TestInterrupt has a key that interrupts a long sound.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	c := perform(t, menu(string(make([]byte, 500)), 1, ""), nil)
	c.heard(3)
	c.Key('1')
	c.finish("1", "yes", "1")
	c.silence(3)
}

// TestWrongAndSilent has a wrong key, then none: the menu is heard twice, and the timeout
// begins with the end of its sound.
func TestWrongAndSilent(t *testing.T) {
	t.Parallel()
	c := perform(t, menu("0123456789", 1, ""), nil)
	c.heard(1)
	begun := time.Now()
	c.Key('7')
	c.heard(11)
	c.finish("7", "silent", "7")
	// The sound comes again, of which the last packet leaves 180 ms after the first one, or
	// sooner on a busy machine, which sends late packets together.
	if took := time.Since(begun); took < time.Second {
		t.Errorf("after the wrong key, the sound and the wait for another one took %v", took)
	}
}

// TestSeveralKeys has inputs of several keys, and what ends them.
func TestSeveralKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		keys, mark string
		told       []string
	}{
		"the most":   {"12", "both", []string{"1", "12"}},
		"the finish": {"1#", "yes", []string{"1"}},
		"a timeout":  {"1", "yes", []string{"1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const sound = 500
			c := perform(t, menu(string(make([]byte, sound)), 2, "#"), nil)
			c.heard(2)
			for _, key := range []byte(test.keys) {
				c.Key(key)
			}
			c.finish(test.told[len(test.told)-1], test.mark, test.told...)
			c.silence(3)
			if got := c.callee.until("", func([]received) bool { return true }); loudFrames(got) == sound {
				t.Error("the first key did not interrupt the sound")
			}
		})
	}
}

// TestLateFinish has the key that finishes an input after its last key: it is no answer to
// the next question.
func TestLateFinish(t *testing.T) {
	t.Parallel()
	flow := menu("01234567", 1, "")
	flow.Start = "number"
	flow.Steps["number"] = callflow.Step{Kind: callflow.Gather, Text: "number", Digits: 2, Finish: "#", Next: "menu"}
	c := perform(t, flow, nil)
	c.heard(1)
	c.Key('4')
	c.Key('5')
	c.callee.until("the second sound", func(got []received) bool {
		begun := 0
		for _, r := range got {
			if r.marker && !r.silent() {
				begun++
			}
		}
		return begun == 2
	})
	c.Key('#')
	c.Key('1')
	c.finish("451", "yes", "4", "45", "451")
}

// TestEarlierKeys has a key before its question. It does not answer that.
func TestEarlierKeys(t *testing.T) {
	t.Parallel()
	flow := menu("0123456789", 1, "")
	flow.Start = "greeting"
	const greeting = 150 // packets, which take three seconds
	flow.Steps["greeting"] = callflow.Step{Kind: callflow.Say, Text: string(make([]byte, greeting)), Next: "menu"}
	c := perform(t, flow, nil)
	c.heard(5)
	c.Key('7')
	c.heard(greeting + 5)
	c.Key('1')
	c.finish("1", "yes", "1")
}

// TestAsk requests a URL while the callee hears nothing, and plays what it answered.
func TestAsk(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan string, 1), make(chan callflow.Input)
	c := perform(t, flowOf("broken", map[string]callflow.Step{
		"broken": {Kind: callflow.Say, Text: "broken", Next: "fetch"},
		"fetch":  {Kind: callflow.Fetch, URL: "http://example.org/", Next: "mark", Failed: ""},
		"mark":   {Kind: callflow.Mark, Word: "heard"},
	}), func(_ context.Context, u callflow.URL, digits string) callflow.Input {
		asked <- u.URL
		return <-answer
	})
	if got := <-asked; got != "http://example.org/" {
		t.Errorf("it asked %s", got)
	}
	c.silence(5)
	answer <- callflow.Input{Status: 200, Body: "0123456789"}
	c.heard(10)
	c.finish("", "heard")
}

// TestHangUp has callees who hang up: in a sound, in a request, in an input, and right after
// a key.
func TestHangUp(t *testing.T) {
	t.Parallel()
	t.Run("sound", func(t *testing.T) {
		t.Parallel()
		flow := callflow.Greeting(string(make([]byte, 500)))
		flow.Steps["text"] = callflow.Step{Kind: callflow.Say, Text: flow.Steps["text"].Text, Next: "mark"}
		flow.Steps["mark"] = callflow.Step{Kind: callflow.Mark, Word: "heard"}
		c := perform(t, flow, nil)
		c.heard(1)
		c.cancel()
		c.finish("", "")
	})
	t.Run("request", func(t *testing.T) {
		t.Parallel()
		asked := make(chan bool)
		c := perform(t, flowOf("ask", map[string]callflow.Step{
			"ask":  {Kind: callflow.Ask, URL: "http://example.org/", Next: "mark", Failed: "mark"},
			"mark": {Kind: callflow.Mark, Word: "asked"},
		}), func(ctx context.Context, _ callflow.URL, _ string) callflow.Input {
			close(asked)
			<-ctx.Done()
			return callflow.Input{}
		})
		<-asked
		c.Close() // the session ends, and not the context
		c.finish("", "")
	})
	t.Run("input", func(t *testing.T) {
		t.Parallel()
		c := perform(t, menu("0123", 5, ""), nil)
		c.heard(1)
		c.cancel()
		c.finish("", "")
	})
	t.Run("after a key", func(t *testing.T) {
		t.Parallel()
		c := perform(t, menu("0123", 5, ""), nil)
		c.heard(1)
		c.Key('1')
		c.cancel()
		c.finish("1", "yes", "1")
	})
}

// TestUnknownFlow has an order without a flow.
func TestUnknownFlow(t *testing.T) {
	t.Parallel()
	c := perform(t, nil, nil)
	c.silence(3)
	c.Key('5')
	c.Key('6')
	c.silence(6)
	c.cancel()
	c.finish("56", "", "5", "56")
}
