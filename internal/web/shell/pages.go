package shell

import (
	"embed"
	"html/template"
	"io/fs"
	"strings"
	"sync"

	"callbook/internal/web/words"
)

//go:embed *.html
var files embed.FS

// pages are the shell's own pages.
var pages = NewPages(files)

// Pages has the pages of a room by the names of their files. Each includes the layout and
// the shared parts.
type Pages struct {
	files fs.FS
	parts []*Pages
	// parsed returns the templates. It parses them on the first call, so that commands
	// need not: parsing took a third of the processor time of "callbook key list". The
	// pages share the parts. With a copy of the layout and all parts for each page, a server
	// at rest took 7 MB more.
	parsed func() *template.Template
}

// NewPages returns the pages whose templates are the files NAME.html. They use the
// templates in parts*.html: their own, those of parts, and those of the shell.
func NewPages(files fs.FS, parts ...*Pages) *Pages {
	p := &Pages{files: files, parts: parts}
	p.parsed = sync.OnceValue(p.parse)
	return p
}

// Show returns an answer with a page. Name is the name of its template, and data the
// template's .Data.
func (p *Pages) Show(name, title string, data any) Answer {
	return Answer{pages: p, page: name, title: title, data: data}
}

// Parse parses the templates now instead of with the first page. It panics if they are
// invalid.
func (p *Pages) Parse() {
	for _, more := range p.parts {
		more.Parse()
	}
	p.parsed()
}

func (p *Pages) parse() *template.Template {
	functions := template.FuncMap{
		"asset":  assetURL,
		"icon":   Icon,
		"count":  words.Count,
		"plural": words.Plural,
		"prose":  words.Prose,
		"bytes":  words.FileSize,
		"reason": words.Reason,
	}
	all := template.New("").Funcs(functions)
	from := []fs.FS{files}
	for _, more := range p.parts {
		from = append(from, more.files)
	}
	for _, files := range append(from, p.files) {
		if found := glob(files, "parts*.html"); found != nil {
			template.Must(all.ParseFS(files, found...))
		}
	}
	for _, file := range glob(p.files, "*.html") {
		if strings.HasPrefix(file, "parts") {
			continue
		}
		page := strings.TrimSuffix(file, ".html")
		for _, t := range template.Must(template.New(file).Funcs(functions).ParseFS(p.files, file)).Templates() {
			name := t.Name()
			if name == "main" {
				name = mainOf(page)
			}
			if all.Lookup(name) != nil {
				panic("web: two templates are named " + name)
			}
			template.Must(all.AddParseTree(name, t.Tree))
		}
	}
	return all
}

// mainOf returns the name of the template with what is special to a page. Its file calls
// it "main".
func mainOf(page string) string { return "main of " + page }

func glob(files fs.FS, pattern string) []string {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		panic(err)
	}
	return names
}
