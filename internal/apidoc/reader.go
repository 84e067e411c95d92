package apidoc

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reader parses a document. It records the first error and goes on.
type reader struct {
	root node
	err  error
}

var methods = []string{"get", "post", "put", "patch", "delete"}

func (r *reader) document() *Document {
	info := r.root.get("info")
	doc := &Document{
		Title:       info.get("title").text(),
		Version:     info.get("version").text(),
		Summary:     info.get("summary").text(),
		Description: info.get("description").text(),
	}
	for _, tag := range r.root.get("tags").items() {
		doc.Groups = append(doc.Groups, Group{Name: tag.get("name").text(), Description: tag.get("description").text()})
	}
	for path, item := range r.root.get("paths").pairs() {
		for method, op := range item.pairs() {
			if slices.Contains(methods, method) {
				r.operation(doc, method, path, item, op)
			}
		}
	}
	// The document lists the error codes in a sentence.
	list := r.root.get("components").get("schemas").get("ErrorData").get("description").text()
	for _, code := range codeAndMessage.FindAllStringSubmatch(list, -1) {
		doc.Codes = append(doc.Codes, Code{code[1], strings.Join(strings.Fields(code[2]), " ")})
	}
	return doc
}

var codeAndMessage = regexp.MustCompile("\\b([0-9]{4})\\s+`([^`]+)`")

// anchored sets the anchors of fields.
func anchored(prefix string, fields []Field) {
	for i := range fields {
		fields[i].Anchor = prefix + strconv.Itoa(i)
	}
}

func (r *reader) operation(doc *Document, method, path string, item, op node) {
	read := &Operation{
		ID:          op.get("operationId").text(),
		Method:      strings.ToUpper(method),
		Path:        path,
		Summary:     op.get("summary").text(),
		Description: op.get("description").text(),
		Open:        op.get("security").there() && len(op.get("security").items()) == 0,
	}
	for _, parameters := range []node{item.get("parameters"), op.get("parameters")} {
		for _, p := range parameters.items() {
			read.Parameters = append(read.Parameters, r.parameter(r.resolve(p)))
		}
	}
	if body := r.resolve(op.get("requestBody")); body.there() {
		for contentType, media := range body.get("content").pairs() {
			read.Body = &Body{
				ContentType: contentType,
				Description: body.get("description").text(),
				Fields:      r.fields(media.get("schema")),
				Examples:    r.examples(media),
			}
			break
		}
	}
	for status, response := range op.get("responses").pairs() {
		read.Answers = append(read.Answers, r.answer(status, r.resolve(response)))
	}
	anchored("parameter-", read.Parameters)
	if read.Body != nil {
		anchored("body-", read.Body.Fields)
	}
	for _, a := range read.Answers {
		anchored("answer-"+a.Status+"-", a.Fields)
	}
	tags := op.get("tags").texts()
	for i := range doc.Groups {
		if slices.Contains(tags, doc.Groups[i].Name) {
			doc.Groups[i].Operations = append(doc.Groups[i].Operations, read)
			return
		}
	}
	r.fail("%s %s has no tag of the document's", method, path)
}

func (r *reader) answer(status string, response node) Answer {
	read := Answer{Status: status, Description: response.get("description").text()}
	for contentType, media := range response.get("content").pairs() {
		read.ContentType = contentType
		read.Fields = r.fields(media.get("schema"))
		read.Examples = r.examples(media)
		break
	}
	return read
}

func (r *reader) parameter(p node) Field {
	f := r.field(p.get("name").text(), 0, r.schema(p.get("schema")))
	f.In = p.get("in").text()
	f.Required = p.get("required").text() == "true"
	f.Description = p.get("description").text()
	return f
}

func (r *reader) examples(media node) []Example {
	var all []Example
	if one := media.get("example"); one.there() {
		all = append(all, Example{Text: exampleText(one)})
	}
	for _, e := range media.get("examples").pairs() {
		e = r.resolve(e)
		all = append(all, Example{Name: e.get("summary").text(), Text: exampleText(e.get("value"))})
	}
	return all
}

// exampleText returns an example as it would be sent: text unchanged, and any other
// value as JSON.
func exampleText(value node) string {
	if text := value.text(); text != "" {
		return text
	}
	return value.json()
}

// resolve follows a reference.
func (r *reader) resolve(n node) node {
	for range 10 {
		ref := n.get("$ref").text()
		if ref == "" {
			return n
		}
		n = r.target(ref)
	}
	r.fail("references go in a circle")
	return node{}
}

// target returns the node that a reference points to.
func (r *reader) target(ref string) node {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		r.fail("the reference %s leads out of the document", ref)
		return node{}
	}
	n := r.root
	for word := range strings.SplitSeq(path, "/") {
		n = n.get(word)
	}
	if !n.there() {
		r.fail("the reference %s leads nowhere", ref)
	}
	return n
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}
