package campaigns

import (
	"net/http"
	"net/url"
	"slices"
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
	Updated              string // the stored policy with which the form was loaded
	Loaded               []shell.Option
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
		return room.rulesWith(values, ""), nil
	}
	updated, loaded := p.Encode(), rulesOf(&p).options()
	f := room.newRulesForm(&p)
	f.Updated, f.Loaded = updated, loaded
	return pages.Show("rules", "Calling rules", f), nil
}

// rulesWith returns the page with the values of a sent form.
func (room *Room) rulesWith(form url.Values, wrong string) shell.Answer {
	f := room.newRulesForm(&campaign.Policy{})
	f.Updated, f.Loaded = form.Get("updated"), shell.LoadedIn(form)
	for _, field := range []*shell.Field{&f.Rate, &f.Cap, &f.Countries, &f.From, &f.Until} {
		field.Value = form.Get(field.Name)
	}
	for i := range f.Days {
		f.Days[i].Checked = slices.Contains(form["day"], f.Days[i].Value)
	}
	f.Error = wrong
	return pages.Show("rules", "Calling rules", f)
}

// saveRules stores the form's settings; see [shell.Save].
func (room *Room) saveRules(r *http.Request) (shell.Answer, error) {
	refused := func(f *fault.Error) (shell.Answer, error) {
		return room.rulesWith(r.PostForm, words.Sentence(f)).Invalid(), nil
	}
	acct := shell.AccountOf(r)
	typed, err := typedRules(r.PostForm)
	if f := fault.As(err); f != nil {
		return refused(f)
	}
	now, err := room.Campaigns.Policy(r.Context(), acct)
	if err != nil {
		return shell.Answer{}, err
	}
	loaded := r.PostForm.Get("updated")
	stale := func() bool { return loaded != "" && loaded != now.Encode() }
	var merged rules
	return shell.Save{
		Path:  "/campaigns/rules",
		Stale: stale,
		Merge: func(m *shell.Merge) (changes bool) {
			stored := rulesOf(&now)
			merged = typed.merge(m, stored, !stale())
			return merged != stored
		},
		Conflict: func(m *shell.Merge) shell.Answer {
			return shell.AskConflict(shell.ConflictPage{
				Merge: m, What: "page of rules", Action: "/campaigns/rules", Back: "/campaigns/rules",
				Loaded: rulesOf(&now).options(), Updated: now.Encode(), Typed: merged.fields(),
			})
		},
		Store: func() (refused, err error) {
			set, err := merged.policy()
			if err != nil {
				return nil, err
			}
			_, err = room.Campaigns.ChangePolicy(r.Context(), acct, func(p *campaign.Policy) {
				refused = nil
				defaults := room.Campaigns.Defaults(acct)
				if found := p.Over(defaults); found.Encode() != now.Encode() {
					now, refused = found, errOtherRules
					return
				}
				*p = set.Instead(defaults)
			})
			if f := fault.As(err); f != nil && f.Kind == fault.Invalid {
				return f, nil
			}
			return refused, err
		},
		Refused: refused,
	}.Do(r)
}

// errOtherRules is the fault of rules that somebody has changed in the meantime.
var errOtherRules = fault.New(fault.Changed, "The rules were changed meanwhile")
