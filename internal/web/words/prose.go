package words

import (
	"html/template"
	"regexp"
	"strings"
)

// The parts of Markdown in the descriptions of the OpenAPI document: paragraphs, `code`
// and **strong**.
var (
	codeSpan   = regexp.MustCompile("`([^`]+)`")
	strongSpan = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// Prose returns a description as HTML, for templates.
func Prose(text string) template.HTML {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if paragraph == "" {
			continue
		}
		paragraph = template.HTMLEscapeString(paragraph)
		paragraph = strongSpan.ReplaceAllString(paragraph, "<strong>$1</strong>")
		paragraph = codeSpan.ReplaceAllString(paragraph, "<code>$1</code>")
		b.WriteString("<p>" + paragraph + "</p>")
	}
	return template.HTML(b.String())
}

// List joins words for a sentence, such as "a, b and c".
func List(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
