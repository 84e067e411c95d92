package words

import (
	"html/template"
	"regexp"
	"strings"
)

// What the descriptions of the OpenAPI document use of Markdown: paragraphs,
// `code` and **strong**.
var (
	codeSpan   = regexp.MustCompile("`([^`]+)`")
	strongSpan = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// Prose shows a description, for templates.
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
