package campaigns

import (
	"net/http"
	"net/url"
	"strings"

	"callbook/internal/fault"
	"callbook/internal/suppression"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// suppressionsData is the data of the template suppressions.html.
type suppressionsData struct {
	Search  string
	Rows    []suppression.Suppression
	Numbers shell.Field
	Note    shell.Field
	Wrong   []string // lines that are not numbers
	Result  string   // the result for the other lines
	Tabs    []shell.Tab
	turn
}

// sources are the words for the sources of suppressions.
var sources = map[string]string{
	suppression.FromAPI: "By the API", suppression.FromDashboard: "By hand", suppression.FromImport: "By an import", suppression.FromCall: "The callee asked for it",
}

// SourceOf returns the words for the source of a suppression.
func (suppressionsData) SourceOf(s suppression.Suppression) string {
	if text := sources[s.Source]; text != "" {
		return text
	}
	return s.Source
}

func (room *Room) suppressionsPage(r *http.Request) (shell.Answer, error) {
	values, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	return room.showSuppressions(r, suppressionsData{
		Numbers: shell.Field{Value: values.Get("numbers")}, Note: shell.Field{Value: values.Get("note")},
	})
}

// counted is how far the page counts the numbers, of which there may be millions.
const counted = 10_000

// showSuppressions shows the page with the form's values.
func (room *Room) showSuppressions(r *http.Request, data suppressionsData) (shell.Answer, error) {
	query := r.URL.Query()
	data.Search = strings.TrimSpace(query.Get("q"))
	offset := offsetOf(query)
	q := suppression.Query{Offset: offset, Limit: pageRows, MaxTotal: max(counted, offset+pageRows) + 1}
	page, err := room.Suppressions.List(r.Context(), shell.AccountOf(r), data.Search, q)
	if err != nil && !fault.Is(err, fault.Invalid) { // what is no number is not there
		return shell.Answer{}, err
	}
	data.Rows = page.Suppressions
	data.Numbers.Name, data.Numbers.Label, data.Numbers.Type, data.Numbers.Required = "numbers", "Numbers", "textarea", true
	data.Numbers.Hint = "One a line, in any spelling, up to 5,000."
	data.Note.Name, data.Note.Label, data.Note.MaxLength = "note", "Note", suppression.MaxText
	data.Tabs = shell.CampaignTabs("/campaigns/suppressions")
	data.turn = turnOf("/campaigns/suppressions", "number", "numbers", url.Values{"q": {data.Search}}, offset, len(data.Rows), page.Total)
	if data.More = page.Total == q.MaxTotal; data.More {
		data.Total--
	}
	return pages.Show("suppressions", "Numbers that are not called", data).PieceAt("suppression-results", data.Here), nil
}

// addSuppressions adds the numbers in the form. If one is invalid, it adds none.
func (room *Room) addSuppressions(r *http.Request) (shell.Answer, error) {
	var drafts []suppression.Draft
	note := strings.TrimSpace(r.PostForm.Get("note"))
	for _, line := range lines(r.PostForm.Get("numbers")) {
		drafts = append(drafts, suppression.Draft{Number: line, Source: suppression.FromDashboard, Note: note})
	}
	wrong := func(data suppressionsData) (shell.Answer, error) {
		data.Numbers.Value, data.Note.Value = r.PostForm.Get("numbers"), note
		a, err := room.showSuppressions(r, data)
		return a.Invalid(), err
	}
	acct := shell.AccountOf(r)
	var data suppressionsData
	for _, d := range drafts {
		if _, err := room.Book.Number(acct, d.Number); err != nil {
			data.Wrong = append(data.Wrong, d.Number)
		}
	}
	if n := len(data.Wrong); n > 0 {
		data.Numbers.Error = words.Plural(n, "line is", "lines are") + " no telephone number: " + strings.Join(data.Wrong[:min(n, 5)], ", ") + "."
		return wrong(data)
	}
	results, err := room.Suppressions.Add(r.Context(), acct, drafts, nil)
	if f := fault.As(err); f != nil && f.Kind != fault.Unavailable {
		data.Numbers.Error = words.Sentence(f)
		return wrong(data)
	}
	if err != nil {
		return shell.Answer{}, err
	}
	added := 0
	for _, result := range results {
		if f := fault.As(result.Fault); f != nil {
			data.Note.Error = words.Sentence(f)
			return wrong(data)
		}
		if result.New {
			added++
		}
	}
	text := words.Plural(added, "number", "numbers") + " added."
	if there := len(results) - added; there > 0 {
		text += " " + words.Plural(there, "was", "were") + " there already."
	}
	return shell.GoTo("/campaigns/suppressions").Saying(text + " No campaign calls them."), nil
}

// suppressionsFile sends the API's export of the numbers.
func suppressionsFile(r *http.Request) (shell.Answer, error) {
	return apiFile(r, "/suppressions/export"), nil
}

// removeSuppression allows campaigns to call a number again.
func (room *Room) removeSuppression(r *http.Request) (shell.Answer, error) {
	results, err := room.Suppressions.Remove(r.Context(), shell.AccountOf(r), []suppression.Draft{{Number: r.PostForm.Get("number")}}, nil)
	if err != nil {
		return shell.Answer{}, err
	}
	a := shell.GoTo("/campaigns/suppressions")
	if results[0].Fault != nil {
		return a.Noting("The number is not there any more."), nil
	}
	return a.Saying("Campaigns may call " + results[0].Suppression.Number.International() + " again."), nil
}
