package shell

import (
	"html/template"
	"net/http"
	"slices"
	"strings"
)

// NavItem is an entry of the navigation.
type NavItem struct {
	Path, Label string
	Icon        template.HTML // see [drawing]
	// More are words of the label that a narrow screen omits.
	More    string
	Current bool
	// Also are other paths whose pages belong to the entry.
	Also []string
	// Managed means that only visitors see it for whom [Manages] is true.
	Managed bool
}

// AddNav adds an entry at the end of the navigation. It is the current one on all paths
// below its own.
func (d *Dashboard) AddNav(item NavItem) { d.nav = append(d.nav, item) }

func (d *Dashboard) navFor(r *http.Request) []NavItem {
	items, path := d.navOf(r), r.URL.Path
	for i, item := range items {
		items[i].Current = slices.ContainsFunc(append(item.Also, item.Path), func(own string) bool {
			return path == own || own != "/" && strings.HasPrefix(path, own+"/")
		})
	}
	return items
}

// navOf returns the entries that the visitor may see.
func (d *Dashboard) navOf(r *http.Request) []NavItem {
	manages, err := Manages(r)
	if err != nil {
		RecordOf(r).Err = err
	}
	return slices.DeleteFunc(slices.Clone(d.nav), func(item NavItem) bool { return item.Managed && !manages })
}

// Tab is a link to a page of the same subject.
type Tab struct {
	Path, Label string
	Current     bool
}

// APITabs returns the tabs of the pages about the API.
func APITabs(current string) []Tab {
	tabs := []Tab{
		{Path: "/api", Label: "Keys"},
		{Path: "/api/samples", Label: "Samples"},
		{Path: "/api/console", Label: "Console"},
		{Path: "/api/reference", Label: "Reference"},
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].Path == current
	}
	return tabs
}

// CampaignTabs are the tabs of the pages about campaigns.
func CampaignTabs(current string) []Tab {
	tabs := []Tab{
		{Path: "/campaigns", Label: "Campaigns"},
		{Path: "/flows", Label: "Flows"},
		{Path: "/prompts", Label: "Recordings"},
		{Path: "/campaigns/suppressions", Label: "Not called"},
		{Path: "/campaigns/rules", Label: "Rules"},
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].Path == current
	}
	return tabs
}

// icons are the drawings that templates name.
var icons = map[string]string{
	"imports":  `<path d="M9 3.5h7.5v13H9M3 10h9m0 0L8.5 6.5M12 10l-3.5 3.5"/>`,
	"out":      `<path d="M8 3.5H4v13h4M12.5 6.5 16 10l-3.5 3.5M16 10H8"/>`,
	"search":   `<circle cx="9" cy="9" r="5"/><path d="m13 13 4 4"/>`,
	"plus":     `<path d="M10 4v12M4 10h12"/>`,
	"download": `<path d="M10 3v9m0 0 3.5-3.5M10 12 6.5 8.5M3.5 16.5h13"/>`,
}

// Icon returns a drawing that decorates words with the same meaning.
func Icon(name string) template.HTML {
	paths, ok := icons[name]
	if !ok {
		panic("dashboard: there is no icon " + name)
	}
	return Drawing(paths)
}

// Drawing returns an icon of these SVG elements, drawn with strokes on a field of 20 by
// 20.
func Drawing(paths string) template.HTML {
	return template.HTML(`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">` + paths + `</svg>`)
}
