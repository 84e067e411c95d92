package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/store/postgres"
	"callbook/internal/test/pgtest"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// TestTranscripts runs the lines of testdata/transcripts that begin with "$ ", on both
// engines, and compares what they print with the indented lines below them: standard output,
// then standard error behind "! ", then the exit code unless it is 0. Text behind " < " is
// the standard input. What differs from run to run has a name in angle brackets, as <id2>
// for the second key or sid that was printed; commands use these names. Besides callbook,
// there are
//
//	serve, stop             a server on the database
//	send KEY METHOD PATH    a request; a body may follow
//	soon STATUS KEY METHOD PATH
//	await TEXT KEY PATH
//
// soon repeats a request until the answer has this status. A request that is sent more than
// a second after the last command must get it. await repeats a GET until its answer has the
// text.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no transcripts: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name+"/sqlite", func(t *testing.T) {
			t.Parallel()
			compareTranscript(t, file, filepath.Join(t.TempDir(), "book.db"))
		})
		t.Run(name+"/postgres", func(t *testing.T) {
			t.Parallel()
			compareTranscript(t, file, pgtest.Database(t, postgres.Migrate))
		})
	}
}

func compareTranscript(t *testing.T, file, db string) {
	want := string(mustRead(t, file))
	tr := &transcript{t: t, db: db, tokens: make(map[string]string), names: make(map[string]string), values: make(map[string]string)}
	var got strings.Builder
	for line := range strings.Lines(want) {
		switch line = strings.TrimRight(line, "\n"); {
		case strings.HasPrefix(line, "#"):
			if got.Len() > 0 {
				got.WriteString("\n")
			}
			fmt.Fprintln(&got, line)
		case strings.HasPrefix(line, "$ "):
			fmt.Fprintln(&got, line)
			for out := range strings.Lines(tr.do(line[2:])) {
				fmt.Fprintln(&got, strings.TrimRight("  "+strings.TrimRight(out, "\n"), " "))
			}
		}
	}
	if *update && !postgres.IsURL(db) {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("%s (-want +got), go test -update writes it:\n%s", file, diff)
	}
}

// transcript is what commands of one database have printed so far.
type transcript struct {
	t       *testing.T
	db      string
	server  *served
	changed time.Time         // when the last command ended
	tokens  map[string]string // by key
	names   map[string]string // of printed values
	values  map[string]string // by name
}

var (
	placeholder = regexp.MustCompile(`<(?:id|token)\d+>`)
	printedKey  = regexp.MustCompile(`api[ _]key"?:?\s+"?([0-9a-f]{32})[\s\S]*?api[ _]token"?:?\s+"?([0-9a-f]{64})`)
	printedHex  = regexp.MustCompile(`\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b`)
	printedDate = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)`)
	printedUser = regexp.MustCompile(`command:\d+`)
	printedGap  = regexp.MustCompile(`(\S) {2,}`)
	printedRows = regexp.MustCompile(`with \d+ rows`) // the engines have other tables beside
	// A campaign that is in progress has some calls or none.
	printedPassing = regexp.MustCompile(`(?m)^(?:deleting|  calls) .*\n`)
)

// soonEvery is how often "soon" asks.
const soonEvery = 5 * time.Millisecond

// do runs a line, and returns what it has printed with names in the place of values.
func (tr *transcript) do(line string) string {
	tr.t.Helper()
	line = placeholder.ReplaceAllStringFunc(line, func(name string) string { return tr.values[name] })
	line, input, _ := strings.Cut(line, " < ")
	words := strings.Fields(line)
	switch words[0] {
	case "callbook":
		defer func() { tr.changed = time.Now() }()
		text := tr.named(tr.command(words[1:], input))
		if words[1] == "audit" { // the width of a column depends on the user
			text = printedGap.ReplaceAllString(text, "$1  ")
		}
		return text
	case "serve":
		tr.server = serveHere(tr.t, "--db", tr.db)
	case "stop":
		tr.server.end()
	case "send":
		_, text := tr.send(words[1], words[2], words[3], strings.Join(words[4:], " "))
		return tr.named(text)
	case "soon":
		for ticker := time.NewTicker(soonEvery); ; <-ticker.C {
			late := time.Since(tr.changed) > time.Second
			status, text := tr.send(words[2], words[3], words[4], "")
			if strconv.Itoa(status) == words[1] || late {
				return tr.named(text)
			}
		}
	case "await":
		for ticker := time.NewTicker(soonEvery); ; <-ticker.C {
			if _, body := tr.ask(words[2], "GET", words[3], ""); strings.Contains(string(body), words[1]) {
				return ""
			}
		}
	default:
		tr.t.Fatalf("there is no command %q", line)
	}
	return ""
}

func (tr *transcript) command(args []string, input string) string {
	var out, errs strings.Builder
	code := run(context.WithoutCancel(tr.t.Context()), append(args, "--db", tr.db), streams{in: strings.NewReader(input), out: &out, err: &errs})
	text := out.String()
	for _, key := range printedKey.FindAllStringSubmatch(text, -1) {
		tr.tokens[key[1]] = key[2]
	}
	for line := range strings.Lines(printedPassing.ReplaceAllString(errs.String(), "")) {
		text += "! " + line
		if !strings.HasSuffix(line, "\n") {
			text += "\n"
		}
	}
	if code != 0 {
		text += fmt.Sprintf("exit code %d\n", code)
	}
	return text
}

// send sends a request with a key, and returns the status, and a line with the error of the
// answer.
func (tr *transcript) send(key, method, path, body string) (status int, text string) {
	tr.t.Helper()
	status, answer := tr.ask(key, method, path, body)
	var envelope struct {
		Response json.RawMessage
	}
	if err := json.Unmarshal(answer, &envelope); err != nil {
		tr.t.Fatal(err)
	}
	var refused struct {
		ErrorData struct {
			Description string
		} `json:"error_data"`
	}
	_ = json.Unmarshal(envelope.Response, &refused) // an array has no error of all
	return status, strings.TrimSpace(fmt.Sprintln(status, refused.ErrorData.Description)) + "\n"
}

// ask sends a request with a key, and returns the status and the body of the answer.
func (tr *transcript) ask(key, method, path, body string) (status int, answer []byte) {
	tr.t.Helper()
	r, err := http.NewRequestWithContext(tr.t.Context(), method, tr.server.listening+path, strings.NewReader(body))
	if err != nil {
		tr.t.Fatal(err)
	}
	r.SetBasicAuth(key, tr.tokens[key])
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		tr.t.Fatal(err)
	}
	defer res.Body.Close()
	if answer, err = io.ReadAll(res.Body); err != nil {
		tr.t.Fatal(err)
	}
	return res.StatusCode, answer
}

// named replaces what differs from run to run by names.
func (tr *transcript) named(text string) string {
	text = strings.ReplaceAll(text, tr.db, "<db>")
	text = strings.ReplaceAll(text, postgres.Redact(tr.db), "<db>")
	text = printedHex.ReplaceAllStringFunc(text, func(value string) string {
		name, ok := tr.names[value]
		if !ok {
			kind := "id"
			if len(value) == 64 {
				kind = "token"
			}
			n := 1
			for tr.values[fmt.Sprintf("<%s%d>", kind, n)] != "" {
				n++
			}
			name = fmt.Sprintf("<%s%d>", kind, n)
			tr.names[value], tr.values[name] = name, value
		}
		return name
	})
	text = printedDate.ReplaceAllString(text, "<date>")
	text = printedUser.ReplaceAllString(text, "command:<uid>")
	return printedRows.ReplaceAllString(text, "with <n> rows")
}
