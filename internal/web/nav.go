package web

import (
	"html/template"
	"strings"
)

// navItem is an entry of the navigation.
type navItem struct {
	Path, Label, Icon string
	// More are words of the label that there is no room for on a narrow screen.
	More    string
	Current bool
}

// nav is the navigation, from top to bottom. An entry's page is current for
// all paths below its own.
var nav = []navItem{
	{Path: "/", Label: "Overview", Icon: "overview"},
	{Path: "/contacts", Label: "Contacts", Icon: "contacts"},
	{Path: "/lists", Label: "Lists", Icon: "lists"},
	{Path: "/imports", Label: "Imports", Icon: "imports"},
	{Path: "/api", Label: "API", More: " settings", Icon: "api"},
	{Path: "/sessions", Label: "Sessions", Icon: "devices"},
}

func navFor(path string) []navItem {
	items := make([]navItem, len(nav))
	for i, item := range nav {
		item.Current = path == item.Path || item.Path != "/" && strings.HasPrefix(path, item.Path+"/")
		items[i] = item
	}
	return items
}

// icons are drawn with strokes on a field of 20 by 20.
var icons = map[string]string{
	"overview": `<path d="M3 16V9m4.7 7V4m4.6 12v-5M17 16V6"/>`,
	"contacts": `<circle cx="10" cy="6.5" r="3"/><path d="M4 17c.4-3.3 2.8-5 6-5s5.6 1.7 6 5"/>`,
	"lists":    `<path d="M7.5 5H17M7.5 10H17M7.5 15H17M3.5 5h.01M3.5 10h.01M3.5 15h.01"/>`,
	"imports":  `<path d="M10 3v9m0 0 3.5-3.5M10 12 6.5 8.5M3.5 13v3.5h13V13"/>`,
	"api":      `<path d="m7 6-4 4 4 4m6-8 4 4-4 4"/>`,
	"devices":  `<rect x="2.5" y="4" width="15" height="9.5" rx="1.5"/><path d="M7 17h6"/>`,
	"out":      `<path d="M8 3.5H4v13h4M12.5 6.5 16 10l-3.5 3.5M16 10H8"/>`,
	"search":   `<circle cx="9" cy="9" r="5"/><path d="m13 13 4 4"/>`,
	"plus":     `<path d="M10 4v12M4 10h12"/>`,
	"download": `<path d="M10 3v9m0 0 3.5-3.5M10 12 6.5 8.5M3.5 16.5h13"/>`,
}

// icon is a drawing beside words that say the same, for templates.
func icon(name string) template.HTML {
	paths, ok := icons[name]
	if !ok {
		panic("dashboard: there is no icon " + name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">` + paths + `</svg>`)
}
