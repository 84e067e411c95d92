package campaigns

import (
	"net/http"
	"strconv"
	"strings"

	"callbook/internal/campaign"
	"callbook/internal/fault"
	"callbook/internal/web/shell"
	"callbook/internal/web/words"
)

// rulesForm is the data of the template rules.html: the account's settings for all its
// campaigns.
type rulesForm struct {
	Rate, Cap, Countries shell.Field
	From, Until          shell.Field
	Days                 []check
	Simulated            int
	Error                string
	Tabs                 []shell.Tab
}

// dayLabels are the days of the week by number, Sunday being 0, in the order of the page.
var dayLabels = []struct {
	day   int
	label string
}{{1, "Mon"}, {2, "Tue"}, {3, "Wed"}, {4, "Thu"}, {5, "Fri"}, {6, "Sat"}, {0, "Sun"}}

// newRulesForm returns the form with the account's settings or their defaults.
func (room *Room) newRulesForm(p *campaign.Policy) *rulesForm {
	if p.DailyCap == campaign.NoCap {
		p.DailyCap = 0
	}
	if p.AnyCountry() {
		p.Countries = nil
	}
	f := &rulesForm{
		Tabs:      shell.CampaignTabs("/campaigns/rules"),
		Rate:      shell.Field{Name: "rate", Label: "Calls a minute", Value: orEmpty(p.CallsAMinute), InputMode: "numeric", Hint: "All campaigns together. Empty: " + strconv.Itoa(campaign.DefaultCallsAMinute) + "."},
		Cap:       shell.Field{Name: "cap", Label: "Calls a day to a number", Value: orEmpty(p.DailyCap), InputMode: "numeric", Hint: "Over all campaigns. Empty: no limit."},
		Countries: shell.Field{Name: "countries", Label: "Countries that may be called", Value: strings.Join(p.Countries, ", "), Hint: "As IN, US. Empty: all."},
		From:      shell.Field{Name: "from", Label: "From", Type: "time"},
		Until:     shell.Field{Name: "until", Label: "Until", Type: "time"},
		Simulated: room.Simulated,
	}
	f.setHours(p)
	return f
}

// setHours sets the fields of the form to the hours and days of p.
func (f *rulesForm) setHours(p *campaign.Policy) {
	if !p.Hours.Always() {
		f.From.Value, f.Until.Value, _ = strings.Cut(p.Hours.String(), "-")
		if f.Until.Value == "24:00" {
			f.Until.Value = "00:00"
		}
	}
	for _, d := range dayLabels {
		f.Days = append(f.Days, check{Value: strconv.Itoa(d.day), Label: d.label, Checked: p.Days == nil || p.Days[d.day]})
	}
}

// orEmpty formats a number; 0 becomes "".
func orEmpty(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func (room *Room) rulesPage(r *http.Request) (shell.Answer, error) {
	values, err := shell.Typed(r)
	if err != nil {
		return shell.Answer{}, err
	}
	p, err := room.Campaigns.Policy(r.Context(), shell.AccountOf(r))
	if err != nil {
		return shell.Answer{}, err
	}
	if values != nil {
		r.PostForm = values
		return room.rulesWith(r, ""), nil
	}
	return pages.Show("rules", "Calling rules", room.newRulesForm(&p)), nil
}

// rulesWith returns the page with the sent values.
func (room *Room) rulesWith(r *http.Request, wrong string) shell.Answer {
	f := room.newRulesForm(&campaign.Policy{})
	for _, field := range []*shell.Field{&f.Rate, &f.Cap, &f.Countries, &f.From, &f.Until} {
		field.Value = r.PostForm.Get(field.Name)
	}
	for i := range f.Days {
		f.Days[i].Checked = false
		for _, day := range r.PostForm["day"] {
			f.Days[i].Checked = f.Days[i].Checked || day == f.Days[i].Value
		}
	}
	f.Error = wrong
	return pages.Show("rules", "Calling rules", f)
}

// saveRules stores the form's settings.
func (room *Room) saveRules(r *http.Request) (shell.Answer, error) {
	set, err := policyOf(r)
	if err == nil {
		acct := shell.AccountOf(r)
		_, err = room.Campaigns.ChangePolicy(r.Context(), acct, func(p *campaign.Policy) { *p = set.Instead(room.Campaigns.Defaults(acct)) })
	}
	if f := fault.As(err); f != nil && f.Kind == fault.Invalid {
		return room.rulesWith(r, words.Sentence(f)).Invalid(), nil
	}
	if err != nil {
		return shell.Answer{}, err
	}
	return shell.GoTo("/campaigns/rules").Saying("Saved. Campaigns that are running go by it from now on."), nil
}

// policyOf reads the form. Empty fields mean no limit.
func policyOf(r *http.Request) (p campaign.Policy, err error) {
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	for name, into := range map[string]*int{"rate": &p.CallsAMinute, "cap": &p.DailyCap} {
		if text := get(name); text != "" {
			if *into = number(text); *into < 1 {
				return p, fault.New(fault.Invalid, "A number of calls is 1 or more, or nothing")
			}
		}
	}
	if text := get("countries"); text != "" {
		p.Countries = campaign.ParseCountries(text)
	}
	if from, until := get("from"), get("until"); from != "" || until != "" {
		if until == "00:00" {
			until = "24:00"
		}
		if p.Hours, err = campaign.ParseHours(from + "-" + until); err != nil {
			return p, fault.New(fault.Invalid, "Calling hours begin before they end: write both, as 09:00 and 21:00")
		}
	}
	var days [7]bool
	for _, text := range r.PostForm["day"] {
		if day := number(text); day >= 0 && day < len(days) {
			days[day] = true
		}
	}
	if days != [7]bool{true, true, true, true, true, true, true} {
		p.Days = &days
	}
	return p, nil
}
