package keys

import (
	"embed"
	"net/http"
	"net/url"
	"strings"
	"text/template"

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
)

//go:embed samples/*.tmpl
var sampleFiles embed.FS

// sampleTemplates are programs that create two contacts. Their parameters are sids, keys,
// tokens and URLs, which need no escaping in any of these languages.
var sampleTemplates = template.Must(template.ParseFS(sampleFiles, "samples/*.tmpl"))

// language is a language with a sample.
type language struct{ Code, Name string }

var languages = []language{{"curl", "curl"}, {"go", "Go"}, {"node", "Node"}, {"php", "PHP"}, {"python", "Python"}}

// The placeholders of a sample, as in Exotel's documentation.
const (
	yourKey   = "<your_api_key>"
	yourToken = "<your_api_token>"
)

// sample renders the program in a language.
func (room *Room) sample(r *http.Request, code, key, token string) (string, error) {
	var text strings.Builder
	err := sampleTemplates.ExecuteTemplate(&text, code+".tmpl", map[string]string{
		"URL":   shell.AccountURL(r),
		"Key":   key,
		"Token": token,
	})
	return text.String(), err
}

// samplesPage is the data of the template samples.html.
type samplesPage struct {
	Tabs      []shell.Tab
	Languages []shell.Tab
	Keys      shell.Field
	Code      string // of the current language
	Text      string
}

func (room *Room) samplesPage(r *http.Request) (shell.Answer, error) {
	query := r.URL.Query()
	page := samplesPage{Tabs: shell.APITabs("/api/samples"), Code: query.Get("lang")}
	if page.Code == "" {
		page.Code = languages[0].Code
	}
	keys, _, err := room.keys(r)
	if err != nil {
		return shell.Answer{}, err
	}
	key := yourKey
	page.Keys = shell.Field{Name: "key", Label: "API key", Type: "select"}
	for _, k := range keys {
		page.Keys.Options = append(page.Keys.Options, shell.Option{Value: k.ID, Label: keyLabel(k.Key)})
		if key == yourKey || k.ID == query.Get("key") {
			key = k.ID
		}
	}
	page.Keys.Value = key
	known := false
	for _, l := range languages {
		known = known || l.Code == page.Code
		page.Languages = append(page.Languages, shell.Tab{
			Path: "/api/samples?lang=" + l.Code + "&key=" + url.QueryEscape(query.Get("key")), Label: l.Name, Current: l.Code == page.Code,
		})
	}
	if !known {
		return shell.Answer{}, fault.New(fault.NotFound, "There is no sample in this language.")
	}
	if page.Text, err = room.sample(r, page.Code, key, yourToken); err != nil {
		return shell.Answer{}, err
	}
	return pages.Show("samples", "Samples", page), nil
}

func keyLabel(k account.Key) string {
	if k.Name == "" {
		return k.ID
	}
	return k.Name + " (" + k.ID[:min(8, len(k.ID))] + "…)"
}
