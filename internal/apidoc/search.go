package apidoc

import (
	"slices"
	"strconv"
	"strings"
)

// Found is an operation in which [Document.Search] has found something.
type Found struct {
	*Operation
	// Places are the matches within it; none if its own texts have the words.
	Places []Place
	rank   int
}

// Place is a part of an operation's page.
type Place struct {
	// Kind is what Name is: a parameter, a field of the body, a field of an answer, or an
	// answer.
	Kind, Name  string
	Description string
	// Anchor is the id of the part within the page.
	Anchor string
}

// The ranks of what is found, the best first.
const (
	inTitle = iota
	isName
	inName
	inText
	nowhere
)

// Search returns the operations that have all words of the query: in their title, path
// and description, in a parameter or field with its description, or in an answer with the
// error codes of its examples. Operations that have them in their title or name come
// first.
func (d *Document) Search(query string) []Found {
	words := strings.Fields(strings.ToLower(query))
	if len(words) == 0 {
		return nil
	}
	var all []Found
	for _, g := range d.Groups {
		for _, op := range g.Operations {
			if f := op.find(words); f.rank < nowhere {
				all = append(all, f)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Found) int { return a.rank - b.rank })
	return all
}

// Paragraphs returns the paragraphs of the document's description that have all words of
// the query.
func (d *Document) Paragraphs(query string) []string {
	words := strings.Fields(strings.ToLower(query))
	var found []string
	for p := range strings.SplitSeq(d.Description, "\n\n") {
		if len(words) > 0 && hasAll(p, words) {
			found = append(found, p)
		}
	}
	return found
}

// FindCodes returns the codes of errors that have all words of the query.
func (d *Document) FindCodes(query string) []Code {
	words := strings.Fields(strings.ToLower(query))
	var found []Code
	for _, c := range d.Codes {
		if len(words) > 0 && hasAll(c.Code+" "+c.Message, words) {
			found = append(found, c)
		}
	}
	return found
}

func (op *Operation) find(words []string) Found {
	f := Found{Operation: op, rank: nowhere}
	switch {
	case hasAll(op.Method+" "+op.Path+" "+op.Summary+" "+op.ID, words):
		f.rank = inTitle
	case hasAll(op.Method+" "+op.Path+" "+op.Summary+" "+op.Description, words):
		f.rank = inText
	}
	seen := make(map[string]bool) // several answers have the same field
	add := func(kind, name, text, more, anchor string) {
		rank := nowhere
		switch {
		case len(words) == 1 && strings.EqualFold(name, words[0]):
			rank = isName
		case hasAll(name, words):
			rank = inName
		case hasAll(name+" "+text+" "+more, words):
			rank = inText
		}
		if rank < nowhere && !seen[kind+" "+name] {
			seen[kind+" "+name] = true
			f.Places = append(f.Places, Place{kind, name, text, anchor})
			f.rank = min(f.rank, rank)
		}
	}
	fields := func(kind string, all []Field) {
		for _, field := range all {
			add(kind, field.Name, field.Description, strings.Join(field.Rules, " "), field.Anchor)
		}
	}
	fields("parameter", op.Parameters)
	if op.Body != nil {
		fields("field of the body", op.Body.Fields)
	}
	for _, a := range op.Answers {
		var examples strings.Builder
		for _, e := range a.Examples {
			examples.WriteString(e.Name + " " + e.Text + " ")
		}
		// Of examples, search only the error codes. Otherwise every name in an example
		// would match.
		codes := ""
		for _, w := range words {
			if _, err := strconv.Atoi(w); err == nil && strings.Contains(examples.String(), `"code": `+w) {
				codes += " " + w
			}
		}
		add("answer", a.Status, a.Description, codes, "answer-"+a.Status)
		if a.Good() {
			fields("field of the answer", a.Fields)
		}
	}
	return f
}

// hasAll reports whether text has all words, which are in lower case.
func hasAll(text string, words []string) bool {
	text = strings.ToLower(text)
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
