package storetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"callbook/internal/budget"
	"callbook/internal/callflow"
	"callbook/internal/callflow/library"
	"callbook/internal/fault"
	"callbook/internal/prompt"
	"callbook/internal/wav"
)

// Prompts runs the contract of [prompt.Store]. Open gives each test a database of its
// own, as for [AddressBook].
func Prompts(t *testing.T, open func(t *testing.T) Stores) {
	run(t, func(t *testing.T) *fixture { return newFixture(t, open(t)) }, []test[*fixture]{
		{"keep", keepPrompts},
		{"pages", promptPages},
		{"as many as there may be", tooManyPrompts},
		{"memory", memoryOfPrompts},
		{"flows that play them", flowsThatPlay},
	})
}

// prompted returns a prompt and its file.
func prompted(name, title string, samples int) (*prompt.Prompt, []byte) {
	file := wav.Encode(make([]int16, samples))
	return &prompt.Prompt{
		Name: name, Title: title, Size: len(file), Hash: sha256.Sum256(file), Created: dialTime, Updated: dialTime,
	}, file
}

func (f *fixture) promptPage(t *testing.T, q prompt.Query) prompt.Page {
	t.Helper()
	page, err := f.Prompts.Prompts(t.Context(), f.account, q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func (f *fixture) addPrompt(t *testing.T, p *prompt.Prompt, file []byte) {
	t.Helper()
	var added *prompt.Prompt
	if err := f.Prompts.InsertPrompt(t.Context(), f.account, p, file, Told(&added)); err != nil {
		t.Fatal(err)
	}
	same(t, "added", added, p)
}

func keepPrompts(t *testing.T, f *fixture) {
	other := newFixture2(t, f, "other")
	hello, file := prompted("hello", "Hello, \"ü\"", 8000)
	f.addPrompt(t, hello, file)
	theirs, theirFile := prompted("hello", "", 0)
	other.addPrompt(t, theirs, theirFile)
	if err := f.Prompts.InsertPrompt(t.Context(), f.account, theirs, theirFile, nil); !errors.Is(err, prompt.ErrNameTaken) {
		t.Errorf("added again: %v", err)
	}
	f.reopen()
	kept := func(want *prompt.Prompt, wantFile []byte) {
		t.Helper()
		got, gotFile, err := f.Prompts.PromptFile(t.Context(), f.account, "hello")
		if err != nil || !bytes.Equal(gotFile, wantFile) {
			t.Fatalf("the file has %d bytes of %d, %v", len(gotFile), len(wantFile), err)
		}
		same(t, "kept", got, want)
		same(t, "page", f.promptPage(t, prompt.Query{Limit: 10}), prompt.Page{Prompts: []prompt.Prompt{*want}, Total: 1})
	}
	kept(hello, file)
	if d := hello.Duration(); d != time.Second {
		t.Errorf("it is heard for %v", d)
	}

	longer, longerFile := prompted("hello", "", 12000)
	longer.Created, longer.Updated = dialTime.Add(time.Hour), dialTime.Add(time.Hour)
	var replaced *prompt.Prompt
	if err := f.Prompts.ReplacePrompt(t.Context(), f.account, longer, longerFile, Told(&replaced)); err != nil {
		t.Fatal(err)
	}
	want := *longer
	want.Created = dialTime
	same(t, "replaced", replaced, &want)
	kept(&want, longerFile)

	var deleted *prompt.Prompt
	if err := f.Prompts.DeletePrompt(t.Context(), f.account, "hello", Told(&deleted)); err != nil {
		t.Fatal(err)
	}
	same(t, "deleted", deleted, &want)
	_, _, errFile := f.Prompts.PromptFile(t.Context(), f.account, "hello")
	for what, err := range map[string]error{
		"file": errFile, "replace": f.Prompts.ReplacePrompt(t.Context(), f.account, hello, file, nil),
		"delete": f.Prompts.DeletePrompt(t.Context(), f.account, "hello", nil),
	} {
		if !errors.Is(err, prompt.ErrNotThere) {
			t.Errorf("%s of none: %v", what, err)
		}
	}
	other.Stores = f.Stores
	same(t, "theirs", other.promptPage(t, prompt.Query{Limit: 10}), prompt.Page{Prompts: []prompt.Prompt{*theirs}, Total: 1})
}

func promptPages(t *testing.T, f *fixture) {
	var all []prompt.Prompt
	for _, name := range []string{"b", "Z", "_", "a", "-9"} {
		p, file := prompted(name, "", len(name))
		f.addPrompt(t, p, file)
	}
	for _, name := range []string{"-9", "Z", "_", "a", "b"} {
		p, _ := prompted(name, "", len(name))
		all = append(all, *p)
	}
	for _, ask := range []struct {
		q     prompt.Query
		total int
		want  []prompt.Prompt
	}{
		{prompt.Query{Limit: 2}, 5, all[:2]},
		{prompt.Query{Limit: 2, Offset: 3}, 5, all[3:]},
		{prompt.Query{Limit: 2, Offset: 5}, 5, nil},
		{prompt.Query{Limit: 2, Name: "_"}, 1, all[2:3]},
		{prompt.Query{Limit: 2, Name: "z"}, 0, nil},
		{prompt.Query{Limit: 2, Name: "\x00\xff"}, 0, nil},
	} {
		same(t, fmt.Sprintf("page %+v", ask.q), f.promptPage(t, ask.q), prompt.Page{Prompts: ask.want, Total: ask.total})
	}
}

func tooManyPrompts(t *testing.T, f *fixture) {
	for i := range prompt.MaxPrompts {
		p, file := prompted(fmt.Sprint("p", i), "", 1)
		f.addPrompt(t, p, file)
	}
	p, file := prompted("more", "", 1)
	if err := f.Prompts.InsertPrompt(t.Context(), f.account, p, file, nil); !errors.Is(err, prompt.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	p.Name = "p0"
	if err := f.Prompts.ReplacePrompt(t.Context(), f.account, p, file, nil); err != nil {
		t.Errorf("one in the place of another: %v", err)
	}
}

// memoryOfPrompts: what a page has is claimed.
func memoryOfPrompts(t *testing.T, f *fixture) {
	for i := range 100 {
		p, file := prompted(fmt.Sprint("p", i), strings.Repeat("ü", prompt.MaxTitle), 1)
		f.addPrompt(t, p, file)
	}
	ctx, share := budget.New(64<<10, 8).Begin(t.Context())
	defer share.End()
	if err := share.Admit(f.account); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Prompts.Prompts(ctx, f.account, prompt.Query{Limit: 100}); !errors.Is(err, budget.ErrShare) {
		t.Errorf("a page: %v", err)
	}
}

// flowsThatPlay: a flow needs its prompts, and a prompt that a flow plays stays.
func flowsThatPlay(t *testing.T, f *fixture) {
	flow := &library.Flow{Name: "rent", Created: dialTime, Updated: dialTime, Flow: callflow.Flow{Start: "a", Steps: map[string]callflow.Step{
		"a": {Kind: callflow.Gather, Prompt: "hello", Digits: 1, Next: "b"}, "b": {Kind: callflow.Say, Prompt: "bye"},
	}}}
	hello, file := prompted("hello", "", 1)
	f.addPrompt(t, hello, file)
	bye, byeFile := prompted("bye", "", 1)
	newFixture2(t, f, "other").addPrompt(t, bye, byeFile)
	if err := f.Flows.InsertFlow(t.Context(), f.account, flow, nil); fault.As(err) == nil || fault.As(err).Field != "b" {
		t.Errorf("a flow without one of its prompts: %v", err)
	}
	f.addPrompt(t, bye, byeFile)
	if err := f.Flows.InsertFlow(t.Context(), f.account, flow, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hello", "bye"} {
		if err := f.Prompts.DeletePrompt(t.Context(), f.account, name, nil); !fault.Is(err, fault.Unfinished) || !strings.Contains(err.Error(), "rent") {
			t.Errorf("delete %s: %v", name, err)
		}
	}
	flow.Steps["b"] = callflow.Step{Kind: callflow.Say, Prompt: "nothing"}
	if err := f.Flows.ReplaceFlow(t.Context(), f.account, flow, time.Time{}, nil); fault.As(err) == nil || fault.As(err).Field != "b" {
		t.Errorf("a prompt that is not there: %v", err)
	}
	flow.Steps["b"] = callflow.Step{Kind: callflow.HangUp}
	if err := f.Flows.ReplaceFlow(t.Context(), f.account, flow, time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Prompts.DeletePrompt(t.Context(), f.account, "bye", nil); err != nil {
		t.Errorf("delete what no flow plays any more: %v", err)
	}
	same(t, "kept", f.promptPage(t, prompt.Query{Limit: 10}), prompt.Page{Prompts: []prompt.Prompt{*hello}, Total: 1})
}
